import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Engine, LayoutError, OptionError, ShapeError, type Tensor } from '../src/index.ts';
import { coarseWinogradBound, plainSumBounds, sumBound, sumBounds } from './bounds.ts';
import { letters, ndConfiguration, type Rank } from './conv-nd-configuration.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { guardedEngine } from './guarded-engine.ts';
import { channelSums, filterGradient, forward, inputGradient } from './oracle/conv-nd.ts';
import { js, platforms, simd } from './platforms.ts';
import { embedded, faintTensor, greatest, randomTensor, relayout, specialTensor } from './random.ts';

type Gradients = Record<'dx' | 'dFilter' | 'dBias', Tensor>;
const FILTERS = { 1: ['iow', 'woi', 'owi', 'oiw'], 2: ['iohw', 'hwoi', 'ohwi', 'oihw'], 3: ['iodhw', 'dhwoi', 'odhwi', 'oidhw'] };

/** A convolution seen from its result: what it calls its result is the input here. */
const configuration = fc.constantFrom(1 as const, 2 as const, 3 as const).chain((rank) =>
  fc.record({
    c: ndConfiguration(rank),
    bias: fc.boolean(),
    activation: fc.constantFrom(undefined, 'relu' as const, { type: 'clamp' as const, minValue: 0.1, maxValue: 0.4 }, 'leakyRelu' as const),
    bySizes: fc.boolean(),
  }),
);
type Configuration = typeof configuration extends fc.Arbitrary<infer T> ? T : never;

function operands({ c, bias: hasBias, activation, bySizes }: Configuration, make = randomTensor) {
  const { rank, geometry: g } = c;
  const { first, last } = letters(rank);
  const order = c.layout === 'first' ? first : last;
  const [plainFilter] = FILTERS[rank];
  const filterLayout = FILTERS[rank][c.filterLayout];
  const outChannels = g.groups * g.inChannels;
  const plain = {
    x: make([g.batch, g.groups * g.outChannels, ...g.out.slice(-rank)], c.seed),
    filter: make([g.groups * g.outChannels, g.inChannels, ...g.kernel.slice(-rank)], c.seed + 1),
    dy: make([g.batch, outChannels, ...g.input.slice(-rank)], c.seed + 2),
  };
  const least = g.out.map((extent, axis) => {
    const after = [0, 0, ...c.padding.filter((_, i) => i % 2 === 1)].slice(-3)[axis];
    return (extent - 1) * g.strides[axis] - g.begin[axis] - after + g.dilations[axis] * (g.kernel[axis] - 1) + 1;
  });
  const geometry = {
    strides: c.strides,
    dilations: c.dilations,
    padding: c.padding,
    groups: g.groups,
    inputLayout: order,
    filterLayout,
    ...(rank < 3 && { algorithm: c.algorithm }),
    ...(bySizes
      ? { outputSizes: g.input.slice(-rank) }
      : { outputPadding: g.input.map((extent, axis) => extent - least[axis]).slice(-rank) }),
  };
  const bias = hasBias ? make([outChannels], c.seed + 3) : undefined;
  return {
    rank,
    g,
    plain,
    x: relayout(plain.x, first, order),
    filter: relayout(plain.filter, plainFilter, filterLayout),
    dy: relayout(plain.dy, first, order),
    geometry,
    bias,
    options: { ...geometry, ...(bias && { bias }), ...(activation && { activation }) },
    back: (t: Tensor) => relayout(t, order, first).data,
    backFilter: (t: Tensor) => relayout(t, filterLayout, plainFilter).data,
  };
}

const NAMES = { 1: 'convTranspose1d', 2: 'convTranspose2d', 3: 'convTranspose3d' } as const;
const run = (engine: Engine, rank: Rank, ...args: unknown[]) => (engine[NAMES[rank]] as (...args: unknown[]) => Tensor).apply(engine, args);
const backward = (engine: Engine, rank: Rank, ...args: unknown[]) =>
  (engine[`${NAMES[rank]}Backward`] as (...args: unknown[]) => Gradients).apply(engine, args);

