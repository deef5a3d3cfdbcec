import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError, type PrepareConv2dOptions, type Tensor } from '../src/index.ts';
import { type ConvKernel, chooseConvKernel, planConv2d } from '../src/plan/conv.ts';
import { conv2dFilter, convInput } from '../src/shape/conv.ts';
import { lengthOf } from '../src/tensor.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { type ConvAttributes, convOracle } from './oracle/conv.ts';
import { js, platforms, simd } from './platforms.ts';
import { randomTensor, specialTensor, toNchw, toNhwc } from './random.ts';
import { runTasks } from './tasks.ts';

const EPS = 2 ** -24;
const SIZES = [2, 4, 6] as const;
type Size = (typeof SIZES)[number];

/** Roundings of a float on its way through the transforms of input, filter and output, those of their constants among them. */
const ROUNDINGS: Readonly<Record<Size, number>> = { 2: 12, 4: 26, 6: 28 };

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

/** Both backends by the plan of one tile size, the tasks of each step cut at `bounds` (from 0 to 1). */
function run(size: Size, x: Tensor, filter: Tensor, options: PrepareConv2dOptions, cuts: readonly number[] = []) {
  const spec = convInput(x, conv2dFilter(filter, options));
  const { pack, packedLength, run: steps } = planConv2d(spec, `winograd-${size}` satisfies ConvKernel);
  const bounds = (tasks: number) => [0, ...cuts.map((cut) => Math.round(cut * tasks)).sort((a, b) => a - b), tasks];
  const [packing] = pack;
  const packed = runTasks(
    { ...packing, buffers: { ...packing.buffers, output: 'out' } },
    { filter: filter.data, ...(options.bias && { bias: options.bias.data }), out: new Float32Array(packedLength) },
    bounds(packing.taskCount),
  );
  expectSameBits(packed.simd, packed.js);
  const [step] = steps;
  const guard = 16;
  const length = lengthOf(spec.outShape);
  const out = new Float32Array(length + guard).fill(-123);
  const results = runTasks(step, { x: x.data, packed: packed.js, out }, bounds(step.taskCount));
  for (const side of ['js', 'simd'] as const) expect(results[side].subarray(length)).toEqual(out.subarray(length));
  const tensor = (data: Float32Array): Tensor => ({ shape: spec.outShape, data: data.subarray(0, length) });
  return { js: tensor(results.js), simd: tensor(results.simd), taskCount: step.taskCount };
}

