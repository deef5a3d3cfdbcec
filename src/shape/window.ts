import { OptionError, ShapeError } from '../errors.ts';
import { areCounts, type Pair, show, type Triple } from './check.ts';

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

interface Axis {
  readonly begin: number;
  readonly end: number;
  readonly extent: number;
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

/** Padding of any form, checked, as a rule or as [top, bottom, left, right]. */
export function padding(value: unknown): 'same' | 'same-lower' | readonly [number, number, number, number] {
  if (value === 'same' || value === 'same-lower') return value;
  if (value === undefined || value === 'valid') return [0, 0, 0, 0];
  const list = typeof value === 'number' ? [value, value] : value;
  if (!areCounts(list) || (list.length !== 2 && list.length !== 4)) {
    throw new OptionError(
      'options.padding',
      show(value),
      "a whole number of at least 0, [height, width], [top, bottom, left, right], 'same', 'same-lower' or 'valid'",
    );
  }
  return list.length === 2 ? [list[0], list[0], list[1], list[1]] : [list[0], list[1], list[2], list[3]];
}

/** `same`: as many outputs as strides fit; an odd total puts the extra one after the input, `same-lower` before it. */
export function samePadding(input: number, kernel: number, stride: number, dilation: number, lower: boolean): [begin: number, end: number] {
  const out = Math.ceil(input / stride);
  const total = Math.max(0, (out - 1) * stride + dilation * (kernel - 1) + 1 - input);
  const less = Math.floor(total / 2);
  return lower ? [total - less, less] : [less, total - less];
}

export function windows(
  input: Pair,
  kernel: Pair,
  strides: Pair,
  dilations: Pair,
  given: Padding | undefined,
  rounding: RoundingType,
  kernelName: string,
  names: readonly [string, string] = ['rows', 'columns'],
): Window {
  const sides = padding(given);
  const axis = (i: 0 | 1): Axis => {
    const [begin, end] =
      typeof sides === 'string'
        ? samePadding(input[i], kernel[i], strides[i], dilations[i], sides === 'same-lower')
        : [sides[2 * i], sides[2 * i + 1]];
    const reach = dilations[i] * (kernel[i] - 1) + 1;
    if (!(reach <= input[i] + begin + end)) {
      throw new ShapeError(
        kernelName,
        `a window that reaches over ${reach} ${names[i]}`,
        `at most the ${input[i] + begin + end} of the padded input`,
      );
    }
    return { begin, end, extent: outExtent(input[i], begin, end, kernel[i], strides[i], dilations[i], rounding) };
  };
  const rows = axis(0);
  const columns = axis(1);
  return {
    inHeight: input[0],
    inWidth: input[1],
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideHeight: strides[0],
    strideWidth: strides[1],
    dilationHeight: dilations[0],
    dilationWidth: dilations[1],
    top: rows.begin,
    bottom: rows.end,
    left: columns.begin,
    right: columns.end,
    outHeight: rows.extent,
    outWidth: columns.extent,
  };
}
