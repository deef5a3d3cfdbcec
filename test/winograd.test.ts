import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError, type PrepareConv2dOptions, type Tensor } from '../src/index.ts';
import { conv2dFilter, convInput } from '../src/ops/conv/check.ts';
import { type ConvKernel, chooseConvKernel } from '../src/plan/conv/conv.ts';
import { lengthOf, PlainTensor } from '../src/tensor/tensor.ts';
import { EPS, magnitudes, TILE_SIZES, type TileSize, WINOGRAD, winogradBound } from './bounds.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { type ConvAttributes, convOracle } from './oracle/conv.ts';
import { js, platforms } from './platforms.ts';
import { faintTensor, greatest, random, randomTensor, specialTensor, toNchw, toNhwc } from './random.ts';
import { runWinograd } from './winograd-run.ts';

/** Sizes straddle tiles, panels of 8 and 4 tiles or of 5, parts of 20 and 32 channels, and vectors of 4 channels. */
const configuration = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  groups: fc.constantFrom(1, 1, 1, 2, 3),
  groupIn: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(16, 17)),
  groupOut: fc.oneof(fc.integer({ min: 1, max: 11 }), fc.constantFrom(16, 20, 21, 32, 33)),
  height: fc.oneof(fc.integer({ min: 3, max: 9 }), fc.integer({ min: 10, max: 27 })),
  width: fc.oneof(fc.integer({ min: 3, max: 9 }), fc.integer({ min: 10, max: 27 })),
  padding: fc.oneof(fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)), fc.tuple(fc.nat(11), fc.nat(11), fc.nat(11), fc.nat(11))),
  bias: fc.boolean(),
  mean: fc.boolean(),
  activation: fc.constantFrom(undefined, 'relu' as const, 'relu6' as const, 'leakyRelu' as const, 'thresholdedRelu' as const),
  seed: fc.integer(),
});

/** Few floats that are not 0, of any mantissa: searches found the largest errors among those. */
function sparseTensor(shape: readonly number[], seed: number): Tensor {
  const next = random(seed);
  const share = 0.05 + next() ** 2;
  const value = () => (next() < 0.5 ? -1 : 1) * (1 + next()) * 2 ** -Math.floor(4 * next());
  return { shape, data: Float32Array.from({ length: lengthOf(shape) }, () => (next() < share ? value() : 0)) };
}

/** Powers of two, of alternating signs. */
function alternatingTensor(shape: readonly number[], seed: number): Tensor {
  const next = random(seed);
  const value = (_: unknown, i: number) => (i % 2 === 0 ? 1 : -1) * 2 ** -Math.floor(6 * next());
  return { shape, data: Float32Array.from({ length: lengthOf(shape) }, value) };
}

const times = ({ shape, data }: Tensor, scale: number): Tensor => ({ shape, data: data.map((value) => value * scale) });

/** What operands are made of: floats, and scales of input and filter. */
const KINDS = [
  ['ordinary floats', randomTensor, 1, 1],
  ['powers of two of alternating signs', alternatingTensor, 1, 1],
  ['floats whose products are denormals, or vanish', faintTensor, 1, 1],
  ['denormal inputs and large weights', randomTensor, 2 ** -146, 2 ** 100],
  ['large inputs and denormal weights', randomTensor, 2 ** 100, 2 ** -146],
] as const;

type Configuration = typeof configuration extends fc.Arbitrary<infer T> ? T : never;

function operands(c: Configuration, make = randomTensor) {
  const x = make([c.batch, c.groups * c.groupIn, c.height, c.width], c.seed);
  const filter = make([c.groups * c.groupOut, c.groupIn, 3, 3], c.seed + 1);
  const bias = c.bias ? make([c.groups * c.groupOut], c.seed + 2) : undefined;
  const options: PrepareConv2dOptions = {
    padding: c.padding,
    groups: c.groups,
    normalize: c.mean ? 'mean' : 'none',
    algorithm: 'winograd',
    ...(c.activation && { activation: c.activation }),
    ...(bias && { bias }),
  };
  const attributes: ConvAttributes = { ...c, strides: [1, 1], dilations: [1, 1], bias };
  return { x, filter, options, attributes };
}

