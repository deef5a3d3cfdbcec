import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DisposedError, type Engine, OptionError, OutOfMemoryError, ShapeError, type Tensor } from '../src/index.ts';
import { expectSameBits } from './equal.ts';
import { ownEngine } from './own-engine.ts';
import { js } from './platforms.ts';
import { randomTensor } from './random.ts';

const own = await ownEngine();
const tables = [
  { name: 'js', engine: js.engine, takenBytes: () => 0 },
  { name: 'simd', engine: own.engine, takenBytes: () => own.memory.takenBytes },
];

const x = randomTensor([1, 2, 5, 6], 1);
const filter = randomTensor([4, 2, 3, 3], 2);
const bias = randomTensor([4], 3);

describe.each(tables)('junk on $name', ({ engine, takenBytes }) => {
  /** No numbers that are sizes of gigabytes: they would be had, and take their time. */
  const values = [
    fc.constantFrom<unknown>(0, 1, 2, 3, 4, 5, 300, -1, -0, 0.5, Number.NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53, 1e300),
    fc.constantFrom<unknown>(null, undefined, true, false, '', 'same', 'valid', 'nchw', 'relu', '1', 1n, Symbol('junk'), () => 1),
    fc.constantFrom<unknown>('shape', 'data', 'type', 'constructor', '__proto__', 'toString', 'length'),
  ];
  const options = { withBoxedValues: true, withMap: true, withSet: true, withSparseArray: true, withTypedArray: true, withDate: true };
  const anything = fc.anything({ ...options, withNullPrototype: true, withObjectString: true, values, maxDepth: 3, maxKeys: 5 });
  const junk = fc.oneof(
    anything,
    ...values,
    fc.array(fc.oneof(...values), { maxLength: 6 }),
    fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 6 }),
    fc.record({ shape: anything, data: fc.oneof(anything, fc.constantFrom(x.data, filter.data, new Float32Array(0))) }),
    fc.constantFrom<unknown>(x, filter, bias, x.data, new Date(Number.NaN), /x/, new Proxy({}, {}), new WeakMap()),
  );
  const names = [
    'bias',
    'strides',
    'padding',
    'dilations',
    'groups',
    'inputLayout',
    'filterLayout',
    'activation',
    'normalize',
    'algorithm',
    'out',
  ];
  const sometimes = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, junk);
  const junkOptions = fc.oneof(
    { weight: 4, arbitrary: fc.record(Object.fromEntries(names.map((name) => [name, sometimes])), { requiredKeys: [] }) },
    junk,
  );

  function survives(call: () => unknown) {
    try {
      const result = call();
      if (result !== null && typeof result === 'object' && 'dispose' in result) (result as { dispose(): void }).dispose();
    } catch (error) {
      const typed = [ShapeError, OptionError, DisposedError, OutOfMemoryError].some((kind) => error instanceof kind);
      if (!typed) throw error;
    }
  }

  it('is refused by name or used, and never harms', () => {
    const { conv2d, prepareConv2d, tensor } = engine as unknown as Record<string, (...args: unknown[]) => unknown>;
    const expected = engine.conv2d(x, filter, { bias }).data;
    const property = fc.property(
      fc.oneof({ weight: 2, arbitrary: fc.constant<unknown>(x) }, junk),
      fc.oneof({ weight: 2, arbitrary: fc.constant<unknown>(filter) }, junk),
      junkOptions,
      junk,
      (anyX, anyFilter, anyOptions, anyOut) => {
        const copies = [x, filter, bias].map(({ data }) => data.slice());
        survives(() => conv2d.call(engine, anyX, anyFilter, anyOptions));
        survives(() => tensor.call(engine, anyX, anyFilter));
        survives(() => {
          using conv = prepareConv2d.call(engine, anyFilter, anyOptions) as ReturnType<Engine['prepareConv2d']>;
          survives(() => conv.run(anyX as Tensor, anyOut as Tensor));
        });
        // Junk may name one of the shared tensors as `out`, and be right.
        [x, filter, bias].forEach(({ data }, index) => {
          data.set(copies[index]);
        });
        expectSameBits(engine.conv2d(x, filter, { bias }).data, expected);
      },
    );
    const seed = Math.floor(Math.random() * 2 ** 31);
    fc.assert(property, { seed, numRuns: 1500 });
    // What junk was right may have left a larger scratch behind; the same junk again leaves nothing.
    const taken = takenBytes();
    fc.assert(property, { seed, numRuns: 1500 });
    expect(takenBytes()).toBe(taken);
  });
});
