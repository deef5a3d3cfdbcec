import { planPool } from '../plan/pool.ts';
import { type AveragePool2dOptions, type Pool2dOptions, type PoolReduction, pool2d } from '../shape/pool.ts';
import type { Tensor } from '../tensor.ts';
import { type Operation, type Operations, one } from './operation.ts';

export interface PoolOperators {
  /**
   * The greatest of each window. A NaN in a window makes its result NaN; of −0 and +0 the first counts, column by
   * column. A dilated window whose taps all lie in the padding gives −Infinity.
   *
   * @param x [batch, channels, height, width], or [batch, height, width, channels] with `layout: 'nhwc'`
   * @returns [batch, channels, outHeight, outWidth] in the layout of the input, where
   *   out = floor((in + padding − dilation · (window − 1) − 1) / stride) + 1; with `roundingType: 'ceil'` rounded up, less
   *   a last window that would begin in the padding after the input
   * @throws ShapeError, LayoutError, OptionError before anything is written
   */
  maxPool2d(x: Tensor, options?: Pool2dOptions): Tensor;

  /**
   * The sum of each window divided by the number of its cells: those of the input, or with `countIncludePad` of the
   * padding too. A dilated window whose taps all lie in padding that does not count gives NaN, the average of nothing.
   * Shapes and errors as in `maxPool2d`.
   */
  averagePool2d(x: Tensor, options?: AveragePool2dOptions): Tensor;

  /**
   * The square root of the sum of squares of each window; padding adds nothing. Squares are summed as f32: beyond 1.8e19
   * they are Infinity, below 2.6e-23 they vanish. Shapes and errors as in `maxPool2d`.
   */
  l2Pool2d(x: Tensor, options?: Pool2dOptions): Tensor;
}

function reduced(reduction: PoolReduction, x: Tensor, options: AveragePool2dOptions | undefined): Operation {
  const { spec, out } = pool2d(reduction, x, options);
  return one(x, spec.outShape, out, planPool(spec));
}

export const pool: Operations<PoolOperators> = {
  maxPool2d: (x, options) => reduced('max', x, options),
  averagePool2d: (x, options) => reduced('average', x, options),
  l2Pool2d: (x, options) => reduced('l2', x, options),
};
