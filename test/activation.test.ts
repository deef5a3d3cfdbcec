import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DisposedError, type Engine, LayoutError, OptionError, ShapeError, type Tensor } from '../src/index.ts';
import { planActivation, planPrelu } from '../src/plan/activation.ts';
import { lengthOf } from '../src/tensor/tensor.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { channelIndices, drawnSlope, oracle } from './oracle/activation.ts';
import { js, platforms, simd } from './platforms.ts';
import { random, randomTensor, specialTensor, toNhwc } from './random.ts';
import { runTasks, stepsOf } from './tasks.ts';

const EPS = 2 ** -24;
/** Floats of a task, as src/plan/activation.ts cuts them. */
const TASK = 16384;

/** One operator under some options: what to call, and what it should give for an element in float64. */
interface Case {
  readonly name: string;
  readonly call: (engine: Engine, x: Tensor, out?: Tensor) => Tensor;
  readonly expected: (x: number, i: number) => number;
}

const { fround } = Math;
const withOut = (out: Tensor | undefined) => (out === undefined ? {} : { out });

/** The bounds that a clamp has: NaN is none. */
const boundsOf = (minValue: number, maxValue: number): [number, number] => [
  Number.isNaN(minValue) ? -Infinity : fround(minValue),
  Number.isNaN(maxValue) ? Infinity : fround(maxValue),
];
const clampCase = (minValue: number, maxValue: number): Case => ({
  name: `clamp ${minValue} ${maxValue}`,
  call: (engine, x, out) => engine.clamp(x, { minValue, maxValue, ...withOut(out) }),
  expected: (x) => oracle.clamp(x, ...boundsOf(minValue, maxValue)),
});
const leakyCase = (alpha: number): Case => ({
  name: `leakyRelu ${alpha}`,
  call: (engine, x, out) => engine.leakyRelu(x, { alpha, ...withOut(out) }),
  expected: (x) => oracle.leaky(x, fround(alpha)),
});
const thresholdCase = (alpha: number): Case => ({
  name: `thresholdedRelu ${alpha}`,
  call: (engine, x, out) => engine.thresholdedRelu(x, { alpha, ...withOut(out) }),
  expected: (x) => oracle.threshold(x, fround(alpha)),
});
const rreluCase = (lower: number, upper: number): Case => ({
  name: `rrelu at inference ${lower} ${upper}`,
  call: (engine, x, out) => engine.rrelu(x, { lower, upper, ...withOut(out) }),
  expected: (x) => oracle.leaky(x, fround((fround(lower) + fround(upper)) / 2)),
});
const oneSlopeCase = (slope: number): Case => ({
  name: `prelu ${slope}`,
  call: (engine, x, out) => engine.prelu(x, { shape: [1], data: Float32Array.of(slope) }, withOut(out)),
  expected: (x) => oracle.leaky(x, fround(slope)),
});

