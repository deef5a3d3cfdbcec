import { planCol2im, planConv2dMatrix, planIm2col } from '../plan/columns.ts';
import { Plan } from '../plan/plan.ts';
import type { Pair } from '../spec/check.ts';
import {
  type ColumnsOptions,
  type Conv2dMatrixOptions,
  col2im as checkCol2im,
  conv2dMatrix as checkConv2dMatrix,
  im2col as checkIm2col,
} from '../spec/columns.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { type Operation, type Operations, one } from './operation.ts';

/** Convolution as products of matrices. */
export interface ColumnsOperators {
  /**
   * The windows of a convolution as columns (PyTorch's `unfold`): the filter as a matrix times them is the convolution.
   *
   * @param x [batch, channels, height, width], or [batch, height, width, channels] with `layout: 'nhwc'`
   * @returns [batch, channels · window height · window width, windows], whatever the layout
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.im2col(tensor([2, 6, 33, 37]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  im2col<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options: ColumnsOptions & Out<O>): O;

  /**
   * The image each of whose pixels is the sum of what columns have of it (PyTorch's `fold`).
   *
   * @param columns [batch, channels · window height · window width, windows]
   * @param outputSizes [height, width] of the image
   * @returns [batch, channels, height, width], or in `layout`
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.col2im(tensor([2, 54, 323]), [33, 37], { windowDimensions: 3, strides: 2, padding: 1 })
   */
  col2im<T extends Tensor, O extends Tensor = ResidentLike<T>>(columns: T, outputSizes: Pair, options: ColumnsOptions & Out<O>): O;

  /**
   * The gradient of `im2col` of an image of these sizes: `col2im`.
   *
   * @example engine.im2colBackward(tensor([2, 54, 323]), [33, 37], { windowDimensions: 3, strides: 2, padding: 1 })
   */
  im2colBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: T, outputSizes: Pair, options: ColumnsOptions & Out<O>): O;

  /**
   * The gradient of `col2im`: `im2col`.
   *
   * @example engine.col2imBackward(tensor([2, 6, 33, 37]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  col2imBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: T, options: ColumnsOptions & Out<O>): O;

  /**
   * The dense matrix that equals a convolution: times an image, seen as a vector, it is the result, seen as one.
   *
   * @param inputSizes [channels, height, width] of one image
   * @returns [outChannels · outHeight · outWidth, channels · height · width], both in the order of `inputLayout`
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.conv2dMatrix(tensor([4, 3, 3, 3]), [3, 9, 11], { padding: 1 })
   */
  conv2dMatrix<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    filter: T,
    inputSizes: readonly [channels: number, height: number, width: number],
    options?: Conv2dMatrixOptions & Out<O>,
  ): O;
}

function unroll(x: Tensor, options: ColumnsOptions): Operation {
  const { spec, outShape, out } = checkIm2col(x, options);
  const plan = new Plan();
  planIm2col(plan, spec, plan.named('x'), plan.named('out'));
  return one(x, { x }, outShape, out, plan);
}

function roll(columns: Tensor, outputSizes: Pair, options: ColumnsOptions): Operation {
  const { spec, outShape, out } = checkCol2im(columns, outputSizes, options);
  const plan = new Plan();
  planCol2im(plan, spec, plan.named('columns'), plan.named('out'));
  return one(columns, { columns }, outShape, out, plan);
}

export const columns: Operations<ColumnsOperators> = {
  im2col: unroll,
  col2im: roll,
  im2colBackward: roll,
  col2imBackward: unroll,
  conv2dMatrix(filter, inputSizes, options) {
    const { spec, outShape, out } = checkConv2dMatrix(filter, inputSizes, options);
    const plan = new Plan();
    planConv2dMatrix(plan, spec, plan.named('filter'), plan.named('out'));
    return one(filter, { filter }, outShape, out, plan);
  },
};
