import { OptionError, ShapeError } from '../errors.ts';
import type { Rank } from './axes.ts';
import { areCounts, MAX_LENGTH, show } from './check.ts';
import { type Padding, type RoundingType, type Window, windows } from './window.ts';

/** Windows over one, two or three dimensions: a plane's, and before them those along the depth. */

export interface Windows {
  readonly plane: Window;
  /** Along the depth, as rows of one column. */
  readonly depth: Window | undefined;
}

const AXES = ['depth', 'height', 'width'] as const;

/** One number for every dimension, or one for each. */
export function extents(argument: string, value: unknown, fallback: readonly number[]): readonly number[] {
  if (value === undefined) return fallback;
  const rank = fallback.length;
  const numbers = typeof value === 'number' ? fallback.map(() => value) : value;
  if (!areCounts(numbers) || numbers.length !== rank || !numbers.every((n) => n >= 1 && n <= MAX_LENGTH)) {
    throw new OptionError(argument, show(value), `a whole number of at least 1, or ${rank} of them [${AXES.slice(-rank).join(', ')}]`);
  }
  return numbers;
}

/** Padding of any form, as a rule or as [before, after] of each dimension in one list. */
function sides(value: unknown, rank: Rank): 'same' | 'same-lower' | readonly number[] {
  if (value === 'same' || value === 'same-lower') return value;
  const given = value === undefined || value === 'valid' ? 0 : value;
  const list = typeof given === 'number' ? new Array<number>(rank).fill(given) : given;
  if (!areCounts(list) || (list.length !== rank && list.length !== 2 * rank)) {
    const named = AXES.slice(-rank).join(', ');
    throw new OptionError(
      'options.padding',
      show(value),
      `a whole number of at least 0, [${named}], ${2 * rank} of them, before and after each of these, 'same', 'same-lower' or 'valid'`,
    );
  }
  return list.length === rank ? list.flatMap((n) => [n, n]) : list;
}

export function poolWindows(
  input: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  padding: unknown,
  rounding: RoundingType,
): Windows {
  const rank = input.length as Rank;
  const cells = sides(padding, rank);
  const of = (height: number, width: number, names: readonly [string, string]): Window => {
    const pick = (list: readonly number[]): [number, number] => [list[height] ?? 1, list[width] ?? 1];
    const pad = (axis: number) => (typeof cells === 'string' ? [] : [cells[2 * axis] ?? 0, cells[2 * axis + 1] ?? 0]);
    const given = (typeof cells === 'string' ? cells : [...pad(height), ...pad(width)]) as Padding;
    const window = windows(pick(input), pick(kernel), pick(strides), pick(dilations), given, rounding, 'options.windowDimensions', names);
    refusePaddingAlone(window, names);
    return window;
  };
  return {
    plane: of(rank - 2, rank - 1, ['rows', 'columns']),
    depth: rank === 3 ? of(0, 3, ['planes', 'columns']) : undefined,
  };
}

/** No window may begin, or end, so far outside that all of it is padding. */
function refusePaddingAlone({ top, bottom, left, right, ...window }: Window, [rows, columns]: readonly [string, string]): void {
  const height = window.dilationHeight * (window.kernelHeight - 1) + 1;
  const width = window.dilationWidth * (window.kernelWidth - 1) + 1;
  if (top < height && bottom < height && left < width && right < width) return;
  throw new OptionError(
    'options.padding',
    rows === 'rows'
      ? `${top} above, ${bottom} below, ${left} left and ${right} right of the input`
      : `${top} before and ${bottom} behind the input`,
    `less than the window reaches over, ${height} ${rows} and ${width} ${columns}`,
  );
}

/** As many windows as `sizes` say, which share the input out: of one extent where it is a multiple, else with a stride of 0. */
export function adaptiveWindows(input: readonly number[], sizes: readonly number[]): Windows {
  const axis = (i: number) => {
    const extent = input[i] ?? 1;
    const out = sizes[i] ?? 1;
    if (extent * out > 2 ** 31) {
      throw new OptionError('options.outputSizes', `${out} windows over an extent of ${extent}`, 'a product of at most 2^31');
    }
    const even = extent % out === 0;
    return { extent, out, kernel: even ? extent / out : extent, stride: even ? extent / out : 0 };
  };
  const of = (height: number, width: number): Window => {
    const rows = axis(height);
    const columns = axis(width);
    return {
      inHeight: rows.extent,
      inWidth: columns.extent,
      kernelHeight: rows.kernel,
      kernelWidth: columns.kernel,
      strideHeight: rows.stride,
      strideWidth: columns.stride,
      dilationHeight: 1,
      dilationWidth: 1,
      top: 0,
      bottom: 0,
      left: 0,
      right: 0,
      outHeight: rows.out,
      outWidth: columns.out,
    };
  };
  const rank = input.length;
  return { plane: of(rank - 2, rank - 1), depth: rank === 3 ? of(0, 3) : undefined };
}

/** An f32 counts the cells of a plane exactly up to here. */
const MAX_CELLS = 2 ** 24;

/** Planes whose places are to be written as floats. */
export function refuseLargePlanes(argument: string, shape: readonly number[], spatial: readonly number[]): void {
  const cells = spatial.reduce((product, extent) => product * extent, 1);
  if (cells > MAX_CELLS) throw new ShapeError(argument, show(shape), `planes of at most ${MAX_CELLS} cells, which a float counts exactly`);
}
