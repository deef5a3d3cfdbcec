import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumBound } from './bounds.ts';
import { expectWithin } from './equal.ts';
import { platforms } from './platforms.ts';
import { randomTensor } from './random.ts';

/** Gradients as others compute them: NHWC, HWIO, one group or depthwise, without dilation. Both sides round. */
const configuration = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  inChannels: fc.integer({ min: 1, max: 7 }),
  outChannels: fc.integer({ min: 1, max: 9 }),
  kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
  stride: fc.integer({ min: 1, max: 3 }),
  padding: fc.constantFrom('same' as const, 'valid' as const),
  spare: fc.tuple(fc.nat(8), fc.nat(8)),
  depthwise: fc.boolean(),
  seed: fc.integer(),
});

const near = (ours: Float32Array, theirs: ArrayLike<number>, terms: number) => {
  const expected = Float64Array.from(theirs);
  // No product is greater than 1.
  expectWithin(
    ours,
    expected,
    expected.map(() => 2 * sumBound({ products: terms, magnitude: terms })),
  );
};
const theirs = ({ data, shape }: { data: Float32Array; shape: readonly number[] }) => tf.tensor(data, [...shape]);

describe.each(platforms)('gradients as TensorFlow.js has them, on $name', ({ engine }) => {
  it('of convolution, ordinary and depthwise', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const groups = c.depthwise ? c.inChannels : 1;
        const outChannels = c.depthwise ? 2 * c.inChannels : c.outChannels;
        const [height, width] = [c.kernel[0] + c.spare[0], c.kernel[1] + c.spare[1]];
        const x = randomTensor([c.batch, height, width, c.inChannels], c.seed);
        const filter = randomTensor([...c.kernel, c.inChannels / groups, outChannels], c.seed + 1);
        const options = { strides: c.stride, padding: c.padding, groups, inputLayout: 'nhwc' as const, filterLayout: 'hwio' as const };
        const dy = randomTensor(engine.conv2d(x, filter, options).shape, c.seed + 2);
        const algorithm = 'gemm' as const;
        const { dx, dFilter } = engine.conv2dBackward(dy, x, filter, { ...options, algorithm });
        const wShape: number[] = c.depthwise ? [...c.kernel, c.inChannels, 2] : [...filter.shape];
        const [theirDx, theirFilter] = tf.tidy(() => {
          const w = tf.tensor<tf.Rank>(filter.data, wShape as never);
          const run = (a: tf.Tensor, b: tf.Tensor) =>
            c.depthwise
              ? tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, c.stride, c.padding)
              : tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, c.stride, c.padding);
          return tf
            .grads(run as never)([theirs(x), w], theirs(dy))
            .map((t) => t.dataSync());
        });
        const taps = c.kernel[0] * c.kernel[1];
        near(dx!.data, theirDx, (taps * outChannels) / groups);
        near(dFilter!.data, theirFilter, dy.data.length / outChannels);
      }),
      { numRuns: 100 },
    );
  });

  it('of transposed convolution, which it is too', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const [height, width] = [c.spare[0] + 1, c.spare[1] + 1];
        const x = randomTensor([c.batch, height, width, c.inChannels], c.seed);
        const filter = randomTensor([...c.kernel, c.outChannels, c.inChannels], c.seed + 1);
        const sizes = [height, width].map((extent, axis) => (extent - 1) * c.stride + c.kernel[axis]);
        const options = { strides: c.stride, inputLayout: 'nhwc' as const, filterLayout: 'hwoi' as const };
        const y = engine.convTranspose2d(x, filter, options);
        const dy = randomTensor(y.shape, c.seed + 2);
        expect(y.shape.slice(1, 3)).toEqual(sizes);
        const { dx, dFilter } = engine.convTranspose2dBackward(dy, x, filter, { ...options, algorithm: 'gemm' });
        const [theirY, theirDx, theirFilter] = tf.tidy(() => {
          const run = (a: tf.Tensor, b: tf.Tensor) =>
            tf.conv2dTranspose(
              a as tf.Tensor4D,
              b as tf.Tensor4D,
              y.shape as unknown as [number, number, number, number],
              c.stride,
              'valid',
            );
          const made = tf.grads(run as never)([theirs(x), theirs(filter)], theirs(dy));
          return [run(theirs(x), theirs(filter)), ...made].map((t) => t.dataSync());
        });
        const taps = c.kernel[0] * c.kernel[1];
        near(y.data, theirY, taps * c.inChannels);
        near(dx!.data, theirDx, taps * c.outChannels);
        near(dFilter!.data, theirFilter, c.batch * height * width);
      }),
      { numRuns: 100 },
    );
  });
});