/** Magnitudes that enter and leave each point: |Bᵀ|, |G| and |Aᵀ| by Toom and Cook's construction, whatever scales a row. */
function magnitudes(size: Size) {
  const points = { 2: [0, 1, -1], 4: [0, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT2, -Math.SQRT2], 6: [0, 1, -1, 2, -2, 0.5, -0.5] }[size];
  const product = (roots: readonly number[]) => {
    let polynomial = [1];
    for (const root of roots) polynomial = [...polynomial, 0].map((_, i) => (polynomial[i - 1] ?? 0) - root * (polynomial[i] ?? 0));
    return polynomial;
  };
  const input: number[][] = [];
  const filter: number[][] = [];
  for (const at of points) {
    const others = points.filter((other) => other !== at);
    const scale = others.reduce((all, other) => all * (at - other), 1);
    input.push([...product(others), 0]);
    filter.push([1 / scale, at / scale, at ** 2 / scale]);
  }
  input.push(product(points));
  filter.push([0, 0, 1]);
  const output = Array.from({ length: size }, (_, y) => [...points.map((at) => at ** y), y === size - 1 ? 1 : 0]);
  const abs = (matrix: number[][]) => matrix.map((row) => row.map(Math.abs));
  return { input: abs(input), filter: abs(filter), output: abs(output) };
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
function throughput(size: Size, x: Tensor, filter: Tensor, { padding, groups }: ConvAttributes, shape: readonly number[]): Float64Array {
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

/** The bound of docs/numerics.md. */
function boundOf(size: Size, x: Tensor, filter: Tensor, attributes: ConvAttributes, shape: readonly number[]): Float64Array {
  const depth = filter.shape[1];
  const divisor = attributes.mean ? 9 * depth : 1;
  const { bias } = attributes;
  const plane = shape[2] * shape[3];
  return throughput(size, x, filter, attributes, shape).map((through, at) => {
    const offset = bias ? Math.abs(bias.data[Math.floor(at / plane) % filter.shape[0]]) : 0;
    return (depth + ROUNDINGS[size]) * EPS * (through / divisor + offset) + 1e-40;
  });
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 });
const layouts = ({ x, filter, options }: ReturnType<typeof operands>, size: Size, at: readonly number[]) => {
  const nchw = run(size, x, filter, options, at);
  const nhwc = run(size, toNhwc(x), filter, { ...options, inputLayout: 'nhwc' }, at);
  return { nchw, nhwc };
};

describe.each(SIZES)('Winograd of tiles of %i outputs a side', (size) => {
  it('is within its bound of the float64 oracle', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, filter, options, attributes } = operands({ ...c, activation: undefined });
        const { data, shape } = convOracle(x, filter, attributes);
        expectWithin(run(size, x, filter, options).simd.data, data, boundOf(size, x, filter, attributes, shape));
      }),
      { numRuns: 100 },
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
    const alone = run(size, second, filter, { padding: 1, algorithm: 'winograd' }).simd.data;
    expectSameBits(nchw.simd.data.slice(alone.length), alone);
  });

  it('smears a NaN over its tile and no further', () => {
    const x = randomTensor([1, 3, 24, 24], 3);
    const filter = randomTensor([4, 3, 3, 3], 4);
    const clean = run(size, x, filter, { algorithm: 'winograd', padding: [0, 2, 0, 2] }).simd;
    x.data[24 + 1] = Number.NaN;
    const dirty = run(size, x, filter, { algorithm: 'winograd', padding: [0, 2, 0, 2] }).simd;
    dirty.data.forEach((value, at) => {
      const inTile = Math.floor(at / 24) % 24 < size && at % 24 < size;
      expect(Object.is(value, inTile ? Number.NaN : clean.data[at])).toBe(true);
    });
  });
});

describe('errors of Winograd', () => {
  it('in units of eps · Σ|x·w|', () => {
    const x = randomTensor([1, 64, 24, 24], 5);
    const filter = randomTensor([32, 64, 3, 3], 6);
    const attributes: ConvAttributes = { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 };
    const { data, magnitude } = convOracle(x, filter, attributes);
    const measure = (name: string, y: Float32Array) => {
      const errors = Array.from(y, (value, at) => Math.abs(value - data[at]) / (EPS * magnitude[at]));
      const rms = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
      const most = errors.reduce((a, b) => Math.max(a, b));
      console.log(`64 channels, ${name.padEnd(12)} rms ${rms.toFixed(2)}, greatest ${most.toFixed(2)} eps · Σ|x·w|`);
      return { rms, most };
    };
    measure('products', simd.engine.conv2d(x, filter, { algorithm: 'gemm' }).data);
    const [two, four, six] = SIZES.map((size) => measure(`F(${size}×${size})`, run(size, x, filter, { algorithm: 'winograd' }).simd.data));
    expect(two.most).toBeLessThan(2);
    expect(four.most).toBeLessThan(8);
    expect(six.most).toBeLessThan(40);
    expect(six.rms).toBeLessThan(10 * four.rms);
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
        expectWithin(prepared.data, data, boundOf(conv.plan?.tile.outputs as Size, x, filter, attributes, shape));
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
    const filter = {
      shape: [channels, channels / (options.groups ?? 1), 3, 3],
      data: new Float32Array((9 * channels ** 2) / (options.groups ?? 1)),
    };
    const shape = options.inputLayout === 'nhwc' ? [1, extent, extent, channels] : [1, channels, extent, extent];
    const x = { shape, data: new Float32Array(channels * extent ** 2) };
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
