import { Plan } from '../plan/plan.ts';
import { planMaxPoolWithIndices, planPool, planPoolBackward, planUnpool } from '../plan/pool.ts';
import type { Rank } from '../spec/axes.ts';
import type { Layout, Layout1d, Layout3d, Pair, Triple } from '../spec/check.ts';
import {
  type AdaptivePoolOptions,
  type AveragePool1dOptions,
  type AveragePool2dOptions,
  type AveragePool3dOptions,
  adaptivePool,
  adaptivePoolBackward,
  pool as checkPool,
  type LpPool1dOptions,
  type LpPool2dOptions,
  type LpPool3dOptions,
  type MaxPool2dWithIndicesOptions,
  type MaxUnpool2dOptions,
  maxPoolWithIndices,
  maxUnpool,
  maxUnpoolBackward,
  type Pool1dOptions,
  type Pool2dOptions,
  type Pool3dOptions,
  type PoolReduction,
  type PoolSpec,
  poolBackward,
  type ValuesAndIndices,
} from '../spec/pool.ts';
import { dtypeOfTensor, type Out, type ResidentLike, type Tensor } from '../tensor/tensor.ts';
import { type Operation, type Operations, one } from './operation.ts';

/** Places in planes, whole numbers of either type. */
export type Indices = Tensor<Int32Array> | Tensor;

