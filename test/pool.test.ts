import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Engine } from '../src/engine.ts';
import { type AveragePool2dOptions, DisposedError, LayoutError, OptionError, ShapeError, type Tensor } from '../src/index.ts';
import { twins } from '../src/js/generated/twins.ts';
import { WasmBackend } from '../src/wasm/backend.ts';
import { compileEmbedded } from '../src/wasm/compile.ts';
import { instantiate } from '../src/wasm/instance.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { type PoolAttributes, poolOracle } from './oracle/pool.ts';
import { js, platforms, simd } from './platforms.ts';
import { averageBound, normBound } from './pool-bounds.ts';
import { randomTensor, specialTensor, toNchw, toNhwc } from './random.ts';

const reductions = ['max', 'average', 'l2'] as const;
type Reduction = (typeof reductions)[number];

function run(engine: Engine, reduction: Reduction, x: Tensor, options: AveragePool2dOptions): Tensor {
  if (reduction === 'max') return engine.maxPool2d(x, options);
  return reduction === 'average' ? engine.averagePool2d(x, options) : engine.l2Pool2d(x, options);
}

function boundOf(reduction: Reduction, taps: number, size: number): number {
  if (reduction === 'max') return 0;
  return reduction === 'average' ? averageBound(taps, size) : normBound(taps, size, 2);
}

const both = (least: number, most: number) => fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));

/** A pooling over planes whose widths straddle vectors, with one channel, few, and some that straddle vectors too. */
const configuration = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    channels: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 15, max: 17 })),
    kernel: fc.oneof(both(1, 5), both(1, 5), fc.constant([2, 2] as [number, number]), fc.constant([3, 3] as [number, number])),
    strides: fc.oneof(both(1, 4), both(1, 4), fc.constant([2, 2] as [number, number])),
    dilations: fc.oneof(fc.constant([1, 1] as [number, number]), both(1, 3)),
    padding: fc.oneof(fc.constantFrom('same', 'same-lower', 'valid'), fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 })),
    spare: fc.tuple(fc.nat(17), fc.nat(40)),
    roundingType: fc.constantFrom('floor', 'ceil'),
    countIncludePad: fc.boolean(),
    seed: fc.integer(),
  })
  .map(({ kernel, dilations, padding, spare, ...rest }) => {
    const reach = [dilations[0] * (kernel[0] - 1) + 1, dilations[1] * (kernel[1] - 1) + 1];
    // Paddings less than the window, and an input that leaves at least one window room.
    const explicit = typeof padding === 'string' ? padding : padding.map((cells, side) => cells % reach[side >> 1]);
    const room = (axis: 0 | 1) => (typeof explicit === 'string' ? 0 : explicit[2 * axis] + explicit[2 * axis + 1]);
    return {
      ...rest,
      kernel,
      dilations,
      padding: explicit as PoolAttributes['padding'],
      height: Math.max(1, reach[0] - room(0)) + spare[0],
      width: Math.max(1, reach[1] - room(1)) + spare[1],
    };
  });

type Configuration = typeof configuration extends fc.Arbitrary<infer T> ? T : never;

function optionsOf(c: Configuration, reduction: Reduction): AveragePool2dOptions {
  return {
    windowDimensions: c.kernel,
    strides: c.strides,
    dilations: c.dilations,
    padding: c.padding,
    roundingType: c.roundingType,
    ...(reduction === 'average' && { countIncludePad: c.countIncludePad }),
  };
}

const inputOf = (c: Configuration, make = randomTensor) => make([c.batch, c.channels, c.height, c.width], c.seed);

