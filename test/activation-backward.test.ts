import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Engine, LayoutError, OptionError, ShapeError, type Tensor } from '../src/index.ts';
import { lengthOf } from '../src/tensor/tensor.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { channelIndices, drawnSlope, oracle } from './oracle/activation.ts';
import { curves, slopes } from './oracle/curve.ts';
import { js, platforms, simd } from './platforms.ts';
import { random, randomTensor, specialTensor } from './random.ts';

const { fround } = Math;
const EPS = 2 ** -24;

type Options = Readonly<Record<string, unknown>>;
type Forward = (engine: Engine, x: Tensor, options?: Options) => Tensor;
type Backward = (engine: Engine, dy: Tensor, x: Tensor, options?: Options) => Tensor;
const method = (engine: Engine, name: string) => (engine as unknown as Record<string, (...args: unknown[]) => Tensor>)[name].bind(engine);

/** One activation under some options, with its function and its slope in float64, and where the slope jumps or bends. */
interface Case {
  readonly name: string;
  readonly options?: Options;
  readonly f: (x: number) => number;
  readonly slope: (x: number) => number;
  readonly kinks?: readonly number[];
}

const s = fround(0.2);
const CASES: readonly Case[] = [
  { name: 'relu', f: oracle.relu, slope: (x) => slopes.threshold(x, 0), kinks: [0] },
  { name: 'relu6', f: (x) => oracle.clamp(x, 0, 6), slope: (x) => slopes.hardTanh(x, 0, 6), kinks: [0, 6] },
  {
    name: 'clamp',
    options: { minValue: -0.5, maxValue: 2 },
    f: (x) => oracle.clamp(x, -0.5, 2),
    slope: (x) => slopes.clamp(x, -0.5, 2),
    kinks: [-0.5, 2],
  },
  // Bounds out of order make a constant of it, and NaN bounds nothing.
  { name: 'clamp', options: { minValue: 1, maxValue: -0.5 }, f: (x) => oracle.clamp(x, 1, -0.5), slope: (x) => slopes.clamp(x, 1, -0.5) },
  {
    name: 'clamp',
    options: { minValue: Number.NaN, maxValue: 0.5 },
    f: (x) => Math.min(x, 0.5),
    slope: (x) => slopes.clamp(x, -Infinity, 0.5),
    kinks: [0.5],
  },
  {
    name: 'clamp',
    options: { minValue: 0.5, maxValue: Number.NaN },
    f: (x) => Math.max(x, 0.5),
    slope: (x) => slopes.clamp(x, 0.5, Infinity),
    kinks: [0.5],
  },
  { name: 'leakyRelu', options: { alpha: 0.2 }, f: (x) => oracle.leaky(x, s), slope: (x) => slopes.leaky(x, s), kinks: [0] },
  {
    name: 'rrelu',
    options: { lower: 0.1, upper: 0.3 },
    f: (x) => oracle.leaky(x, fround((fround(0.1) + fround(0.3)) / 2)),
    slope: (x) => slopes.leaky(x, fround((fround(0.1) + fround(0.3)) / 2)),
    kinks: [0],
  },
  { name: 'thresholdedRelu', f: (x) => oracle.threshold(x, 1), slope: (x) => slopes.threshold(x, 1), kinks: [1] },
  { name: 'hardTanh', f: curves.hardTanh, slope: slopes.hardTanh, kinks: [-1, 1] },
  { name: 'elu', f: curves.elu, slope: slopes.elu, kinks: [0] },
  { name: 'elu', options: { alpha: 0.5 }, f: (x) => curves.elu(x, 0.5), slope: (x) => slopes.elu(x, 0.5), kinks: [0] },
  { name: 'celu', f: curves.celu, slope: slopes.celu, kinks: [0] },
  { name: 'celu', options: { alpha: 2.5 }, f: (x) => curves.celu(x, 2.5), slope: (x) => slopes.celu(x, 2.5), kinks: [0] },
  { name: 'selu', f: curves.selu, slope: slopes.selu, kinks: [0] },
  { name: 'gelu', f: curves.gelu, slope: slopes.gelu },
  { name: 'gelu', options: { approximate: 'tanh' }, f: curves.geluTanh, slope: slopes.geluTanh },
  { name: 'silu', f: curves.silu, slope: slopes.silu },
  { name: 'mish', f: curves.mish, slope: slopes.mish },
  { name: 'hardSwish', f: curves.hardSwish, slope: slopes.hardSwish, kinks: [-3, 3] },
  {
    name: 'hardSigmoid',
    options: { alpha: 0.25, beta: 0.5 },
    f: (x) => curves.hardSigmoid(x, 0.25),
    slope: (x) => slopes.hardSigmoid(x, 0.25),
    kinks: [-2, 2],
  },
  { name: 'sigmoid', f: curves.sigmoid, slope: slopes.sigmoid },
  { name: 'tanh', f: curves.tanh, slope: slopes.tanh },
  { name: 'softplus', f: curves.softplus, slope: slopes.softplus },
  { name: 'softsign', f: curves.softsign, slope: slopes.softsign, kinks: [0] },
  { name: 'softshrink', f: curves.softshrink, slope: slopes.shrink, kinks: [-0.5, 0.5] },
  { name: 'hardShrink', f: curves.hardShrink, slope: slopes.shrink, kinks: [-0.5, 0.5] },
];

