import { OptionError } from '../errors.ts';
import { axesOf, CELLS, type ConvWindow, convWindow, paddingSides, perAxis, type Rank, toTriple, windowsOver } from './axes.ts';
import { show } from './check.ts';
import type { RoundingType, Window } from './window.ts';

/** Windows over one, two or three dimensions: a plane's, and before them those along the depth. */

export interface Windows {
  readonly plane: Window;
  /** Along the depth, as rows of one column. */
  readonly depth: Window | undefined;
}

/** One number for every dimension, or one for each. */
export function extents(argument: string, value: unknown, fallback: readonly number[]): readonly number[] {
  const rank = fallback.length as Rank;
  return value === undefined ? fallback : perAxis(argument, value, 1, 1, rank).slice(-rank);
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
  const sides = paddingSides(padding, rank);
  const triple = (list: readonly number[]) => toTriple(list, 1);
  const argument = 'options.windowDimensions';
  const window = windowsOver(triple(input), triple(kernel), triple(strides), triple(dilations), sides, argument, rounding);
  refusePaddingAlone(window, rank);
  return planeAndDepth(window, rank);
}

/** No window may begin, or end, so far outside that all of it is padding. */
function refusePaddingAlone(window: ConvWindow, rank: Rank): void {
  const { kernel, dilations } = axesOf(window);
  const sides = [window.front, window.back, window.top, window.bottom, window.left, window.right];
  const reaches = kernel.map((taps, axis) => dilations[axis] * (taps - 1) + 1);
  if (reaches.every((reach, axis) => sides[2 * axis] < reach && sides[2 * axis + 1] < reach)) return;
  const least = reaches.map((reach, axis) => `${reach} ${CELLS[axis]}`).slice(-rank);
  throw new OptionError('options.padding', show(sides.slice(-2 * rank)), `less than the window reaches over, ${least.join(' and ')}`);
}

/** As many windows as `sizes` say, which share the input out: of one extent where it is a multiple, else with a stride of 0. */
export function adaptiveWindows(input: readonly number[], sizes: readonly number[]): Windows {
  const out = toTriple(sizes, 1);
  const extent = toTriple(input, 1);
  const one = [1, 1, 1] as const;
  for (const axis of [0, 1, 2]) {
    if (extent[axis] * out[axis] <= 2 ** 31) continue;
    throw new OptionError('options.outputSizes', `${out[axis]} windows over an extent of ${extent[axis]}`, 'a product of at most 2^31');
  }
  const shared = (axis: number, uneven: number) => (extent[axis] % out[axis] === 0 ? extent[axis] / out[axis] : uneven);
  const kernel = [shared(0, extent[0]), shared(1, extent[1]), shared(2, extent[2])] as const;
  const strides = [shared(0, 0), shared(1, 0), shared(2, 0)] as const;
  const window = convWindow({ input: extent, kernel, strides, dilations: one, padding: [0, 0, 0, 0, 0, 0], out });
  return planeAndDepth(window, input.length as Rank);
}

function planeAndDepth(window: ConvWindow, rank: Rank): Windows {
  const { inDepth, kernelDepth, strideDepth, dilationDepth, front, back, outDepth } = window;
  const depth: Window = {
    inHeight: inDepth,
    inWidth: 1,
    kernelHeight: kernelDepth,
    kernelWidth: 1,
    strideHeight: strideDepth,
    strideWidth: 1,
    dilationHeight: dilationDepth,
    dilationWidth: 1,
    top: front,
    bottom: back,
    left: 0,
    right: 0,
    outHeight: outDepth,
    outWidth: 1,
  };
  return { plane: window, depth: rank === 3 ? depth : undefined };
}
