import { describe, expect, it } from 'vitest';
import type { PlainLayout } from '../src/plain/index.ts';
import * as plain from '../src/plain/index.ts';
import { oracle as activations } from './oracle/activation.ts';
import { convOracle } from './oracle/conv.ts';
import { curves } from './oracle/curve.ts';
import { nearestByte, sumOfProducts, windows } from './oracle/image.ts';
import { poolOracle } from './oracle/pool.ts';
import { randomTensor } from './random.ts';

/** Plain JavaScript sums in doubles and rounds once, when it stores a 32-bit float. */
const ROUNDING = 2 ** -24;
const SLACK = 1e-12;
const LAYOUTS: readonly PlainLayout[] = ['nchw', 'nhwc'];

const floats = (length: number, seed: number) => randomTensor([length], seed).data;

/** Planes into lanes, or as they are. */
function laidOut<T extends Float32Array | Float64Array>(data: T, channels: number, layout: PlainLayout): T {
  if (layout === 'nchw') return data;
  const pixels = data.length / channels;
  return data.map((_, i) => data[(i % channels) * pixels + Math.floor(i / channels)]) as T;
}

/** Within one rounding of the exact number, and of `more` besides. */
function expectRounded(actual: Float32Array, exact: ArrayLike<number>, more = SLACK): void {
  expect(actual.length).toBe(exact.length);
  for (let i = 0; i < actual.length; i++)
    if (!(Math.abs(actual[i] - exact[i]) <= ROUNDING * Math.abs(exact[i]) + more))
      expect.fail(`element ${i}: ${actual[i]} instead of ${exact[i]}`);
}

describe('plain convolution', () => {
  // One below, at and above a tile of four, a block of 64 pixels and one of 256 products; windows of which none lies inside.
  const cases = [
    { channels: 3, outChannels: 5, height: 9, width: 8, kernel: 3, stride: 1, padding: 1, groups: 1 },
    { channels: 29, outChannels: 4, height: 8, width: 8, kernel: 3, stride: 1, padding: 1, groups: 1 },
    { channels: 257, outChannels: 3, height: 5, width: 13, kernel: 1, stride: 1, padding: 0, groups: 1 },
    { channels: 2, outChannels: 7, height: 11, width: 12, kernel: 7, stride: 2, padding: 3, groups: 1 },
    { channels: 1, outChannels: 6, height: 12, width: 13, kernel: 5, stride: 1, padding: 0, groups: 1 },
    ...[3, 5, 7].flatMap((kernel) =>
      [1, 2, 3].flatMap((stride) =>
        [0, 1, 2].map((padding) => ({ channels: 4, outChannels: 4, height: 10, width: 11, kernel, stride, padding, groups: 4 })),
      ),
    ),
    { channels: 1, outChannels: 1, height: 6, width: 17, kernel: 3, stride: 1, padding: 1, groups: 1 },
    { channels: 2, outChannels: 2, height: 2, width: 2, kernel: 3, stride: 1, padding: 1, groups: 2 },
    { channels: 2, outChannels: 2, height: 1, width: 4, kernel: 3, stride: 1, padding: 2, groups: 2 },
  ];

  it.each(cases)('of $channels → $outChannels channels, $kernel×$kernel, stride $stride, padding $padding', (shape) => {
    const { channels, outChannels, height, width, kernel, stride, padding, groups } = shape;
    const x = floats(channels * height * width, 1);
    const filter = floats((outChannels * channels * kernel * kernel) / groups, 2);
    const exact = convOracle(
      { shape: [1, channels, height, width], data: x },
      { shape: [outChannels, channels / groups, kernel, kernel], data: filter },
      { strides: [stride, stride], dilations: [1, 1], padding: [padding, padding, padding, padding], groups },
    );
    for (const layout of LAYOUTS) {
      const out = new Float32Array(exact.data.length);
      const run = plain.conv2d(shape, layout, filter);
      // Twice: what the first call leaves in its scratch is nothing to the second.
      run(laidOut(x, channels, layout), out);
      run(laidOut(x, channels, layout), out.fill(NaN));
      expectRounded(out, laidOut(exact.data, outChannels, layout));
    }
  });

  it('has no groups of several channels', () => {
    const shape = { channels: 4, outChannels: 4, height: 3, width: 3, kernel: 1, stride: 1, padding: 0, groups: 2 };
    expect(() => plain.conv2d(shape, 'nchw', new Float32Array(8))).toThrow('got 2 of 4 channels');
  });
});

describe('plain pooling', () => {
  const cases = [
    { channels: 3, height: 8, width: 10, kernel: 2, stride: 2, padding: 0 },
    { channels: 3, height: 7, width: 9, kernel: 3, stride: 1, padding: 1 },
    { channels: 2, height: 9, width: 7, kernel: 3, stride: 2, padding: 1 },
  ];
  it.each(cases)('$kernel×$kernel, stride $stride, padding $padding', (shape) => {
    const { channels, height, width, kernel, stride, padding } = shape;
    const x = floats(channels * height * width, 3);
    const attributes = {
      kernel: [kernel, kernel],
      strides: [stride, stride],
      dilations: [1, 1],
      padding: [padding, padding, padding, padding],
      roundingType: 'floor',
      countIncludePad: false,
    } as const;
    for (const [reduction, pool] of [
      ['max', plain.maxPool2d],
      ['average', plain.averagePool2d],
    ] as const) {
      const exact = poolOracle(reduction, { shape: [1, channels, height, width], data: x }, attributes);
      for (const layout of LAYOUTS) {
        const out = new Float32Array(exact.data.length);
        pool(shape, layout)(laidOut(x, channels, layout), out);
        expectRounded(out, laidOut(exact.data, channels, layout));
      }
    }
  });
});