const named = CASES.map((c) => ({ ...c, title: `${c.name} ${c.options === undefined ? '' : JSON.stringify(c.options)}` }));
const forward =
  (name: string): Forward =>
  (engine, x, options) =>
    method(engine, name)(x, options);
const backward =
  (name: string): Backward =>
  (engine, dy, x, options) =>
    method(engine, `${name}Backward`)(dy, x, options);

/** Numbers that matter: around every kink and every exponential's reach, and special ones. */
function inputs(kinks: readonly number[] = []): Float32Array {
  const next = random(1);
  const spread = Array.from({ length: 500 }, () => (next() - 0.5) * 2 ** (next() * 12 - 3));
  const special = [Number.NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, 1e-45, 3e38, -3e38, 100, -100, 88, -88, -104, -103.5, 20, -20];
  const around = kinks.flatMap((kink) => [kink, fround(kink + 1e-4), fround(kink - 1e-4)]);
  return Float32Array.from([...special, ...around, ...spread]);
}

describe('the oracle of slopes', () => {
  it.each(named)('$title: agrees with finite differences of the function', ({ f, slope, kinks = [] }) => {
    for (const x of inputs()) {
      if (!(Math.abs(x) < 30) || kinks.some((kink) => Math.abs(x - kink) < 1e-3)) continue;
      const h = 1e-5;
      expect(Math.abs((f(x + h) - f(x - h)) / (2 * h) - slope(x))).toBeLessThan(2e-8 * (1 + Math.abs(x)));
    }
  });
});

