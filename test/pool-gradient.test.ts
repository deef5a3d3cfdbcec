import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../src/engine.ts';
import { DisposedError, LayoutError, OptionError, ShapeError, type Tensor, type TensorData } from '../src/index.ts';
import { planUnpool } from '../src/plan/pool.ts';
import { lengthOf } from '../src/tensor/tensor.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { guardedEngine } from './guarded-engine.ts';
import {
  adaptiveTaps,
  axisTaps,
  firstMaximum,
  pooled,
  poolGradient,
  type Reduction,
  type WindowTaps,
  windowTaps,
} from './oracle/pool-nd.ts';
import { js, platforms, simd } from './platforms.ts';
import { averageBound, averageGradientBound, maxGradientBound, normBound, normGradientBound, POOL_FORMULAS, UNITS } from './pool-bounds.ts';
import { random, randomTensor, specialTensor, toNchw, toNhwc } from './random.ts';
import { runTasks, stepsOf } from './tasks.ts';

const EPS = 2 ** -24;
const LAYOUTS = { 1: ['ncw', 'nwc'], 2: ['nchw', 'nhwc'], 3: ['ncdhw', 'ndhwc'] } as const;
type Rank = keyof typeof LAYOUTS;
const NAMES = ['max', 'average', 'l2', 'lp'] as const;
type Name = (typeof NAMES)[number];
const reductionOf = (name: Name): Reduction => (name === 'l2' ? 'lp' : name);

type Forward = (x: Tensor, options: object) => Tensor;
type Backward = (dy: Tensor, x: Tensor, options: object) => Tensor;
type Method = (...args: unknown[]) => Tensor;
const method = (engine: Engine, name: string): Method => (engine as unknown as Record<string, Method>)[name].bind(engine);
const forward = (engine: Engine, name: Name, rank: Rank): Forward => method(engine, `${name}Pool${rank}d`);
const backward = (engine: Engine, name: Name, rank: Rank): Backward => method(engine, `${name}Pool${rank}dBackward`);

/** [batch, channels, …] ↔ [batch, …, channels] of any rank. */
function toLast({ shape: [n, c, ...spatial], data }: Tensor): Tensor {
  const cells = spatial.reduce((a, b) => a * b, 1);
  return { shape: [n, ...spatial, c], data: toNhwc({ shape: [n, c, cells, 1], data }).data };
}
function toFirst({ shape, data }: Tensor): Tensor {
  const [n, c, spatial] = [shape[0], shape[shape.length - 1], shape.slice(1, -1)];
  const cells = spatial.reduce((a, b) => a * b, 1);
  return { shape: [n, c, ...spatial], data: toNchw({ shape: [n, cells, 1, c], data }).data };
}

const axis = (spare: number) =>
  fc.record({
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.constantFrom(1, 1, 1, 2, 3),
    pads: fc.tuple(fc.nat(100), fc.nat(100)),
    spare: fc.nat(spare),
  });

/** Any pooling of any rank, and one that is common in two dimensions. */
const configuration = fc
  .record({
    rank: fc.constantFrom<Rank>(1, 2, 2, 3),
    common: fc.constantFrom(undefined, undefined, [2, 2], [3, 2], [3, 1]),
    batch: fc.integer({ min: 1, max: 2 }),
    channels: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(8, 9)),
    axes: fc.tuple(axis(4), axis(8), axis(21)),
    roundingType: fc.constantFrom('floor', 'ceil'),
    countIncludePad: fc.boolean(),
    norm: fc.constantFrom(1, 2, 3, 1.5, 4),
    seed: fc.integer(),
  })
  .map(({ rank, axes, common, ...rest }) => {
    const all = axes.slice(3 - rank).map(({ kernel, stride, dilation, pads, spare }) => {
      const k = common && rank === 2 ? common[0] : kernel;
      const reach = dilation * (k - 1) + 1;
      const [before, after] = pads.map((pad) => pad % reach);
      return {
        kernel: k,
        stride: common ? common[1] : stride,
        dilation,
        before,
        after,
        input: Math.max(1, reach - before - after) + spare,
      };
    });
    return { rank, axes: all, ...rest };
  });
type Configuration = typeof configuration extends fc.Arbitrary<infer T> ? T : never;

function optionsOf(c: Configuration, name: Name): object {
  return {
    windowDimensions: c.axes.map(({ kernel }) => kernel),
    strides: c.axes.map(({ stride }) => stride),
    dilations: c.axes.map(({ dilation }) => dilation),
    padding: c.axes.flatMap(({ before, after }) => [before, after]),
    roundingType: c.roundingType,
    ...(name === 'average' && { countIncludePad: c.countIncludePad }),
    ...(name === 'lp' && { norm: c.norm }),
  };
}

const inputOf = (c: Configuration, make = randomTensor) => make([c.batch, c.channels, ...c.axes.map(({ input }) => input)], c.seed);

const windowsOf = (c: Configuration) =>
  windowTaps(
    c.axes.map((one) => axisTaps(one, c.roundingType === 'ceil')),
    c.axes.map(({ input }) => input),
    c.countIncludePad,
  );

