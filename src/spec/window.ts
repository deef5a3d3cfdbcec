import type { Pair, Triple } from './check.ts';

/** Geometry that convolution and pooling share: how windows lie over an input. */

/**
 * `'same'`: as much as gives ⌈in / stride⌉ results in each direction, of an odd number the greater half at the end;
 * `'same-lower'`: the greater half at the beginning; `'valid'`: none.
 */
export type PaddingRule = 'same' | 'same-lower' | 'valid';
/** `n`, `[height, width]`, `[top, bottom, left, right]`, or by rule. */
export type Padding = number | Pair | readonly [top: number, bottom: number, left: number, right: number] | PaddingRule;
/** `n`, `[n]`, `[left, right]`, or by rule. */
export type Padding1d = number | readonly [number] | readonly [left: number, right: number] | PaddingRule;
/** `n`, `[depth, height, width]`, `[front, back, top, bottom, left, right]`, or by rule. */
export type Padding3d =
  | number
  | Triple
  | readonly [front: number, back: number, top: number, bottom: number, left: number, right: number]
  | PaddingRule;

/** What becomes of a last window that does not fit: left out, or clipped. */
export type RoundingType = 'floor' | 'ceil';

export interface Window {
  readonly inHeight: number;
  readonly inWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/**
 * `floor((input + begin + end - dilation · (kernel - 1) - 1) / stride) + 1`, the textbook's formula. Rounded up, a last
 * window that would begin in the padding after the input is left out (as in PyTorch and ONNX).
 */
export function outExtent(
  input: number,
  begin: number,
  end: number,
  kernel: number,
  stride: number,
  dilation: number,
  rounding: RoundingType,
): number {
  const room = input + begin + end - dilation * (kernel - 1) - 1;
  if (rounding === 'floor') return Math.floor(room / stride) + 1;
  const extent = Math.ceil(room / stride) + 1;
  return (extent - 1) * stride >= input + begin ? extent - 1 : extent;
}

/** `same`: as many outputs as strides fit; an odd total puts the extra one after the input, `same-lower` before it. */
export function samePadding(input: number, kernel: number, stride: number, dilation: number, lower: boolean): [begin: number, end: number] {
  const out = Math.ceil(input / stride);
  const total = Math.max(0, (out - 1) * stride + dilation * (kernel - 1) + 1 - input);
  const less = Math.floor(total / 2);
  return lower ? [total - less, less] : [less, total - less];
}