/** `m · x · mᵀ` of a square `x`, row after row. */
function sandwich(m: readonly (readonly number[])[], x: Float64Array): Float64Array {
  const n = m[0].length;
  const half = new Float64Array(n * m.length);
  for (let r = 0; r < n; r++)
    m.forEach((row, q) => {
      for (let k = 0; k < n; k++) half[r * m.length + q] += row[k] * x[r * n + k];
    });
  const whole = new Float64Array(m.length ** 2);
  m.forEach((row, p) => {
    for (let q = 0; q < m.length; q++) for (let k = 0; k < n; k++) whole[p * m.length + q] += row[k] * half[k * m.length + q];
  });
  return whole;
}

/** What passes through the points on the way to each output: |Aᵀ| (Σ |G||w||Gᵀ| · |Bᵀ||x||B|) |A|, the measure of the error. */
function throughput(
  size: TileSize,
  x: Tensor,
  filter: Tensor,
  { padding, groups }: ConvAttributes,
  shape: readonly number[],
): Float64Array {
  const { input, filter: taps, output } = magnitudes(size);
  const [n, c, h, w] = x.shape;
  const [o, i] = filter.shape;
  const [, , outHeight, outWidth] = shape;
  const length = size + 2;
  const through = new Float64Array(n * o * outHeight * outWidth);
  const weights = Array.from({ length: o * i }, (_, k) =>
    sandwich(taps, Float64Array.from(filter.data.subarray(9 * k, 9 * k + 9), Math.abs)),
  );
  for (let b = 0; b < n; b++)
    for (let y = 0; y < outHeight; y += size)
      for (let xx = 0; xx < outWidth; xx += size) {
        const points = Array.from({ length: c }, (_, channel) => {
          const tile = new Float64Array(length ** 2);
          for (let r = 0; r < length; r++)
            for (let q = 0; q < length; q++) {
              const row = y + r - padding[0];
              const column = xx + q - padding[2];
              const inside = row >= 0 && row < h && column >= 0 && column < w;
              if (inside) tile[r * length + q] = Math.abs(x.data[((b * c + channel) * h + row) * w + column]);
            }
          return sandwich(input, tile);
        });
        for (let k = 0; k < o; k++) {
          const sums = new Float64Array(length ** 2);
          for (let ci = 0; ci < i; ci++) {
            const channel = points[Math.floor(k / (o / groups)) * i + ci];
            const weight = weights[k * i + ci];
            for (let p = 0; p < sums.length; p++) sums[p] += channel[p] * weight[p];
          }
          const tile = sandwich(output, sums);
          for (let r = 0; r < Math.min(size, outHeight - y); r++)
            for (let q = 0; q < Math.min(size, outWidth - xx); q++)
              through[((b * o + k) * outHeight + y + r) * outWidth + xx + q] = tile[r * size + q];
        }
      }
  return through;
}

function boundOf(size: TileSize, x: Tensor, filter: Tensor, attributes: ConvAttributes, shape: readonly number[]): Float64Array {
  const channels = filter.shape[1];
  const divisor = attributes.mean ? 9 * channels : 1;
  const plane = shape[2] * shape[3];
  const [maxInput, maxFilter] = [greatest(x), greatest(filter)];
  return throughput(size, x, filter, attributes, shape).map((through, at) => {
    const bias = attributes.bias?.data[Math.floor(at / plane) % filter.shape[0]] ?? 0;
    return winogradBound(size, { channels, through, maxInput, maxFilter, divisor, bias });
  });
}

function expectWithinBound(size: TileSize, { x, filter, options, attributes }: ReturnType<typeof operands>) {
  const plain = { ...options, activation: undefined };
  const { data, shape } = convOracle(x, filter, { ...attributes, activation: undefined });
  expectWithin(runWinograd(size, x, filter, plain).simd.data, data, boundOf(size, x, filter, attributes, shape));
}

const PLAIN: ConvAttributes = { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 };
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 });
const layouts = ({ x, filter, options }: ReturnType<typeof operands>, size: TileSize, at: readonly number[]) => {
  const nchw = runWinograd(size, x, filter, options, at);
  const nhwc = runWinograd(size, toNhwc(x), filter, { ...options, inputLayout: 'nhwc' }, at);
  return { nchw, nhwc };
};