const CASES: readonly Case[] = [
  { name: 'relu', call: (engine, x, out) => engine.relu(x, withOut(out)), expected: oracle.relu },
  { name: 'relu6', call: (engine, x, out) => engine.relu6(x, withOut(out)), expected: (x) => oracle.clamp(x, 0, 6) },
  { name: 'clamp', call: (engine, x, out) => engine.clamp(x, withOut(out)), expected: (x) => x },
  { name: 'leakyRelu', call: (engine, x, out) => engine.leakyRelu(x, withOut(out)), expected: (x) => oracle.leaky(x, fround(0.01)) },
  { name: 'thresholdedRelu', call: (engine, x, out) => engine.thresholdedRelu(x, withOut(out)), expected: (x) => oracle.threshold(x, 1) },
  {
    name: 'rrelu',
    call: (engine, x, out) => engine.rrelu(x, withOut(out)),
    expected: (x) => oracle.leaky(x, fround((1 / 8 + fround(1 / 3)) / 2)),
  },
  ...[
    [-0.5, 0.5],
    [0, 0],
    [-0, 1],
    [-Infinity, 0.1],
    [0.2, Infinity],
    [-1e-40, 1e-40],
    // Out of order: everything becomes the upper one.
    [2, 1],
    [0.5, -0.5],
    [0.25, -0],
    [Infinity, -Infinity],
    [Infinity, 0.5],
    [0.5, -Infinity],
    // NaN is no bound.
    [Number.NaN, 0.5],
    [-0.5, Number.NaN],
    [Number.NaN, Number.NaN],
  ].map(([lower, upper]) => clampCase(lower, upper)),
  // Each side of where the kernel chooses another instruction, and what that choice could get wrong.
  ...[0.2, 1, 1.0000001, 2, 0, -0, -0.5, -3, 1e-40, 3e38].map(leakyCase),
  ...[0.25, 1, 1.5, 0, -1, Number.NaN, Infinity, -Infinity].map(oneSlopeCase),
  ...[0, -0, -0.25, 0.25, 1e-40].map(thresholdCase),
  ...[
    [0, 0],
    [-1, 1],
    [0.25, 0.25],
    [1, 4],
  ].map(([lower, upper]) => rreluCase(lower, upper)),
];

function expectedOf({ expected }: Case, x: Tensor): Float32Array {
  return x.data.map((value, i) => expected(value, i));
}

/** A view whose floats begin `offset` floats into a larger array, and that array. */
function offsetView(shape: readonly number[], offset: number, spare = 8): { view: Tensor; whole: Float32Array } {
  const length = lengthOf(shape);
  const whole = new Float32Array(offset + length + spare).fill(777);
  return { view: { shape, data: whole.subarray(offset, offset + length) }, whole };
}

const shapes = fc.oneof(
  fc.nat(70).map((n) => [n]),
  fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 0, maxLength: 5 }),
  fc.constantFrom([TASK - 1], [TASK], [TASK + 1], [3, 8191], [2 * TASK + 5], [0, 3], [4, 0, 2]),
);
const someCase = fc.oneof(
  fc.constantFrom(...CASES),
  fc.tuple(fc.float({ min: -4, max: 4 }), fc.float({ min: -4, max: 4 })).map(([a, b]) => clampCase(a, b)),
  fc.float({ noNaN: true, min: -3, max: 3 }).map(leakyCase),
  fc.float({ noNaN: true, min: -3, max: 3 }).map(oneSlopeCase),
  fc.float({ noNaN: true, min: -2, max: 2 }).map(thresholdCase),
);

