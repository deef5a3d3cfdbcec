import { kernel, type Layout, type Numbers, PER_NANOSECOND } from './layout.ts';

/** One axis of `[outer][length][inner]` resampled by a table. The gradient goes the other way: from `outLength` to `length`. */
export const ResampleParams = {
  input: 'f32*',
  /** For each of `outLength` cells `taps` weights; then for each as many cells of the axis, as floats. */
  table: 'f32*',
  output: 'f32*',
  outer: 'i32',
  length: 'i32',
  outLength: 'i32',
  inner: 'i32',
  taps: 'i32',
} as const satisfies Layout;

const products = (v: Numbers<typeof ResampleParams>) => (v.outer * v.outLength * v.inner * v.taps) / PER_NANOSECOND.taps;

export const resampleKernels = {
  /** A task is one of `outer`. */
  resampleAxis: kernel(ResampleParams, (v) => v.outer, products),
  resampleAxisBackward: kernel(ResampleParams, (v) => v.outer, products),
};