/** Pooling. */
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
   * @example engine.maxPool2d(tensor([2, 6, 33, 37]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  maxPool2d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: Pool2dOptions & Out<O>): O;

  /**
   * The sum of each window divided by the number of its cells: those of the input, or with `countIncludePad` of the
   * padding too. A dilated window whose taps all lie in padding that does not count gives NaN, the average of nothing.
   * Shapes and errors as in `maxPool2d`.
   *
   * @example engine.averagePool2d(tensor([2, 6, 33, 37]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  averagePool2d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: AveragePool2dOptions & Out<O>): O;

  /**
   * The square root of the sum of squares of each window; padding adds nothing. Squares are summed as f32: beyond 1.8e19
   * they are Infinity, below 2.6e-23 they vanish. Shapes and errors as in `maxPool2d`.
   *
   * @example engine.l2Pool2d(tensor([2, 6, 33, 37]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  l2Pool2d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: Pool2dOptions & Out<O>): O;

  /**
   * The p-norm of each window, (Σ|x|^p)^(1/p), p = `norm` = 2 unless given. Norms of 1 and 2 are sums and roots of f32; the powers of
   * any other are computed in f64 and rounded. Shapes and errors as in `maxPool2d`.
   *
   * @example engine.lpPool2d(tensor([2, 6, 33, 37]), { norm: 3, windowDimensions: 3, strides: 2, padding: 1 })
   */
  lpPool2d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: LpPool2dOptions & Out<O>): O;

  /**
   * `maxPool2d` over one dimension: x is [batch, channels, width], or [batch, width, channels] with `layout: 'nwc'`.
   *
   * @example engine.maxPool1d(tensor([2, 5, 901]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  maxPool1d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: Pool1dOptions & Out<O>): O;
  /**
   * `averagePool2d` over one dimension, shapes as in `maxPool1d`.
   *
   * @example engine.averagePool1d(tensor([2, 5, 901]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  averagePool1d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: AveragePool1dOptions & Out<O>): O;
  /**
   * `l2Pool2d` over one dimension, shapes as in `maxPool1d`.
   *
   * @example engine.l2Pool1d(tensor([2, 5, 901]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  l2Pool1d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: Pool1dOptions & Out<O>): O;
  /**
   * `lpPool2d` over one dimension, shapes as in `maxPool1d`.
   *
   * @example engine.lpPool1d(tensor([2, 5, 901]), { norm: 3, windowDimensions: 3, strides: 2, padding: 1 })
   */
  lpPool1d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: LpPool1dOptions & Out<O>): O;

  /**
   * `maxPool2d` over three dimensions: x is [batch, channels, depth, height, width], or [batch, depth, height, width, channels] with
   * `layout: 'ndhwc'`. Windows are reduced along the depth first.
   *
   * @example engine.maxPool3d(tensor([2, 3, 7, 19, 21]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  maxPool3d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: Pool3dOptions & Out<O>): O;
  /**
   * `averagePool2d` over three dimensions, shapes as in `maxPool3d`: along the depth first, each time divided by what counts.
   *
   * @example engine.averagePool3d(tensor([2, 3, 7, 19, 21]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  averagePool3d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: AveragePool3dOptions & Out<O>): O;
  /**
   * `l2Pool2d` over three dimensions, shapes as in `maxPool3d`: squares are summed along the depth first, and have one root.
   *
   * @example engine.l2Pool3d(tensor([2, 3, 7, 19, 21]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  l2Pool3d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: Pool3dOptions & Out<O>): O;
  /**
   * `lpPool2d` over three dimensions, shapes as in `maxPool3d`.
   *
   * @example engine.lpPool3d(tensor([2, 3, 7, 19, 21]), { norm: 3, windowDimensions: 3, strides: 2, padding: 1 })
   */
  lpPool3d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: LpPool3dOptions & Out<O>): O;

  /**
   * The maximum of each window, and where it lies in its plane, y · width + x, as an int32: row by row the first of those that are
   * equal, or the last NaN, as in PyTorch. `values` are the floats there, so of −0 and +0 the first in that order. A dilated window
   * with no tap over the input has −Infinity and −1.
   *
   * @returns `values` and `indices`, whose data is an Int32Array
   * @throws what `maxPool2d` throws
   * @example engine.maxPool2dWithIndices(tensor([2, 6, 33, 37]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  maxPool2dWithIndices<T extends Tensor>(
    x: T,
    options?: MaxPool2dWithIndicesOptions,
  ): ValuesAndIndices<ResidentLike<T>, ResidentLike<T, Int32Array>>;

  /**
   * Puts each float of `x` where `indices` say in a plane of zeros; of several in one place the last stays. An index that is not a
   * whole number from 0 up to the last cell of the plane puts nothing anywhere: −1, 0.5 and NaN are none. It is no error, since an
   * operand may still be in the making when a call is checked.
   * Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014.
   *
   * @param x what `maxPool2dWithIndices` gave, or anything of that shape
   * @param indices of the same shape: an Int32Array, or a Float32Array of whole numbers
   * @param options the windows of the pooling, or `outputSizes`, or both where strides rounded
   * @returns planes of `outputSizes`, or else of (in − 1) · stride − padding + window
   * @example engine.maxUnpool2d(tensor([2, 6, 17, 19]), indices([2, 6, 17, 19], 1292), { outputSizes: [34, 38] })
   */
  maxUnpool2d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, indices: Indices, options?: MaxUnpool2dOptions & Out<O>): O;

  /**
   * The average of each of `outputSizes` windows, `n` or `[height, width]`, which share the input out: window i goes from
   * ⌊i · in / out⌋ up to ⌈(i + 1) · in / out⌉, as in PyTorch.
   *
   * @example engine.adaptiveAveragePool2d(tensor([2, 6, 33, 37]), [7, 11])
   */
  adaptiveAveragePool2d<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    x: T,
    outputSizes: number | Pair,
    options?: AdaptivePoolOptions<Layout> & Out<O>,
  ): O;
  /**
   * The maximum of each of these windows.
   *
   * @example engine.adaptiveMaxPool2d(tensor([2, 6, 33, 37]), [7, 11])
   */
  adaptiveMaxPool2d<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    x: T,
    outputSizes: number | Pair,
    options?: AdaptivePoolOptions<Layout> & Out<O>,
  ): O;
  /**
   * `adaptiveAveragePool2d` over one dimension, `outputSizes` `n` or `[width]`; shapes as in `maxPool1d`.
   *
   * @example engine.adaptiveAveragePool1d(tensor([2, 5, 901]), 70)
   */
  adaptiveAveragePool1d<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    x: T,
    outputSizes: number | readonly [number],
    options?: AdaptivePoolOptions<Layout1d> & Out<O>,
  ): O;
  /**
   * The maximum of each window of `adaptiveAveragePool1d`.
   *
   * @example engine.adaptiveMaxPool1d(tensor([2, 5, 901]), 70)
   */
  adaptiveMaxPool1d<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    x: T,
    outputSizes: number | readonly [number],
    options?: AdaptivePoolOptions<Layout1d> & Out<O>,
  ): O;
  /**
   * `adaptiveAveragePool2d` over three dimensions, `outputSizes` `n` or `[depth, height, width]`; shapes as in `maxPool3d`.
   *
   * @example engine.adaptiveAveragePool3d(tensor([2, 3, 7, 19, 21]), [3, 5, 4])
   */
  adaptiveAveragePool3d<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    x: T,
    outputSizes: number | Triple,
    options?: AdaptivePoolOptions<Layout3d> & Out<O>,
  ): O;
  /**
   * The maximum of each window of `adaptiveAveragePool3d`.
   *
   * @example engine.adaptiveMaxPool3d(tensor([2, 3, 7, 19, 21]), [3, 5, 4])
   */
  adaptiveMaxPool3d<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    x: T,
    outputSizes: number | Triple,
    options?: AdaptivePoolOptions<Layout3d> & Out<O>,
  ): O;

  /**
   * The gradient of `maxPool2d`: each of `dy` is added where `maxPool2dWithIndices` finds the maximum, row by row of the result.
   *
   * @param dy the gradient of the result, of its shape
   * @param x what was pooled
   * @param options those of the forward call
   * @returns the gradient of x, of its shape and layout
   * @throws ShapeError if `dy` has another shape than the result
   * @example engine.maxPool2dBackward(tensor([2, 6, 17, 19]), tensor([2, 6, 33, 37]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  maxPool2dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: Pool2dOptions & Out<O>): O;
  /**
   * The gradient of `averagePool2d`: each of `dy` over the cells of its window, added to all of its taps.
   *
   * @example engine.averagePool2dBackward(tensor([2, 6, 17, 19]), tensor([2, 6, 33, 37]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  averagePool2dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: AveragePool2dOptions & Out<O>): O;
  /**
   * The gradient of `l2Pool2d`: x · Σ dy / y over the windows of x; none from a window whose norm is 0.
   *
   * @example engine.l2Pool2dBackward(tensor([2, 6, 17, 19]), tensor([2, 6, 33, 37]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  l2Pool2dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: Pool2dOptions & Out<O>): O;
  /**
   * The gradient of `lpPool2d`: sign(x) · |x|^(p − 1) · Σ dy · y^(1 − p); none at 0, nor from a window whose norm is 0.
   *
   * @example engine.lpPool2dBackward(tensor([2, 6, 17, 19]), tensor([2, 6, 33, 37]),
   *   { norm: 3, windowDimensions: 3, strides: 2, padding: 1 })
   */
  lpPool2dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: LpPool2dOptions & Out<O>): O;
  /**
   * `maxPool2dBackward` over one dimension: of several maxima that are equal, the first; shapes as in `maxPool1d`.
   *
   * @example engine.maxPool1dBackward(tensor([2, 5, 451]), tensor([2, 5, 901]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  maxPool1dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: Pool1dOptions & Out<O>): O;
  /**
   * `averagePool2dBackward` over one dimension, shapes as in `maxPool1d`.
   *
   * @example engine.averagePool1dBackward(tensor([2, 5, 451]), tensor([2, 5, 901]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  averagePool1dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: AveragePool1dOptions & Out<O>): O;
  /**
   * `l2Pool2dBackward` over one dimension, shapes as in `maxPool1d`.
   *
   * @example engine.l2Pool1dBackward(tensor([2, 5, 451]), tensor([2, 5, 901]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  l2Pool1dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: Pool1dOptions & Out<O>): O;
  /**
   * `lpPool2dBackward` over one dimension, shapes as in `maxPool1d`.
   *
   * @example engine.lpPool1dBackward(tensor([2, 5, 451]), tensor([2, 5, 901]), { norm: 3, windowDimensions: 3, strides: 2, padding: 1 })
   */
  lpPool1dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: LpPool1dOptions & Out<O>): O;
  /**
   * `maxPool2dBackward` over three dimensions: of several maxima that are equal, the first by slice, row and column, or the last NaN, as
   * in PyTorch.
   *
   * @example engine.maxPool3dBackward(tensor([2, 3, 4, 10, 11]), tensor([2, 3, 7, 19, 21]),
   *   { windowDimensions: 3, strides: 2, padding: 1 })
   */
  maxPool3dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: Pool3dOptions & Out<O>): O;
  /**
   * `averagePool2dBackward` over three dimensions, shapes as in `maxPool3d`.
   *
   * @example engine.averagePool3dBackward(tensor([2, 3, 4, 10, 11]), tensor([2, 3, 7, 19, 21]),
   *   { windowDimensions: 3, strides: 2, padding: 1 })
   */
  averagePool3dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: AveragePool3dOptions & Out<O>): O;
  /**
   * `l2Pool2dBackward` over three dimensions, shapes as in `maxPool3d`.
   *
   * @example engine.l2Pool3dBackward(tensor([2, 3, 4, 10, 11]), tensor([2, 3, 7, 19, 21]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  l2Pool3dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: Pool3dOptions & Out<O>): O;
  /**
   * `lpPool2dBackward` over three dimensions, shapes as in `maxPool3d`.
   *
   * @example engine.lpPool3dBackward(tensor([2, 3, 4, 10, 11]), tensor([2, 3, 7, 19, 21]),
   *   { norm: 3, windowDimensions: 3, strides: 2, padding: 1 })
   */
  lpPool3dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: LpPool3dOptions & Out<O>): O;

  /**
   * The gradient of `maxUnpool2d` in x: what `dy` holds where `indices` say, as in PyTorch, and 0 for an index that names no cell.
   *
   * @example engine.maxUnpool2dBackward(tensor([2, 6, 34, 38]), tensor([2, 6, 17, 19]), indices([2, 6, 17, 19], 1292),
   *   { outputSizes: [34, 38] })
   */
  maxUnpool2dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    dy: Tensor,
    x: T,
    indices: Indices,
    options?: MaxUnpool2dOptions & Out<O>,
  ): O;

  /**
   * The gradient of `adaptiveAveragePool2d`: each of `dy` over the cells of its window, added to all of them.
   *
   * @example engine.adaptiveAveragePool2dBackward(tensor([2, 6, 7, 11]), tensor([2, 6, 33, 37]), [7, 11])
   */
  adaptiveAveragePool2dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    dy: Tensor,
    x: T,
    outputSizes: number | Pair,
    options?: AdaptivePoolOptions<Layout> & Out<O>,
  ): O;
  /**
   * The gradient of `adaptiveMaxPool2d`: each of `dy` added where its window has its maximum, chosen as in `maxPool2dBackward`.
   *
   * @example engine.adaptiveMaxPool2dBackward(tensor([2, 6, 7, 11]), tensor([2, 6, 33, 37]), [7, 11])
   */
  adaptiveMaxPool2dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    dy: Tensor,
    x: T,
    outputSizes: number | Pair,
    options?: AdaptivePoolOptions<Layout> & Out<O>,
  ): O;
  /**
   * `adaptiveAveragePool2dBackward` over one dimension, shapes as in `maxPool1d`.
   *
   * @example engine.adaptiveAveragePool1dBackward(tensor([2, 5, 70]), tensor([2, 5, 901]), 70)
   */
  adaptiveAveragePool1dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    dy: Tensor,
    x: T,
    outputSizes: number | readonly [number],
    options?: AdaptivePoolOptions<Layout1d> & Out<O>,
  ): O;
  /**
   * `adaptiveMaxPool2dBackward` over one dimension, shapes as in `maxPool1d`.
   *
   * @example engine.adaptiveMaxPool1dBackward(tensor([2, 5, 70]), tensor([2, 5, 901]), 70)
   */
  adaptiveMaxPool1dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    dy: Tensor,
    x: T,
    outputSizes: number | readonly [number],
    options?: AdaptivePoolOptions<Layout1d> & Out<O>,
  ): O;
  /**
   * `adaptiveAveragePool2dBackward` over three dimensions, shapes as in `maxPool3d`.
   *
   * @example engine.adaptiveAveragePool3dBackward(tensor([2, 3, 3, 5, 4]), tensor([2, 3, 7, 19, 21]), [3, 5, 4])
   */
  adaptiveAveragePool3dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    dy: Tensor,
    x: T,
    outputSizes: number | Triple,
    options?: AdaptivePoolOptions<Layout3d> & Out<O>,
  ): O;
  /**
   * `adaptiveMaxPool2dBackward` over three dimensions: of several maxima that are equal, the one that `maxPool3dBackward` takes.
   *
   * @example engine.adaptiveMaxPool3dBackward(tensor([2, 3, 3, 5, 4]), tensor([2, 3, 7, 19, 21]), [3, 5, 4])
   */
  adaptiveMaxPool3dBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    dy: Tensor,
    x: T,
    outputSizes: number | Triple,
    options?: AdaptivePoolOptions<Layout3d> & Out<O>,
  ): O;
}

