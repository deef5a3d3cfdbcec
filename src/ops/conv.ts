import { chooseConvKernel, planConv2d, planConvOnce } from '../plan/conv/conv.ts';
import { Plan } from '../plan/plan.ts';
import type { Rank } from '../spec/axes.ts';
import { type AnyConvOptions, type Conv1dOptions, type Conv2dOptions, type Conv3dOptions, conv as checkConv } from '../spec/conv.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { given, type Operation, type Operations, one } from './operation.ts';

/** Convolution. */
export interface ConvOperators {
  /**
   * Two-dimensional convolution (cross-correlation, as in every neural-network library).
   *
   * @param x [batch, channels, height, width], or [batch, height, width, channels] with `inputLayout: 'nhwc'`
   * @param filter [outChannels, channels / groups, height, width], or as `filterLayout` says
   * @returns [batch, outChannels, outHeight, outWidth] in the layout of the input, where
   *   out = floor((in + padding − dilation · (kernel − 1) − 1) / stride) + 1
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.conv2d(tensor([2, 6, 33, 37]), tensor([10, 3, 3, 3]), { groups: 2, padding: 1, strides: [2, 1] })
   */
  conv2d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: Conv2dOptions & Out<O>): O;

  /**
   * `conv2d` in one dimension.
   *
   * @param x [batch, channels, width], or [batch, width, channels] with `inputLayout: 'nwc'`
   * @param filter [outChannels, channels / groups, width], or as `filterLayout` says
   * @example engine.conv1d(tensor([2, 5, 901]), tensor([7, 5, 4]), { padding: 2, paddingMode: 'circular' })
   */
  conv1d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: Conv1dOptions & Out<O>): O;

  /**
   * `conv2d` in three dimensions, always as a matrix product.
   *
   * @param x [batch, channels, depth, height, width], or channels last with `inputLayout: 'ndhwc'`
   * @param filter [outChannels, channels / groups, depth, height, width], or as `filterLayout` says
   * @example engine.conv3d(tensor([2, 3, 7, 19, 21]), tensor([5, 3, 2, 3, 3]), { padding: 1, strides: [2, 1, 1] })
   */
  conv3d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: Conv3dOptions & Out<O>): O;
}

function convolve(x: Tensor, filter: Tensor, options: (AnyConvOptions & { readonly out?: Tensor }) | undefined, rank: Rank): Operation {
  const { spec, out } = checkConv(x, filter, options, rank);
  const plan = new Plan();
  const bias = spec.bias ? plan.named('bias') : null;
  planConvOnce(plan, planConv2d(spec, chooseConvKernel(spec)), plan.named('x'), plan.named('filter'), bias, plan.named('out'));
  return one(x, given({ x, filter, bias: spec.bias }), spec.outShape, out, plan);
}

export const conv: Operations<ConvOperators> = {
  conv2d: (x, filter, options) => convolve(x, filter, options, 2),
  conv1d: (x, filter, options) => convolve(x, filter, options, 1),
  conv3d: (x, filter, options) => convolve(x, filter, options, 3),
};
