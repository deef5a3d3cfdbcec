import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Engine, Tensor } from '../src/index.ts';
import { coarseWinogradBound, EPS, plainSumBounds, sumBound, sumBounds } from './bounds.ts';
import { letters, type NdConfiguration, ndConfiguration, type Rank } from './conv-nd-configuration.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import {
  bordered,
  channelSums,
  filterGradient,
  finiteDifferences,
  forward,
  gather,
  inputGradient,
  type Sums,
  scatter,
} from './oracle/conv-nd.ts';
import { js, platforms, simd } from './platforms.ts';
import { embedded, faintTensor, greatest, randomTensor, relayout, specialTensor } from './random.ts';

const OPERATORS = { 1: 'conv1dBackward', 2: 'conv2dBackward', 3: 'conv3dBackward' } as const;
type Gradients = Record<'dx' | 'dFilter' | 'dBias', Tensor>;

function operands({ rank, geometry: g, ...c }: NdConfiguration, make = randomTensor) {
  const { first, last, filters } = letters(rank);
  const order = c.layout === 'first' ? first : last;
  const filterLayout = filters[c.filterLayout];
  const plain = {
    x: make([g.batch, g.groups * g.inChannels, ...g.input.slice(-rank)], c.seed),
    filter: make([g.groups * g.outChannels, g.inChannels, ...g.kernel.slice(-rank)], c.seed + 1),
    dy: make([g.batch, g.groups * g.outChannels, ...g.out.slice(-rank)], c.seed + 2),
  };
  const options = {
    strides: c.strides,
    dilations: c.dilations,
    padding: c.padding,
    groups: g.groups,
    inputLayout: order,
    filterLayout,
    paddingMode: c.paddingMode,
    normalize: c.mean ? 'mean' : 'none',
    ...(rank < 3 && { algorithm: c.algorithm }),
  };
  return {
    plain,
    x: relayout(plain.x, first, order),
    filter: relayout(plain.filter, filters[0], filterLayout),
    dy: relayout(plain.dy, first, order),
    options,
    back: {
      dx: (t: Tensor) => relayout(t, order, first).data,
      dFilter: (t: Tensor) => relayout(t, filterLayout, filters[0]).data,
      dBias: (t: Tensor) => t.data,
    },
  };
}

/** The convolution over an input that has its padding. */
function around({ geometry, padding, paddingMode }: NdConfiguration) {
  const after = [0, 0, ...padding.filter((_, i) => i % 2 === 1)].slice(-3);
  return bordered(geometry, after, paddingMode);
}

const FORWARD = { 1: 'conv1d', 2: 'conv2d', 3: 'conv3d' } as const;
const convolve = (engine: Engine, rank: Rank, ...args: unknown[]) =>
  (engine[FORWARD[rank]] as (...args: unknown[]) => Tensor).apply(engine, args);
const backward = (engine: Engine, rank: Rank, ...args: unknown[]) =>
  (engine[OPERATORS[rank]] as (...args: unknown[]) => Gradients).apply(engine, args);

/** What the plans treat apart, and what they must not: filters that cover the input, few pixels in a batch, depthwise filters. */
function configuration(
  groups: number,
  [inChannels, outChannels]: readonly [number, number],
  kernel: readonly [number, number],
  size: readonly [number, number],
  given: Partial<Pick<NdConfiguration, 'padding' | 'strides' | 'dilations' | 'filterLayout' | 'mean'>> & { batch?: number } = {},
): NdConfiguration {
  const { batch = 3, padding = [0, 0, 0, 0], strides = [1, 1], dilations = [1, 1], filterLayout = 0, mean = false } = given;
  const out = size.map(
    (n, axis) => Math.floor((n + padding[2 * axis] + padding[2 * axis + 1] - dilations[axis] * (kernel[axis] - 1) - 1) / strides[axis]) + 1,
  );
  const geometry = {
    batch,
    groups,
    inChannels,
    outChannels,
    input: [1, ...size],
    kernel: [1, ...kernel],
    strides: [1, ...strides],
    dilations: [1, ...dilations],
    begin: [0, padding[0], padding[2]],
    out: [1, ...out],
  };
  const rest = { padding, strides, dilations, filterLayout, mean };
  return { rank: 2, geometry, ...rest, layout: 'first', paddingMode: 'zeros', algorithm: 'gemm', seed: 7 };
}