describe.each(TILE_SIZES)('Winograd of tiles of %i outputs a side', (size) => {
  it.each(KINDS)('is within its bound of the float64 oracle, on %s', (_, make, inputScale, filterScale) => {
    fc.assert(
      fc.property(configuration, (c) => {
        const made = operands({ ...c, bias: c.bias && inputScale === 1 }, make);
        expectWithinBound(size, { ...made, x: times(made.x, inputScale), filter: times(made.filter, filterScale) });
      }),
      { numRuns: 30 },
    );
  });

  it('exceeds the relative term where a denormal meets a large weight, and the absolute one covers it', () => {
    const x = times(randomTensor([1, 1, size + 2, size + 2], 1), 2 ** -147);
    const filter = times(randomTensor([16, 1, 3, 3], 2), 2 ** 100);
    const { data, shape } = convOracle(x, filter, PLAIN);
    const { simd: y } = runWinograd(size, x, filter, { algorithm: 'winograd' });
    const bounds = boundOf(size, x, filter, PLAIN, shape);
    const relative = throughput(size, x, filter, PLAIN, shape).map((through) => (1 + WINOGRAD[size].k) * EPS * through);
    const errors = y.data.map((value, i) => Math.abs(value - data[i]));
    const most = (bound: Float64Array) => errors.reduce((ratio, error, i) => Math.max(ratio, error / bound[i]), 0);
    expect(most(bounds)).toBeLessThan(1);
    // F(2×2) multiplies no input.
    if (size === 2) expect(most(relative)).toBeLessThan(1);
    else expect(most(relative)).toBeGreaterThan(1e3);
  });

  it('is within its bound on single tiles of few floats, where roundings pile up', () => {
    const few = fc.record({ channels: fc.constantFrom(1, 1, 2, 3), bias: fc.boolean(), mean: fc.boolean(), seed: fc.integer() });
    fc.assert(
      fc.property(few, ({ channels, bias, mean, seed }) => {
        const extent = { height: size + 2, width: size + 2, padding: [0, 0, 0, 0] as [number, number, number, number] };
        const c = { ...extent, batch: 4, groups: 1 as const, groupIn: channels, groupOut: 8, bias, mean, activation: undefined, seed };
        expectWithinBound(size, operands(c, sparseTensor));
      }),
      { numRuns: 120 },
    );
  });

  it.each([
    ['ordinary floats', randomTensor],
    ['NaN, infinities, −0, denormals', specialTensor],
  ] as const)('has the same bits on both sides, in both layouts and for any split of the tasks, on %s', (_, make) => {
    fc.assert(
      fc.property(configuration, cuts, (c, at) => {
        const { nchw, nhwc } = layouts(operands(c, make), size, at);
        expectSameBits(nchw.simd.data, nchw.js.data);
        expectSameBits(nhwc.simd.data, nhwc.js.data);
        expectSameBits(toNchw(nhwc.simd).data, nchw.simd.data);
        if (at.length > 0) expectSameBits(layouts(operands(c, make), size, []).nchw.simd.data, nchw.simd.data);
      }),
      { numRuns: 150 },
    );
  });

  it('has the same bits over several blocks of tiles and parts of channels', () => {
    const x = randomTensor([2, 131, 26, 23], 1);
    const filter = randomTensor([37, 131, 3, 3], 2);
    const { nchw, nhwc } = layouts(
      { x, filter, options: { padding: 1, algorithm: 'winograd' }, attributes: {} as never },
      size,
      [0.3, 0.7],
    );
    expect(nchw.taskCount).toBeGreaterThan(3);
    expectSameBits(nchw.simd.data, nchw.js.data);
    expectSameBits(nhwc.simd.data, nhwc.js.data);
    expectSameBits(toNchw(nhwc.simd).data, nchw.simd.data);
    const second = { shape: [1, 131, 26, 23], data: x.data.slice(x.data.length / 2) };
    const alone = runWinograd(size, second, filter, { padding: 1, algorithm: 'winograd' }).simd.data;
    expectSameBits(nchw.simd.data.slice(alone.length), alone);
  });

  describe('a NaN of the input', () => {
    /** Outputs of a line whose tile a NaN at `at` of the padded input reaches: one where it lies at the edge of what the tile reads. */
    const reached = (at: number, outputs: number) =>
      Array.from({ length: outputs }, (_, y) => {
        const inTile = at - size * Math.floor(y / size);
        if (inTile < 0 || inTile > size + 1) return false;
        const inOutput = y % size;
        return inTile === 0 ? inOutput === 0 : inTile === size + 1 ? inOutput === size - 1 : true;
      });

    it.each([0, 1, 2, 5, 6, 7, 8, 11])('at (%i, …) reaches whole tiles, or their edges from the edges of what they read', (row) => {
      for (const padding of [0, 1])
        for (const column of [0, 1, 3, 5, 6, 7, 8, 11]) {
          const x = randomTensor([1, 2, 12, 12], 3);
          const filter = randomTensor([3, 2, 3, 3], 4);
          const options = { algorithm: 'winograd', padding } as const;
          const clean = runWinograd(size, x, filter, options).simd;
          x.data[12 * row + column] = Number.NaN;
          const dirty = runWinograd(size, x, filter, options).simd;
          const extent = 10 + 2 * padding;
          const [rows, columns] = [row, column].map((at) => reached(at + padding, extent));
          dirty.data.forEach((value, at) => {
            const isReached = rows[Math.floor(at / extent) % extent] && columns[at % extent];
            if (!Object.is(value, isReached ? Number.NaN : clean.data[at])) expect.fail(`NaN at ${row}, ${column}: ${value} at ${at}`);
          });
        }
    });
  });

  it('an infinity of the input reaches no further than a NaN, and leaves nothing finite there', () => {
    const x = randomTensor([1, 2, 12, 12], 3);
    const filter = randomTensor([3, 2, 3, 3], 4);
    const made = [Number.NaN, Infinity, -Infinity].map((value) => {
      x.data[12 * 5 + 5] = value;
      return runWinograd(size, x, filter, { algorithm: 'winograd', padding: 1 }).simd.data;
    });
    made[0].forEach((value, at) => {
      for (const { [at]: other } of made) expect(Number.isFinite(other)).toBe(!Number.isNaN(value));
    });
  });

  it.each([Number.NaN, Infinity, -Infinity])('a weight of %d leaves nothing finite in its output channel', (weight) => {
    const x = randomTensor([1, 2, 12, 12], 3);
    for (let tap = 0; tap < 9; tap++) {
      const filter = randomTensor([3, 2, 3, 3], 4);
      const clean = runWinograd(size, x, filter, { algorithm: 'winograd' }).simd.data;
      filter.data[18 + tap] = weight;
      const dirty = runWinograd(size, x, filter, { algorithm: 'winograd' }).simd.data;
      dirty.forEach((value, at) => {
        if (Math.floor(at / 100) !== 1) expect(value).toBe(clean[at]);
        else expect(Number.isFinite(value)).toBe(false);
      });
    }
  });
});