describe.each(platforms)('pooling on $name', ({ engine }) => {
  describe.each(reductions)('%sPool2d', (reduction) => {
    it('is within its bound of the float64 oracle, in both layouts', () => {
      fc.assert(
        fc.property(configuration, (c) => {
          const x = inputOf(c);
          const options = optionsOf(c, reduction);
          const oracle = poolOracle(reduction, x, c);
          const nchw = run(engine, reduction, x, options);
          expect(nchw.shape).toEqual(oracle.shape);
          expectWithin(
            nchw.data,
            oracle.data,
            oracle.magnitude.map((m) => boundOf(reduction, c.kernel[0] * c.kernel[1], m)),
          );
          const nhwc = run(engine, reduction, toNhwc(x), { ...options, layout: 'nhwc' });
          expectSameBits(toNchw(nhwc).data, nchw.data);
        }),
        { numRuns: 1000 },
      );
    });

    it('gives the layouts the same bits on NaN, infinities, zeros of both signs and denormals', () => {
      fc.assert(
        fc.property(configuration, (c) => {
          const x = inputOf(c, specialTensor);
          const options = optionsOf(c, reduction);
          const nhwc = run(engine, reduction, toNhwc(x), { ...options, layout: 'nhwc' });
          const nchw = run(engine, reduction, x, options);
          expectSameBits(toNchw(nhwc).data, nchw.data);
          if (reduction === 'max') {
            // Two zeros compare equal here: which of them wins is the next test's business.
            const { data } = poolOracle('max', x, c);
            expectSameBits(
              nchw.data.map((y) => y + 0),
              Float32Array.from(data, (y) => y + 0),
            );
          }
        }),
        { numRuns: 300 },
      );
    });

    it('reduces whole planes without a window', () => {
      for (const [height, width, channels] of [
        [7, 7, 33],
        [1, 1, 4],
        [1, 19, 3],
        [23, 1, 5],
        [14, 13, 16],
        [56, 57, 2],
        [3, 70, 130],
      ]) {
        const x = randomTensor([2, channels, height, width], height * 100 + width);
        const y = run(engine, reduction, x, {});
        expect(y.shape).toEqual([2, channels, 1, 1]);
        const global = { kernel: [height, width], strides: [1, 1], dilations: [1, 1], padding: 'valid', roundingType: 'floor' } as const;
        const oracle = poolOracle(reduction, x, global);
        expectWithin(
          y.data,
          oracle.data,
          oracle.magnitude.map((m) => boundOf(reduction, height * width, m)),
        );
        const nhwc = run(engine, reduction, toNhwc(x), { layout: 'nhwc', strides: [height, 2 ** 30] });
        expect(nhwc.shape).toEqual([2, 1, 1, channels]);
        expectSameBits(nhwc.data, y.data);
      }
    });

    it('reduces rows wider than a block of columns', () => {
      for (const [width, channels, kernel, stride] of [
        [9001, 1, 3, 1],
        [9001, 1, 2, 2],
        [20011, 1, 5, 3],
        [301, 130, 3, 1],
        [301, 130, 3, 2],
        [47, 2050, 4, 2],
      ]) {
        const x = randomTensor([1, channels, 3, width], width);
        const c = { kernel: [2, kernel], strides: [1, stride], dilations: [1, 2], padding: [1, 0, 1, 2], roundingType: 'ceil' } as const;
        const options = { ...c, windowDimensions: c.kernel, kernel: undefined };
        delete options.kernel;
        const y = run(engine, reduction, x, options);
        const oracle = poolOracle(reduction, x, c);
        expect(y.shape).toEqual(oracle.shape);
        expectWithin(
          y.data,
          oracle.data,
          oracle.magnitude.map((m) => boundOf(reduction, 2 * kernel, m)),
        );
        expectSameBits(toNchw(run(engine, reduction, toNhwc(x), { ...options, layout: 'nhwc' })).data, y.data);
      }
    });

    it('writes the window of a larger array that out is, and nothing around it', () => {
      fc.assert(
        fc.property(configuration, fc.integer({ min: 1, max: 9 }), fc.boolean(), (c, before, nhwc) => {
          const x = nhwc ? toNhwc(inputOf(c)) : inputOf(c);
          const options = { ...optionsOf(c, reduction), layout: nhwc ? ('nhwc' as const) : ('nchw' as const) };
          const expected = run(engine, reduction, x, options);
          const around = new Float32Array(expected.data.length + 2 * before).fill(12345);
          const out = { shape: expected.shape, data: around.subarray(before, before + expected.data.length) };
          expect(run(engine, reduction, x, { ...options, out })).toBe(out);
          expectSameBits(out.data, expected.data);
          out.data.fill(12345);
          expect(around.every((value) => value === 12345)).toBe(true);
        }),
        { numRuns: 100 },
      );
    });

    it('leaves the neighbours of a kernel tensor alone', () => {
      fc.assert(
        fc.property(configuration, fc.boolean(), (c, nhwc) => {
          const plain = nhwc ? toNhwc(inputOf(c)) : inputOf(c);
          const options = { ...optionsOf(c, reduction), layout: nhwc ? ('nhwc' as const) : ('nchw' as const) };
          const expected = run(engine, reduction, plain, options);
          const sentinel = new Float32Array(64).fill(54321);
          const before = engine.tensor([64], sentinel);
          const out = engine.tensor(expected.shape);
          const after = engine.tensor([64], sentinel);
          const x = engine.tensor(plain.shape, plain.data);
          const last = engine.tensor([64], sentinel);
          run(engine, reduction, x, { ...options, out });
          expectSameBits(out.data, expected.data);
          expectSameBits(x.data, plain.data);
          for (const guard of [before, after, last]) expectSameBits(guard.data, sentinel);
          const made = run(engine, reduction, x, options);
          expect(made).toBeInstanceOf(out.constructor);
          expectSameBits(made.data, expected.data);
          for (const held of [before, out, after, x, last, made as typeof x]) held.dispose();
        }),
        { numRuns: 100 },
      );
    });

    it('gives an empty result for an empty batch', () => {
      const empty = { shape: [0, 3, 8, 6], data: new Float32Array(0) };
      expect(run(engine, reduction, empty, { windowDimensions: 2, strides: 2 })).toEqual({
        shape: [0, 3, 4, 3],
        data: new Float32Array(0),
      });
      expect(run(engine, reduction, empty, { layout: 'nhwc' }).shape).toEqual([0, 1, 1, 6]);
    });

    it('takes padding in every form', () => {
      const x = randomTensor([1, 2, 9, 10], 5);
      const pooled = (padding: AveragePool2dOptions['padding']) => run(engine, reduction, x, { windowDimensions: 4, strides: 3, padding });
      expectSameBits(pooled(1).data, pooled([1, 1, 1, 1]).data);
      expectSameBits(pooled([2, 1]).data, pooled([2, 2, 1, 1]).data);
      expectSameBits(pooled('valid').data, pooled(0).data);
      expectSameBits(pooled(undefined).data, pooled(0).data);
      expectSameBits(pooled('same').data, pooled([0, 1, 1, 2]).data);
      expectSameBits(pooled('same-lower').data, pooled([1, 0, 2, 1]).data);
    });

    it('refuses what it cannot pool, with a typed error that names it, and goes on', () => {
      const x = randomTensor([1, 2, 6, 5], 1);
      const refusals: readonly [unknown, unknown, new (...args: never[]) => Error, RegExp][] = [
        [
          { shape: [2, 6, 5], data: new Float32Array(60) },
          {},
          ShapeError,
          /^x\.shape: expected 4 dimensions, got 3 dimensions \[2, 6, 5\]/,
        ],
        [{ shape: [1, 2, 6, 5], data: new Float32Array(59) }, {}, ShapeError, /^x\.data: .*60 floats.*got 59/],
        [{ shape: [1, 2, 6, 5], data: new Float64Array(60) }, {}, ShapeError, /^x\.data: expected a Float32Array/],
        [{ shape: [1, 0, 6, 5], data: new Float32Array(0) }, {}, ShapeError, /^x\.shape/],
        [x, { windowDimensions: 7 }, ShapeError, /^options\.windowDimensions: .* got a window that reaches over 7 rows/],
        [x, { windowDimensions: [3, 3], dilations: [1, 3] }, ShapeError, /^options\.windowDimensions: .* 7 columns/],
        [x, { windowDimensions: 0 }, OptionError, /^options\.windowDimensions/],
        [x, { windowDimensions: [2, 1.5] }, OptionError, /^options\.windowDimensions/],
        [x, { windowDimensions: [2, 2, 2] }, OptionError, /^options\.windowDimensions/],
        [x, { windowDimensions: 2, strides: 0 }, OptionError, /^options\.strides/],
        [x, { windowDimensions: 2, strides: -1 }, OptionError, /^options\.strides/],
        [x, { windowDimensions: 2, dilations: 0.5 }, OptionError, /^options\.dilations/],
        [x, { windowDimensions: 2, padding: 'some' }, OptionError, /^options\.padding/],
        [x, { windowDimensions: 2, padding: [1, 2, 3] }, OptionError, /^options\.padding/],
        [
          x,
          { windowDimensions: 2, padding: 2 },
          OptionError,
          /^options\.padding: expected less than the window reaches over, 2 rows and 2 columns, got \[2, 2, 2, 2\]/,
        ],
        [x, { windowDimensions: [1, 3], padding: [0, 1, 0, 0] }, OptionError, /^options\.padding/],
        [x, { windowDimensions: [2 ** 29, 2 ** 29], padding: 2 ** 28 }, ShapeError, /^options\.(padding|windowDimensions)/],
        [x, { layout: 'chwn' }, LayoutError, /^options\.layout/],
        [x, { roundingType: 'round' }, OptionError, /^options\.roundingType/],
        [x, { window: 2 }, OptionError, /^options\.window: .*unknown option/],
        [x, { out: { shape: [1, 2, 1, 2], data: new Float32Array(4) } }, ShapeError, /^out\.shape/],
        [x, { out: { shape: [1, 2, 1, 1], data: x.data.subarray(3, 5) } }, ShapeError, /^out: .*overlaps x/],
        [x, reduction === 'average' ? { countIncludePad: 1 } : { countIncludePad: true }, OptionError, /^options\.countIncludePad/],
      ];
      const before = Float32Array.from(x.data);
      for (const [input, options, type, words] of refusals) {
        const refused = () => run(engine, reduction, input as Tensor, options as AveragePool2dOptions);
        expect(refused, JSON.stringify(options)).toThrow(type);
        expect(refused).toThrow(words);
      }
      const gone = engine.tensor([1, 1, 2, 2]);
      gone.dispose();
      expect(() => run(engine, reduction, gone, {})).toThrow(DisposedError);
      expectSameBits(x.data, before);
      expect(run(engine, reduction, x, {}).shape).toEqual([1, 2, 1, 1]);
    });
  });

  it('keeps a NaN wherever it stands in a window, in every kernel path', () => {
    for (const [kernel, stride] of [
      [2, 2],
      [2, 1],
      [3, 1],
      [3, 2],
      [4, 1],
      [4, 3],
      [5, 2],
    ]) {
      for (let at = 0; at < kernel * kernel; at++) {
        const data = new Float32Array(kernel * kernel).fill(-1);
        data[at] = Number.NaN;
        const options = { windowDimensions: kernel, strides: stride };
        const x = { shape: [1, 1, kernel, kernel], data };
        expect([...engine.maxPool2d(x, options).data]).toEqual([Number.NaN]);
        const twice = {
          shape: [1, kernel, kernel, 2],
          data: Float32Array.from({ length: 2 * data.length }, (_, i) => (i & 1 ? i : data[i >> 1])),
        };
        expect([...engine.maxPool2d(twice, { ...options, layout: 'nhwc' }).data]).toEqual([Number.NaN, 2 * data.length - 1]);
      }
    }
  });

  it('lets the first of two zeros win, column by column', () => {
    const signs = (data: number[], window: [number, number]) => {
      const x = { shape: [1, 1, ...window], data: Float32Array.from(data) };
      return Object.is(engine.maxPool2d(x, { windowDimensions: window }).data[0], -0);
    };
    expect(signs([-0, 0], [1, 2])).toBe(true);
    expect(signs([0, -0], [1, 2])).toBe(false);
    expect(signs([-0, 0], [2, 1])).toBe(true);
    // The left column, −0 over −0, comes before the right one.
    expect(signs([-0, 0, -0, 0], [2, 2])).toBe(true);
    expect(signs([0, -0, -0, -0], [2, 2])).toBe(false);
  });

  it('gives what nothing is reduced to where every tap of a dilated window lies in the padding', () => {
    const x = { shape: [1, 1, 1, 1], data: Float32Array.of(7) };
    const options = { windowDimensions: 2, dilations: 2, padding: 1 };
    expect([...engine.maxPool2d(x, options).data]).toEqual([-Infinity]);
    expect([...engine.averagePool2d(x, options).data]).toEqual([Number.NaN]);
    expect([...engine.averagePool2d(x, { ...options, countIncludePad: true }).data]).toEqual([0]);
    expect([...engine.l2Pool2d(x, options).data]).toEqual([0]);
  });

  it('counts the cells of an average as PyTorch does', () => {
    const x = { shape: [1, 1, 3, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) };
    const options = { windowDimensions: 2, strides: 2, padding: 1, roundingType: 'ceil' } as const;
    // AvgPool2d(2, stride=2, padding=1, ceil_mode=True, count_include_pad=False), then True
    expect([...engine.averagePool2d(x, options).data]).toEqual([1, 2.5, 5.5, 7]);
    expect([...engine.averagePool2d(x, { ...options, countIncludePad: true }).data]).toEqual([0.25, 1.25, 2.75, 7]);
    // The last window reaches over the padding's end: what lies beyond never counts.
    const wide = { windowDimensions: [1, 3], strides: [3, 2], roundingType: 'ceil', countIncludePad: true } as const;
    const row = { shape: [1, 1, 1, 4], data: Float32Array.of(3, 6, 9, 12) };
    expect([...engine.averagePool2d(row, wide).data]).toEqual([6, 10.5]);
  });

  it('agrees with tfjs-cpu wherever it defines the same', async () => {
    await tf.setBackend('cpu');
    for (let seed = 0; seed < 48; seed++) {
      const kernel: [number, number] = [1 + (seed % 4), 1 + ((seed >> 2) % 3)];
      const strides: [number, number] = [1 + (seed % 3), 1 + ((seed >> 1) % 3)];
      const padding = seed % 2 ? 'same' : 'valid';
      const x = randomTensor([2, 5 + (seed % 7), 6 + (seed % 5), 1 + (seed % 6)], seed);
      const options = { windowDimensions: kernel, strides, padding, layout: 'nhwc' } as const;
      const input = tf.tensor4d(x.data, x.shape as [number, number, number, number]);
      const most = tf.maxPool(input, kernel, strides, padding);
      const y = engine.maxPool2d(x, options);
      expect(y.shape).toEqual(most.shape);
      expectSameBits(y.data, most.dataSync() as Float32Array);
      const average = Float64Array.from(tf.avgPool(input, kernel, strides, padding).dataSync());
      expectWithin(
        engine.averagePool2d(x, options).data,
        average,
        average.map(() => 1e-6),
      );
    }
  });
});