describe.each(platforms)('activations on $name', ({ engine }) => {
  // One multiplication at most: the result is the float64 one rounded once, and so has no error bound but itself.
  it.each(CASES)('$name: every length up to 70 and around a task, special values included', (c) => {
    for (const length of [...Array(71).keys(), 127, 1009, TASK - 1, TASK, TASK + 1, TASK + 17, 2 * TASK + 3]) {
      const x = specialTensor([length], length + 1);
      expectSameBits(c.call(engine, x).data, expectedOf(c, x));
    }
  });

  it('agree with the oracle on random operators, shapes and values', () => {
    fc.assert(
      fc.property(someCase, shapes, fc.integer(), (c, shape, seed) => {
        const x = specialTensor(shape, seed);
        const y = c.call(engine, x);
        expect(y.shape).toEqual(shape);
        expect(y.shape).not.toBe(x.shape);
        expectSameBits(y.data, expectedOf(c, x));
      }),
      { numRuns: 1000 },
    );
  });

  it('leave what is around unaligned inputs and outputs alone, and work in place', () => {
    fc.assert(
      fc.property(someCase, fc.nat(70), fc.nat(7), fc.nat(7), fc.integer(), (c, length, from, to, seed) => {
        const values = specialTensor([length], seed);
        const x = offsetView([length], from);
        x.view.data.set(values.data);
        const out = offsetView([length], to);
        expect(c.call(engine, x.view, out.view)).toBe(out.view);
        const expected = expectedOf(c, values);
        expectSameBits(out.view.data, expected);
        expectSameBits(x.view.data, values.data);
        c.call(engine, x.view, x.view);
        expectSameBits(x.view.data, expected);
        for (const [whole, begin] of [
          [x.whole, from],
          [out.whole, to],
        ] as const) {
          whole.forEach((value, i) => {
            if (i < begin || i >= begin + length) expect(value).toBe(777);
          });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keep a result in kernel memory when the input is there, in place and with a guard on both sides', () => {
    fc.assert(
      fc.property(someCase, fc.nat(70), fc.integer(), (c, length, seed) => {
        const values = specialTensor([length], seed);
        const [before, x, out, after] = [64, length, length, 64].map((n) => engine.tensor([n]));
        for (const guard of [before, after]) guard.data.fill(777);
        x.data.set(values.data);
        const made = c.call(engine, x);
        expect(made.constructor).toBe(x.constructor);
        const expected = expectedOf(c, values);
        expectSameBits(made.data, expected);
        expectSameBits(c.call(engine, x, out).data, expected);
        expectSameBits(c.call(engine, x, x).data, expected);
        for (const guard of [before, after]) expect(guard.data.every((value) => value === 777)).toBe(true);
        for (const held of [before, x, out, after, made as typeof x]) held.dispose();
      }),
      { numRuns: 300 },
    );
  });

  it('take scalars and every empty shape', () => {
    for (const c of CASES) {
      expectSameBits(c.call(engine, { shape: [], data: Float32Array.of(-2) }).data, Float32Array.of(c.expected(-2, 0)));
      for (const shape of [[0], [0, 4], [2, 0], [1, 3, 0, 5]]) {
        expect(c.call(engine, { shape, data: new Float32Array(0) }).shape).toEqual(shape);
        const out = engine.tensor(shape);
        expect(c.call(engine, engine.tensor(shape), out)).toBe(out);
      }
    }
  });

  describe('prelu with a slope a channel', () => {
    const slopeValue = fc.oneof(
      fc.float({ noNaN: true, min: fround(0.05), max: 1 }),
      fc.float({ noNaN: true, min: -2, max: 3 }),
      fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 1e-40),
    );
    const extent = fc.integer({ min: 1, max: 6 });
    const channels = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(31, 64, 67, 255, 256, 257));
    const inner = fc.oneof(fc.array(extent, { maxLength: 3 }), fc.constantFrom([1], [2], [3], [4], [15], [16], [17], [7, 7], [8, 9]));

    it('agrees with the oracle in both layouts, for any rank', () => {
      fc.assert(
        fc.property(
          extent,
          channels,
          inner,
          fc.boolean(),
          fc.boolean(),
          slopeValue,
          fc.infiniteStream(slopeValue),
          fc.integer(),
          (n, c, rest, nhwc, allAlike, s, stream, seed) => {
            const shape = nhwc ? [n, ...rest, c] : [n, c, ...rest];
            const axis = nhwc ? shape.length - 1 : 1;
            const data = Float32Array.from({ length: c }, () => (allAlike ? s : stream.next().value));
            const slope = { shape: [c], data };
            const x = specialTensor(shape, seed);
            const at = channelIndices(shape, axis);
            const expected = x.data.map((value, i) => oracle.leaky(value, data[at[i]]));
            const options = nhwc ? { layout: 'nhwc' as const } : {};
            expectSameBits(engine.prelu(x, slope, options).data, expected);
            const [inMemory, slopes] = [engine.tensor(shape, x.data), engine.tensor([c], data)];
            expectSameBits(engine.prelu(inMemory, slopes, { ...options, out: inMemory }).data, expected);
            inMemory.dispose();
            slopes.dispose();
          },
        ),
        { numRuns: 800 },
      );
    });

    it.each([
      ['nchw', [3, 5, 83, 61]],
      ['nchw', [2, 7, 17, 211]],
      ['nchw', [700, 6, 2, 3]],
      ['nchw', [2, 9001, 3]],
      ['nchw', [5, 16381]],
      ['nhwc', [2, 83, 61, 3]],
      ['nhwc', [1, 40, 20, 67]],
      ['nhwc', [1, 2, 2, 16387]],
      ['nhwc', [3, 20, 20, 256]],
    ] as const)('%s %j: rows and channels that begin within a task', (layout, shape) => {
      const axis = layout === 'nchw' ? 1 : shape.length - 1;
      const x = randomTensor(shape, 5);
      const slope = randomTensor([shape[axis]], 6);
      const at = channelIndices(shape, axis);
      expectSameBits(
        engine.prelu(x, slope, { layout }).data,
        x.data.map((value, i) => oracle.leaky(value, slope.data[at[i]])),
      );
    });

    it('takes slopes with dimensions of 1 around them', () => {
      const x = randomTensor([2, 3, 4, 5], 1);
      const slope = randomTensor([3], 2);
      const expected = engine.prelu(x, slope).data;
      for (const shape of [
        [3, 1, 1],
        [1, 3, 1, 1],
        [1, 3],
      ]) {
        expectSameBits(engine.prelu(x, { shape, data: slope.data }).data, expected);
      }
    });
  });

  describe('rrelu in training', () => {
    const bounds = fc
      .tuple(fc.float({ noNaN: true, min: -2, max: 2 }), fc.float({ noNaN: true, min: 0, max: 2 }))
      .map(([a, b]) => [a, fround(a + b)]);
    const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

    const lengths = fc.oneof({ weight: 30, arbitrary: fc.nat(70) }, { weight: 1, arbitrary: fc.constant(TASK + 9) });

    it('draws the documented slopes, and passes what is not negative', () => {
      fc.assert(
        fc.property(bounds, seeds, lengths, fc.integer(), ([lower, upper], seed, length, dataSeed) => {
          const x = randomTensor([length], dataSeed);
          const y = engine.rrelu(x, { training: true, seed, lower, upper });
          const expected = Float64Array.from(x.data, (value, i) => oracle.leaky(value, drawnSlope(i, seed, lower, upper)));
          const largest = Math.max(Math.abs(lower), Math.abs(upper), upper - lower);
          // Four roundings, and the one of a step so small that it is a denormal.
          const slopeError = 4 * EPS * largest + 2 ** -126;
          expectWithin(
            y.data,
            expected,
            expected.map((_, i) => (x.data[i] < 0 ? slopeError * Math.abs(x.data[i]) + 2 ** -149 : 0)),
          );
        }),
        { numRuns: 300 },
      );
    });

    it('draws within the bounds', () => {
      const x = { shape: [100003], data: new Float32Array(100003).fill(-1) };
      for (const [lower, upper] of [
        [1 / 8, 1 / 3],
        [-1, 1],
        [0.5, 0.5],
        [1, 1 + 2 ** -22],
        [-3, -2.5],
        [0, 1e-40],
      ]) {
        const y = engine.rrelu(x, { training: true, seed: 9, lower, upper }).data;
        expect(y.every((value) => -value >= fround(lower) && -value <= fround(upper))).toBe(true);
      }
    });

    it('is uniform: mean, variance, chi-square over 256 bins, and neighbours do not go together', () => {
      const length = 1 << 18;
      const ones = { shape: [length], data: new Float32Array(length).fill(-1) };
      for (const seed of [0, 1, 2, 12345, 2 ** 31, 2 ** 32 - 1]) {
        const draws = engine.rrelu(ones, { training: true, seed, lower: 0, upper: 1 }).data.map((value) => -value);
        const mean = draws.reduce((sum, value) => sum + value, 0) / length;
        const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length;
        // Five standard deviations of each statistic.
        expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / length));
        expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / length));
        const bins = new Float64Array(256);
        for (const draw of draws) bins[Math.floor(draw * 256)]++;
        const chiSquare = bins.reduce((sum, count) => sum + (count - length / 256) ** 2 / (length / 256), 0);
        expect(Math.abs(chiSquare - 255)).toBeLessThan(5 * Math.sqrt(2 * 255));
        for (const lag of [1, 2, 4, 8, 64, 4096]) {
          let product = 0;
          for (let i = lag; i < length; i++) product += (draws[i] - 0.5) * (draws[i - lag] - 0.5);
          expect(Math.abs(product / (length - lag) / (1 / 12))).toBeLessThan(5 / Math.sqrt(length - lag));
        }
      }
    });

    it('draws other slopes for another seed, unrelated ones, and the same for the same', () => {
      const length = 1 << 16;
      const ones = { shape: [length], data: new Float32Array(length).fill(-1) };
      const draw = (seed: number) => engine.rrelu(ones, { training: true, seed, lower: 0, upper: 1 }).data.map((value) => -value);
      const first = draw(0);
      expectSameBits(draw(0), first);
      for (const seed of [1, 2, 3, 256, 65536, 2 ** 31, 2 ** 32 - 1]) {
        const other = draw(seed);
        let equal = 0;
        let product = 0;
        for (let i = 0; i < length; i++) {
          if (other[i] === first[i]) equal++;
          product += (other[i] - 0.5) * (first[i] - 0.5);
        }
        expect(equal).toBeLessThan(10);
        expect(Math.abs(product / length / (1 / 12))).toBeLessThan(5 / Math.sqrt(length));
        // Nor the same draws in other places.
        const inFirst = new Set(first);
        expect(other.filter((value) => inFirst.has(value)).length).toBeLessThan(length / 16);
      }
    });

    it('draws other slopes every call without a seed', () => {
      const ones = { shape: [64], data: new Float32Array(64).fill(-1) };
      expect(engine.rrelu(ones, { training: true }).data).not.toEqual(engine.rrelu(ones, { training: true }).data);
    });
  });

  describe("the textbook's activations", () => {
    const x = { shape: [5], data: Float32Array.of(-2, -0.5, 0, 0.5, 2) };

    it('leaky ReLU is max(ax, x) with a = 0.2', () => {
      const y = engine.leakyRelu(x, { alpha: 0.2 });
      expectSameBits(
        y.data,
        x.data.map((value) => Math.max(fround(0.2) * value, value)),
      );
      expect([...y.data].map((value) => value.toFixed(2))).toEqual(['-0.40', '-0.10', '0.00', '0.50', '2.00']);
    });

    it('randomized leaky ReLU draws a in training, and takes its mean at inference', () => {
      const many = { shape: [200000], data: new Float32Array(200000).fill(-1) };
      const options = { lower: 0.1, upper: 0.3 };
      const drawn = engine.rrelu(many, { ...options, training: true, seed: 1 }).data;
      const [mean] = engine.rrelu(many, options).data;
      expect(mean).toBeCloseTo(-0.2, 7);
      expect(new Set(drawn).size).toBeGreaterThan(190000);
      expect(drawn.reduce((sum, value) => sum + value, 0) / drawn.length).toBeCloseTo(mean, 3);
      expect([...engine.rrelu(x, { ...options, training: true }).data.slice(2)]).toEqual([0, 0.5, 2]);
    });
  });

  it('are fused into a convolution with the same bits', () => {
    const x = randomTensor([2, 3, 9, 11], 1);
    const filter = randomTensor([7, 3, 3, 3], 2);
    const plain = engine.conv2d(x, filter);
    const fused = (activation: Parameters<Engine['conv2d']>[2] & {}) => engine.conv2d(x, filter, activation).data;
    expectSameBits(fused({ activation: 'relu' }), engine.relu(plain).data);
    expectSameBits(fused({ activation: 'relu6' }), engine.relu6(plain).data);
    expectSameBits(fused({ activation: 'leakyRelu' }), engine.leakyRelu(plain).data);
    expectSameBits(fused({ activation: 'clamp' }), plain.data);
    expectSameBits(fused({ activation: 'thresholdedRelu' }), engine.thresholdedRelu(plain).data);
    expectSameBits(fused({ activation: { type: 'thresholdedRelu', alpha: -0.5 } }), engine.thresholdedRelu(plain, { alpha: -0.5 }).data);
    expectSameBits(
      fused({ activation: { type: 'clamp', minValue: -0.5, maxValue: 0.25 } }),
      engine.clamp(plain, { minValue: -0.5, maxValue: 0.25 }).data,
    );
    expectSameBits(fused({ activation: { type: 'leakyRelu', alpha: 0.2 } }), engine.leakyRelu(plain, { alpha: 0.2 }).data);
  });

  it('with bounds out of order, or NaN, are fused with the bits of the operator, by every algorithm and in both layouts', () => {
    const x = randomTensor([2, 4, 13, 15], 1);
    const filter = randomTensor([8, 4, 3, 3], 2);
    const depthwise = randomTensor([4, 1, 3, 3], 3);
    const bounds = [
      { minValue: 0.5, maxValue: -0.25 },
      { minValue: Number.NaN, maxValue: 0.25 },
      { minValue: -0.25, maxValue: Number.NaN },
      { minValue: Infinity, maxValue: -Infinity },
    ];
    for (const bound of bounds) {
      const activation = { type: 'clamp', ...bound } as const;
      const expectFused = (run: (options: object) => Tensor) => expectSameBits(run({ activation }).data, engine.clamp(run({}), bound).data);
      for (const normalize of ['none', 'mean'] as const) {
        for (const algorithm of ['direct', 'gemm', 'winograd'] as const) {
          const fixed = { algorithm, normalize };
          expectFused((options) => engine.conv2d(x, filter, { ...fixed, ...options }));
          expectFused((options) => engine.conv2d(toNhwc(x), filter, { ...fixed, ...options, inputLayout: 'nhwc' }));
          expectFused((options) => {
            using convolution = engine.prepareConv2d(filter, { ...fixed, ...options });
            return convolution.run(x);
          });
        }
        expectFused((options) => engine.conv2d(x, depthwise, { groups: 4, normalize, ...options }));
      }
      expectFused((options) => engine.convTranspose2d(x, randomTensor([4, 5, 3, 3], 4), { strides: 2, ...options }));
      expectFused((options) => engine.linear(randomTensor([3, 7], 5), randomTensor([9, 7], 6), options));
    }
  });

  describe('refuse, naming the argument', () => {
    const x = randomTensor([2, 3, 4, 5], 1);
    const other = () => engine.tensor([2, 3, 4, 5], x.data);

    type Refusal = readonly [what: string, error: new (...args: never[]) => Error, message: RegExp, call: () => unknown];
    // biome-ignore lint/suspicious/noExplicitAny: bad input is the point
    const bad = (value: unknown): any => value;
    const refusals: readonly Refusal[] = [
      ['an alpha that is no number', OptionError, /options\.alpha.*finite.*'x'/, () => engine.leakyRelu(x, { alpha: bad('x') })],
      ['a NaN alpha', OptionError, /options\.alpha.*finite.*NaN/, () => engine.leakyRelu(x, { alpha: Number.NaN })],
      ['an infinite alpha', OptionError, /options\.alpha.*finite.*Infinity/, () => engine.thresholdedRelu(x, { alpha: Infinity })],
      ['an alpha that overflows', OptionError, /options\.alpha.*finite.*1e\+39/, () => engine.leakyRelu(x, { alpha: 1e39 })],
      ['a bound that is no number', OptionError, /options\.minValue.*a number.*null/, () => engine.clamp(x, { minValue: bad(null) })],
      ['an unknown option', OptionError, /options\.alpha.*out.*unknown option/, () => engine.relu(x, bad({ alpha: 1 }))],
      [
        'an unknown option of prelu',
        OptionError,
        /options\.inputLayout.*layout, out/,
        () => engine.prelu(x, x, bad({ inputLayout: 'nhwc' })),
      ],
      ['options that are none', OptionError, /options.*an object.*3/, () => engine.relu6(x, bad(3))],
      ['an unknown layout', LayoutError, /options\.layout.*'nchw', 'nhwc'.*'nwhc'/, () => engine.prelu(x, x, { layout: bad('nwhc') })],
      [
        'rrelu bounds out of order',
        OptionError,
        /options\.lower.*at most upper, 0\.25.*0\.5/,
        () => engine.rrelu(x, { lower: 0.5, upper: 0.25 }),
      ],
      ['rrelu bounds too far apart', OptionError, /options\.lower.*at most upper/, () => engine.rrelu(x, { lower: -3e38, upper: 3e38 })],
      ['a training that is no boolean', OptionError, /options\.training.*true or false.*1/, () => engine.rrelu(x, { training: bad(1) })],
      ['a fractional seed', OptionError, /options\.seed.*whole number.*0\.5/, () => engine.rrelu(x, { seed: 0.5 })],
      ['a negative seed', OptionError, /options\.seed.*at least 0.*-1/, () => engine.rrelu(x, { seed: -1 })],
      ['a seed of 33 bits', OptionError, /options\.seed.*below 2\^32.*4294967296/, () => engine.rrelu(x, { seed: 2 ** 32 })],
      [
        'slopes for other channels',
        ShapeError,
        /slope\.shape.*1 slope, or 3 slopes.*'nchw'.*, or a shape that broadcasts to that of x, got \[11\]/,
        () => engine.prelu(x, randomTensor([11], 1)),
      ],
      [
        'slopes for the other layout',
        ShapeError,
        /slope\.shape.*5 slopes.*'nhwc'.*\[3\]/,
        () => engine.prelu(x, randomTensor([3], 1), { layout: 'nhwc' }),
      ],
      [
        'slopes in two dimensions',
        ShapeError,
        /slope\.shape.*one dimension.*\[2, 3\]/,
        () => engine.prelu(randomTensor([1, 6], 1), randomTensor([2, 3], 1)),
      ],
      ['no slopes', ShapeError, /slope\.shape.*1 slope.*\[0\]/, () => engine.prelu(x, randomTensor([0], 1))],
      [
        'several slopes without channels',
        ShapeError,
        /slope\.shape.*x has no channels.*\[2\]/,
        () => engine.prelu(randomTensor([3], 1), randomTensor([2], 1)),
      ],
      ['a slope that is no tensor', ShapeError, /slope.*a tensor.*0\.25/, () => engine.prelu(x, bad(0.25))],
      ['an x that is no tensor', ShapeError, /x.*a tensor.*undefined/, () => engine.relu(bad(undefined))],
      [
        'data that does not fit',
        ShapeError,
        /x\.data.*6 floats.*5 floats/,
        () => engine.relu({ shape: [2, 3], data: new Float32Array(5) }),
      ],
      ['data that is no Float32Array', ShapeError, /x\.data.*Float32Array/, () => engine.relu({ shape: [2], data: bad([1, 2]) })],
      [
        'an out of another shape',
        ShapeError,
        /out\.shape.*\[2, 3, 4, 5\].*\[2, 3, 20\]/,
        () => engine.relu(x, { out: randomTensor([2, 3, 20], 1) }),
      ],
      [
        'an out that is the slope',
        ShapeError,
        /out.*overlaps slope/,
        () => {
          const t = randomTensor([1, 3], 1);
          engine.prelu(randomTensor([1, 3], 2), { shape: [3], data: t.data }, { out: t });
        },
      ],
    ];

    it.each(refusals)('%s', (_, error, message, call) => {
      expect(call).toThrow(error);
      expect(call).toThrow(message);
    });

    it('disposed tensors', () => {
      const [gone, kept] = [other(), other()];
      gone.dispose();
      const calls: readonly (readonly [RegExp, () => unknown])[] = [
        [/^x /, () => engine.relu(gone)],
        [/^out /, () => engine.relu(kept, { out: gone })],
        [/^slope /, () => engine.prelu(kept, gone)],
      ];
      for (const [message, call] of calls) {
        expect(call).toThrow(DisposedError);
        expect(call).toThrow(message);
      }
      kept.dispose();
    });

    it('detached buffers', () => {
      const data = new Float32Array(4);
      structuredClone(data, { transfer: [data.buffer] });
      expect(() => engine.relu({ shape: [4], data })).toThrow(/x\.data.*detached/);
      expect(() => engine.relu({ shape: [4], data: new Float32Array(4) }, { out: { shape: [4], data } })).toThrow(/out\.data.*detached/);
    });

    it('an out that overlaps in part, and writes nothing', () => {
      for (const c of CASES) {
        const whole = randomTensor([40], 3).data;
        const before = whole.slice();
        for (const begin of [1, 3, 31]) {
          const overlapping = { shape: [32], data: whole.subarray(begin, begin + 32).subarray(0, Math.min(32, 40 - begin)) };
          const length = overlapping.data.length;
          const call = () =>
            c.call(engine, { shape: [length], data: whole.subarray(0, length) }, { shape: [length], data: overlapping.data });
          if (begin < length) expect(call).toThrow(/out.*overlaps x/);
        }
        expectSameBits(whole, before);
      }
    });

    it('and go on afterwards', () => {
      expectSameBits(engine.relu(x).data, x.data.map(oracle.relu));
    });
  });
});