/** One plane after another. */
function planes<D extends TensorData>({ data }: Tensor<D>, count: number): D[] {
  const length = data.length / count;
  return Array.from({ length: count }, (_, i) => data.subarray(i * length, (i + 1) * length) as D);
}

function concatenated(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** A pooling's result within its bound of the oracle. */
function expectPooled(y: Tensor, x: Tensor, rank: Rank, reduction: Reduction, windows: readonly WindowTaps[], norm: number) {
  const all = planes(x, x.shape[0] * x.shape[1]);
  const of = (make: (plane: Float32Array) => Float32Array) =>
    Float64Array.from(all.flatMap((plane) => windows.map((window) => pooled(reduction, make(plane), window, norm))));
  const sizes = of((plane) => plane.map(Math.abs));
  const bounds = sizes.map((size, i) => {
    const taps = windows[i % windows.length].taps.length;
    if (reduction === 'max') return 0;
    return reduction === 'average' ? averageBound(taps, size, rank) : normBound(taps, size, norm);
  });
  expectWithin(
    y.data,
    of((plane) => plane),
    bounds,
  );
}

/** And its gradient. */
function expectGradient(dx: Tensor, x: Tensor, dy: Tensor, rank: Rank, reduction: Reduction, windows: readonly WindowTaps[], norm: number) {
  const all = planes(x, x.shape[0] * x.shape[1]);
  const dys = planes(dy, all.length);
  const oracles = all.map((plane, i) => poolGradient(reduction, plane, windows, dys[i], norm));
  const bounds = oracles.map(({ magnitude, windows, taps }, i) =>
    magnitude.map((size, k) => {
      if (reduction === 'max') return maxGradientBound(windows[k], size);
      if (reduction === 'average') return averageGradientBound(windows[k], size, rank);
      return normGradientBound(taps[k], windows[k], all[i][k], size, norm);
    }),
  );
  expectWithin(dx.data, concatenated(oracles.map((oracle) => oracle.dx)), concatenated(bounds));
}

const scaled = ({ shape, data }: Tensor, exponent: number): Tensor => ({ shape, data: data.map((x) => x * 2 ** exponent) });

/** Floats that tie, two of them equal but for their bits, and what a maximum treats specially. */
const TIED = [0, -0, 1, -Infinity, Number.NaN, -1];

/** Indices that lie in a plane of `cells`, that almost do, and that a conversion to a whole number takes for one that does. */
function hostileIndices(cells: number): number[] {
  const fractions = [0.5, 0.4999, 0.25, -0.25, -0.4, -0.5, -1e-40, 1e-40, 2 ** -24];
  const places = [0, -0, 1, cells - 2, cells - 1, cells, cells + 1, 2 * cells, -1, -2, -cells];
  const wraps = [2 ** 24, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53, 2 ** 63, 2 ** 64].flatMap((power) => [
    power,
    -power,
    power + 4096,
    power * 1.25,
  ]);
  return [
    ...places,
    ...[0, 1, cells - 1].flatMap((place) => fractions.map((fraction) => place + fraction)),
    ...wraps,
    ...[Number.NaN, Infinity, -Infinity, 1e30, -1e30, 3.4e38, -3.4e38, 1e-45, -1e-45],
  ];
}

it('states the bounds that are asserted here in docs/numerics.md', () => {
  const text = readFileSync(new URL('../docs/numerics.md', import.meta.url), 'utf8');
  for (const formula of [UNITS, ...POOL_FORMULAS]) expect(text.includes(formula), formula).toBe(true);
});

describe.each(platforms)('pools and their gradients on $name', ({ engine, exact }) => {
  it.each(NAMES)('%sPool of one, two and three dimensions is that of the float64 oracle, in both layouts', (name) => {
    fc.assert(
      fc.property(configuration, (c) => {
        const x = inputOf(c);
        const options = optionsOf(c, name);
        const windows = windowsOf(c);
        const norm = name === 'lp' ? c.norm : 2;
        const y = forward(engine, name, c.rank)(x, options);
        expectPooled(y, x, c.rank, reductionOf(name), windows, norm);
        const last = forward(engine, name, c.rank)(toLast(x), { ...options, layout: LAYOUTS[c.rank][1] });
        expectSameBits(toFirst(last).data, y.data);
      }),
      { numRuns: 60 },
    );
  });

  it.each(NAMES)('the gradient of %sPool is that of the float64 oracle, in both layouts', (name) => {
    fc.assert(
      fc.property(configuration, (c) => {
        const x = inputOf(c);
        const options = optionsOf(c, name);
        const dy = randomTensor(forward(engine, name, c.rank)(x, options).shape, c.seed + 1);
        const dx = backward(engine, name, c.rank)(dy, x, options);
        expect(dx.shape).toEqual(x.shape);
        expectGradient(dx, x, dy, c.rank, reductionOf(name), windowsOf(c), name === 'lp' ? c.norm : 2);
        const last = backward(engine, name, c.rank)(toLast(dy), toLast(x), { ...options, layout: LAYOUTS[c.rank][1] });
        expect(last.shape).toEqual(toLast(x).shape);
        expectSameBits(toFirst(last).data, dx.data);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    'average',
    'l2',
    'lp',
  ] as const)('%sPool and its gradient are within their bounds where quotients and powers underflow', (name) => {
    fc.assert(
      fc.property(configuration, fc.nat(30), (c, above) => {
        const windows = windowsOf(c);
        const [options, reduction] = [optionsOf(c, name), reductionOf(name)];
        const norm = name === 'lp' ? c.norm : 2;
        const tiny = scaled(inputOf(c), Math.round(-150 / (name === 'average' ? 1 : norm)) + above);
        expectPooled(forward(engine, name, c.rank)(tiny, options), tiny, c.rank, reduction, windows, norm);
        // Of a norm only dy is tiny: where powers of x underflow, the gradient has no bound.
        const x = scaled(inputOf(c), above % 8);
        const { shape } = forward(engine, name, c.rank)(x, options);
        const dy = scaled(randomTensor(shape, c.seed + 1), above - 150);
        expectGradient(backward(engine, name, c.rank)(dy, x, options), x, dy, c.rank, reduction, windows, norm);
      }),
      { numRuns: 120 },
    );
  });

  it.each(['Average', 'Max'] as const)('adaptive%sPool and its gradient are those of the oracle, in both layouts', (name) => {
    const reduction = name === 'Max' ? 'max' : 'average';
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 7 })), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 6 }), fc.integer(), (pairs, channels, seed) => {
        const rank = pairs.length as Rank;
        const input = pairs.map(([extent]) => extent);
        const output = pairs.map(([, extent]) => extent);
        const x = randomTensor([2, channels, ...input], seed);
        const windows = windowTaps(
          pairs.map(([i, o]) => adaptiveTaps(i, o)),
          input,
          false,
        );
        const run = method(engine, `adaptive${name}Pool${rank}d`);
        const gradient = method(engine, `adaptive${name}Pool${rank}dBackward`);
        const y = run(x, output);
        expect(y.shape).toEqual([2, channels, ...output]);
        expectPooled(y, x, rank, reduction, windows, 2);
        const dy = randomTensor(y.shape, seed + 1);
        const dx = gradient(dy, x, output);
        expectGradient(dx, x, dy, rank, reduction, windows, 2);
        const layout = { layout: LAYOUTS[rank][1] };
        expectSameBits(toFirst(run(toLast(x), output, layout)).data, y.data);
        expectSameBits(toFirst(gradient(toLast(dy), toLast(x), output, layout)).data, dx.data);
      }),
      { numRuns: 60 },
    );
  });

  it('finds the first maximum of each window, and takes and puts floats there', () => {
    fc.assert(
      fc.property(configuration, fc.boolean(), (c, special) => {
        fc.pre(c.rank === 2);
        const x = inputOf(c, special ? specialTensor : randomTensor);
        const options = optionsOf(c, 'max');
        const windows = windowsOf(c);
        const { values, indices } = engine.maxPool2dWithIndices(x, options);
        const all = planes(x, c.batch * c.channels);
        const places = Int32Array.from(all.flatMap((plane) => windows.map((window) => firstMaximum(plane, window))));
        expectSameBits(indices.data, places);
        const there = planes({ shape: [], data: places }, c.batch * c.channels).map((list, i) =>
          Array.from(list, (place) => all[i][place] ?? -Infinity),
        );
        expectSameBits(values.data, Float32Array.from(there.flatMap((list) => [...list])));
        const nhwc = engine.maxPool2dWithIndices(toNhwc(x), { ...options, layout: 'nhwc' });
        expectSameBits(toNchw(nhwc.indices).data, indices.data);
        expectSameBits(toNchw(nhwc.values).data, values.data);
        const outputSizes = [x.shape[2], x.shape[3]] as const;
        const back = engine.maxUnpool2d(values, indices, { outputSizes });
        expect(back.shape).toEqual(x.shape);
        const put = all.map((plane, i) => {
          const made = new Float32Array(plane.length);
          for (const [k, place] of planes(indices, all.length)[i].entries()) if (place >= 0) made[place] = planes(values, all.length)[i][k];
          return made;
        });
        expectSameBits(back.data, Float32Array.from(put.flatMap((plane) => [...plane])));
        const backLast = engine.maxUnpool2d(nhwc.values, nhwc.indices, { outputSizes, layout: 'nhwc' });
        expectSameBits(toNchw(backLast).data, back.data);
        const taken = engine.maxUnpool2dBackward(x, values, indices, { outputSizes });
        expectSameBits(
          taken.data,
          values.data.map((value, i) => (places[i] < 0 ? 0 : value)),
        );
      }),
      { numRuns: 100 },
    );
  });

  /** Whether each of `dy` goes to the place that the oracle finds among floats that tie. */
  function expectFirstMaxima(c: Configuration, adaptive: boolean, kinds: number): void {
    const draw = random(c.seed);
    const x = inputOf(c, (shape) => ({
      shape,
      data: Float32Array.from({ length: lengthOf(shape) }, () => TIED[Math.floor(draw() * kinds)]),
    }));
    const name = `${adaptive ? 'adaptiveMax' : 'max'}Pool${c.rank}d`;
    const [run, gradient] = [method(engine, name), method(engine, `${name}Backward`)];
    // As many windows as the kernel has taps, so that some share cells and some do not.
    const sizes = adaptive ? [c.axes.map(({ kernel }) => kernel)] : [];
    const options = adaptive ? {} : optionsOf(c, 'max');
    const shared = () =>
      windowTaps(
        c.axes.map(({ input, kernel }) => adaptiveTaps(input, kernel)),
        c.axes.map(({ input }) => input),
        false,
      );
    const windows = adaptive ? shared() : windowsOf(c);
    const y = run(x, ...sizes, options);
    // Sums of small whole numbers are exact, so that their order does not matter.
    const dy = { shape: y.shape, data: y.data.map(() => Math.floor(draw() * 9) + 1) };
    const count = c.batch * c.channels;
    const dys = planes(dy, count);
    const want = planes(x, count).map((plane, i) => poolGradient('max', plane, windows, dys[i], 2).dx);
    const dx = gradient(dy, x, ...sizes, options);
    expectSameBits(dx.data, Float32Array.from(concatenated(want)));
    const last = gradient(toLast(dy), toLast(x), ...sizes, { ...options, layout: LAYOUTS[c.rank][1] });
    expectSameBits(toFirst(last).data, dx.data);
  }

  it('gives the gradient to the first of equal maxima in memory order, or to the last NaN, in every rank, adaptive or not', () => {
    fc.assert(fc.property(configuration, fc.boolean(), fc.integer({ min: 2, max: TIED.length }), expectFirstMaxima), { numRuns: 400 });
  });

  it.each([
    [1, 3, 3],
    [1, 1, 3],
    [1, 3, 1],
    [3, 1, 1],
    [3, 1, 3],
    [3, 3, 3],
    [1, 1, 1],
  ])('does so for windows of %i×%i×%i that keep the extents, some of which need one pass', (...kernels) => {
    for (const stride of [1, 2]) {
      const axes = kernels.map((kernel, i) => {
        const pad = (kernel - 1) / 2;
        return { kernel, stride, dilation: 1 as const, before: pad, after: pad, input: 4 + i };
      });
      const c = { rank: 3, axes, batch: 2, channels: 3, roundingType: 'floor', countIncludePad: false, norm: 2, seed: stride } as const;
      for (const kinds of [2, 4, TIED.length]) expectFirstMaxima(c, false, kinds);
    }
  });

  it('gives the gradient to the first of equal maxima, and to the last NaN', () => {
    const x = { shape: [1, 1, 2, 4], data: Float32Array.of(1, 1, Number.NaN, 0, 1, 1, 0, Number.NaN) };
    const dy = { shape: [1, 1, 1, 2], data: Float32Array.of(5, 7) };
    expect([...engine.maxPool2dBackward(dy, x, { windowDimensions: 2, strides: 2 }).data]).toEqual([5, 0, 0, 0, 0, 0, 0, 7]);
    const cube = { shape: [1, 1, 2, 2, 2], data: Float32Array.of(0, 1, 1, 0, 1, 1, 0, 0) };
    const one = { shape: [1, 1, 1, 1, 1], data: Float32Array.of(3) };
    // Not the first row's, which the second slice has: the first slice comes first.
    const tied = { ...cube, data: Float32Array.of(0, 0, 0, 1, 1, 1, 1, 1) };
    expect([...engine.maxPool3dBackward(one, cube).data]).toEqual([0, 3, 0, 0, 0, 0, 0, 0]);
    expect([...engine.maxPool3dBackward(one, tied).data]).toEqual([0, 0, 0, 3, 0, 0, 0, 0]);
    expect([...engine.adaptiveMaxPool3dBackward(one, tied, 1).data]).toEqual([0, 0, 0, 3, 0, 0, 0, 0]);
    const nans = { ...cube, data: Float32Array.of(Number.NaN, 1, 1, Number.NaN, 2, Number.NaN, 1, 1) };
    expect([...engine.maxPool3dBackward(one, nans).data]).toEqual([0, 0, 0, 0, 0, 3, 0, 0]);
    const lowest = { shape: [1, 1, 1, 3], data: new Float32Array(3).fill(-Infinity) };
    expect([...engine.maxPool2dWithIndices(lowest, { windowDimensions: [1, 3], padding: [0, 0, 1, 1] }).indices.data]).toEqual([0, 0, 1]);
  });

  it('puts nothing where an index is not in the plane', () => {
    const x = { shape: [1, 1, 2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const indices = { shape: x.shape, data: Float32Array.of(-1, Number.NaN, 4, 1e9, -0, Infinity) };
    expect([...engine.maxUnpool2d(x, indices, { outputSizes: [2, 2] }).data]).toEqual([5, 0, 0, 0]);
    expect([
      ...engine.maxUnpool2dBackward({ shape: [1, 1, 2, 2], data: Float32Array.of(7, 8, 9, 10) }, x, indices, { outputSizes: [2, 2] }).data,
    ]).toEqual([0, 0, 0, 0, 7, 0]);
    expect(engine.maxUnpool2d(x, indices, { windowDimensions: 2, strides: 2 }).shape).toEqual([1, 1, 4, 6]);
    expect(engine.maxUnpool2d(x, indices, { windowDimensions: 3, strides: 2, padding: 1 }).shape).toEqual([1, 1, 3, 5]);
    expect(engine.maxUnpool2d(x, indices, { windowDimensions: 2, strides: 2, outputSizes: [5, 7] }).shape).toEqual([1, 1, 5, 7]);
  });

  it('writes and reads no float outside the plane, whatever the indices are', () => {
    const extents: readonly [number, number][] = [
      [1, 1],
      [4, 4],
      [3, 5],
      [7, 31],
    ];
    for (const [height, width] of extents) {
      const cells = height * width;
      const list = hostileIndices(cells);
      for (const channels of [1, 3]) {
        for (const last of [false, true]) {
          const plane = (n: number) => (last ? [2, 1, n, channels] : [2, channels, 1, n]);
          const count = 2 * channels * list.length;
          const x = { shape: plane(list.length), data: Float32Array.from({ length: count }, (_, i) => i + 1) };
          // Each channel and image begins at another place of the list.
          const indices = { shape: x.shape, data: Float32Array.from({ length: count }, (_, i) => list[(7 * i + 3) % list.length]) };
          const shape = last ? [2, height, width, channels] : [2, channels, height, width];
          const dy = randomTensor(shape, cells);
          const options = { outputSizes: [height, width], layout: last ? 'nhwc' : 'nchw' } as const;
          const put = new Float32Array(dy.data.length);
          const taken = new Float32Array(count);
          for (const [i, index] of indices.data.entries()) {
            if (!(Number.isInteger(index) && index >= 0 && index < cells)) continue;
            const image = Math.floor(i / (channels * list.length));
            const to = last ? (image * cells + index) * channels + (i % channels) : Math.floor(i / list.length) * cells + index;
            put[to] = x.data[i];
            taken[i] = dy.data[to];
          }
          const sentinel = new Float32Array(256).fill(54321);
          const before = engine.tensor([256], sentinel);
          const out = engine.tensor(shape, new Float32Array(put.length).fill(777));
          const between = engine.tensor([256], sentinel);
          const gradient = engine.tensor(x.shape, new Float32Array(count).fill(777));
          const after = engine.tensor([256], sentinel);
          engine.maxUnpool2d(x, indices, { ...options, out });
          engine.maxUnpool2dBackward(dy, x, indices, { ...options, out: gradient });
          expectSameBits(out.data, put);
          expectSameBits(gradient.data, taken);
          for (const guard of [before, between, after]) expectSameBits(guard.data, sentinel);
          for (const held of [before, out, between, gradient, after]) held.dispose();
          const around = new Float32Array(put.length + 64).fill(54321);
          const view = { shape, data: around.subarray(32, 32 + put.length) };
          engine.maxUnpool2d(x, indices, { ...options, out: view });
          expectSameBits(view.data, put);
          view.data.fill(54321);
          expect(around.every((value) => value === 54321)).toBe(true);
        }
      }
    }
  });

  it('has no gradient where a norm is 0', () => {
    const x = { shape: [1, 1, 1, 2], data: Float32Array.of(0, 0) };
    const dy = { shape: [1, 1, 1, 1], data: Float32Array.of(3) };
    for (const norm of [1, 2, 3, 1.5]) expect([...engine.lpPool2dBackward(dy, x, { norm }).data]).toEqual([0, 0]);
    expect([...engine.l2Pool2dBackward(dy, x).data]).toEqual([0, 0]);
  });

  it('takes powers of any size to an ulp', () => {
    const x = randomTensor([1, 1, 1, 4000], 3);
    for (let i = 0; i < x.data.length; i++) x.data[i] *= 2 ** (((i * 37) % 270) - 140);
    for (const norm of [3, 1.25, 2.5]) {
      const y = engine.lpPool2d(x, { windowDimensions: 1, norm });
      for (const [i, value] of x.data.entries()) {
        const power = Math.fround(Math.abs(value) ** norm);
        // A power that is a denormal has lost its digits, one that overflows is infinite.
        if (power < 1e-37) continue;
        const want = power === Infinity ? Infinity : Math.abs(value);
        if (want === Infinity) expect(y.data[i]).toBe(Infinity);
        else expect(Math.abs(y.data[i] - want)).toBeLessThanOrEqual(3 * EPS * want);
      }
    }
  });

  it('agrees with finite differences of the float64 oracle', () => {
    fc.assert(
      fc.property(configuration, fc.constantFrom(...NAMES), (c, name) => {
        const one = { ...c, batch: 1, channels: 1 };
        const x = inputOf(one);
        const windows = windowsOf(one);
        const norm = name === 'lp' ? c.norm : 2;
        const dy = randomTensor(forward(engine, name, c.rank)(x, optionsOf(one, name)).shape, c.seed + 1);
        const loss = (plane: Float64Array) =>
          windows.reduce(
            (sum, window, i) => (window.taps.length ? sum + dy.data[i] * pooled(reductionOf(name), plane, window, norm) : sum),
            0,
          );
        const dx = backward(engine, name, c.rank)(dy, x, optionsOf(one, name));
        for (let i = 0; i < x.data.length; i += 1 + Math.floor(x.data.length / 5)) {
          const moved = (by: number) => loss(Float64Array.from(x.data, (value, k) => (k === i ? value + by : value)));
          expect(Math.abs(dx.data[i] - (moved(1e-7) - moved(-1e-7)) / 2e-7)).toBeLessThan(2e-4);
        }
      }),
      { numRuns: 40, seed: 11 },
    );
  });

  it('agrees with tfjs-cpu wherever it has the gradient', async () => {
    await tf.setBackend('cpu');
    for (let seed = 0; seed < 24; seed++) {
      const kernel: [number, number] = [1 + (seed % 3), 1 + ((seed >> 1) % 3)];
      const strides: [number, number] = [1 + (seed % 2), 1 + ((seed >> 2) % 3)];
      const padding = seed % 2 ? 'same' : 'valid';
      const x = randomTensor([2, 5 + (seed % 4), 6 + (seed % 5), 1 + (seed % 6)], seed);
      const options = { windowDimensions: kernel, strides, padding, layout: 'nhwc' } as const;
      const dy = randomTensor(engine.maxPool2d(x, options).shape, seed + 1);
      const [a, b] = tf.tidy(() => {
        const [tx, tdy] = [tf.tensor4d(x.data, x.shape as [number, number, number, number]), tf.tensor(dy.data, [...dy.shape])];
        return [
          tf
            .grad((t) => tf.maxPool(t as tf.Tensor4D, kernel, strides, padding))(tx, tdy)
            .dataSync(),
          tf
            .grad((t) => tf.avgPool(t as tf.Tensor4D, kernel, strides, padding))(tx, tdy)
            .dataSync(),
        ];
      });
      const near = (ours: Tensor, theirs: ArrayLike<number>) =>
        expectWithin(ours.data, Float64Array.from(theirs), new Float64Array(ours.data.length).fill(5e-6));
      near(engine.maxPool2dBackward(dy, x, options), a);
      // tfjs-cpu divides by the whole window wherever it lies.
      if (padding === 'valid') near(engine.averagePool2dBackward(dy, x, options), b);
      const volume = randomTensor([1, 4, 5, 6, 2], seed);
      const deep = { windowDimensions: 2, strides: 1 + (seed % 2), layout: 'ndhwc' } as const;
      const ddy = randomTensor(engine.maxPool3d(volume, deep).shape, seed);
      const [d, e] = tf.tidy(() => {
        const [tx, tdy] = [tf.tensor5d(volume.data, [1, 4, 5, 6, 2]), tf.tensor(ddy.data, [...ddy.shape])];
        return [
          tf
            .grad((t) => tf.maxPool3d(t as tf.Tensor5D, 2, deep.strides, 'valid'))(tx, tdy)
            .dataSync(),
          tf
            .grad((t) => tf.avgPool3d(t as tf.Tensor5D, 2, deep.strides, 'valid'))(tx, tdy)
            .dataSync(),
        ];
      });
      near(engine.maxPool3dBackward(ddy, volume, deep), d);
      near(engine.averagePool3dBackward(ddy, volume, deep), e);
    }
  });

  it('takes tensors of the engine, writes where out says, and an empty batch', () => {
    const plain = randomTensor([2, 3, 7, 9], 1);
    using x = engine.tensor(plain.shape, plain.data);
    const options = { windowDimensions: 3, strides: 2, padding: 1 };
    for (const name of NAMES) {
      const y = forward(engine, name, 2)(plain, options);
      const dx = backward(engine, name, 2)(y, plain, options);
      const out = { shape: plain.shape, data: new Float32Array(plain.data.length).fill(9) };
      expect(backward(engine, name, 2)(y, plain, { ...options, out })).toBe(out);
      expectSameBits(out.data, dx.data);
      const kept = backward(engine, name, 2)(y, x, options);
      expect(kept).toBeInstanceOf(x.constructor);
      expectSameBits(kept.data, dx.data);
      (kept as typeof x).dispose();
      const empty = { shape: [0, 3, 7, 9], data: new Float32Array(0) };
      expect(backward(engine, name, 2)({ shape: [0, 3, 4, 5], data: new Float32Array(0) }, empty, options)).toEqual(empty);
    }
    const values = engine.tensor([2, 3, 4, 5]);
    const made = engine.maxPool2dWithIndices(plain, { ...options, out: { values } });
    expect(made.values).toBe(values);
    expectSameBits(values.data, engine.maxPool2dWithIndices(plain, options).values.data);
    values.dispose();
    expect(engine.maxPool2dWithIndices({ shape: [0, 3, 7, 9], data: new Float32Array(0) }, options).indices.shape).toEqual([0, 3, 4, 5]);
    expect(engine.maxPool3d({ shape: [0, 2, 3, 4, 5], data: new Float32Array(0) }, { windowDimensions: 2 }).shape).toEqual([0, 2, 2, 3, 4]);
  });

  it('refuses what does not fit, with a typed error that names it', () => {
    const x = randomTensor([1, 2, 6, 5], 1);
    const y = randomTensor([1, 2, 3, 2], 2);
    const window = { windowDimensions: 2, strides: 2 };
    const places = { shape: y.shape, data: new Int32Array(12) };
    const bytes = { shape: y.shape, data: new Uint8Array(12) };
    const rows: readonly [() => unknown, new (...args: never[]) => Error, RegExp][] = [
      [
        () => engine.maxPool2dBackward(x, x, window),
        ShapeError,
        /^dy\.shape: expected \[1, 2, 3, 2\], the shape of the result, got \[1, 2, 6, 5\]/,
      ],
      [() => engine.averagePool2dBackward(y, x, { ...window, layout: 'nhwc' }), ShapeError, /^dy\.shape/],
      [() => engine.maxPool2dBackward(undefined as never, x, window), ShapeError, /^dy: /],
      [() => engine.maxPool2dBackward(y, x, { ...window, bias: x } as never), OptionError, /^options\.bias: .*unknown option/],
      [() => engine.maxPool2dBackward(y, x, { ...window, out: y }), ShapeError, /^out\.shape/],
      [() => engine.maxPool2dBackward(y, x, { ...window, out: x }), ShapeError, /^out: .*overlaps x/],
      [
        () => engine.maxPool2dWithIndices(x, { ...window, out: { indices: y as never } }),
        ShapeError,
        /^out\.data: expected an Int32Array, got Float32Array$/,
      ],
      [() => engine.maxPool2d(places as never, window), ShapeError, /^x\.data: expected a Float32Array, got Int32Array$/],
      [
        () => engine.maxUnpool2d(y, bytes as never, window),
        ShapeError,
        /^indices\.data: expected an Int32Array or Float32Array, got Uint8Array$/,
      ],
      [() => engine.lpPool2d(x, { norm: 0.5 }), OptionError, /^options\.norm: expected at least 1, got 0\.5/],
      [() => engine.lpPool2d(x, { norm: Infinity }), OptionError, /^options\.norm/],
      [() => engine.l2Pool2d(x, { norm: 2 } as never), OptionError, /^options\.norm: .*unknown option/],
      [() => engine.maxPool1d(x), ShapeError, /^x\.shape: expected 3 dimensions/],
      [() => engine.maxPool3d(x), ShapeError, /^x\.shape: expected 5 dimensions/],
      [
        () => engine.maxPool1d({ shape: [1, 2, 30], data: x.data }, { layout: 'nchw' as never }),
        LayoutError,
        /^options\.layout: expected one of 'ncw', 'nwc'/,
      ],
      [
        () => engine.maxPool1d({ shape: [1, 2, 30], data: x.data }, { windowDimensions: [2, 2] as never }),
        OptionError,
        /^options\.windowDimensions: .*one of them \[width\]/,
      ],
      [
        () => engine.maxPool3d({ shape: [1, 2, 3, 2, 5], data: x.data }, { windowDimensions: [4, 1, 1] }),
        ShapeError,
        /^options\.windowDimensions: expected at most the 3 of the padded input, got a window that reaches over 4 slices/,
      ],
      [
        () => engine.maxPool3d({ shape: [1, 2, 3, 2, 5], data: x.data }, { windowDimensions: [2, 2, 2], padding: [2, 0, 0] }),
        OptionError,
        /^options\.padding: expected less .*2 slices.* got \[2, 2, 0, 0, 0, 0\]/,
      ],
      [() => engine.maxPool3d({ shape: [1, 2, 3, 2, 5], data: x.data }, { padding: [1, 2] as never }), OptionError, /^options\.padding/],
      [() => engine.adaptiveMaxPool2d(x, undefined as never), OptionError, /^outputSizes/],
      [() => engine.adaptiveMaxPool2d(x, 0), OptionError, /^outputSizes/],
      [() => engine.adaptiveAveragePool2d(x, [2, 3, 4] as never), OptionError, /^outputSizes/],
      [() => engine.adaptiveAveragePool2d(x, 2 ** 30), OptionError, /^o.*utputSizes: expected a product of at most/],
      [() => engine.adaptiveAveragePool2dBackward(x, x, 2), ShapeError, /^dy\.shape/],
      [() => engine.maxUnpool2d(y, x, window), ShapeError, /^indices\.shape: expected \[1, 2, 3, 2\], the shape of x/],
      [() => engine.maxUnpool2d(y, y), OptionError, /^options\.windowDimensions/],
      [() => engine.maxUnpool2d(y, y, { ...window, padding: 'same' }), OptionError, /^options\.outputSizes/],
      [
        () => engine.maxUnpool2d(y, y, { ...window, outputSizes: [9, 4] }),
        OptionError,
        /^options\.outputSizes: expected extents of which these windows give \[3, 2\]/,
      ],
      [() => engine.maxUnpool2dBackward(y, y, y, window), ShapeError, /^dy\.shape/],
      [
        () =>
          engine.maxPool2dWithIndices(x, {
            ...window,
            out: { values: y, indices: { shape: y.shape, data: new Int32Array(y.data.buffer) } },
          }),
        ShapeError,
        /^out: .*overlaps values/,
      ],
      [() => engine.maxPool2dWithIndices(x, { ...window, out: { value: y } as never }), OptionError, /^options\.out\.value/],
    ];
    for (const [refused, type, words] of rows) {
      expect(refused).toThrow(type);
      expect(refused).toThrow(words);
    }
    const gone = engine.tensor([1, 2, 3, 2]);
    gone.dispose();
    expect(() => engine.maxPool2dBackward(gone, x, window)).toThrow(DisposedError);
  });

  it(`gives the bits of the twin${exact ? '' : ' wherever nothing is fused'}`, () => {
    fc.assert(
      fc.property(configuration, fc.constantFrom(...NAMES), fc.boolean(), fc.boolean(), (c, name, special, last) => {
        if (!exact && (name === 'l2' || name === 'lp')) return;
        const made = inputOf(c, special ? specialTensor : randomTensor);
        const x = last ? toLast(made) : made;
        const options = { ...optionsOf(c, name), layout: LAYOUTS[c.rank][last ? 1 : 0] };
        const y = forward(js.engine, name, c.rank)(x, options);
        expectSameBits(forward(engine, name, c.rank)(x, options).data, y.data);
        const dy = (special ? specialTensor : randomTensor)(y.shape, c.seed + 1);
        expectSameBits(backward(engine, name, c.rank)(dy, x, options).data, backward(js.engine, name, c.rank)(dy, x, options).data);
      }),
      { numRuns: 250 },
    );
  });
});

