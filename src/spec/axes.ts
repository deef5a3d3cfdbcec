import { OptionError, ShapeError } from '../errors.ts';
import { areCounts, MAX_LENGTH, show, type Triple } from './check.ts';
import { outExtent, type RoundingType, samePadding, type Window } from './window.ts';

/**
 * Windows in one, two or three dimensions are windows in three: what a tensor of fewer dimensions lacks are slices, and rows, of
 * one cell.
 */
export type Rank = 1 | 2 | 3;

/** By rule, or as [front, back, top, bottom, left, right]. */
export type Sides = 'same' | 'same-lower' | readonly number[];

const AXES = ['depth', 'height', 'width'];
const SIDES = ['front', 'back', 'top', 'bottom', 'left', 'right'];
export const CELLS = ['slices', 'rows', 'columns'];
const COUNTED = ['', 'one', 'two', 'three'];

/** One value an axis, and `fallback` for the axes that are not there. */
export function toTriple(values: readonly number[], fallback: number): Triple {
  const [depth, height, width] = [fallback, fallback, ...values].slice(-3);
  return [depth, height, width];
}

const names = (all: readonly string[], count: number) => `[${all.slice(-count).join(', ')}]`;

/** Whole numbers from `least` on: one for all axes, or one each. */
export function perAxis(argument: string, value: unknown, fallback: number, least: number, rank: Rank): Triple {
  const given = value === undefined ? fallback : value;
  const numbers = typeof given === 'number' ? Array.from({ length: rank }, () => given) : given;
  if (!areCounts(numbers) || numbers.length !== rank || !numbers.every((n) => n >= least && n <= MAX_LENGTH)) {
    const list = `${COUNTED[rank]} of them ${names(AXES, rank)}`;
    throw new OptionError(argument, show(value), `a whole number of at least ${least}, or ${list}`);
  }
  return toTriple(numbers, fallback);
}

/** Padding of any form, checked. */
export function paddingSides(value: unknown, rank: Rank): Sides {
  if (value === 'same' || value === 'same-lower') return value;
  if (value === undefined || value === 'valid') return [0, 0, 0, 0, 0, 0];
  const list = typeof value === 'number' ? Array.from({ length: rank }, () => value) : value;
  if (!areCounts(list) || (list.length !== rank && list.length !== 2 * rank) || !list.every((n) => n <= MAX_LENGTH)) {
    const forms = `${names(AXES, rank)}, ${names(SIDES, 2 * rank)}, 'same', 'same-lower' or 'valid'`;
    throw new OptionError('options.padding', show(value), `a whole number of at least 0, ${forms}`);
  }
  const sides = list.length === rank ? list.flatMap((n) => [n, n]) : list;
  return [0, 0, 0, 0, ...sides].slice(-6);
}

/** How windows lie over an input, in three dimensions. */
export interface ConvWindow extends Window {
  readonly inDepth: number;
  readonly kernelDepth: number;
  readonly strideDepth: number;
  readonly dilationDepth: number;
  readonly front: number;
  readonly back: number;
  readonly outDepth: number;
}

interface Geometry {
  readonly input: Triple;
  readonly kernel: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  /** [front, back, top, bottom, left, right] */
  readonly padding: readonly number[];
  readonly out: Triple;
}

export function convWindow({ input, kernel, strides, dilations, padding, out }: Geometry): ConvWindow {
  return {
    inDepth: input[0],
    inHeight: input[1],
    inWidth: input[2],
    kernelDepth: kernel[0],
    kernelHeight: kernel[1],
    kernelWidth: kernel[2],
    strideDepth: strides[0],
    strideHeight: strides[1],
    strideWidth: strides[2],
    dilationDepth: dilations[0],
    dilationHeight: dilations[1],
    dilationWidth: dilations[2],
    front: padding[0],
    back: padding[1],
    top: padding[2],
    bottom: padding[3],
    left: padding[4],
    right: padding[5],
    outDepth: out[0],
    outHeight: out[1],
    outWidth: out[2],
  };
}

/** Of a window: input, kernel, strides, dilations, padding before, and output, axis by axis. */
export function axesOf(window: ConvWindow) {
  const { inDepth, inHeight, inWidth, kernelDepth, kernelHeight, kernelWidth, outDepth, outHeight, outWidth } = window;
  const { strideDepth, strideHeight, strideWidth, dilationDepth, dilationHeight, dilationWidth, front, top, left } = window;
  return {
    input: [inDepth, inHeight, inWidth],
    kernel: [kernelDepth, kernelHeight, kernelWidth],
    strides: [strideDepth, strideHeight, strideWidth],
    dilations: [dilationDepth, dilationHeight, dilationWidth],
    begin: [front, top, left],
    out: [outDepth, outHeight, outWidth],
  } as const;
}

/** Padding by its rule, and output sizes by the textbook's formula. */
export function windowsOver(
  input: Triple,
  kernel: Triple,
  strides: Triple,
  dilations: Triple,
  sides: Sides,
  argument = 'filter',
  rounding: RoundingType = 'floor',
): ConvWindow {
  const padding: number[] = [];
  const out = input.map((extent, axis) => {
    const [begin, end] =
      typeof sides === 'string'
        ? samePadding(extent, kernel[axis], strides[axis], dilations[axis], sides === 'same-lower')
        : [sides[2 * axis], sides[2 * axis + 1]];
    const reach = dilations[axis] * (kernel[axis] - 1) + 1;
    if (!(reach <= extent + begin + end)) {
      const given = `a window that reaches over ${reach} ${CELLS[axis]}`;
      throw new ShapeError(argument, given, `at most the ${extent + begin + end} of the padded input`);
    }
    padding.push(begin, end);
    return outExtent(extent, begin, end, kernel[axis], strides[axis], dilations[axis], rounding);
  });
  return convWindow({ input, kernel, strides, dilations, padding, out: [out[0], out[1], out[2]] });
}