describe.each(platforms)('convTranspose on $name', ({ engine }) => {
  it('and its gradients are within their bounds of the float64 oracle', () => {
    fc.assert(
      fc.property(configuration, fc.constantFrom(randomTensor, randomTensor, faintTensor), (given, make) => {
        const { rank, g, plain, x, filter, dy, geometry, bias, options, back, backFilter } = operands(given, make);
        const y = run(engine, rank, x, filter, options);
        expect(y.shape).toEqual(dy.shape);
        const cells = g.input[0] * g.input[1] * g.input[2];
        const taps = g.kernel[0] * g.kernel[1] * g.kernel[2];
        const sum = inputGradient(g, plain.x.data, plain.filter.data);
        const offset = (i: number) => bias?.data[Math.floor(i / cells) % (g.groups * g.inChannels)] ?? 0;
        const { activation } = given;
        const activate = (s: number) => {
          if (activation === undefined) return s;
          if (typeof activation === 'object') return Math.min(Math.max(s, Math.fround(0.1)), Math.fround(0.4));
          return s < 0 ? s * (activation === 'relu' ? 0 : Math.fround(0.01)) : s;
        };
        // 'auto' may choose Winograd for a filter of 3×3, or for phases of it.
        const slack = (channels: number, input: Tensor, offset = 0) =>
          (rank === 3 || given.c.algorithm === 'auto') && g.kernel[1] === 3 && g.kernel[2] === 3
            ? coarseWinogradBound({ channels, maxInput: greatest(input), maxFilter: greatest(plain.filter), bias: offset })
            : 0;
        const exact = sum.data.map((s, i) => activate(s + offset(i)));
        const bound = sum.magnitude.map((m, i) => {
          const magnitude = m + Math.abs(offset(i));
          return Math.max(sumBound({ products: g.outChannels * taps, magnitude }), slack(g.outChannels, plain.x, offset(i)));
        });
        expectWithin(back(y), exact, bound);
        const { dx, dFilter, dBias } = backward(engine, rank, dy, x, filter, geometry);
        expect([dx.shape, dFilter.shape]).toEqual([x.shape, filter.shape]);
        const exactDx = forward(g, plain.dy.data, plain.filter.data);
        const dxSlack = slack(g.inChannels, plain.dy);
        expectWithin(
          back(dx),
          exactDx.data,
          sumBounds(exactDx).map((each) => Math.max(each, dxSlack)),
        );
        const exactDFilter = filterGradient(g, plain.x.data, plain.dy.data);
        expectWithin(backFilter(dFilter), exactDFilter.data, sumBounds(exactDFilter));
        const exactDBias = channelSums(plain.dy.data, g.batch, g.groups * g.inChannels, cells);
        expectWithin(dBias.data, exactDBias.data, plainSumBounds(exactDBias));
      }),
      { numRuns: 80 },
    );
  });
});