it('puts and takes floats with the same bits for any split of the tasks, in any order, whatever the indices are', () => {
  const cells = 12;
  const list = hostileIndices(cells);
  for (const pixelLength of [1, 3]) {
    const spec = { planes: 7, pixelLength, indexCount: list.length, planeLength: cells, outShape: [] };
    const length = spec.planes * pixelLength * list.length;
    const floats = Float32Array.from({ length }, (_, i) => list[(7 * i + 2) % list.length]);
    const [reading] = stepsOf((plan) => planUnpool(plan, spec, 'scatterPixels', plan.named('x'), plan.named('indices'), plan.named('out')));
    expect(reading.kernel).toBe('floatIndices');
    const asFloats = { indices: floats, out: new Int32Array(length) };
    const named = { ...reading, buffers: { ...reading.buffers, output: { ...reading.buffers.output!, name: 'out' } } };
    const indices = runTasks(named, asFloats, [0, reading.taskCount]).js;
    const isPlace = (index: number) => Number.isInteger(index) && index >= 0 && index < 2 ** 31;
    expectSameBits(
      indices,
      Int32Array.from(floats, (index) => (isPlace(index) ? index : -1)),
    );
    expectSameBits(runTasks(named, asFloats, [0, reading.taskCount]).simd, indices);
    const [many, few] = [randomTensor([length], 1).data, randomTensor([spec.planes * pixelLength * cells], 2).data];
    const put = { x: many, indices, out: few };
    const taken = { dy: few, indices, out: many };
    for (const [kernel, buffers] of [['scatterPixels', put] as const, ['gatherPixels', taken] as const]) {
      const [step] = stepsOf((plan) => {
        const input = plan.named(kernel === 'scatterPixels' ? 'x' : 'dy');
        planUnpool(plan, spec, kernel, input, plan.named('indices', 'int32'), plan.named('out'));
      });
      const { js: whole } = runTasks(step, buffers, [0, 7]);
      for (const bounds of [
        [0, 7],
        [0, 1, 7],
        [0, 3, 3, 6, 7],
      ]) {
        const { js, simd } = runTasks(step, buffers, bounds);
        expectSameBits(js, whole);
        expectSameBits(simd, whole);
      }
    }
  }
});

