import { describe, expect, it } from 'vitest';
import { filters } from '../src/image/index.ts';
import { DisposedError, type KernelTensor, load, OptionError, ShapeError, type Tensor } from '../src/index.ts';
import { expectSameBits } from './equal.ts';
import { ownEngine } from './own-engine.ts';
import { platforms, simd } from './platforms.ts';
import { randomTensor } from './random.ts';

/** What a caller's objects say, and what they say the next time. */

const x = randomTensor([1, 2, 5, 6], 1);
const filter = randomTensor([4, 2, 3, 3], 2);
const OUT_SHAPE = [1, 4, 3, 4];

/** An object whose property answers `first` once, and `later` ever after. */
function fickle<T extends object>(object: T, name: keyof T, later: unknown): T {
  let asked = 0;
  const first = object[name];
  return Object.defineProperty({ ...object }, name, { enumerable: true, get: () => (asked++ === 0 ? first : later) });
}

/** A tensor of the engine on either side of what may be written. */
function guards(engine: (typeof platforms)[0]['engine'], make: () => KernelTensor) {
  const before = engine.tensor([64]);
  const inside = make();
  const after = engine.tensor([4096]);
  for (const guard of [before, after]) guard.data.fill(7);
  return { inside, expectWhole: () => expect([before, after].every((guard) => guard.data.every((value) => value === 7))).toBe(true) };
}