const APART: readonly (readonly [string, NdConfiguration])[] = [
  ...[0, 1, 2, 3].map(
    (filterLayout) => [`covering, filter layout ${filterLayout}`, configuration(1, [3, 7], [3, 5], [3, 5], { filterLayout })] as const,
  ),
  ...[0, 1, 2, 3].map(
    (filterLayout) =>
      [`covering, groups, filter layout ${filterLayout}`, configuration(3, [2, 3], [2, 3], [2, 3], { filterLayout })] as const,
  ),
  ['covering, the sum divided, strides that are not taken', configuration(1, [4, 6], [4, 2], [4, 2], { mean: true, strides: [3, 2] })],
  ['covering, one channel a group', configuration(9, [1, 1], [3, 3], [3, 3], { batch: 5 })],
  ['covering, rows only', configuration(1, [3, 5], [4, 1], [4, 1], { dilations: [1, 3] })],
  ['a single pixel of a dilated filter', configuration(1, [3, 5], [2, 3], [3, 5], { dilations: [2, 2] })],
  ['a single pixel inside padding', configuration(1, [3, 5], [3, 3], [2, 1], { padding: [1, 0, 0, 2] })],
  ['a single pixel, less than the input', configuration(1, [3, 5], [3, 3], [4, 5], { strides: [2, 3] })],
  ['32 pixels', configuration(2, [9, 11], [2, 2], [5, 9])],
  ['33 pixels', configuration(1, [9, 11], [2, 2], [4, 12])],
  ...[1, 2, 3, 4, 5, 7, 13].map((groups) => [`depthwise, ${groups} channels`, configuration(groups, [1, 1], [3, 3], [9, 8])] as const),
  ...[1, 2, 4, 5, 7].map(
    (size) => [`depthwise, ${size} × ${size + 1}`, configuration(4, [1, 1], [size, size + 1], [9, 11], { padding: [1, 2, 0, 3] })] as const,
  ),
  ...[1, 2, 3].map(
    (filterLayout) => [`depthwise, filter layout ${filterLayout}`, configuration(6, [1, 1], [2, 4], [7, 9], { filterLayout })] as const,
  ),
  ['depthwise, one image', configuration(5, [1, 1], [3, 3], [8, 9], { batch: 1, padding: [1, 1, 1, 1], strides: [2, 3], mean: true })],
  ['depthwise, rows apart', configuration(5, [1, 1], [3, 2], [11, 9], { dilations: [2, 1] })],
  ['depthwise, columns apart: planes by the product', configuration(5, [1, 1], [2, 3], [9, 11], { dilations: [1, 2] })],
  ['depthwise, columns apart, one channel', configuration(1, [1, 1], [2, 3], [9, 11], { dilations: [1, 2] })],
  ['two results a channel', configuration(3, [1, 2], [3, 3], [7, 8])],
  ['few results of planes', configuration(1, [13, 6], [3, 3], [7, 8])],
  ['96 pixels', configuration(1, [9, 8], [2, 2], [9, 13], { batch: 2 })],
];

/**
 * What Winograd may be off where `'auto'` may choose it: for a filter of 3×3, and for gradients in the input one that is as far apart as
 * its windows.
 */
function winogradSlack({ algorithm, geometry: { kernel } }: NdConfiguration, channels: number, x: Tensor, filter: Tensor): number {
  const isPossible = algorithm === 'auto' && kernel[0] === 1 && kernel[1] === 3 && kernel[2] === 3;
  return isPossible ? coarseWinogradBound({ channels, maxInput: greatest(x), maxFilter: greatest(filter) }) : 0;
}

function expectNearOracle(engine: Engine, c: NdConfiguration, make = randomTensor) {
  const { plain, x, filter, dy, options, back } = operands(c, make);
  const { g, cells } = around(c);
  const divisor = c.mean ? g.inChannels * g.kernel[0] * g.kernel[1] * g.kernel[2] : 1;
  const made = backward(engine, c.rank, dy, x, filter, options);
  expect(made.dx.shape).toEqual(x.shape);
  expect(made.dFilter.shape).toEqual(filter.shape);
  expect(made.dBias.shape).toEqual([g.groups * g.outChannels]);
  const pixels = g.out[0] * g.out[1] * g.out[2];
  const near = (name: keyof Gradients, { data }: Sums, by: number, bounds: Float64Array) =>
    expectWithin(
      back[name](made[name]),
      data.map((value) => value / by),
      bounds,
    );
  const dx = scatter(inputGradient(g, plain.dy.data, plain.filter.data), cells, x.data.length);
  const slack = winogradSlack(c, g.outChannels, plain.dy, plain.filter);
  near(
    'dx',
    dx,
    divisor,
    sumBounds(dx, divisor).map((bound, i) => Math.max(bound, dx.parts[i] * slack)),
  );
  const dFilter = filterGradient(g, plain.dy.data, gather(plain.x.data, cells));
  near('dFilter', dFilter, divisor, sumBounds(dFilter, divisor));
  const dBias = channelSums(plain.dy.data, g.batch, g.groups * g.outChannels, pixels);
  near('dBias', dBias, 1, plainSumBounds(dBias));
}