describe('pooling twins', () => {
  it.each([
    ['ordinary floats', randomTensor],
    ['NaN, infinities, −0, denormals', specialTensor],
  ] as const)('agree bit for bit on %s', (_, make) => {
    fc.assert(
      fc.property(configuration, fc.constantFrom(...reductions), (c, reduction) => {
        const x = inputOf(c, make);
        const options = optionsOf(c, reduction);
        expectSameBits(run(simd.engine, reduction, x, options).data, run(js.engine, reduction, x, options).data);
        const nhwc = { ...options, layout: 'nhwc' as const };
        expectSameBits(run(simd.engine, reduction, toNhwc(x), nhwc).data, run(js.engine, reduction, toNhwc(x), nhwc).data);
      }),
      { numRuns: 1000 },
    );
  });

  it('give the same bits for any split of the tasks, in any order', async () => {
    const instance = instantiate(await compileEmbedded('simd'));
    const { kernels } = instance;
    /** The same kernels, but every call is cut in two or three and the last piece goes first. */
    const splitting = Object.fromEntries(
      Object.keys(twins).map((name) => [
        name,
        (block: number, begin: number, end: number) => {
          const cuts = [begin, begin + Math.floor((end - begin) / 3), begin + Math.ceil((end - begin) / 2), end];
          for (let piece = 2; piece >= 0; piece--) kernels[name](block, cuts[piece], cuts[piece + 1]);
        },
      ]),
    ) as typeof kernels;
    const split = new Engine(new WasmBackend({ ...instance, kernels: splitting }), []);
    fc.assert(
      fc.property(configuration, fc.constantFrom(...reductions), fc.boolean(), (c, reduction, nhwc) => {
        const x = nhwc ? toNhwc(inputOf(c)) : inputOf(c);
        const options = { ...optionsOf(c, reduction), layout: nhwc ? ('nhwc' as const) : ('nchw' as const) };
        expectSameBits(run(split, reduction, x, options).data, run(simd.engine, reduction, x, options).data);
      }),
      { numRuns: 500 },
    );
  });
});
