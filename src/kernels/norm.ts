import { elementwise } from './elementwise.ts';
import { kernel, type Layout, PER_NANOSECOND } from './layout.ts';

/** What a batch normalisation does to each channel. */
export const NormTableParams = {
  mean: 'f32*',
  variance: 'f32*',
  /** 0 for ones. */
  scale: 'f32*',
  /** 0 for zeros. */
  bias: 'f32*',
  output: 'f32*',
  channels: 'i32',
  /** Entries side by side of one channel. */
  repeat: 'i32',
  /** Entries in all. */
  tableLength: 'i32',
  epsilon: 'f32',
} as const satisfies Layout;

/** `(x - mean) · factor + bias`, by a table of them. */
export const NormParams = {
  input: 'f32*',
  table: 'f32*',
  output: 'f32*',
  length: 'i32',
  /** Floats a task. */
  taskLength: 'i32',
  /** Floats side by side that share an entry of the table, or 0 where entries lie as the floats do. */
  rowLength: 'i32',
  /** Entries of the table. */
  tableLength: 'i32',
} as const satisfies Layout;

/** Sums over `[outer][inner]` of each channel of each image, all of it `[images][outer][channels][inner]`. */
export const NormSumParams = {
  input: 'f32*',
  /** What each float is multiplied by, less the channel's mean; 0 for nothing. */
  other: 'f32*',
  mean: 'f32*',
  output: 'f32*',
  images: 'i32',
  outer: 'i32',
  channels: 'i32',
  inner: 'i32',
} as const satisfies Layout;

/**
 * `((x − mean) − other · slope) · factor · scale + bias` over a lattice of up to six dimensions, the last of which runs fastest. Each dimension
 * has a stride in `mean`, `slope` and `factor`, and one in `scale` and `bias`: 0 or 1 in the last. Buffers that are 0 take no part.
 */
export const NormalizeParams = {
  input: 'f32*',
  other: 'f32*',
  mean: 'f32*',
  slope: 'f32*',
  factor: 'f32*',
  scale: 'f32*',
  bias: 'f32*',
  output: 'f32*',
  length: 'i32',
  /** Floats a task. */
  taskLength: 'i32',
  count0: 'i32',
  count1: 'i32',
  count2: 'i32',
  count3: 'i32',
  count4: 'i32',
  count5: 'i32',
  statistic0: 'i32',
  statistic1: 'i32',
  statistic2: 'i32',
  statistic3: 'i32',
  statistic4: 'i32',
  statistic5: 'i32',
  affine0: 'i32',
  affine1: 'i32',
  affine2: 'i32',
  affine3: 'i32',
  affine4: 'i32',
  affine5: 'i32',
} as const satisfies Layout;

export const normKernels = {
  /** A task is an entry of the table. */
  batchNormTable: kernel(
    NormTableParams,
    (v) => v.tableLength,
    (v) => v.tableLength / PER_NANOSECOND.points,
  ),
  batchNorm: elementwise(NormParams),
  normalize: elementwise(NormalizeParams, ['input', 'other']),
  /** A task is four channels of an image. */
  batchNormSums: kernel(
    NormSumParams,
    (v) => v.images * Math.ceil(v.channels / 4),
    (v) => v.images * Math.ceil(v.channels / 4) * v.outer * v.inner,
  ),
};
