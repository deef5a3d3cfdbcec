/**
 * Where windows lie along one axis. Those of an adaptive pooling, told by a stride of 0, share the input out: from
 * ⌊i · input / output⌋ to ⌈(i + 1) · input / output⌉.
 */

@inline
export function windowStart(i: i32, stride: i32, before: i32, input: i32, output: i32): i32 {
  return stride > 0 ? i * stride - before : <u32>(i * input) / <u32>output;
}

/** Taps of a window. */
@inline
export function windowTaps(i: i32, stride: i32, kernel: i32, input: i32, output: i32): i32 {
  return stride > 0 ? kernel : <u32>((i + 1) * input + output - 1) / <u32>output - <u32>(i * input) / <u32>output;
}

/** The first tap, `dilation` apart from `start` on, that is not before `low`. */
@inline
export function tapAtOrAfter(start: i32, dilation: i32, low: i32): i32 {
  return start >= low ? 0 : (low - start + dilation - 1) / dilation;
}

/** Taps of a window that lie in `[low, high)`. */
@inline
export function tapsBetween(start: i32, kernel: i32, dilation: i32, low: i32, high: i32): i32 {
  return max(0, min(kernel, tapAtOrAfter(start, dilation, high)) - tapAtOrAfter(start, dilation, low));
}