it('no kernel of pools writes a byte outside its output and scratch', async () => {
  const called = new Set<string>();
  await fc.assert(
    fc.asyncProperty(configuration, fc.constantFrom(...NAMES), fc.boolean(), async (c, name, last) => {
      const engine = await guardedEngine((kernel) => called.add(kernel));
      const x = last ? toLast(inputOf(c)) : inputOf(c);
      const options = { ...optionsOf(c, name), layout: LAYOUTS[c.rank][last ? 1 : 0] };
      const y = forward(engine, name, c.rank)(x, options);
      expectSameBits(backward(engine, name, c.rank)(y, x, options).data, backward(simd.engine, name, c.rank)(y, x, options).data);
      const sizes = c.axes.map(({ kernel }) => kernel);
      const layout = { layout: options.layout };
      const small = method(engine, `adaptiveAveragePool${c.rank}d`)(x, sizes, layout);
      method(engine, `adaptiveAveragePool${c.rank}dBackward`)(small, x, sizes, layout);
      if (c.rank !== 2) return;
      const { values, indices } = engine.maxPool2dWithIndices(x, { windowDimensions: 1, layout: options.layout as 'nchw' });
      engine.maxUnpool2d(values, indices, { windowDimensions: 1, layout: options.layout as 'nchw' });
      const list = hostileIndices(c.axes[0].input * c.axes[1].input);
      const hostile = { shape: indices.shape, data: indices.data.map((_, i) => list[(i + (c.seed & 1023)) % list.length]) };
      const outputSizes = c.axes.map(({ input }) => input) as [number, number];
      engine.maxUnpool2d(values, hostile, { outputSizes, layout: options.layout as 'nchw' });
    }),
    { numRuns: 60 },
  );
  expect([...called].sort()).toEqual(
    ['averagePool', 'averagePoolBackward', 'gatherPixels', 'maxIndices', 'maxPool', 'scatterPixels', 'timesPower'].sort(),
  );
});
