import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError, ShapeError, type Tensor } from '../src/index.ts';
import { plainSumBounds, sumBound } from './bounds.ts';
import { ndConfiguration } from './conv-nd-configuration.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { guardedEngine } from './guarded-engine.ts';
import { eachProduct, type Geometry, inputGradient } from './oracle/conv-nd.ts';
import { js, platforms, simd } from './platforms.ts';
import { randomTensor, relayout, specialTensor } from './random.ts';

const configuration = ndConfiguration(2).map((c) => {
  const channels = c.geometry.groups * c.geometry.inChannels;
  return { ...c, channels, layout: c.layout === 'first' ? ('nchw' as const) : ('nhwc' as const) };
});
type Configuration = typeof configuration extends fc.Arbitrary<infer T> ? T : never;

function made({ geometry: g, channels, strides, dilations, padding, layout, seed }: Configuration, make = randomTensor) {
  const [height, width] = g.input.slice(1);
  const taps = g.kernel[1] * g.kernel[2];
  const plain = make([g.batch, channels, height, width], seed);
  const columns = make([g.batch, channels * taps, g.out[1] * g.out[2]], seed + 1);
  const options = { windowDimensions: g.kernel.slice(1), strides, dilations, padding, layout } as unknown as { windowDimensions: number };
  return {
    plain,
    x: relayout(plain, 'nchw', layout),
    columns,
    options,
    sizes: [height, width] as const,
    back: (t: Tensor) => relayout(t, layout, 'nchw').data,
  };
}

/** A convolution whose filters are each one tap of one channel: its results are the columns. */
function unrolled({ geometry, channels }: Configuration): { g: Geometry; filter: Float32Array } {
  const taps = geometry.kernel[1] * geometry.kernel[2];
  const g = { ...geometry, groups: channels, inChannels: 1, outChannels: taps };
  return { g, filter: Float32Array.from({ length: channels * taps * taps }, (_, i) => +(i % taps === Math.floor(i / taps) % taps)) };
}

describe.each(platforms)('columns on $name', ({ engine }) => {
  it('are the windows, and come back as the sum of what they have of each pixel', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { plain, x, columns, options, sizes, back } = made(c);
        const { g, filter } = unrolled(c);
        const expected = new Float32Array(columns.data.length);
        eachProduct(g, (xi, wi, yi) => {
          if (filter[wi] === 1 && xi >= 0) expected[yi] = plain.data[xi];
        });
        const y = engine.im2col(x, options);
        expect(y.shape).toEqual(columns.shape);
        expectSameBits(y.data, expected);
        const image = engine.col2im(columns, sizes, options);
        expect(image.shape).toEqual(x.shape);
        const sums = inputGradient(g, columns.data, filter);
        expectWithin(back(image), sums.data, plainSumBounds(sums));
        expectSameBits(engine.im2colBackward(columns, sizes, options).data, image.data);
        expectSameBits(engine.col2imBackward(x, options).data, y.data);
      }),
      { numRuns: 60 },
    );
  });

  it('of a matrix give the convolution', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { geometry: g, channels, strides, dilations, padding, layout, seed } = c;
        const plain = randomTensor([1, channels, g.input[1], g.input[2]], seed);
        const x = relayout(plain, 'nchw', layout);
        const filterLayout = (['oihw', 'hwio', 'ohwi', 'ihwo'] as const)[c.filterLayout];
        const filter = relayout(
          randomTensor([g.groups * g.outChannels, g.inChannels, g.kernel[1], g.kernel[2]], seed + 1),
          'oihw',
          filterLayout,
        );
        const options = { strides, dilations, padding, groups: g.groups, inputLayout: layout, filterLayout } as unknown as {
          groups: number;
        };
        const y = engine.conv2d(x, filter, { ...options, algorithm: 'gemm' });
        const matrix = engine.conv2dMatrix(filter, [channels, g.input[1], g.input[2]], options);
        expect(matrix.shape).toEqual([y.data.length, x.data.length]);
        const rows = [...y.data.keys()].map((row) => matrix.data.subarray(row * x.data.length, (row + 1) * x.data.length));
        const products = rows.map((row) => row.reduce((sum, weight, i) => sum + weight * x.data[i], 0));
        const size = rows.map((row) => row.reduce((sum, weight, i) => sum + Math.abs(weight * x.data[i]), 0));
        const taps = g.inChannels * g.kernel[1] * g.kernel[2];
        expectWithin(
          y.data,
          Float64Array.from(products),
          Float64Array.from(size, (magnitude) => sumBound({ products: taps, magnitude })),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('columns', () => {
  it('have the same bits on both sides, and are written nowhere else', async () => {
    await fc.assert(
      fc.asyncProperty(configuration, async (c) => {
        const { x, columns, options, sizes } = made(c, specialTensor);
        const engine = await guardedEngine();
        expectSameBits(engine.im2col(x, options).data, js.engine.im2col(x, options).data);
        expectSameBits(engine.col2im(columns, sizes, options).data, js.engine.col2im(columns, sizes, options).data);
        const { geometry: g, channels, strides, dilations, padding, layout } = c;
        const filter = specialTensor([g.groups * g.outChannels, g.inChannels, g.kernel[1], g.kernel[2]], c.seed);
        const more = { strides, dilations, padding, groups: g.groups, inputLayout: layout } as unknown as { groups: number };
        const imageSizes = [channels, g.input[1], g.input[2]] as const;
        expectSameBits(engine.conv2dMatrix(filter, imageSizes, more).data, js.engine.conv2dMatrix(filter, imageSizes, more).data);
      }),
      { numRuns: 60 },
    );
  });

  const x = randomTensor([1, 2, 4, 5], 1);
  const columns = randomTensor([1, 8, 12], 1);
  it.each([
    ['im2col without a window', () => simd.engine.im2col(x, {} as never), OptionError, 'options.windowDimensions', /at least 1/],
    [
      'a window larger than the image',
      () => simd.engine.im2col(x, { windowDimensions: 5 }),
      ShapeError,
      'options.windowDimensions',
      /at most the 4/,
    ],
    [
      'an option of conv2d',
      () => simd.engine.im2col(x, { windowDimensions: 2, groups: 2 } as never),
      OptionError,
      'options.groups',
      /unknown/,
    ],
    [
      'columns of another number of windows',
      () => simd.engine.col2im(columns, [4, 4], { windowDimensions: 2 }),
      ShapeError,
      'columns.shape',
      /\[1, 8, 9\]/,
    ],
    [
      'columns of half a channel',
      () => simd.engine.col2im(columns, [4, 5], { windowDimensions: [3, 1] }),
      ShapeError,
      'columns.shape',
      /as many times/,
    ],
    [
      'an image of one size',
      () => simd.engine.col2im(columns, [4] as never, { windowDimensions: 2 }),
      OptionError,
      'outputSizes',
      /two whole/,
    ],
    ['a matrix of an image of two sizes', () => simd.engine.conv2dMatrix(x, [4, 5] as never), OptionError, 'inputSizes', /three whole/],
    ['a matrix of other channels', () => simd.engine.conv2dMatrix(x, [3, 4, 5]), ShapeError, 'x.shape', /2 channels/],
    [
      'a matrix by an algorithm',
      () => simd.engine.conv2dMatrix(x, [2, 4, 5], { algorithm: 'gemm' } as never),
      OptionError,
      'options.algorithm',
      /unknown/,
    ],
  ] as const)('refuses %s', (_, call, kind, argument, said) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(said);
    expect(call).toThrow(expect.objectContaining({ argument }));
  });
});
