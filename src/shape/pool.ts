import { OptionError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { boolean, checkLength, known, type Layout, layout, oneOf, out, type Pair, pair, tensor } from './check.ts';
import { type Padding, type RoundingType, type Window, windows } from './window.ts';

/** Options of `maxPool2d` and `l2Pool2d`. */
export interface Pool2dOptions {
  /** Extent of the window in pixels, `n` or `[height, width]`; the whole input unless given (global pooling). */
  readonly windowDimensions?: number | Pair;
  /** Step of the window in pixels, `n` or `[height, width]`; 1 unless given. */
  readonly strides?: number | Pair;
  /**
   * Cells around the input that hold nothing; 0 unless given. Less on each side than the window reaches, so that none
   * lies in the padding alone.
   */
  readonly padding?: Padding;
  /** Distance of the window's taps in pixels, `n` or `[height, width]`; 1 unless given. */
  readonly dilations?: number | Pair;
  /** `'nchw'` unless given. */
  readonly layout?: Layout;
  /** Whether a last window that does not fit is left out (`'floor'`, the default) or clipped (`'ceil'`). */
  readonly roundingType?: RoundingType;
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** Options of `averagePool2d`. */
export interface AveragePool2dOptions extends Pool2dOptions {
  /**
   * Whether padding counts in what a sum is divided by; false unless given. What a window rounded up reaches beyond the
   * padding never counts.
   */
  readonly countIncludePad?: boolean;
}

const POOL_OPTIONS = ['windowDimensions', 'strides', 'padding', 'dilations', 'layout', 'roundingType', 'out'] as const;

export type PoolReduction = 'max' | 'average' | 'l2';

/** A pooling, checked. */
export interface Pool2dSpec {
  readonly reduction: PoolReduction;
  readonly batch: number;
  readonly channels: number;
  readonly layout: Layout;
  readonly window: Window;
  readonly countIncludePad: boolean;
  readonly outShape: readonly number[];
}

/** No window may begin, or end, so far outside that all of it is padding. */
function refusePaddingAlone({ top, bottom, left, right, ...window }: Window): void {
  const height = window.dilationHeight * (window.kernelHeight - 1) + 1;
  const width = window.dilationWidth * (window.kernelWidth - 1) + 1;
  if (top < height && bottom < height && left < width && right < width) return;
  throw new OptionError(
    'options.padding',
    `${top} above, ${bottom} below, ${left} left and ${right} right of the input`,
    `less than the window reaches over, ${height} rows and ${width} columns`,
  );
}

export function pool2d(
  reduction: PoolReduction,
  x: Tensor,
  given: AveragePool2dOptions | undefined,
): { spec: Pool2dSpec; out: Tensor | undefined } {
  const options: AveragePool2dOptions = known(
    'options',
    given,
    reduction === 'average' ? [...POOL_OPTIONS, 'countIncludePad'] : POOL_OPTIONS,
  );
  tensor('x', x, 4);
  const dataLayout = layout('options.layout', options.layout, 'nchw', ['nchw', 'nhwc']);
  const nchw = dataLayout === 'nchw';
  const [batch] = x.shape;
  const [channels, height, width] = nchw ? [x.shape[1], x.shape[2], x.shape[3]] : [x.shape[3], x.shape[1], x.shape[2]];
  const window = windows(
    [height, width],
    options.windowDimensions === undefined ? [height, width] : pair('options.windowDimensions', options.windowDimensions, 1, 1),
    pair('options.strides', options.strides, 1, 1),
    pair('options.dilations', options.dilations, 1, 1),
    options.padding,
    oneOf('options.roundingType', options.roundingType, 'floor', ['floor', 'ceil']),
    'options.windowDimensions',
  );
  refusePaddingAlone(window);
  checkLength('options.padding', [height + window.top + window.bottom, width + window.left + window.right, nchw ? 1 : channels]);
  const { outHeight, outWidth } = window;
  const outShape = nchw ? [batch, channels, outHeight, outWidth] : [batch, outHeight, outWidth, channels];
  checkLength('out.shape', outShape);
  const countIncludePad = boolean('options.countIncludePad', options.countIncludePad, false);
  const spec = { reduction, batch, channels, layout: dataLayout, window, countIncludePad, outShape };
  return { spec, out: out(options.out, outShape, { x }) };
}