describe.each(platforms)('activations and their gradients on $name', ({ engine }) => {
  it.each(named)('$title: within 8 units of the last place of float64, NaN and infinities as they should be', (c) => {
    const data = inputs(c.kinks);
    const x = { shape: [data.length], data };
    // Among the tanh form's far tail the argument's rounding counts, and where a sum cancels its terms do.
    const loose = (v: number) => (v < -4 && Math.abs(v) < 40 ? 64 : 8) * EPS;
    const within = (actual: Float32Array, expected: Float64Array, scale: (i: number) => number) =>
      expectWithin(
        actual,
        expected,
        expected.map((e, i) => 2 * loose(data[i]) * Math.max(Math.abs(e), scale(i)) + 2 ** -140),
      );
    const y = forward(c.name)(engine, x, c.options).data;
    within(
      y,
      Float64Array.from(data, (v) => (Number.isNaN(v) ? v : c.f(v))),
      () => 0.01,
    );
    const dy = randomTensor([data.length], 3);
    const dx = backward(c.name)(engine, dy, x, c.options).data;
    const expected = Float64Array.from(data, (v, i) => (Number.isNaN(v) ? v : dy.data[i] * c.slope(v)));
    within(dx, expected, () => 0.1);
  });

  it.each(named)('$title: every length, in place, kernel memory, and out', (c) => {
    for (const length of [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 16383, 16384, 16385]) {
      const x = specialTensor([length], length);
      const dy = randomTensor([length], length + 1);
      const y = forward(c.name)(engine, x, c.options);
      const dx = backward(c.name)(engine, dy, x, c.options);
      if (length > 16) {
        const one = (i: number) => ({ shape: [1], data: Float32Array.of(x.data[i]) });
        expectSameBits(y.data.slice(16, 17), forward(c.name)(engine, one(16), c.options).data);
      }
      const held = engine.tensor([length], x.data);
      const heldDy = engine.tensor([length], dy.data);
      expectSameBits(forward(c.name)(engine, held, { ...c.options, out: engine.tensor([length]) }).data, y.data);
      expect(backward(c.name)(engine, heldDy, held, { ...c.options, out: heldDy })).toBe(heldDy);
      expectSameBits(heldDy.data, dx.data);
      forward(c.name)(engine, held, { ...c.options, out: held });
      expectSameBits(held.data, y.data);
      const around = new Float32Array(length + 8).fill(7);
      const out = { shape: [length], data: around.subarray(3, 3 + length) };
      expectSameBits(backward(c.name)(engine, dy, x, { ...c.options, out }).data, dx.data);
      expect([...around.slice(0, 3), ...around.slice(3 + length)].every((v) => v === 7)).toBe(true);
    }
  });

  it('rrelu in training: the same seed draws the same slopes', () => {
    const x = specialTensor([1000], 5);
    const dy = randomTensor([1000], 6);
    const options = { training: true, seed: 77, lower: 0.125, upper: 0.375 };
    const dx = engine.rreluBackward(dy, x, options).data;
    const expected = Float64Array.from(dy.data, (v, i) =>
      Number.isNaN(x.data[i]) ? Number.NaN : v * (x.data[i] > 0 ? 1 : drawnSlope(i, 77, 0.125, 0.375)),
    );
    expectWithin(
      dx,
      expected,
      expected.map((e) => 4 * EPS * Math.abs(e)),
    );
  });

  describe('prelu', () => {
    const extent = fc.integer({ min: 1, max: 5 });
    it('gives the gradients of input and slopes, in both layouts', () => {
      fc.assert(
        fc.property(
          extent,
          fc.integer({ min: 1, max: 9 }),
          fc.array(extent, { maxLength: 3 }),
          fc.boolean(),
          fc.integer(),
          (n, c, rest, nhwc, seed) => {
            const shape = nhwc ? [n, ...rest, c] : [n, c, ...rest];
            const x = randomTensor(shape, seed);
            const dy = randomTensor(shape, seed + 1);
            const slope = randomTensor([c], seed + 2);
            const at = channelIndices(shape, nhwc ? shape.length - 1 : 1);
            const layout = nhwc ? ('nhwc' as const) : ('nchw' as const);
            const { dx, dSlope } = engine.preluBackward(dy, x, slope, { layout });
            expectSameBits(
              dx!.data,
              dy.data.map((v, i) => (x.data[i] > 0 ? v : fround(v * slope.data[at[i]]))),
            );
            const [exact, magnitude] = [new Float64Array(c), new Float64Array(c)];
            dy.data.forEach((v, i) => {
              if (x.data[i] > 0) return;
              exact[at[i]] += v * x.data[i];
              magnitude[at[i]] += Math.abs(v * x.data[i]);
            });
            expectWithin(
              dSlope!.data,
              exact,
              magnitude.map((m) => (lengthOf(shape) / c + 2) * EPS * m),
            );
            const one = engine.preluBackward(dy, x, { shape: [1], data: slope.data.slice(0, 1) }, { layout });
            expect(one.dSlope!.data[0]).toBeCloseTo(
              exact.reduce((sum, v) => sum + v, 0),
              4,
            );
            const skipped = engine.preluBackward(dy, x, slope, { layout, skip: ['dSlope'], out: { dx: dy } });
            expect(skipped.dSlope).toBeUndefined();
            expect(skipped.dx).toBe(dy);
            expectSameBits(dy.data, dx!.data);
          },
        ),
        { numRuns: 200 },
      );
    });

    it('the gradient of the slopes has the same bits in both layouts, and is 0 of nothing', () => {
      const [n, c, p] = [3, 7, 21];
      const x = randomTensor([n, c, p], 1);
      const dy = randomTensor([n, c, p], 2);
      const last = ({ data }: Tensor) => ({
        shape: [n, p, c],
        data: data.map((_, i) => data[(Math.floor(i / (p * c)) * c + (i % c)) * p + (Math.floor(i / c) % p)]),
      });
      const slope = randomTensor([c], 3);
      const planes = engine.preluBackward(dy, x, slope, { skip: ['dx'] }).dSlope!;
      expectSameBits(engine.preluBackward(last(dy), last(x), slope, { layout: 'nhwc' }).dSlope!.data, planes.data);
      const empty = randomTensor([0, c, p], 1);
      expectSameBits(engine.preluBackward(empty, empty, slope).dSlope!.data, new Float32Array(c));
    });
  });

  describe('softmax', () => {
    const shape = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
    it('and its logarithm, with gradients, along any axis', () => {
      fc.assert(
        fc.property(shape, fc.nat(3), fc.integer(), (extents, pick, seed) => {
          const axis = pick % extents.length;
          const x = randomTensor(extents, seed);
          for (let i = 0; i < x.data.length; i++) x.data[i] *= 20;
          const dy = randomTensor(extents, seed + 1);
          const inner = lengthOf(extents.slice(axis + 1));
          const extent = extents[axis];
          const results = [
            engine.softmax(x, { axis }),
            engine.logSoftmax(x, { axis: axis - extents.length }),
            engine.softmaxBackward(dy, x, { axis }),
            engine.logSoftmaxBackward(dy, x, { axis }),
          ];
          const expected = results.map(() => new Float64Array(x.data.length));
          for (let i = 0; i < x.data.length; i++) {
            const first = i - (Math.floor(i / inner) % extent) * inner;
            const row = Array.from({ length: extent }, (_, k) => first + k * inner);
            const most = Math.max(...row.map((at) => x.data[at]));
            const total = row.reduce((sum, at) => sum + Math.exp(x.data[at] - most), 0);
            const of = (at: number) => Math.exp(x.data[at] - most) / total;
            const dot = row.reduce((sum, at) => sum + dy.data[at] * of(at), 0);
            expected[0][i] = of(i);
            expected[1][i] = x.data[i] - most - Math.log(total);
            expected[2][i] = of(i) * (dy.data[i] - dot);
            expected[3][i] = dy.data[i] - of(i) * row.reduce((sum, at) => sum + dy.data[at], 0);
          }
          // One unit of x is what the subtraction of the greatest rounds by.
          results.forEach(({ data }, k) => {
            expectWithin(
              data,
              expected[k],
              expected[k].map((e) => 64 * EPS * (k < 1 ? Math.abs(e) : Math.abs(e) + 1)),
            );
          });
        }),
        { numRuns: 300 },
      );
    });

    it('has the same bits along the last axis as along another', () => {
      for (const [rows, extent] of [
        [5, 1],
        [9, 10],
        [6, 67],
      ]) {
        const x = specialTensor([rows, extent], extent);
        for (const row of [1, 2]) for (let i = 0; i < extent; i++) x.data[row * extent + i] = i / 7;
        const turn = ({ data }: Tensor) => ({
          shape: [extent, rows],
          data: data.map((_, i) => data[(i % rows) * extent + Math.floor(i / rows)]),
        });
        expectSameBits(turn(engine.softmax(x)).data, engine.softmax(turn(x), { axis: 0 }).data);
        expectSameBits(turn(engine.logSoftmax(x)).data, engine.logSoftmax(turn(x), { axis: 0 }).data);
        expectSameBits(turn(engine.softmaxBackward(x, x)).data, engine.softmaxBackward(turn(x), turn(x), { axis: 0 }).data);
      }
    });

    it('takes scalars, empty tensors, rows of −∞, and works in place', () => {
      expect(engine.softmax({ shape: [], data: Float32Array.of(3) }).data[0]).toBe(1);
      expect(engine.softmax({ shape: [2, 0], data: new Float32Array(0) }).shape).toEqual([2, 0]);
      const rows = Float32Array.of(-Infinity, -Infinity, -Infinity, 0, Infinity, 0, -1000, 1000);
      const y = engine.softmax({ shape: [4, 2], data: rows }).data;
      expectSameBits(y, Float32Array.of(Number.NaN, Number.NaN, 0, 1, Number.NaN, Number.NaN, 0, 1));
      const x = randomTensor([3, 5], 1);
      const expected = engine.softmax(x).data;
      expect(engine.softmax(x, { out: x })).toBe(x);
      expectSameBits(x.data, expected);
    });
  });

  // biome-ignore lint/suspicious/noExplicitAny: bad input is the point
  const bad = (value: unknown): any => value;
  const x = randomTensor([2, 3], 1);
  it.each<[string, new (...args: never[]) => Error, RegExp, () => unknown]>([
    ['a dy of another shape', ShapeError, /^dy\.shape.*\[2, 3\].*\[3, 2\]/, () => engine.eluBackward(randomTensor([3, 2], 1), x)],
    ['a dy that is none', ShapeError, /^dy.*a tensor/, () => engine.tanhBackward(bad(1), x)],
    ['an unknown option', OptionError, /options\.alpha/, () => engine.sigmoidBackward(x, x, bad({ alpha: 1 }))],
    ['a celu alpha of 0', OptionError, /options\.alpha.*above 0.*0/, () => engine.celu(x, { alpha: 0 })],
    ['a celu alpha whose reciprocal overflows', OptionError, /options\.alpha/, () => engine.celu(x, { alpha: 1e-40 })],
    ['a negative lambda', OptionError, /options\.lambda.*at least 0.*-1/, () => engine.softshrink(x, { lambda: -1 })],
    ['an unknown approximation', OptionError, /options\.approximate.*'none', 'tanh'/, () => engine.gelu(x, { approximate: bad('erf') })],
    ['a beta that is no number', OptionError, /options\.beta/, () => engine.hardSigmoid(x, { beta: Number.NaN })],
    [
      'bounds of hardTanh out of order',
      OptionError,
      /options\.minValue.*at most maxValue, 1, got 2/,
      () => engine.hardTanh(x, { minValue: 2 }),
    ],
    ['a NaN bound of hardTanh', OptionError, /options\.maxValue.*a number.*NaN/, () => engine.hardTanh(x, { maxValue: Number.NaN })],
    [
      'a bound of hardTanh that is no number',
      OptionError,
      /options\.minValue.*a number.*'0'/,
      () => engine.hardTanh(x, { minValue: bad('0') }),
    ],
    [
      'a bound of clamp that is no number',
      OptionError,
      /options\.maxValue.*a number.*null/,
      () => engine.clampBackward(x, x, { maxValue: bad(null) }),
    ],
    ['an axis beyond the last', OptionError, /options\.axis.*-2 to 1.*2/, () => engine.softmax(x, { axis: 2 })],
    ['an axis in part', OptionError, /options\.axis/, () => engine.logSoftmax(x, { axis: 0.5 })],
    ['a training gradient without its seed', OptionError, /options\.seed/, () => engine.rreluBackward(x, x, { training: true })],
    ['slopes for other channels', ShapeError, /slope\.shape/, () => engine.preluBackward(x, x, randomTensor([2], 1))],
    ['an unknown layout', LayoutError, /options\.layout/, () => engine.preluBackward(x, x, randomTensor([3], 1), { layout: bad('x') })],
    ['an unknown skip', OptionError, /options\.skip/, () => engine.preluBackward(x, x, randomTensor([3], 1), { skip: bad(['dy']) })],
    ['an unknown out', OptionError, /^out\.dBias/, () => engine.preluBackward(x, x, randomTensor([3], 1), { out: bad({ dBias: x }) })],
    ['an out over x', ShapeError, /^out.*overlaps x/, () => engine.siluBackward(randomTensor([2, 3], 2), x, { out: x })],
    ['an out of another shape', ShapeError, /out\.shape/, () => engine.softmaxBackward(x, x, { out: randomTensor([3, 2], 1) })],
  ])('refuse %s', (_, error, message, call) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});

describe('gradients and their twins', () => {
  it('agree bit for bit', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CASES), fc.nat(70), fc.boolean(), fc.integer(), (c, length, special, seed) => {
        const make = special ? specialTensor : randomTensor;
        const [dy, x] = [make([length], seed), make([length], seed + 1)];
        for (let i = 0; i < length; i += 2) x.data[i] *= 30;
        expectSameBits(forward(c.name)(simd.engine, x, c.options).data, forward(c.name)(js.engine, x, c.options).data);
        expectSameBits(backward(c.name)(simd.engine, dy, x, c.options).data, backward(c.name)(js.engine, dy, x, c.options).data);
      }),
      { numRuns: 1500 },
    );
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }),
        fc.nat(3),
        fc.boolean(),
        fc.integer(),
        (shape, pick, special, seed) => {
          const make = special ? specialTensor : randomTensor;
          const [dy, x, slope] = [make(shape, seed), make(shape, seed + 1), make([shape[1]], seed + 2)];
          const axis = pick % shape.length;
          for (const name of ['softmax', 'logSoftmax']) {
            expectSameBits(method(simd.engine, name)(x, { axis }).data, method(js.engine, name)(x, { axis }).data);
            const back = (engine: Engine) => backward(name)(engine, dy, x, { axis }).data;
            expectSameBits(back(simd.engine), back(js.engine));
          }
          const options = { training: true, seed: seed >>> 0 };
          expectSameBits(simd.engine.rreluBackward(dy, x, options).data, js.engine.rreluBackward(dy, x, options).data);
          const [ours, twins] = [simd, js].map(({ engine }) => engine.preluBackward(dy, x, slope));
          expectSameBits(ours.dx!.data, twins.dx!.data);
          expectSameBits(ours.dSlope!.data, twins.dSlope!.data);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('gradients and those of TensorFlow.js agree', () => {
  const theirs: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
    relu: tf.relu,
    relu6: tf.relu6,
    leakyRelu: (x) => tf.leakyRelu(x, 0.01),
    elu: tf.elu,
    selu: tf.selu,
    sigmoid: tf.sigmoid,
    tanh: tf.tanh,
    softplus: tf.softplus,
    softmax: (x) => tf.softmax(x),
    logSoftmax: (x) => tf.logSoftmax(x),
  };
  it.each(Object.keys(theirs))('%s', (name) => {
    const x = randomTensor([7, 9], 1);
    for (let i = 0; i < x.data.length; i++) x.data[i] *= 8;
    const dy = randomTensor([7, 9], 2);
    const expected = tf.tidy(() =>
      tf
        .grad(theirs[name])(tf.tensor(x.data, [7, 9]), tf.tensor(dy.data, [7, 9]))
        .dataSync(),
    );
    const ours = backward(name)(simd.engine, dy, x).data;
    expectWithin(ours, Float64Array.from(expected), new Float64Array(63).fill(2e-6));
  });
});