interface Checked {
  readonly spec: PoolSpec;
  readonly out: Tensor | undefined;
}

function forward(x: Tensor, { spec, out }: Checked): Operation {
  const plan = new Plan();
  planPool(plan, spec, plan.named('x'), plan.named('out'));
  return one(x, { x }, spec.outShape, out, plan);
}

function backward(dy: Tensor, x: Tensor, { spec, out }: Checked): Operation {
  const plan = new Plan();
  planPoolBackward(plan, spec, plan.named('dy'), plan.named('x'), plan.named('out'));
  return one(x, { dy, x }, x.shape, out, plan);
}

type Plain = (x: Tensor, options?: object) => Operation;
type Gradient = (dy: Tensor, x: Tensor, options?: object) => Operation;
type Adaptive = (x: Tensor, outputSizes: unknown, options?: object) => Operation;
type AdaptiveGradient = (dy: Tensor, x: Tensor, outputSizes: unknown, options?: object) => Operation;

const of =
  (rank: Rank, reduction: PoolReduction): Plain =>
  (x, options) =>
    forward(x, checkPool(rank, reduction, x, options));

const gradientOf =
  (rank: Rank, reduction: PoolReduction): Gradient =>
  (dy, x, options) =>
    backward(dy, x, poolBackward(rank, reduction, dy, x, options));