function expectSameEverywhere(c: NdConfiguration, make: typeof randomTensor) {
  const made = operands(c, make);
  const y = convolve(simd.engine, c.rank, made.x, made.filter, made.options);
  expectSameBits(y.data, convolve(js.engine, c.rank, made.x, made.filter, made.options).data);
  const expected = backward(js.engine, c.rank, made.dy, made.x, made.filter, made.options);
  const actual = backward(simd.engine, c.rank, made.dy, made.x, made.filter, made.options);
  const turned = operands({ ...c, layout: c.layout === 'first' ? 'last' : 'first' }, make);
  const other = backward(simd.engine, c.rank, turned.dy, turned.x, turned.filter, turned.options);
  const otherY = convolve(simd.engine, c.rank, turned.x, turned.filter, turned.options);
  expectSameBits(turned.back.dx(otherY), made.back.dx(y));
  for (const name of ['dx', 'dFilter', 'dBias'] as const) {
    expectSameBits(actual[name].data, expected[name].data);
    expectSameBits(turned.back[name](other[name]), made.back[name](actual[name]));
  }
}

describe.each(platforms)('convolution on $name', ({ engine }) => {
  it.each([1, 2, 3] as const)('in %i dimensions is within its bound of the float64 oracle', (rank) => {
    fc.assert(
      fc.property(ndConfiguration(rank), fc.boolean(), fc.boolean(), (c, hasBias, activated) => {
        const { plain, x, filter, dy, options, back } = operands(c);
        const { g, cells } = around(c);
        const bias = hasBias ? randomTensor([g.groups * g.outChannels], c.seed + 3) : undefined;
        const y = convolve(engine, rank, x, filter, { ...options, ...(bias && { bias }), ...(activated && { activation: 'relu' }) });
        expect(y.shape).toEqual(dy.shape);
        const { data, magnitude } = forward(g, gather(plain.x.data, cells), plain.filter.data);
        const taps = g.inChannels * g.kernel[0] * g.kernel[1] * g.kernel[2];
        const divisor = c.mean ? taps : 1;
        const pixels = g.out[0] * g.out[1] * g.out[2];
        const offset = (i: number) => bias?.data[Math.floor(i / pixels) % (g.groups * g.outChannels)] ?? 0;
        const exact = data.map((sum, i) => sum / divisor + offset(i)).map((value) => (activated && value < 0 ? 0 : value));
        const slack = winogradSlack(c, g.inChannels, plain.x, plain.filter);
        expectWithin(
          back.dx({ shape: y.shape, data: y.data }),
          exact,
          magnitude.map((m, i) => {
            const bias = Math.abs(offset(i));
            return Math.max(sumBound({ products: taps, magnitude: m / divisor + bias, divisor }), slack + (g.inChannels + 5) * EPS * bias);
          }),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe.each(platforms)('gradients of convolution on $name', ({ engine }) => {
  it.each([1, 2, 3] as const)('in %i dimensions are within their bounds of the float64 oracle', (rank) => {
    fc.assert(
      fc.property(ndConfiguration(rank), fc.constantFrom(randomTensor, randomTensor, faintTensor), (c, make) => {
        expectNearOracle(engine, c, make);
      }),
      { numRuns: 60 },
    );
  });

  it('lose as much as their bounds allow where each product vanishes', () => {
    const [x, dy] = [
      [4, 1, 24, 24],
      [4, 1, 24, 24],
    ].map((shape) => ({ shape, data: new Float32Array(2304).fill(2 ** -75) }));
    const filter = randomTensor([1, 1, 1, 1], 1);
    const { dFilter } = engine.conv2dBackward(dy, x, filter, { skip: ['dx', 'dBias'] });
    const exact = 2304 * 2 ** -150;
    const bound = sumBound({ products: 2304, magnitude: exact });
    expect(Math.abs(dFilter!.data[0] - exact)).toBeLessThanOrEqual(bound);
    expect(Math.abs(dFilter!.data[0] - exact)).toBeGreaterThan(0.99 * bound);
  });
});

describe('convolutions that are planned apart', () => {
  it.each(APART)('%s: near the oracle, and the same bits everywhere', (_, c) => {
    expectNearOracle(simd.engine, c);
    expectSameEverywhere(c, randomTensor);
    expectSameEverywhere(c, specialTensor);
  });
});

describe('gradients of convolution', () => {
  it.each([
    ['ordinary floats', randomTensor],
    ['NaN, infinities, −0, denormals', specialTensor],
  ] as const)('have the same bits on both sides and in both layouts, on %s', (_, make) => {
    fc.assert(
      fc.property(fc.constantFrom<Rank>(1, 2, 3).chain(ndConfiguration), (c) => {
        expectSameEverywhere(c, make);
      }),
      { numRuns: 100 },
    );
  });

  it('lose little over a long sum', () => {
    const batch = 64;
    const x = randomTensor([batch, 2, 56, 56], 1);
    const dy = randomTensor([batch, 3, 56, 56], 2);
    const { dFilter } = simd.engine.conv2dBackward(dy, x, randomTensor([3, 2, 1, 1], 3), { skip: ['dx', 'dBias'] });
    const plane = 56 * 56;
    for (let o = 0; o < 3; o++)
      for (let i = 0; i < 2; i++) {
        let exact = 0;
        let size = 0;
        for (let n = 0; n < batch; n++)
          for (let p = 0; p < plane; p++) {
            const product = dy.data[(n * 3 + o) * plane + p] * x.data[(n * 2 + i) * plane + p];
            exact += product;
            size += Math.abs(product);
          }
        const error = Math.abs(dFilter!.data[o * 2 + i] - exact);
        expect(error).toBeLessThan(1e-4 * size);
        expect(error).toBeLessThan(batch * plane * EPS * size);
      }
  });

  it('of the oracle are those that finite differences give', () => {
    fc.assert(
      fc.property(fc.constantFrom<Rank>(1, 2, 3).chain(ndConfiguration), (c) => {
        const g = {
          ...c.geometry,
          batch: Math.min(c.geometry.batch, 1),
          inChannels: 1,
          outChannels: 2,
          groups: Math.min(2, c.geometry.groups),
        };
        const cells = (extents: readonly number[]) => extents.reduce((a, b) => a * b, 1);
        fc.pre(cells(g.input) <= 60 && cells(g.out) <= 60);
        const floats = (length: number, seed: number) => Float64Array.from(randomTensor([length], seed).data);
        const x = floats(g.batch * g.groups * cells(g.input), c.seed);
        const w = floats(g.groups * 2 * cells(g.kernel), c.seed + 1);
        const dy = floats(g.batch * g.groups * 2 * cells(g.out), c.seed + 2);
        const near = (actual: Float64Array, expected: Float64Array) =>
          expectWithin(
            Float32Array.from(actual),
            expected,
            expected.map(() => 1e-5),
          );
        near(
          inputGradient(g, dy, w).data,
          finiteDifferences(x, dy, (at) => forward(g, at, w).data),
        );
        near(
          filterGradient(g, dy, x).data,
          finiteDifferences(w, dy, (at) => forward(g, x, at).data),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('go where the caller wants them, and only those that are wanted', () => {
    fc.assert(
      fc.property(fc.constantFrom<Rank>(1, 2, 3).chain(ndConfiguration), fc.integer({ min: 1, max: 9 }), (c, offset) => {
        const { x, filter, dy, options } = operands(c);
        const { engine } = simd;
        const expected = backward(engine, c.rank, dy, x, filter, options);
        const out = {
          dx: embedded({ shape: x.shape, data: new Float32Array(x.data.length) }, offset),
          dFilter: engine.tensor(filter.shape),
        };
        const made = backward(engine, c.rank, embedded(dy, offset), embedded(x, offset + 1), filter, { ...options, out, skip: ['dBias'] });
        expect(made).toEqual({ dx: out.dx, dFilter: out.dFilter, dBias: undefined });
        expectSameBits(out.dx.data, expected.dx.data);
        expectSameBits(out.dFilter.data, expected.dFilter.data);
        using kernelX = engine.tensor(x.shape, x.data);
        const { dx, dFilter, dBias } = backward(engine, c.rank, dy, kernelX, filter, { ...options, skip: ['dx'] });
        expect(dx).toBeUndefined();
        expectSameBits(dFilter.data, expected.dFilter.data);
        expectSameBits(dBias.data, expected.dBias.data);
        for (const held of [out.dFilter, dFilter, dBias]) (held as typeof kernelX).dispose();
      }),
      { numRuns: 100 },
    );
  });
});

it.each(platforms)('a volume of one slice, and a window over the padding before it, on $name', ({ engine }) => {
  const x = randomTensor([2, 1, 1, 3, 3], 1);
  const filter = randomTensor([1, 1, 1, 1, 1], 2);
  const options = { strides: [2, 1, 1], padding: [1, 0, 0, 0, 0, 0] } as const;
  const y = engine.conv3d(x, filter, options);
  expect(y.shape).toEqual([2, 1, 1, 3, 3]);
  expectSameBits(y.data, new Float32Array(18));
  const { dx, dFilter } = engine.conv3dBackward(randomTensor(y.shape, 3), x, filter, options);
  expectSameBits(dx!.data, new Float32Array(18));
  expectSameBits(dFilter!.data, new Float32Array(1));
});