describe('activation tasks', () => {
  it('give the same bits wherever they are cut, and however long they are', () => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(
        shape,
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.nat(99), { maxLength: 6 }),
        fc.integer(),
        (extents, taskLength, cuts, seed) => {
          const x = specialTensor(extents, seed);
          const slope = randomTensor([extents[1]], seed + 1);
          const rows = lengthOf(extents.slice(2));
          const training = { kind: 'rrelu', seed: seed >>> 0, lower: 0.125, step: 2 ** -26 } as const;
          const numbers = { lower: -0.25, upper: 0.5, alpha: 0.125 };
          const steps = stepsOf((plan) => {
            const [from, slopes, to] = [plan.named('x'), plan.named('slope'), plan.named('out')];
            for (const kind of ['clamp', 'leakyRelu', 'thresholdedRelu'] as const) {
              planActivation(plan, { kind, ...numbers }, from, to, extents);
            }
            planActivation(plan, training, from, to, extents);
            planPrelu(plan, { channels: extents[1], rowLength: rows }, from, slopes, to, extents);
            planPrelu(plan, { channels: 1, rowLength: x.data.length }, from, slopes, to, extents);
          });
          for (const step of steps) {
            const short = { ...step, values: { ...step.values, taskLength }, taskCount: Math.ceil(x.data.length / taskLength) };
            const bounds = [0, ...cuts.map((cut) => cut % (short.taskCount + 1)).sort((a, b) => a - b), short.taskCount];
            const buffers = { x: x.data, slope: slope.data, out: new Float32Array(x.data.length) };
            const whole = runTasks(step, buffers, [0, step.taskCount]);
            const cut = runTasks(short, buffers, bounds);
            expectSameBits(whole.simd, whole.js);
            expectSameBits(cut.simd, whole.js);
            expectSameBits(cut.js, whole.js);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('activation twins', () => {
  it('agree bit for bit', () => {
    fc.assert(
      fc.property(someCase, shapes, fc.boolean(), fc.integer(), (c, shape, special, seed) => {
        const x = (special ? specialTensor : randomTensor)(shape, seed);
        expectSameBits(c.call(simd.engine, x).data, c.call(js.engine, x).data);
      }),
      { numRuns: 1000 },
    );
  });

  it('draw the same slopes', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.boolean(), (shape, seed, special) => {
        const x = (special ? specialTensor : randomTensor)(shape, seed);
        const next = random(seed);
        const lower = 2 * next() - 1;
        const options = { training: true, seed, lower, upper: lower + next() };
        expectSameBits(simd.engine.rrelu(x, options).data, js.engine.rrelu(x, options).data);
      }),
      { numRuns: 500 },
    );
  });
});
