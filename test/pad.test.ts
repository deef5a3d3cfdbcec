import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError, ShapeError, type Tensor } from '../src/index.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { guardedEngine } from './guarded-engine.ts';
import { js, platforms, simd } from './platforms.ts';
import { embedded, randomTensor, specialTensor } from './random.ts';

type Mode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Axes whose borders they can have. */
const axisOf = (mode: Mode) =>
  fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(8, 9, 17)).chain((extent) => {
    const most = { constant: 5, replicate: 5, reflect: extent - 1, circular: extent }[mode];
    return fc.record({ extent: fc.constant(extent), before: fc.nat(Math.min(5, most)), after: fc.nat(Math.min(5, most)) });
  });
const configuration = fc.constantFrom<Mode>('constant', 'reflect', 'replicate', 'circular').chain((mode) =>
  fc.record({
    mode: fc.constant(mode),
    axes: fc.array(axisOf(mode), { maxLength: 4 }),
    value: fc.constantFrom(0, 1.5, Number.NaN, -Infinity),
    seed: fc.integer(),
  }),
);

/** Indices of every cell of a shape, the last running fastest. */
function* cells(shape: readonly number[]): Generator<number[]> {
  if (shape.length === 0) yield [];
  else for (const index of cells(shape.slice(0, -1))) for (let i = 0; i < shape[shape.length - 1]; i++) yield [...index, i];
}
const flat = (shape: readonly number[], index: readonly number[]) => index.reduce((sum, i, axis) => sum * shape[axis] + i, 0);

/** For each cell of the result the cell of `x`, or −1: walked one step at a time, as a finger would. */
function origins(mode: Mode, shape: readonly number[], before: readonly number[], outShape: readonly number[]): number[] {
  const walk = (target: number, extent: number): number => {
    if (target >= 0 && target < extent) return target;
    if (mode === 'constant') return -1;
    if (mode === 'replicate') return target < 0 ? 0 : extent - 1;
    if (mode === 'circular') return walk(target < 0 ? target + extent : target - extent, extent);
    return walk(target < 0 ? -target : 2 * extent - 2 - target, extent);
  };
  return [...cells(outShape)].map((index) => {
    const from = index.map((i, axis) => walk(i - before[axis], shape[axis]));
    return from.includes(-1) ? -1 : flat(shape, from);
  });
}

function made({ mode, axes, value, seed }: typeof configuration extends fc.Arbitrary<infer T> ? T : never, make = randomTensor) {
  const shape = axes.map(({ extent }) => extent);
  const before = axes.map((axis) => axis.before);
  const after = axes.map((axis) => axis.after);
  const outShape = shape.map((extent, axis) => before[axis] + extent + after[axis]);
  return {
    x: make(shape, seed),
    dy: make(outShape, seed + 1),
    before,
    after,
    mode,
    value,
    outShape,
    from: origins(mode, shape, before, outShape),
  };
}

describe.each(platforms)('pad on $name', ({ engine }) => {
  it('takes every cell from where its definition says, and gives its gradient back there', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, dy, before, after, mode, value, outShape, from } = made(c);
        const y = engine.pad(x, before, after, { mode, value });
        expect(y.shape).toEqual(outShape);
        expectSameBits(
          y.data,
          Float32Array.from(from, (cell) => (cell < 0 ? value : x.data[cell])),
        );
        const dx = engine.padBackward(dy, x, before, after, { mode });
        expect(dx.shape).toEqual(x.shape);
        const exact = new Float64Array(x.data.length);
        const size = new Float64Array(x.data.length);
        const count = new Float64Array(x.data.length);
        for (const [i, cell] of from.entries()) {
          if (cell < 0) continue;
          exact[cell] += dy.data[i];
          size[cell] += Math.abs(dy.data[i]);
          count[cell]++;
        }
        expectWithin(
          dx.data,
          exact,
          size.map((m, i) => count[i] * 2 ** -24 * m),
        );
      }),
      { numRuns: 150 },
    );
  });
});