describe('plain activations', () => {
  const [channels, pixels] = [5, 203];
  const x = floats(channels * pixels, 4).map((value) => 6 * value);
  const channelOf = (i: number, layout: PlainLayout) => (layout === 'nchw' ? Math.floor(i / pixels) : i % channels);
  const slopes = floats(channels, 5);

  it.each([
    ['relu', plain.relu, activations.relu, SLACK],
    [
      'leakyRelu',
      (from: Float32Array, to: Float32Array) => plain.leakyRelu(from, to, 0.2),
      (v: number) => activations.leaky(v, 0.2),
      SLACK,
    ],
    ['sigmoid', plain.sigmoid, curves.sigmoid, SLACK],
    ['tanh', plain.tanh, curves.tanh, SLACK],
    ['elu', plain.elu, curves.elu, SLACK],
    // The series that it takes for the error function is within 1.5e-7, of which x takes half.
    ['gelu', plain.gelu, curves.gelu, 6 * 0.8e-7],
  ] as const)('%s', (_name, run: (x: Float32Array, out: Float32Array) => void, exact: (x: number) => number, more: number) => {
    const out = new Float32Array(x.length);
    run(x, out);
    expectRounded(
      out,
      Array.from(x, (value) => exact(value)),
      more,
    );
  });

  it.each(LAYOUTS)('prelu and batch normalisation, %s', (layout) => {
    const out = new Float32Array(x.length);
    plain.prelu(x, out, slopes, layout);
    expectRounded(
      out,
      Array.from(x, (value, i) => activations.leaky(value, slopes[channelOf(i, layout)])),
    );
    const [factors, terms] = [Float64Array.from(slopes), Float64Array.from(slopes, (slope) => 1 - slope)];
    plain.batchNorm(x, out, factors, terms, layout);
    expectRounded(
      out,
      Array.from(x, (value, i) => value * factors[channelOf(i, layout)] + terms[channelOf(i, layout)]),
    );
  });

  it.each(LAYOUTS)('softmax over channels, %s', (layout) => {
    const out = new Float32Array(x.length);
    plain.softmax(laidOut(x, channels, layout), out, channels, layout);
    const exact = new Float64Array(x.length);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const powers = Array.from({ length: channels }, (_, c) => Math.exp(x[c * pixels + pixel]));
      const sum = powers.reduce((a, b) => a + b);
      for (const [c, power] of powers.entries()) exact[c * pixels + pixel] = power / sum;
    }
    expectRounded(out, laidOut(exact, channels, layout));
  });

  it.each([3, 4, 5])('a dense layer of %s outputs', (outputs) => {
    const inputs = 7;
    const [rows, weights, bias] = [floats(2 * inputs, 6), floats(outputs * inputs, 7), floats(outputs, 8)];
    const out = new Float32Array(2 * outputs);
    plain.linear(rows, out, weights, bias, inputs);
    const exact = Array.from(out, (_, at) => {
      const [row, o] = [Math.floor(at / outputs), at % outputs];
      return bias[o] + Array.from({ length: inputs }, (_, i) => rows[row * inputs + i] * weights[o * inputs + i]).reduce((a, b) => a + b);
    });
    expectRounded(out, exact);
  });
});

describe('plain image filters', () => {
  const around = { border: 'replicate', borderValue: 0, alpha: 'keep' } as const;
  const bytes = (length: number, seed: number) => Uint8Array.from(floats(length, seed), (value) => Math.floor(128 * (value + 1)));
  const grid = (weights: readonly number[], side: number) =>
    Array.from({ length: side }, (_, i) => weights.slice(i * side, (i + 1) * side));

  for (const side of [1, 3, 5, 7])
    for (const channels of [1, 4])
      it.each([
        [13, 11],
        [2, 3],
      ])(`${side}×${side} over ${channels} channels of %s×%s`, (width, height) => {
        const shape = { width, height, channels };
        const weights = Array.from(floats(side * side, 9), (value) => Math.round(9 * value));
        const kernel = { side, weights, divisor: 10, bias: 3 };
        const data = bytes(width * height * channels, 10);
        const out = new Uint8Array(data.length);
        plain.filter2d(shape, kernel)(data, out);
        const exact = windows({ ...shape, data }, side, side, around, (window) =>
          nearestByte(sumOfProducts(window, grid(weights, side)) + 30, 10),
        );
        expect([...out]).toEqual([...exact]);
      });

  it.each([3, 5, 7])('%s×%s over a plane of floats', (side) => {
    const shape = { width: 12, height: 9, channels: 1 };
    const data = floats(shape.width * shape.height, 11);
    const weights = Array.from(floats(side * side, 12));
    const out = new Float32Array(data.length);
    plain.filter2dFloats(shape, { side, weights, divisor: 4 })(data, out);
    const exact = windows({ ...shape, data }, side, side, around, (window) => sumOfProducts(window, grid(weights, side)) / 4);
    expectRounded(out, exact);
  });

  it.each([
    [1.1, 2, 4],
    [5, 15, 4],
    [0.8, 3, 1],
  ])('a Gaussian of σ %s, radius %s, over %s channels', (sigma, radius, channels) => {
    const shape = { width: 11, height: 9, channels };
    const data = bytes(shape.width * shape.height * channels, 13);
    const out = new Uint8Array(data.length);
    plain.gaussianBlur(shape, sigma, radius)(data, out);
    const line = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)));
    const total = line.reduce((a, b) => a + b) ** 2;
    const exact = windows({ ...shape, data }, 2 * radius + 1, 2 * radius + 1, around, (window) =>
      Math.floor(window.reduce((sum, row, i) => sum + line[i] * row.reduce((a, value, j) => a + line[j] * value, 0), 0) / total + 0.5),
    );
    expect([...out]).toEqual([...exact]);
  });
});