describe.each(platforms)('Winograd through the engine on $name', ({ engine }) => {
  it('is within its bound, the same prepared and not, and in both layouts', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, filter, options, attributes } = operands({ ...c, activation: undefined });
        const { data, shape } = convOracle(x, filter, attributes);
        const conv = engine.prepareConv2d(filter, options);
        const prepared = conv.run(x);
        expect(conv.plan?.algorithm).toBe('winograd');
        expectWithin(prepared.data, data, boundOf(conv.plan?.tile.outputs as TileSize, x, filter, attributes, shape));
        conv.dispose();
        expectSameBits(engine.conv2d(x, filter, options).data, prepared.data);
        const nhwc = engine.conv2d(toNhwc(x), filter, { ...options, inputLayout: 'nhwc' });
        expectSameBits(toNchw(nhwc).data, prepared.data);
      }),
      { numRuns: 100 },
    );
  });

  it.each(['relu', 'relu6', 'leakyRelu', 'thresholdedRelu'] as const)('does what %s does to a result', (activation) => {
    const x = randomTensor([1, 5, 13, 11], 7);
    const filter = randomTensor([9, 5, 3, 3], 8);
    const options = { padding: 1, algorithm: 'winograd' as const, bias: randomTensor([9], 9) };
    const plain = engine.conv2d(x, filter, options);
    expectSameBits(engine.conv2d(x, filter, { ...options, activation }).data, engine[activation](plain).data);
  });

  it('takes an empty batch', () => {
    expect(
      engine.conv2d({ shape: [0, 2, 8, 8], data: new Float32Array(0) }, randomTensor([3, 2, 3, 3], 1), { algorithm: 'winograd' }).shape,
    ).toEqual([0, 3, 6, 6]);
  });
});