describe('pad', () => {
  it('has the same bits on both sides', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, dy, before, after, mode, value } = made(c, specialTensor);
        expectSameBits(simd.engine.pad(x, before, after, { mode, value }).data, js.engine.pad(x, before, after, { mode, value }).data);
        expectSameBits(
          simd.engine.padBackward(dy, x, before, after, { mode }).data,
          js.engine.padBackward(dy, x, before, after, { mode }).data,
        );
      }),
      { numRuns: 150 },
    );
  });

  it('writes nowhere but in its result', async () => {
    await fc.assert(
      fc.asyncProperty(configuration, async (c) => {
        const { x, dy, before, after, mode, value } = made(c);
        const engine = await guardedEngine();
        engine.pad(x, before, after, { mode, value });
        engine.padBackward(dy, x, before, after, { mode });
      }),
      { numRuns: 60 },
    );
  });

  it('takes nothing, views and tensors of the engine, and writes where it is told', () => {
    const { engine } = simd;
    const nothing = { shape: [0, 2], data: new Float32Array(0) };
    expect(engine.pad(nothing, [0, 1], [0, 1]).shape).toEqual([0, 4]);
    expect([...engine.pad(nothing, [1, 0], [0, 0], { value: 3 }).data]).toEqual([3, 3]);
    expect(engine.padBackward({ shape: [1, 2], data: new Float32Array(2) }, nothing, [1, 0], [0, 0]).shape).toEqual([0, 2]);
    const x = randomTensor([2, 3], 1);
    const expected = engine.pad(x, [1, 2], [0, 1], { mode: 'replicate' }).data;
    using kernelX = engine.tensor(x.shape, x.data);
    using y = engine.pad(kernelX, [1, 2], [0, 1], { mode: 'replicate' }) as typeof kernelX;
    expectSameBits(y.data, expected);
    const out: Tensor = embedded({ shape: [3, 6], data: new Float32Array(18) }, 3);
    expect(engine.pad(embedded(x, 5), [1, 2], [0, 1], { mode: 'replicate', out })).toBe(out);
    expectSameBits(out.data, expected);
  });

  it.each([
    ['too few borders', [[1], [1, 1]], {}, OptionError, 'beginningPadding', /2 whole numbers/],
    [
      'a negative border',
      [
        [0, 0],
        [0, -1],
      ],
      {},
      OptionError,
      'endingPadding',
      /at least 0/,
    ],
    ['no array', [1, [0, 0]], {}, OptionError, 'beginningPadding', /got 1/],
    [
      'a mirror behind the wall',
      [
        [0, 3],
        [0, 0],
      ],
      { mode: 'reflect' },
      OptionError,
      'beginningPadding',
      /at most 2 .*'reflect'.*got 3 cells/,
    ],
    [
      'more than there is at the other end',
      [
        [0, 0],
        [3, 0],
      ],
      { mode: 'circular' },
      OptionError,
      'endingPadding',
      /at most 2/,
    ],
    [
      'an unknown mode',
      [
        [0, 0],
        [0, 0],
      ],
      { mode: 'edge' },
      OptionError,
      'options.mode',
      /'replicate'/,
    ],
    [
      'a value that is no number',
      [
        [0, 0],
        [0, 0],
      ],
      { value: '1' },
      OptionError,
      'options.value',
      /a number/,
    ],
    [
      'an out that does not fit',
      [
        [1, 0],
        [0, 0],
      ],
      { out: randomTensor([2, 3], 1) },
      ShapeError,
      'out.shape',
      /\[3, 3\]/,
    ],
  ] as const)('refuses %s', (_, [before, after], options, kind, argument, said) => {
    const call = () =>
      simd.engine.pad(randomTensor([2, 3], 1), before as unknown as number[], after as unknown as number[], options as object);
    expect(call).toThrow(kind);
    expect(call).toThrow(said);
    expect(call).toThrow(expect.objectContaining({ argument }));
  });

  it('refuses a gradient of another shape, and one of nothing', () => {
    const x = randomTensor([2, 3], 1);
    expect(() => simd.engine.padBackward(x, x, [1, 0], [0, 0])).toThrow(/dy.shape: expected \[3, 3\]/);
    const nothing = { shape: [0], data: new Float32Array(0) };
    expect(() => simd.engine.pad(nothing, [1], [0], { mode: 'replicate' })).toThrow(/at most 0/);
  });
});
