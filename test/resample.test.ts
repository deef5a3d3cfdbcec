import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ResizeOptions, Tensor } from '../src/index.ts';
import { expectSameBits } from './equal.ts';
import { type Axis, type Interpolation, resize } from './oracle/resample.ts';
import { js, simd } from './platforms.ts';
import { randomTensor } from './random.ts';

const LAYOUTS = [
  ['ncw', 'nwc'],
  ['nchw', 'nhwc'],
  ['ncdhw', 'ndhwc'],
] as const;

const interpolation = fc.record({
  mode: fc.constantFrom('nearest' as const, 'linear' as const, 'cubic' as const),
  coordinateTransformation: fc.constantFrom(
    'halfPixel' as const,
    'halfPixelSymmetric' as const,
    'pytorchHalfPixel' as const,
    'alignCorners' as const,
    'asymmetric' as const,
    'tfHalfPixelForNn' as const,
  ),
  nearestMode: fc.constantFrom('roundPreferFloor' as const, 'roundPreferCeil' as const, 'floor' as const, 'ceil' as const),
  cubicCoefficient: fc.constantFrom(-0.75, -0.5),
  excludeOutside: fc.boolean(),
});

const axis = fc.record({ length: fc.integer({ min: 1, max: 9 }), outLength: fc.integer({ min: 1, max: 13 }) });

const configuration = fc.record({
  how: interpolation,
  axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
  batch: fc.integer({ min: 0, max: 2 }),
  channels: fc.integer({ min: 1, max: 6 }),
  isLast: fc.boolean(),
  byScale: fc.boolean(),
  seed: fc.integer(),
});

type Configuration = typeof configuration extends fc.Arbitrary<infer C> ? C : never;

/** Axes whose cells are counted with the scale that the call is given. */
function axesOf({ axes, byScale }: Configuration): Axis[] {
  return axes.map(({ length, outLength }) => {
    const scale = outLength / length;
    return { length, outLength: byScale ? Math.max(1, Math.floor(length * scale)) : outLength, scale };
  });
}

function call(c: Configuration): { x: Tensor; options: ResizeOptions; axes: Axis[] } {
  const axes = axesOf(c);
  const lengths = axes.map(({ length }) => length);
  const shape = c.isLast ? [c.batch, ...lengths, c.channels] : [c.batch, c.channels, ...lengths];
  const extents = c.byScale ? { scales: axes.map(({ scale }) => scale) } : { sizes: axes.map(({ outLength }) => outLength) };
  return { x: randomTensor(shape, c.seed), options: { ...c.how, ...extents, layout: LAYOUTS[axes.length - 1][c.isLast ? 1 : 0] }, axes };
}

describe('resize', () => {
  it('is what ONNX says, on both backends with the same bits', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, options, axes } = call(c);
        if (axes.some(({ length, scale }) => Math.floor(length * scale) < 1)) return;
        const result = simd.engine.resize(x, options);
        expectSameBits(result.data, js.engine.resize(x, options).data);
        const outer = c.isLast ? c.batch : c.batch * c.channels;
        const { values, magnitudes } = resize(x, outer, axes, c.isLast ? c.channels : 1, c.how as Interpolation);
        expect(result.data.length).toBe(values.length);
        // A weight and a product are rounded for each axis, and each sum: 2^−24 of it each time.
        const units = axes.length * 8;
        for (const [i, value] of values.entries()) {
          expect(Math.abs(result.data[i] - value)).toBeLessThanOrEqual(units * 2 ** -24 * magnitudes[i] + 1e-44);
        }
      }),
      { numRuns: 250 },
    );
  });

  it('has a gradient: the transposed map', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, options } = call(c);
        if (c.batch === 0 || axesOf(c).some(({ length, scale }) => Math.floor(length * scale) < 1)) return;
        const y = simd.engine.resize(x, options);
        const dy = randomTensor(y.shape, c.seed + 1);
        const dx = simd.engine.resizeBackward(dy, x, options);
        expectSameBits(dx.data, js.engine.resizeBackward(dy, x, options).data);
        const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
        const magnitude =
          y.data.reduce((sum, value, i) => sum + Math.abs(value * dy.data[i]), 0) + dx.data.reduce((s, v) => s + Math.abs(v), 0);
        expect(Math.abs(dot(y.data, dy.data) - dot(x.data, dx.data))).toBeLessThanOrEqual(1e-5 * magnitude + 1e-30);
      }),
      { numRuns: 150 },
    );
  });

  const square = { shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, 3, 4) };
  const sixteen = { shape: [1, 1, 4, 4], data: Float32Array.from({ length: 16 }, (_, i) => i + 1) };

  it.each([
    ['upsample_scales_linear', square, { scales: [2, 2], mode: 'linear' }, [1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5]],
    [
      'upsample_scales_linear_align_corners',
      square,
      { scales: [2, 2], mode: 'linear', coordinateTransformation: 'alignCorners' },
      [1, 4 / 3, 5 / 3, 2],
    ],
    [
      'upsample_scales_cubic',
      sixteen,
      { scales: [2, 2], mode: 'cubic' },
      [0.47265625, 0.76953125, 1.24609375, 1.875, 2.28125, 2.91015625, 3.38671875, 3.68359375],
    ],
    [
      'upsample_scales_cubic_A_n0p5_exclude_outside',
      sixteen,
      { scales: [2, 2], mode: 'cubic', cubicCoefficient: -0.5, excludeOutside: true },
      [0.55882353, 0.81494204, 1.35698249, 1.89705882, 2.39705882, 2.93713516, 3.47917561, 3.73529412],
    ],
    ['upsample_sizes_nearest', square, { sizes: [7, 8] }, [1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2]],
  ] as const)('gives the values of the ONNX documentation: %s', (_, x, options, expected) => {
    const { data } = simd.engine.resize(x, options as ResizeOptions);
    for (const [i, value] of expected.entries()) expect(data[i]).toBeCloseTo(value, 5);
  });

  it.each([
    [{}, 'options.scales: expected 2 numbers above 0, one for each spatial axis of x, got undefined'],
    [{ sizes: [2] }, 'options.sizes: expected 2 whole numbers above 0, one for each spatial axis of x, got [2]'],
    [{ sizes: [2, 0] }, 'options.sizes: expected 2 whole numbers above 0, one for each spatial axis of x, got [2, 0]'],
    [{ sizes: [2, 2], scales: [1, 1] }, 'options.scales: expected nothing beside `sizes`, got [1, 1]'],
    [{ scales: [0.1, 1] }, 'options.scales: expected scales that leave a cell of the 2 along each axis, got [0.1, 1]'],
    [{ sizes: [2, 2], layout: 'ncw' }, "options.layout: expected one of 'nchw', 'nhwc', got 'ncw'"],
    [{ sizes: [2, 2], mode: 'area' }, "options.mode: expected one of 'nearest', 'linear', 'cubic', got 'area'"],
    [{ sizes: [2, 2], antialias: true }, 'options.antialias'],
  ])('refuses %j', (options, said) => {
    expect(() => simd.engine.resize(square, options as ResizeOptions)).toThrow(said);
  });

  it('refuses tensors without spatial axes, and with too many', () => {
    for (const shape of [
      [2, 3],
      [1, 1, 2, 2, 2, 2],
    ]) {
      expect(() => simd.engine.resize(randomTensor(shape, 1), { sizes: [2] })).toThrow('x.shape: expected three to five dimensions');
    }
  });
});