describe('the choice of an algorithm', () => {
  const chosen = (channels: number, extent: number, options: PrepareConv2dOptions = {}, once = false) => {
    const groupIn = channels / (options.groups ?? 1);
    const filter = new PlainTensor([channels, groupIn, 3, 3], new Float32Array(9 * channels * groupIn));
    const shape = options.inputLayout === 'nhwc' ? [1, extent, extent, channels] : [1, channels, extent, extent];
    const x = new PlainTensor(shape, new Float32Array(channels * extent ** 2));
    return chooseConvKernel(convInput(x, conv2dFilter(filter, { padding: 1, ...options })), once);
  };

  it('is Winograd where there are channels and pixels enough', () => {
    for (const [channels, extent] of [
      [64, 56],
      [128, 28],
      [256, 14],
      [512, 7],
    ])
      expect(chosen(channels, extent)).toBe('winograd-4');
    expect(chosen(128, 54)).toBe('winograd-6');
    expect(chosen(1024, 4)).toBe('winograd-2');
    expect(chosen(1, 64)).toBe('direct');
    expect(chosen(64, 56, { groups: 64 })).toBe('direct');
  });

  it('takes the largest tiles of 32 input channels or more, once or often', () => {
    const tiles = (groupIn: number, algorithm: 'auto' | 'winograd', once: boolean) => {
      const filter = new PlainTensor([128, groupIn, 3, 3], new Float32Array(1152 * groupIn));
      const x = new PlainTensor([8, groupIn, 54, 54], new Float32Array(8 * groupIn * 54 ** 2));
      return chooseConvKernel(convInput(x, conv2dFilter(filter, { padding: 1, algorithm })), once);
    };
    for (const once of [false, true]) {
      for (const algorithm of ['auto', 'winograd'] as const) {
        for (const channels of [1, 2, 8, 31]) expect(tiles(channels, algorithm, once)).not.toBe('winograd-6');
        for (const channels of [32, 33, 64]) expect(tiles(channels, algorithm, once)).toBe('winograd-6');
      }
    }
  });

  it('does not depend on the layout, but between direct kernels and products, whose bits are the same', () => {
    const bits = (kernel: ConvKernel) => (kernel === 'direct' ? 'gemm' : kernel);
    for (const channels of [3, 8, 9, 16, 40, 200])
      for (const extent of [5, 12, 31, 60]) {
        expect(bits(chosen(channels, extent))).toBe(bits(chosen(channels, extent, { inputLayout: 'nhwc' })));
      }
  });

  it('multiplies planes of one pixel over channels', () => {
    expect(chosen(64, 1, { padding: 1, algorithm: 'gemm' })).toBe('gemm-turned');
    expect(chosen(64, 1, { padding: 1, strides: 3 })).toBe('gemm-turned');
    expect(chosen(64, 1, { padding: 1, strides: 3, inputLayout: 'nhwc' })).toBe('gemm');
    expect(chosen(64, 2, { padding: 1, algorithm: 'gemm' })).toBe('gemm');
  });

  it('is never Winograd where it was not allowed or is not possible', () => {
    expect(chosen(64, 56, { algorithm: 'gemm' })).toBe('gemm');
    expect(chosen(64, 56, { algorithm: 'direct' })).toBe('direct');
    expect(chosen(64, 56, { strides: 2 })).toBe('gemm');
    expect(chosen(64, 56, { dilations: [1, 2] })).toBe('gemm');
  });

  it('counts the transform of a filter that runs once, unless Winograd was asked for', () => {
    expect(chosen(512, 7, {}, true)).toBe('gemm');
    expect(chosen(64, 56, {}, true)).toBe('winograd-4');
    expect(chosen(512, 7, { algorithm: 'winograd' }, true)).toBe(chosen(512, 7, { algorithm: 'winograd' }));
  });
});

describe('what Winograd cannot do', () => {
  const x = randomTensor([1, 2, 9, 9], 1);
  it.each([
    ['a filter of 5 × 3', [2, 2, 5, 3], {}],
    ['strides of 2', [2, 2, 3, 3], { strides: 2 }],
    ['a stride of 2 across', [2, 2, 3, 3], { strides: [1, 2] as const }],
    ['dilations of 2', [2, 2, 3, 3], { dilations: 2 }],
  ])('is refused: %s', (_, shape, options) => {
    const filter = randomTensor(shape, 2);
    expect(() => js.engine.conv2d(x, filter, { ...options, algorithm: 'winograd' })).toThrow(OptionError);
    expect(() => js.engine.conv2d(x, filter, { ...options, algorithm: 'winograd' })).toThrow('options.algorithm');
    expect(() => js.engine.prepareConv2d(filter, { ...options, algorithm: 'winograd' })).toThrow(OptionError);
  });
});