describe('convTranspose', () => {
  it.each([
    ['ordinary floats', randomTensor],
    ['NaN, infinities, −0, denormals', specialTensor],
  ] as const)('has the same bits on both sides and in both layouts, on %s', (_, make) => {
    fc.assert(
      fc.property(configuration, (given) => {
        const a = operands(given, make);
        const b = operands({ ...given, c: { ...given.c, layout: given.c.layout === 'first' ? 'last' : 'first' } }, make);
        const y = run(simd.engine, a.rank, a.x, a.filter, a.options);
        expectSameBits(y.data, run(js.engine, a.rank, a.x, a.filter, a.options).data);
        expectSameBits(b.back(run(simd.engine, b.rank, b.x, b.filter, b.options)), a.back(y));
        const made = backward(simd.engine, a.rank, a.dy, a.x, a.filter, a.geometry);
        const expected = backward(js.engine, a.rank, a.dy, a.x, a.filter, a.geometry);
        for (const name of ['dx', 'dFilter', 'dBias'] as const) expectSameBits(made[name].data, expected[name].data);
      }),
      { numRuns: 120 },
    );
  });

  it('and its gradients write nowhere but in their results', async () => {
    await fc.assert(
      fc.asyncProperty(configuration, async (given) => {
        const { rank, x, filter, dy, geometry, options } = operands(given);
        const engine = await guardedEngine();
        run(engine, rank, x, filter, options);
        backward(engine, rank, dy, x, filter, geometry);
      }),
      { numRuns: 60 },
    );
  });

  it('takes views and tensors of the engine, and writes where it is told', () => {
    const { engine } = simd;
    const x = randomTensor([2, 3, 4, 5], 1);
    const filter = randomTensor([3, 2, 3, 3], 2);
    const expected = engine.convTranspose2d(x, filter, { strides: 2 });
    expect(expected.shape).toEqual([2, 2, 9, 11]);
    using kernelX = engine.tensor(x.shape, x.data);
    using y = engine.convTranspose2d(kernelX, embedded(filter, 3), { strides: 2 }) as typeof kernelX;
    expectSameBits(y.data, expected.data);
    const out = embedded({ shape: expected.shape, data: new Float32Array(expected.data.length) }, 5);
    expect(engine.convTranspose2d(x, filter, { strides: 2, out })).toBe(out);
    expectSameBits(out.data, expected.data);
  });

  it('is the gradient of conv2d in its input, bit for bit', () => {
    const filter = randomTensor([5, 4, 3, 3], 1);
    const x = randomTensor([2, 4, 9, 8], 2);
    const options = { strides: 2, padding: 1, algorithm: 'gemm' as const };
    const dy = randomTensor(simd.engine.conv2d(x, filter, options).shape, 3);
    const { dx } = simd.engine.conv2dBackward(dy, x, filter, options);
    expectSameBits(simd.engine.convTranspose2d(dy, filter, { ...options, outputSizes: [9, 8] }).data, dx!.data);
  });

  it.each(platforms)('from a single pixel has the bits of one pixel among others on $name', ({ engine }) => {
    for (const groups of [1, 3]) {
      for (const [index, filterLayout] of (['iohw', 'hwoi', 'ohwi', 'oihw'] as const).entries()) {
        const x = randomTensor([5, 6, 1, 1], index);
        const filter = relayout(randomTensor([6, 7, 3, 2], 4), 'iohw', filterLayout);
        const options = { groups, filterLayout, bias: randomTensor([7 * groups], 5), activation: 'relu' as const };
        // A pixel of zeros below, whose results do not meet those of the first.
        const two = { shape: [5, 6, 2, 1], data: Float32Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? x.data[i / 2] : 0)) };
        const among = engine.convTranspose2d(two, filter, { ...options, strides: [3, 1] });
        const expected = Float32Array.from(among.data).filter((_, i) => i % 12 < 6);
        const y = engine.convTranspose2d(x, filter, options);
        expect(y.shape).toEqual([5, 7 * groups, 3, 2]);
        expectSameBits(y.data, expected);
        const last = engine.convTranspose2d(relayout(x, 'nchw', 'nhwc'), filter, { ...options, inputLayout: 'nhwc' });
        expectSameBits(relayout(last, 'nhwc', 'nchw').data, expected);
      }
    }
  });

  it('in three dimensions of one slice has the bits of two', () => {
    const [x, filter] = [randomTensor([2, 4, 5, 6], 1), randomTensor([4, 3, 3, 2], 2)];
    const sliced = (t: Tensor): Tensor => ({ ...t, shape: [...t.shape.slice(0, 2), 1, ...t.shape.slice(2)] });
    const volume = simd.engine.convTranspose3d(sliced(x), sliced(filter), { strides: [1, 2, 3] });
    const plane = simd.engine.convTranspose2d(x, filter, { strides: [2, 3] });
    expect(volume.shape).toEqual(sliced(plane).shape);
    expectSameBits(volume.data, plane.data);
  });

  it.each([
    ['an algorithm', { algorithm: 'gemm' }, OptionError, /options.algorithm: expected one of strides/],
    [
      'a depth that cannot be',
      { outputSizes: [9, 3, 3] },
      OptionError,
      /options.outputSizes: expected from 3 to 3 slices, got \[9, 3, 3\]/,
    ],
    ['a filter layout of conv3d', { filterLayout: 'dhwio' }, LayoutError, /'iodhw', 'dhwoi', 'odhwi', 'oidhw'/],
  ] as const)('refuses %s in three dimensions', (_, options, kind, said) => {
    const call = () => simd.engine.convTranspose3d(randomTensor([1, 2, 2, 2, 2], 1), randomTensor([2, 1, 2, 2, 2], 2), options as object);
    expect(call).toThrow(kind);
    expect(call).toThrow(said);
  });

  const shapes = { x: [1, 4, 5, 5], filter: [4, 3, 3, 3] };
  it.each([
    ['x of other channels', { x: [1, 3, 5, 5] }, {}, ShapeError, 'x.shape', /4 channels/],
    ['groups that do not divide', {}, { groups: 3 }, OptionError, 'options.groups', /divisor of the filter's 4 input/],
    ['a bias that does not fit', {}, { bias: randomTensor([4], 1) }, ShapeError, 'options.bias.shape', /\[3\]/],
    ['a bias for each of the groups', {}, { groups: 2, bias: randomTensor([3], 1) }, ShapeError, 'options.bias.shape', /\[6\]/],
    ['padding by rule', {}, { padding: 'same' }, OptionError, 'options.padding', /outputSizes/],
    ['padding that leaves nothing', {}, { padding: 4 }, ShapeError, 'out.shape', /at least 1/],
    ['an output padding of the stride', {}, { strides: 2, outputPadding: 2 }, OptionError, 'options.outputPadding', /less than the stride/],
    ['an output padding without a stride', {}, { outputPadding: 1 }, OptionError, 'options.outputPadding', /less than/],
    ['sizes that cannot be', {}, { strides: 2, outputSizes: [11, 13] }, OptionError, 'options.outputSizes', /from 11 to 12 columns/],
    ['sizes and output padding', {}, { strides: 2, outputSizes: [12, 12], outputPadding: 1 }, OptionError, 'options.outputSizes', /beside/],
    ['a filter layout of conv2d', {}, { filterLayout: 'hwio' }, LayoutError, 'options.filterLayout', /'iohw', 'hwoi', 'ohwi', 'oihw'/],
    ['Winograd where it does not suit', {}, { strides: 2, algorithm: 'winograd' }, OptionError, 'options.algorithm', /only for 3 × 3/],
    ['normalize', {}, { normalize: 'mean' }, OptionError, 'options.normalize', /unknown/],
    ['a filter without channels', { filter: [0, 3, 3, 3] }, {}, ShapeError, 'filter.shape', /no dimension of 0/],
  ] as const)('refuses %s', (_, other, options, kind, argument, said) => {
    const given = { ...shapes, ...other };
    const call = () => simd.engine.convTranspose2d(randomTensor(given.x, 1), randomTensor(given.filter, 2), options as object);
    expect(call).toThrow(kind);
    expect(call).toThrow(said);
    expect(call).toThrow(expect.objectContaining({ argument }));
  });

  it('refuses a gradient that is not of its result', () => {
    const call = () =>
      simd.engine.convTranspose2dBackward(randomTensor([1, 3, 5, 5], 1), randomTensor(shapes.x, 2), randomTensor(shapes.filter, 3));
    expect(call).toThrow(/dy.shape: expected \[1, 3, 7, 7\], the shape of the result, got \[1, 3, 5, 5\]/);
  });
});
