import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchNormOptions, foldBatchNorm, LayoutError, OptionError, ShapeError, type Tensor } from '../src/index.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { guardedEngine } from './guarded-engine.ts';
import { js, platforms } from './platforms.ts';
import {
  BATCH_NORM_FORMULAS,
  batchNormBound,
  batchNormGradientBound,
  biasGradientBound,
  scaleGradientBound,
  UNITS,
} from './pool-bounds.ts';
import { randomTensor, specialTensor, toNchw, toNhwc } from './random.ts';

const EPS = 2 ** -24;

const configuration = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  channels: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(16, 65, 300)),
  height: fc.integer({ min: 1, max: 6 }),
  width: fc.integer({ min: 1, max: 7 }),
  scale: fc.boolean(),
  bias: fc.boolean(),
  epsilon: fc.constantFrom(undefined, 0, 1e-3),
  seed: fc.integer(),
});
type Configuration = typeof configuration extends fc.Arbitrary<infer T> ? T : never;

function operands(c: Configuration, make = randomTensor) {
  const perChannel = (k: number) => randomTensor([c.channels], c.seed + k);
  const variance = perChannel(2);
  for (let i = 0; i < c.channels; i++) variance.data[i] = Math.abs(variance.data[i]) + 0.1;
  const options: Omit<BatchNormOptions, 'out'> = {
    ...(c.scale && { scale: perChannel(3) }),
    ...(c.bias && { bias: perChannel(4) }),
    ...(c.epsilon !== undefined && { epsilon: c.epsilon }),
  };
  return { x: make([c.batch, c.channels, c.height, c.width], c.seed), mean: perChannel(1), variance, options };
}

/** Float64: result and gradients, each with the bound of what is computed. */
function oracle(x: Tensor, dy: Tensor | undefined, mean: Tensor, variance: Tensor, { scale, bias, epsilon = 1e-5 }: BatchNormOptions) {
  const channels = mean.data.length;
  const inner = x.shape[2] * x.shape[3];
  const [images] = x.shape;
  const vectors = (length: number) => [new Float64Array(length), new Float64Array(length)];
  const [y, yBound] = vectors(x.data.length);
  const [dx, dxBound] = vectors(x.data.length);
  const [dScale, dScaleBound] = vectors(channels);
  const [dBias, dBiasBound] = vectors(channels);
  const inverses = Array.from(variance.data, (v) => 1 / Math.sqrt(v + Math.fround(epsilon)));
  const sizes = { dScale: new Float64Array(channels), dBias: new Float64Array(channels) };
  for (let i = 0; i < y.length; i++) {
    const k = Math.floor(i / inner) % channels;
    const centred = x.data[i] - mean.data[k];
    const factor = (scale?.data[k] ?? 1) * inverses[k];
    y[i] = centred * factor + (bias?.data[k] ?? 0);
    yBound[i] = batchNormBound(centred, factor, y[i]);
    if (!dy) continue;
    dx[i] = dy.data[i] * factor;
    dxBound[i] = batchNormGradientBound(dy.data[i], dx[i]);
    const product = dy.data[i] * centred * inverses[k];
    dScale[k] += product;
    sizes.dScale[k] += Math.abs(product);
    dBias[k] += dy.data[i];
    sizes.dBias[k] += Math.abs(dy.data[i]);
  }
  for (let k = 0; k < channels; k++) {
    dScaleBound[k] = scaleGradientBound(images, inner, inverses[k], sizes.dScale[k]);
    dBiasBound[k] = biasGradientBound(images, inner, sizes.dBias[k]);
  }
  return { y, dx, dScale, dBias, bounds: { y: yBound, dx: dxBound, dScale: dScaleBound, dBias: dBiasBound } };
}

it('states the bounds that are asserted here in docs/numerics.md', () => {
  const text = readFileSync(new URL('../docs/numerics.md', import.meta.url), 'utf8');
  for (const formula of [UNITS, ...BATCH_NORM_FORMULAS]) expect(text.includes(formula), formula).toBe(true);
});

