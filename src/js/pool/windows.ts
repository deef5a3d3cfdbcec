/**
 * Where windows lie along one axis. Those of an adaptive pooling, told by a stride of 0, share the input out: from
 * ⌊i · input / output⌋ to ⌈(i + 1) · input / output⌉.
 */

export function windowStart(i: number, stride: number, before: number, input: number, output: number): number {
  return stride > 0 ? i * stride - before : Math.floor((i * input) / output);
}

/** Taps of a window. */
export function windowTaps(i: number, stride: number, kernel: number, input: number, output: number): number {
  return stride > 0 ? kernel : Math.ceil(((i + 1) * input) / output) - Math.floor((i * input) / output);
}

/** The first tap, `dilation` apart from `start` on, that is not before `low`. */
export function tapAtOrAfter(start: number, dilation: number, low: number): number {
  return start >= low ? 0 : Math.ceil((low - start) / dilation);
}

/** Taps of a window that lie in `[low, high)`. */
export function tapsBetween(start: number, kernel: number, dilation: number, low: number, high: number): number {
  return Math.max(0, Math.min(kernel, tapAtOrAfter(start, dilation, high)) - tapAtOrAfter(start, dilation, low));
}