const adaptive =
  (rank: Rank, reduction: 'max' | 'average'): Adaptive =>
  (x, outputSizes, options) =>
    forward(x, adaptivePool(rank, reduction, x, outputSizes, options));

const adaptiveGradient =
  (rank: Rank, reduction: 'max' | 'average'): AdaptiveGradient =>
  (dy, x, outputSizes, options) =>
    backward(dy, x, adaptivePoolBackward(rank, reduction, dy, x, outputSizes, options));

export const pool: Operations<PoolOperators> = {
  maxPool2d: of(2, 'max'),
  maxPool2dBackward: gradientOf(2, 'max'),
  averagePool2d: of(2, 'average'),
  averagePool2dBackward: gradientOf(2, 'average'),
  l2Pool2d: of(2, 'l2'),
  l2Pool2dBackward: gradientOf(2, 'l2'),
  lpPool2d: of(2, 'lp'),
  lpPool2dBackward: gradientOf(2, 'lp'),
  adaptiveAveragePool2d: adaptive(2, 'average'),
  adaptiveAveragePool2dBackward: adaptiveGradient(2, 'average'),
  adaptiveMaxPool2d: adaptive(2, 'max'),
  adaptiveMaxPool2dBackward: adaptiveGradient(2, 'max'),
  maxPool1d: of(1, 'max'),
  maxPool1dBackward: gradientOf(1, 'max'),
  averagePool1d: of(1, 'average'),
  averagePool1dBackward: gradientOf(1, 'average'),
  l2Pool1d: of(1, 'l2'),
  l2Pool1dBackward: gradientOf(1, 'l2'),
  lpPool1d: of(1, 'lp'),
  lpPool1dBackward: gradientOf(1, 'lp'),
  adaptiveAveragePool1d: adaptive(1, 'average'),
  adaptiveAveragePool1dBackward: adaptiveGradient(1, 'average'),
  adaptiveMaxPool1d: adaptive(1, 'max'),
  adaptiveMaxPool1dBackward: adaptiveGradient(1, 'max'),
  maxPool3d: of(3, 'max'),
  maxPool3dBackward: gradientOf(3, 'max'),
  averagePool3d: of(3, 'average'),
  averagePool3dBackward: gradientOf(3, 'average'),
  l2Pool3d: of(3, 'l2'),
  l2Pool3dBackward: gradientOf(3, 'l2'),
  lpPool3d: of(3, 'lp'),
  lpPool3dBackward: gradientOf(3, 'lp'),
  adaptiveAveragePool3d: adaptive(3, 'average'),
  adaptiveAveragePool3dBackward: adaptiveGradient(3, 'average'),
  adaptiveMaxPool3d: adaptive(3, 'max'),
  adaptiveMaxPool3dBackward: adaptiveGradient(3, 'max'),
  maxPool2dWithIndices(x, options) {
    const { spec, values, indices } = maxPoolWithIndices(x, options);
    const plan = new Plan();
    planMaxPoolWithIndices(plan, spec, plan.named('x'), plan.named('values'), plan.named('indices', 'int32'));
    return {
      beside: x,
      operands: { x },
      results: { values: { shape: spec.outShape, out: values }, indices: { shape: spec.outShape, out: indices } },
      plan,
      value: ({ values, indices }) => ({ values: values as Tensor, indices: indices as Tensor<Int32Array> }),
    };
  },
  maxUnpool2d(x, indices, options) {
    const { spec, out } = maxUnpool(x, indices, options);
    const plan = new Plan();
    planUnpool(plan, spec, 'scatterPixels', plan.named('x'), plan.named('indices', dtypeOfTensor(indices)), plan.named('out'));
    return one(x, { x, indices }, spec.outShape, out, plan);
  },
  maxUnpool2dBackward(dy, x, indices, options) {
    const { spec, out } = maxUnpoolBackward(dy, x, indices, options);
    const plan = new Plan();
    planUnpool(plan, spec, 'gatherPixels', plan.named('dy'), plan.named('indices', dtypeOfTensor(indices)), plan.named('out'));
    return one(x, { dy, x, indices }, x.shape, out, plan);
  },
};
