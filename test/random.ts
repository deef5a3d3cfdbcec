import type { Tensor, TensorData } from '../src/index.ts';
import { lengthOf } from '../src/tensor/tensor.ts';

/** A seeded generator of numbers in [0, 1): mulberry32. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Floats in [−1, 1). */
export function randomTensor(shape: readonly number[], seed: number): Tensor {
  const next = random(seed);
  return { shape, data: Float32Array.from({ length: lengthOf(shape) }, () => 2 * next() - 1) };
}

const SPECIAL = [Number.NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, 1.4e-45, 3.4e38, -3.4e38];

/** Every fourth float or so is one that arithmetic treats specially: NaN, ±∞, ±0, denormals, the largest. */
export function specialTensor(shape: readonly number[], seed: number): Tensor {
  const next = random(seed);
  const data = Float32Array.from({ length: lengthOf(shape) }, () =>
    next() < 0.25 ? SPECIAL[Math.floor(next() * SPECIAL.length)] : 2 * next() - 1,
  );
  return { shape, data };
}

/** Floats of 2⁻⁹⁰ to 2⁻⁵⁵: products of two lie on either side of the smallest normal float and of the smallest denormal. */
export function faintTensor(shape: readonly number[], seed: number): Tensor {
  const next = random(seed);
  return { shape, data: Float32Array.from({ length: lengthOf(shape) }, () => (2 * next() - 1) * 2 ** -(55 + 35 * next())) };
}

export function greatest({ data }: Tensor): number {
  return data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** [batch, channels, height, width] ↔ [batch, height, width, channels]. */
export function toNhwc({ shape: [n, c, h, w], data }: Tensor): Tensor {
  const moved = new Float32Array(data.length);
  for (let b = 0; b < n; b++)
    for (let k = 0; k < c; k++) for (let p = 0; p < h * w; p++) moved[(b * h * w + p) * c + k] = data[(b * c + k) * h * w + p];
  return { shape: [n, h, w, c], data: moved };
}

export function toNchw<D extends TensorData>({ shape: [n, h, w, c], data }: Tensor<D>): Tensor<D> {
  const moved = data.slice() as D;
  for (let b = 0; b < n; b++)
    for (let k = 0; k < c; k++) for (let p = 0; p < h * w; p++) moved[(b * c + k) * h * w + p] = data[(b * h * w + p) * c + k];
  return { shape: [n, c, h, w], data: moved };
}

/** The same tensor with its dimensions in another order, each named by a letter. */
export function relayout({ shape, data }: Tensor, from: string, to: string): Tensor {
  const stride = (letter: string) => lengthOf(shape.slice(from.indexOf(letter) + 1));
  const moved = new Float32Array(data.length);
  const extents = [...to].map((letter) => shape[from.indexOf(letter)]);
  const strides = [...to].map(stride);
  const index = extents.map(() => 0);
  for (let i = 0; i < moved.length; i++) {
    moved[i] = data[index.reduce((sum, n, axis) => sum + n * strides[axis], 0)];
    for (let axis = index.length - 1; axis >= 0 && ++index[axis] === extents[axis]; axis--) index[axis] = 0;
  }
  return { shape: extents, data: moved };
}

/** The same floats inside a larger array, `before` floats after its beginning: a view with a `byteOffset`. */
export function embedded({ shape, data }: Tensor, before: number, after = 3): Tensor {
  const around = new Float32Array(before + data.length + after).fill(Number.NaN);
  around.set(data, before);
  return { shape, data: around.subarray(before, before + data.length) };
}