describe.each(platforms)('batchNorm on $name', ({ engine, exact }) => {
  it('is within its bound of the float64 oracle, in both layouts', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, mean, variance, options } = operands(c);
        const want = oracle(x, undefined, mean, variance, options);
        const y = engine.batchNorm(x, mean, variance, options);
        expect(y.shape).toEqual(x.shape);
        expectWithin(y.data, want.y, want.bounds.y);
        expectSameBits(toNchw(engine.batchNorm(toNhwc(x), mean, variance, { ...options, axis: 3 })).data, y.data);
      }),
      { numRuns: 200 },
    );
  });

  it('has the gradients of the float64 oracle, in both layouts', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, mean, variance, options: all } = operands(c);
        const { bias: _, ...options } = all;
        const dy = randomTensor(x.shape, c.seed + 9);
        const want = oracle(x, dy, mean, variance, options);
        const got = engine.batchNormBackward(dy, x, mean, variance, options);
        for (const name of ['dx', 'dScale', 'dBias'] as const) expectWithin(got[name]!.data, want[name], want.bounds[name]);
        const last = engine.batchNormBackward(toNhwc(dy), toNhwc(x), mean, variance, { ...options, axis: 3 });
        expectSameBits(toNchw(last.dx!).data, got.dx!.data);
        expectSameBits(last.dScale!.data, got.dScale!.data);
        expectSameBits(last.dBias!.data, got.dBias!.data);
      }),
      { numRuns: 200 },
    );
  });

  it('is within its bounds, gradients included, where products and quotients underflow', () => {
    const exponents = fc.record({
      x: fc.integer({ min: -90, max: 0 }),
      scale: fc.integer({ min: -149, max: 0 }),
      variance: fc.integer({ min: -20, max: 120 }),
      dy: fc.integer({ min: -149, max: 0 }),
    });
    fc.assert(
      fc.property(configuration, exponents, (c, by) => {
        const made = operands({ ...c, scale: true });
        const scaled = ({ shape, data }: Tensor, exponent: number) => ({ shape, data: data.map((value) => value * 2 ** exponent) });
        const [x, mean, variance] = [scaled(made.x, by.x), scaled(made.mean, by.x), scaled(made.variance, by.variance)];
        const { bias, ...rest } = made.options;
        const options = { ...rest, scale: scaled(made.options.scale!, by.scale) };
        const dy = scaled(randomTensor(x.shape, c.seed + 9), by.dy);
        const want = oracle(x, dy, mean, variance, options);
        expectWithin(engine.batchNorm(x, mean, variance, options).data, want.y, want.bounds.y);
        const got = engine.batchNormBackward(dy, x, mean, variance, options);
        for (const name of ['dx', 'dScale', 'dBias'] as const) expectWithin(got[name]!.data, want[name], want.bounds[name]);
        if (!bias) return;
        const biased = { ...options, bias: scaled(bias, by.dy) };
        const sum = oracle(x, undefined, mean, variance, biased);
        expectWithin(engine.batchNorm(x, mean, variance, biased).data, sum.y, sum.bounds.y);
      }),
      { numRuns: 300 },
    );
  });

  it('agrees with finite differences of the float64 oracle', () => {
    const c = { batch: 2, channels: 3, height: 2, width: 2, scale: true, bias: true, epsilon: 1e-3 as const, seed: 5 };
    const { x, mean, variance, options: all } = operands(c);
    const { bias, ...options } = all;
    const dy = randomTensor(x.shape, 7);
    const got = engine.batchNormBackward(dy, x, mean, variance, options);
    const h = 2 ** -10;
    const difference = (tensor: Tensor, i: number) => {
      const loss = (by: number) => {
        const held = tensor.data[i];
        tensor.data[i] = held + by;
        const sum = oracle(x, undefined, mean, variance, all).y.reduce((total, y, k) => total + y * dy.data[k], 0);
        tensor.data[i] = held;
        return sum;
      };
      return (loss(h) - loss(-h)) / (2 * h);
    };
    for (const i of x.data.keys()) expect(Math.abs(difference(x, i) - got.dx!.data[i])).toBeLessThan(1e-3);
    for (let k = 0; k < 3; k++) {
      expect(Math.abs(difference(options.scale!, k) - got.dScale!.data[k])).toBeLessThan(1e-3);
      expect(Math.abs(difference(bias!, k) - got.dBias!.data[k])).toBeLessThan(1e-3);
    }
  });

  it('agrees with tfjs-cpu, gradients included', async () => {
    await tf.setBackend('cpu');
    for (let seed = 0; seed < 8; seed++) {
      const {
        x: planar,
        mean,
        variance,
        options,
      } = operands({ batch: 2, channels: 1 + seed, height: 3, width: 4, scale: true, bias: true, epsilon: 1e-3, seed });
      const x = toNhwc(planar);
      const dy = randomTensor(x.shape, seed + 9);
      const [y, dx, dOffset, dScale] = tf.tidy(() => {
        const t = (tensor: Tensor) => tf.tensor(tensor.data, [...tensor.shape]);
        const moments = [t(mean), t(variance)] as [tf.Tensor1D, tf.Tensor1D];
        const normal = (a: tf.Tensor, offset: tf.Tensor, scale: tf.Tensor) =>
          tf.batchNorm(a, ...moments, offset as tf.Tensor1D, scale as tf.Tensor1D, 1e-3);
        const of = [t(x), t(options.bias!), t(options.scale!)] as const;
        const gradients = tf.grads(normal as (...args: tf.Tensor[]) => tf.Tensor)([...of], t(dy));
        return [normal(...of), ...gradients].map((tensor) => tensor.dataSync() as Float32Array);
      });
      const near = (ours: Float32Array, theirs: Float32Array) => {
        const exact = Float64Array.from(theirs);
        expectWithin(
          ours,
          exact,
          exact.map((v) => 2e-5 * Math.abs(v) + 2e-5),
        );
      };
      near(engine.batchNorm(x, mean, variance, { ...options, axis: 3 }).data, y);
      const { bias: _, ...rest } = options;
      const got = engine.batchNormBackward(dy, x, mean, variance, { ...rest, axis: 3 });
      near(got.dx!.data, dx);
      near(got.dScale!.data, dScale);
      near(got.dBias!.data, dOffset);
    }
  });

  it('is exactly a map of each channel with a mean of 0, a variance of 1 and an epsilon of 0', () => {
    const x = randomTensor([2, 6, 14, 14], 1);
    const [scale, bias] = [randomTensor([6], 2), randomTensor([6], 3)];
    const y = engine.batchNorm(
      x,
      { shape: [6], data: new Float32Array(6) },
      { shape: [6], data: new Float32Array(6).fill(1) },
      { scale, bias, epsilon: 0 },
    );
    const want = x.data.map((value, i) => {
      const k = Math.floor(i / 196) % 6;
      return exact ? Math.fround(value * scale.data[k]) + bias.data[k] : value * scale.data[k] + bias.data[k];
    });
    if (exact) expectSameBits(y.data, want);
    else expectWithin(y.data, Float64Array.from(want), new Float64Array(want.length).fill(4 * EPS));
  });

  it('takes any rank and axis, a batch of none, in place and out', () => {
    const vector = (n: number, seed: number) => randomTensor([n], seed);
    const ones = (n: number) => ({ shape: [n], data: new Float32Array(n).fill(1) });
    for (const [shape, axis] of [
      [[5], 0],
      [[3, 7], 1],
      [[3, 7], 0],
      [[2, 3, 4, 5, 6], 2],
      [[2, 20, 3], 1],
      [[2, 3, 400], 2],
    ] as const) {
      const x = randomTensor(shape, 4);
      const channels = shape[axis] as number;
      const inner = shape.slice(axis + 1).reduce((a: number, b: number) => a * b, 1);
      const mean = vector(channels, 5);
      const y = engine.batchNorm(x, mean, ones(channels), { axis, epsilon: 0 });
      expectSameBits(
        y.data,
        x.data.map((value, i) => value - mean.data[Math.floor(i / inner) % channels]),
      );
      const { dBias } = engine.batchNormBackward(x, x, mean, ones(channels), { axis, skip: ['dx', 'dScale'] });
      const sums = new Float64Array(channels);
      for (const [i, value] of x.data.entries()) sums[Math.floor(i / inner) % channels] += value;
      expectWithin(dBias!.data, sums, new Float64Array(channels).fill(1e-4));
      const copy = { shape, data: x.data.slice() };
      expect(engine.batchNorm(copy, mean, ones(channels), { axis, epsilon: 0, out: copy })).toBe(copy);
      expectSameBits(copy.data, y.data);
    }
    using empty = engine.tensor([0, 3, 2, 2]);
    using three = engine.tensor([3], [1, 1, 1]);
    const got = engine.batchNormBackward(empty, empty, three, three);
    expect([[...got.dx!.data], [...got.dScale!.data], [...got.dBias!.data]]).toEqual([[], [0, 0, 0], [0, 0, 0]]);
    const skipped = engine.batchNormBackward(empty, empty, three, three, { skip: ['dx'] });
    expect(skipped.dx).toBeUndefined();
  });

  it('refuses what does not fit', () => {
    const x = randomTensor([2, 3, 4, 4], 1);
    const three = randomTensor([3], 2);
    const four = randomTensor([4], 2);
    const rows: readonly [() => unknown, new (...args: never[]) => Error, RegExp][] = [
      [() => engine.batchNorm(x, four, three), ShapeError, /^mean\.shape: expected \[3\], the channels of x/],
      [() => engine.batchNorm(x, three, four), ShapeError, /^variance\.shape/],
      [() => engine.batchNorm(x, undefined as never, three), ShapeError, /^mean: /],
      [() => engine.batchNorm(x, three, three, { scale: four }), ShapeError, /^options\.scale\.shape/],
      [() => engine.batchNorm(x, three, three, { bias: four }), ShapeError, /^options\.bias\.shape/],
      [() => engine.batchNorm(x, three, three, { axis: 4 }), OptionError, /^options\.axis: expected an axis of x/],
      [() => engine.batchNorm(x, three, three, { axis: -1 }), OptionError, /^options\.axis/],
      [() => engine.batchNorm(x, three, three, { epsilon: -1 }), OptionError, /^options\.epsilon/],
      [() => engine.batchNorm(x, three, three, { training: true } as never), OptionError, /^options\.training/],
      [() => engine.batchNorm(x, three, three, { out: three }), ShapeError, /^out\.shape/],
      [() => engine.batchNormBackward(three, x, three, three), ShapeError, /^dy\.shape/],
      [() => engine.batchNormBackward(x, x, three, three, { bias: three } as never), OptionError, /^options\.bias: .*unknown/],
      [() => engine.batchNormBackward(x, x, three, three, { skip: ['dMean'] as never }), OptionError, /^options\.skip/],
      [() => engine.batchNormBackward(x, x, three, three, { out: { dx: three } }), ShapeError, /^out\.dx\.shape/],
      [() => engine.batchNormBackward(x, x, three, three, { out: { dBias: four, dScale: three } }), ShapeError, /^out/],
    ];
    for (const [refused, type, words] of rows) {
      expect(refused).toThrow(type);
      expect(refused).toThrow(words);
    }
  });

  it('gives the bits of the twin, special values included', () => {
    if (!exact) return;
    fc.assert(
      fc.property(configuration, fc.boolean(), (c, last) => {
        const { x: made, mean, variance, options } = operands(c, specialTensor);
        const x = last ? toNhwc(made) : made;
        const axis = last ? 3 : 1;
        expectSameBits(
          engine.batchNorm(x, mean, variance, { ...options, axis }).data,
          js.engine.batchNorm(x, mean, variance, { ...options, axis }).data,
        );
        const { bias: _, ...rest } = options;
        const ours = engine.batchNormBackward(x, x, mean, variance, { ...rest, axis });
        const twins = js.engine.batchNormBackward(x, x, mean, variance, { ...rest, axis });
        for (const name of ['dx', 'dScale', 'dBias'] as const) expectSameBits(ours[name]!.data, twins[name]!.data);
      }),
      { numRuns: 200 },
    );
  });

  it('folds into a convolution, whatever the layout of the filter', () => {
    const x = randomTensor([1, 3, 6, 6], 1);
    const shapes = { oihw: [4, 3, 3, 3], hwio: [3, 3, 3, 4], ohwi: [4, 3, 3, 3], ihwo: [3, 3, 3, 4] } as const;
    for (const [filterLayout, shape] of Object.entries(shapes) as unknown as ['oihw', number[]][]) {
      const filter = randomTensor(shape, 2);
      const [bias, mean, variance, scale, offset] = [3, 4, 5, 6, 7].map((seed) => randomTensor([4], seed));
      for (let i = 0; i < 4; i++) variance.data[i] = Math.abs(variance.data[i]) + 0.1;
      const options = { filterLayout, algorithm: 'direct' as const };
      const y = engine.batchNorm(engine.conv2d(x, filter, { ...options, bias }), mean, variance, { scale, bias: offset });
      const folded = foldBatchNorm(filter, { bias, mean, variance, scale, offset, filterLayout });
      expect(folded.filter.shape).toEqual(filter.shape);
      const once = engine.conv2d(x, folded.filter, { ...options, bias: folded.bias });
      expectWithin(once.data, Float64Array.from(y.data), new Float64Array(y.data.length).fill(2e-5));
    }
    const filter = randomTensor([4, 3, 3, 3], 2);
    const [four, three] = [randomTensor([4], 1), randomTensor([3], 1)];
    expect(() => foldBatchNorm(filter, { mean: three, variance: four })).toThrow(ShapeError);
    expect(() => foldBatchNorm(filter, { mean: four, variance: four, bias: three })).toThrow(/^options\.bias\.shape/);
    expect(() => foldBatchNorm(filter, { mean: four, variance: four, filterLayout: 'iohw' as never })).toThrow(LayoutError);
    expect(() => foldBatchNorm(filter, undefined as never)).toThrow(/^options\.mean/);
    expect(() => foldBatchNorm(filter, { mean: four, variance: four, gamma: four } as never)).toThrow(OptionError);
  });
});

it('no kernel of batchNorm writes a byte outside its output', async () => {
  const called = new Set<string>();
  await fc.assert(
    fc.asyncProperty(configuration, fc.constantFrom(1, 3), async (c, axis) => {
      const engine = await guardedEngine((kernel) => called.add(kernel));
      const { x: made, mean, variance, options } = operands(c);
      const x = axis === 3 ? toNhwc(made) : made;
      expectSameBits(engine.batchNorm(x, mean, variance, { axis }).data, js.engine.batchNorm(x, mean, variance, { axis }).data);
      engine.batchNormBackward(x, x, mean, variance, { axis, ...(options.scale && { scale: options.scale }) });
    }),
    { numRuns: 60 },
  );
  expect([...called].sort()).toEqual(['averagePool', 'batchNorm', 'batchNormSums', 'batchNormTable', 'timesPower']);
});
