import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectWithin } from './equal.ts';
import { randomTensor } from './random.ts';

// As a program has it: the built package, with its copy of nothing.
import '../dist/tfjs/index.js';

/**
 * The backend in a program of TensorFlow.js: what it keeps between calls, and the cases that tfjs-wasm 4.22 gets wrong. That each
 * kernel computes what it should is for TensorFlow.js's own suite to say.
 */

type Run = () => tf.Tensor;

const tensor = <R extends tf.Tensor>(shape: readonly number[], seed: number) => tf.tensor(randomTensor(shape, seed).data, [...shape]) as R;

/** What `run` gives on our backend, beside what it gives on TensorFlow.js's own. */
async function expectSame(run: Run, tolerance = 1e-5): Promise<void> {
  const results: { shape: number[]; data: Float32Array }[] = [];
  for (const name of ['cpu', 'simdconv']) {
    await tf.setBackend(name);
    results.push(
      tf.tidy(() => {
        const { shape, dataSync } = run();
        return { shape, data: dataSync.call(run()) as Float32Array };
      }),
    );
  }
  const [theirs, ours] = results;
  expect(ours.shape).toEqual(theirs.shape);
  expectWithin(ours.data, Float64Array.from(theirs.data), new Float64Array(ours.data.length).fill(tolerance));
}

describe('the TensorFlow.js backend', () => {
  beforeAll(() => tf.setBackend('simdconv'));
  afterAll(() => tf.removeBackend('simdconv'));

  it('is what computes', () => {
    expect(tf.getBackend()).toBe('simdconv');
  });

  it('keeps a packed filter apart from the same numbers read another way', async () => {
    const strides: [number, number] = [1, 1];
    const calls = (): Run[] => {
      const filter = tensor<tf.Tensor4D>([3, 3, 4, 4], 1);
      const x = tensor<tf.Tensor4D>([1, 9, 8, 4], 2);
      const [one, other] = [tensor<tf.Tensor1D>([4], 3), tensor<tf.Tensor1D>([4], 4)];
      const step = (first: number) => {
        strides[0] = first;
        return strides;
      };
      const fused = (bias: tf.Tensor1D, activation: 'relu' | 'elu') => tf.fused.conv2d({ x, filter, strides: 1, pad: 1, bias, activation });
      return [
        () => tf.conv2d(x, filter, step(1), 'same'),
        () => tf.depthwiseConv2d(x, filter, step(1), 'same', 'NHWC', [1, 1]),
        () => tf.conv2d(x, filter, step(1), 'same', 'NHWC', [1, 1]),
        // The same list, with another number in it.
        () => tf.conv2d(x, filter, step(2), 'same', 'NHWC', [1, 1]),
        () => tf.conv2d(x, tf.reshape(filter, [1, 9, 4, 4]) as tf.Tensor4D, step(2), 'same', 'NHWC', [1, 1]),
        () => tf.conv2d(x, filter, step(1), 'valid', 'NHWC', [1, 1]),
        () => fused(one, 'relu'),
        () => fused(other, 'relu'),
        () => fused(other, 'elu'),
      ];
    };
    // All of one backend before the other: a tensor that moves between them loses what is kept with it.
    const results = new Map<string, Float32Array[]>();
    for (const name of ['cpu', 'simdconv']) {
      await tf.setBackend(name);
      results.set(
        name,
        calls().map((call) => tf.tidy(() => call().dataSync() as Float32Array)),
      );
    }
    for (const [i, ours] of results.get('simdconv')!.entries()) {
      const theirs = results.get('cpu')![i];
      expectWithin(ours, Float64Array.from(theirs), new Float64Array(theirs.length).fill(1e-5));
    }
  });

  it('gives a filter and what was packed of it back', async () => {
    await tf.setBackend('simdconv');
    const { engine } = tf.backend() as unknown as { engine: { tensor(shape: number[]): { data: Float32Array; dispose(): void } } };
    const turn = () =>
      tf.tidy(() => {
        const x = tensor<tf.Tensor4D>([1, 32, 32, 64], 5);
        return tf.conv2d(x, tensor<tf.Tensor4D>([3, 3, 64, 64], 6), 1, 'same').dataSync()[0];
      });
    turn();
    const before = engine.tensor([1]);
    const memory = before.data.buffer.byteLength;
    before.dispose();
    for (let i = 0; i < 20; i++) turn();
    const after = engine.tensor([1]);
    expect(after.data.buffer.byteLength).toBe(memory);
    after.dispose();
  });

  it('is right where a kernel is smaller than its stride', async () => {
    const x = tensor<tf.Tensor4D>([1, 11, 10, 2], 7);
    await expectSame(() => tf.conv2d(x, tensor<tf.Tensor4D>([2, 1, 2, 3], 8), [5, 2], 'same'));
    await expectSame(() => tf.depthwiseConv2d(x, tensor<tf.Tensor4D>([1, 3, 2, 1], 9), 2, 'same'));
    await expectSame(() => tf.depthwiseConv2d(x, tensor<tf.Tensor4D>([3, 1, 2, 1], 10), 2, 'same'));
  });

  it('is right with NaN, and with what is negative', async () => {
    await expectSame(() => tf.relu6(tf.tensor1d([Number.NaN, -1, 3, 7])));
    const withNaN = (length: number) => Float32Array.from({ length }, (_, i) => (i % 7 === 0 ? Number.NaN : Math.sin(i)));
    for (const side of [2, 66]) {
      const x = tf.tensor4d(withNaN(side * side * 3), [1, side, side, 3]);
      await expectSame(() => tf.maxPool(x, 2, 2, 'valid'));
    }
    const negative = tf.sub(-1, tf.abs(tensor([1, 4, 5, 6, 2], 11))) as tf.Tensor5D;
    await expectSame(() => tf.maxPool3d(negative, 2, 2, 'valid'));
  });

  it('has the gradient of a filter', async () => {
    const x = tensor<tf.Tensor4D>([2, 7, 6, 3], 12);
    const dy = tensor<tf.Tensor4D>([2, 4, 6, 5], 13);
    const attrs = { strides: [2, 1], pad: 'same', dataFormat: 'NHWC', filterShape: [3, 2, 3, 5] };
    await expectSame(() => tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, attrs), 1e-4);
  });
});