describe.each(platforms)('what is checked is what is used on $name', ({ engine }) => {
  const expected = engine.conv2d(x, filter).data;

  it('a shape, an array and an option that change their minds', () => {
    const { inside, expectWhole } = guards(engine, () => engine.tensor(OUT_SHAPE));
    const huge = new Float32Array(100_000);
    const calls: (() => Tensor)[] = [
      () => engine.conv2d(fickle(x, 'shape', [1, 2, 500, 600]), filter, { out: inside }),
      () => engine.conv2d(fickle(x, 'data', huge), filter, { out: inside }),
      () => engine.conv2d(x, fickle(filter, 'shape', [400, 2, 3, 3]), { out: inside }),
      () => engine.conv2d(x, filter, fickle<{ padding: number; out: Tensor }>({ padding: 0, out: inside }, 'padding', 60)),
      () =>
        engine.conv2d(
          x,
          filter,
          fickle<{ strides: readonly [number, number]; out: Tensor }>({ strides: [1, 1], out: inside }, 'strides', 0),
        ),
    ];
    for (const call of calls) {
      inside.data.fill(0);
      expectSameBits(call().data, expected);
      expectWhole();
    }
  });

  it('an out whose array is another one the second time gets its result in the first', () => {
    const first = new Float32Array(48);
    const later = new Float32Array(4);
    engine.conv2d(x, filter, { out: fickle({ shape: OUT_SHAPE, data: first }, 'data', later) });
    expectSameBits(first, expected);
    expect(later.every((value) => value === 0)).toBe(true);
  });

  it('a list whose length, or items, change', () => {
    let asked = 0;
    const strides = new Proxy([1, 1], { get: (list, name, self) => (name === '0' && asked++ > 0 ? 0 : Reflect.get(list, name, self)) });
    expectSameBits(engine.conv2d(x, filter, { strides: strides as unknown as [number, number] }).data, expected);
  });

  it('a subclass of Float32Array with other ideas of itself', () => {
    class Liar extends Float32Array {
      override get length() {
        return 60;
      }
      override get buffer() {
        return new ArrayBuffer(240) as never;
      }
      override set() {}
    }
    const liar = new Liar(4);
    expect(() => engine.conv2d({ shape: x.shape, data: liar }, filter)).toThrow(ShapeError);
    const honest = new Liar(60);
    Float32Array.prototype.set.call(honest, x.data);
    expectSameBits(engine.conv2d({ shape: x.shape, data: honest }, filter).data, expected);
  });

  it('the shape of an engine tensor and the extents of an engine image cannot be changed', () => {
    const { inside, expectWhole } = guards(engine, () => engine.tensor([4]));
    expect(() => Object.assign(inside, { shape: [4096] })).toThrow(TypeError);
    expect(() => Object.defineProperty(inside, 'shape', { value: [4096] })).toThrow(TypeError);
    engine.relu(engine.tensor([4]), { out: inside });
    expect(inside.shape).toEqual([4]);
    const image = filters(engine).image(2, 2);
    expect(() => Object.assign(image, { width: 16 })).toThrow(TypeError);
    expect(image.width).toBe(2);
    expectWhole();
  });

  it('what only looks like an engine tensor is a plain one, or none', () => {
    const tensor = engine.tensor(x.shape, x.data);
    const Subclass = class extends (tensor.constructor as new () => KernelTensor) {};
    const alike = Object.setPrototypeOf({ shape: x.shape, data: x.data }, Subclass.prototype) as Tensor;
    expectSameBits(engine.conv2d(alike, filter).data, expected);
    expect(() => engine.conv2d(Object.create(tensor) as Tensor, filter)).toThrow(OptionError);
  });

  it('a getter may call the engine', () => {
    const nosy = {
      shape: x.shape,
      get data() {
        engine.conv2d(x, filter, { padding: 7 });
        engine.tensor([100_000]).dispose();
        return x.data;
      },
    };
    expectSameBits(engine.conv2d(nosy, filter).data, expected);
  });

  it.each([
    ['a revoked tensor', () => engine.conv2d(revoked(), filter), 'x'],
    ['revoked options', () => engine.conv2d(x, filter, revoked()), 'options'],
    ['a revoked shape', () => engine.conv2d({ shape: revoked(), data: x.data }, filter), 'x.shape'],
    [
      'an option that throws',
      () =>
        engine.conv2d(x, filter, {
          get strides(): number {
            throw new Error('no');
          },
        }),
      'options',
    ],
    ['options within options', () => engine.conv2d(x, filter, deep()), 'options'],
    ['a list of 2^32 items', () => engine.conv2d(x, filter, { strides: { length: 2 ** 32 } as never }), 'options.strides'],
    ['a long list', () => engine.conv2d({ shape: new Array(2 ** 24) as number[], data: x.data }, filter), 'x.shape'],
    ['a revoked shape of a tensor to be made', () => engine.tensor(revoked()), 'shape'],
    ['a revoked list of numbers', () => engine.tensor([4], revoked()), 'data'],
    ['__proto__ among the options', () => engine.conv2d(x, filter, JSON.parse('{"__proto__":{"strides":2}}')), 'options.__proto__'],
  ] as const)('is refused by name: %s', (_, call, argument) => {
    let thrown: unknown;
    try {
      call();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toSatisfy((error) => error instanceof OptionError || error instanceof ShapeError);
    expect((thrown as OptionError).argument).toMatch(new RegExp(`^${argument.replace('.', '\\.')}`));
    expectSameBits(engine.conv2d(x, filter).data, expected);
  });
});

describe('raw errors of the first stage', () => {
  const { engine } = simd;
  const f = filters(engine);
  const image = { data: new Uint8ClampedArray(4 * 64), width: 8, height: 8 };

  it.each([
    ['view of a number', () => engine.tensor([4]).view(4 as never), 'shape'],
    ['view of null', () => engine.tensor([4]).view(null as never), 'shape'],
    ['view of symbols', () => engine.tensor([4]).view([Symbol('4')] as never), 'shape'],
    ['filters of nothing', () => filters({} as never), 'engine'],
    ['filters of a promise', () => filters(load() as never), 'engine'],
    ['a kernel that says that it is huge', () => f.filter2d(image, { length: 2 ** 32 }), 'kernel'],
    ['a line that is longer than 32 bits count', () => f.motionBlur(image, { length: 2 ** 32 + 1 }), 'options.length'],
    ['a deviation without end', () => f.gaussianBlur(image, 1e30), 'sigma'],
  ] as const)('are typed now: %s', (_, call, argument) => {
    expect(call).toThrow(expect.objectContaining({ argument }));
    expect(call).toThrow(/^(?:ShapeError|OptionError)$|expected/);
  });

  it('ask whether an await was forgotten', () => {
    expect(() => filters(load() as never)).toThrow(/did you forget `await`/);
  });
});

function revoked(): never {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy as never;
}

function deep(): object {
  let options: object = {};
  for (let i = 0; i < 50; i++) options = { options };
  return options;
}

describe.each(platforms)('views on $name', ({ name }) => {
  it('of a tensor that was disposed of are refused, of one that lives are used', async () => {
    const engine = await load({ variant: name });
    const [tensor, neighbour] = [engine.tensor([1, 2, 5, 6], x.data), engine.tensor([64])];
    const stale = tensor.data;
    const view = { shape: [60], data: stale };
    expectSameBits(engine.relu(view).data, engine.relu({ shape: [60], data: x.data }).data);
    expectSameBits(
      engine.relu({ shape: [30], data: stale.subarray(30) }).data,
      engine.relu({ shape: [30], data: x.data.subarray(30) }).data,
    );
    tensor.dispose();
    neighbour.data.fill(7);
    for (const call of [
      () => engine.relu(view),
      () => engine.relu({ shape: [60], data: x.data }, { out: view }),
      () => engine.conv2d(x, filter, { bias: { shape: [4], data: stale.subarray(4, 8) } }),
      () => engine.prepareConv2d({ shape: [1, 1, 6, 10], data: stale }),
      () => engine.tensor([60], stale),
    ])
      expect(call).toThrow(DisposedError);
    expect(neighbour.data.every((value) => value === 7)).toBe(true);
    engine.dispose();
  });
});

describe('a tensor of another engine', () => {
  it('has its result in the engine that computes', async () => {
    const other = await load({ variant: 'js' });
    const foreign = other.tensor(x.shape, x.data);
    const result: KernelTensor = simd.engine.conv2d(foreign, filter);
    expectSameBits(result.data, simd.engine.conv2d(x, filter).data);
    result.dispose();
    expect(result.disposed).toBe(true);
    expect(foreign.disposed).toBe(false);
    const prepared: KernelTensor = simd.engine.prepareConv2d(filter).run(foreign);
    prepared.dispose();
    expect(prepared.disposed).toBe(true);
  });
});

describe('plans that are kept', () => {
  it('tell −0 from 0, one aliasing from another, and every option', async () => {
    const { engine } = await ownEngine();
    const zeros = engine.tensor([2, 2]);
    for (const value of [0, -0, 0]) {
      const { data } = engine.pad(zeros, [1, 0], [0, 0], { value });
      expect(Object.is(data[0], value)).toBe(true);
    }
    const [a, b, out] = [1, 2, 0].map((value) => engine.tensor([4], [value, value, value, value]));
    for (const [first, second, sum] of [
      [a, b, 3],
      [a, a, 2],
      [b, a, 3],
      [b, b, 4],
    ] as const) {
      expect(engine.add(first, second, { out }).data[0]).toBe(sum);
      expect(engine.add(first, second).data[0]).toBe(sum);
    }
    expect(engine.add(a, b, { out: a }).data[0]).toBe(3);
    expect(engine.add(a, b, { out: a }).data[0]).toBe(5);
    expect(() => engine.add(a, b, { out: b })).toThrow(ShapeError);
    expect(() => engine.add(a, b, { out: b })).toThrow(ShapeError);
    const view = a.view([2, 2]);
    expect(() => engine.add(b, a, { out: view.view([4]) })).toThrow(ShapeError);
    for (const slope of [0.5, 0.25]) expect(engine.leakyRelu(engine.tensor([1], [-1]), { alpha: slope }).data[0]).toBe(-slope);
  });

  it('see plain results that overlap their operands', () => {
    const room = new Float32Array(16);
    const operand = { shape: [8], data: room.subarray(0, 8) };
    for (let i = 0; i < 3; i++) {
      simd.engine.relu(operand, { out: { shape: [8], data: room.subarray(8) } });
      expect(() => simd.engine.relu(operand, { out: { shape: [8], data: room.subarray(4, 12) } })).toThrow(ShapeError);
      simd.engine.relu({ shape: [8], data: new Float32Array(8) }, { out: { shape: [8], data: new Float32Array(8) } });
    }
  });

  it('draw another seed at each call that names none', () => {
    const negative = { shape: [64], data: new Float32Array(64).fill(-1) };
    const draws = Array.from({ length: 4 }, () => simd.engine.rrelu(negative, { training: true }).data.join());
    expect(new Set(draws).size).toBe(4);
  });

  it('draw nothing for a seed that is null', () => {
    const negative = { shape: [4], data: new Float32Array(4).fill(-1) };
    const options = { training: true, seed: null as never };
    expect(() => simd.engine.rrelu(negative, options)).toThrow(OptionError);
    expect(() => simd.engine.rreluBackward(negative, negative, options)).toThrow(OptionError);
  });

  it('refuse a tensor that is disposed of between two calls, and one whose array has gone', () => {
    const tensor = simd.engine.tensor(x.shape, x.data);
    simd.engine.conv2d(tensor, filter).dispose();
    tensor.dispose();
    expect(() => simd.engine.conv2d(tensor, filter)).toThrow(DisposedError);
    const plain = { shape: x.shape, data: x.data.slice() };
    simd.engine.conv2d(plain, filter);
    structuredClone(plain.data, { transfer: [plain.data.buffer] });
    expect(() => simd.engine.conv2d(plain, filter)).toThrow(ShapeError);
  });
});

describe.each(platforms)('single and prepared convolutions on $name', ({ engine }) => {
  it.each([
    [3, 8, 9],
    [16, 24, 20],
    [24, 16, 34],
    [64, 64, 14],
    [128, 128, 7],
  ])('of %i to %i channels give the same bits, for one size after another', (inChannels, outChannels, size) => {
    const weights = randomTensor([outChannels, inChannels, 3, 3], 5);
    using conv = engine.prepareConv2d(weights, { padding: 1 });
    for (const [height, width] of [
      [size, size],
      [size + 1, 2 * size],
      [3, 3],
      [size, size],
    ]) {
      const input = randomTensor([1, inChannels, height, width], 6);
      expectSameBits(conv.run(input).data, engine.conv2d(input, weights, { padding: 1 }).data);
    }
  });
});
