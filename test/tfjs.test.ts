import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumBound } from './bounds.ts';
import { expectWithin } from './equal.ts';
import { platforms } from './platforms.ts';
import { randomTensor } from './random.ts';

/** An oracle that others wrote, wherever it means the same: NHWC, HWIO, one group or depthwise, stride or dilation. */
const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));

const configuration = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    inChannels: fc.integer({ min: 1, max: 9 }),
    outChannels: fc.integer({ min: 1, max: 18 }),
    multiplier: fc.integer({ min: 1, max: 4 }),
    kernel: pair(5),
    steps: fc.oneof(
      fc.record({ strides: pair(3), dilations: fc.constant<[number, number]>([1, 1]) }),
      fc.record({ strides: fc.constant<[number, number]>([1, 1]), dilations: pair(3) }),
    ),
    padding: fc.oneof(fc.constantFrom('same' as const, 'valid' as const), fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3))),
    spare: fc.tuple(fc.nat(12), fc.nat(12)),
    activation: fc.constantFrom(undefined, 'relu' as const, 'relu6' as const, 'leakyRelu' as const),
    bias: fc.boolean(),
    // The two whose error is bounded by the terms of each sum alone; 'auto' may choose Winograd.
    algorithm: fc.constantFrom('direct' as const, 'gemm' as const),
    seed: fc.integer(),
  })
  .map(({ steps, spare, ...rest }) => ({
    ...rest,
    ...steps,
    height: steps.dilations[0] * (rest.kernel[0] - 1) + 1 + spare[0],
    width: steps.dilations[1] * (rest.kernel[1] - 1) + 1 + spare[1],
  }));
type Configuration = typeof configuration extends fc.Arbitrary<infer T> ? T : never;

type Padding = 'same' | 'valid' | [[0, 0], [number, number], [number, number], [0, 0]];
function theirs(padding: Configuration['padding']): Padding {
  return typeof padding === 'string'
    ? padding
    : [
        [0, 0],
        [padding[0], padding[1]],
        [padding[2], padding[3]],
        [0, 0],
      ];
}

const ALPHA = 0.01;
const ACTIVATIONS = { relu: 'relu', relu6: 'relu6', leakyRelu: 'leakyrelu' } as const;

describe.each(platforms)('conv2d on $name and TensorFlow.js agree', ({ engine }) => {
  it('on convolutions', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const x = randomTensor([c.batch, c.height, c.width, c.inChannels], c.seed);
        const filter = randomTensor([...c.kernel, c.inChannels, c.outChannels], c.seed + 1);
        const bias = c.bias ? randomTensor([c.outChannels], c.seed + 2) : undefined;
        const { shape, data, magnitude } = tf.tidy(() => {
          const run = (change: (t: tf.Tensor) => tf.Tensor, activation?: Configuration['activation']) =>
            tf.fused.conv2d({
              x: change(tf.tensor(x.data, [...x.shape])) as tf.Tensor4D,
              filter: change(tf.tensor(filter.data, [...filter.shape])) as tf.Tensor4D,
              strides: c.strides,
              pad: theirs(c.padding),
              dataFormat: 'NHWC',
              dilations: c.dilations,
              ...(bias && { bias: change(tf.tensor(bias.data)) }),
              ...(activation && { activation: ACTIVATIONS[activation], leakyreluAlpha: ALPHA }),
            });
          const result = run((t) => t, c.activation);
          return { shape: result.shape, data: result.dataSync(), magnitude: run(tf.abs).dataSync() };
        });
        const ours = engine.conv2d(x, filter, { ...ourOptions(c), ...(bias && { bias }) });
        expect(ours.shape).toEqual(shape);
        expectClose(ours.data, data, magnitude, c.inChannels * c.kernel[0] * c.kernel[1]);
      }),
      { numRuns: 700 },
    );
  });

  it('on depthwise convolutions', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const x = randomTensor([c.batch, c.height, c.width, c.inChannels], c.seed);
        const filter = randomTensor([...c.kernel, c.inChannels, c.multiplier], c.seed + 1);
        const { shape, data, magnitude } = tf.tidy(() => {
          const run = (change: (t: tf.Tensor) => tf.Tensor) =>
            tf.depthwiseConv2d(
              change(tf.tensor(x.data, [...x.shape])) as tf.Tensor4D,
              change(tf.tensor(filter.data, [...filter.shape])) as tf.Tensor4D,
              c.strides,
              theirs(c.padding),
              'NHWC',
              c.dilations,
            );
          const result = run((t) => t);
          return { shape: result.shape, data: result.dataSync(), magnitude: run(tf.abs).dataSync() };
        });
        const grouped = { shape: [...c.kernel, 1, c.inChannels * c.multiplier], data: filter.data };
        const ours = engine.conv2d(x, grouped, { ...ourOptions(c), activation: undefined, groups: c.inChannels });
        expect(ours.shape).toEqual(shape);
        expectClose(ours.data, data, magnitude, c.kernel[0] * c.kernel[1]);
      }),
      { numRuns: 700 },
    );
  });
});

function ourOptions(c: Configuration) {
  const { strides, dilations, padding, algorithm, activation } = c;
  return {
    strides,
    dilations,
    padding,
    algorithm,
    inputLayout: 'nhwc' as const,
    filterLayout: 'hwio' as const,
    ...(activation && { activation }),
  };
}

/** Both sides round: each is within its own bound of the exact sum. */
function expectClose(ours: Float32Array, theirs: ArrayLike<number>, magnitude: ArrayLike<number>, depth: number) {
  const bound = Float64Array.from(magnitude, (m) => 2 * sumBound({ products: depth, magnitude: m }));
  expectWithin(ours, Float64Array.from(theirs), bound);
}
