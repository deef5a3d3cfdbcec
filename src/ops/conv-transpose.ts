import { planConvTransposeBackward } from '../plan/conv/backward.ts';
import { planTranspose } from '../plan/conv/transpose.ts';
import { Plan } from '../plan/plan.ts';
import type { Rank } from '../spec/axes.ts';
import {
  type AnyTransposeBackwardOptions,
  type AnyTransposeOptions,
  type ConvTranspose1dBackwardOptions,
  type ConvTranspose1dOptions,
  type ConvTranspose2dBackwardOptions,
  type ConvTranspose2dOptions,
  type ConvTranspose3dBackwardOptions,
  type ConvTranspose3dOptions,
  type ConvTransposeGradient,
  convTranspose as check,
  convTransposeBackward as checkBackward,
} from '../spec/conv-transpose.ts';
import type { Gradients, GradientsOut, GradientTargets } from '../spec/gradients.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { given, gradients, type Operation, type Operations, one } from './operation.ts';

/** Transposed convolution. */
export interface ConvTransposeOperators {
  /**
   * Transposed convolution: every input adds the filter, times itself, to the result, `strides` apart. It is the gradient of
   * `conv2d` in its input, and often used to enlarge.
   * Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional Networks", 2010.
   *
   * @param x [batch, channels, height, width], or [batch, height, width, channels] with `inputLayout: 'nhwc'`
   * @param filter [channels, outChannels / groups, height, width], or as `filterLayout` says
   * @returns [batch, outChannels, outHeight, outWidth] in the layout of the input, where
   *   out = (in − 1) · stride − padding + dilation · (kernel − 1) + outputPadding + 1
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.convTranspose2d(tensor([2, 6, 33, 37]), tensor([6, 4, 3, 2]), { strides: 2, outputPadding: 1 })
   */
  convTranspose2d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: ConvTranspose2dOptions & Out<O>): O;

  /**
   * `convTranspose2d` in one dimension: x [batch, channels, width] or 'nwc', filter [channels, outChannels / groups, width].
   *
   * @example engine.convTranspose1d(tensor([2, 5, 901]), tensor([5, 3, 4]), { strides: 3 })
   */
  convTranspose1d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: ConvTranspose1dOptions & Out<O>): O;

  /**
   * `convTranspose2d` in three dimensions.
   *
   * @param x [batch, channels, depth, height, width], or [batch, depth, height, width, channels] with `inputLayout: 'ndhwc'`
   * @param filter [channels, outChannels / groups, depth, height, width], or as `filterLayout` says
   * @returns [batch, outChannels, outDepth, outHeight, outWidth] in the layout of the input
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.convTranspose3d(tensor([2, 3, 7, 9, 11]), tensor([3, 4, 2, 3, 2]), { strides: 2, outputPadding: 1 })
   */
  convTranspose3d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: ConvTranspose3dOptions & Out<O>): O;

  /**
   * The gradients of `convTranspose2d` in its input, its filter and its bias, without an activation.
   *
   * @param dy the gradient of the result, of its shape and layout
   * @param x the input of the forward call
   * @param filter the filter of the forward call
   * @returns tensors of the shapes and layouts of `x`, `filter` and [outChannels]; `undefined` for what is in `skip`
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.convTranspose2dBackward(tensor([2, 4, 68, 75]), tensor([2, 6, 33, 37]), tensor([6, 4, 3, 2]),
   *   { strides: 2, outputPadding: 1 })
   */
  convTranspose2dBackward<T extends Tensor, G extends GradientTargets<ConvTransposeGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: ConvTranspose2dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvTransposeGradient, T, G>;

  /**
   * `convTranspose2dBackward` of `convTranspose1d`.
   *
   * @example engine.convTranspose1dBackward(tensor([2, 3, 2704]), tensor([2, 5, 901]), tensor([5, 3, 4]), { strides: 3 })
   */
  convTranspose1dBackward<T extends Tensor, G extends GradientTargets<ConvTransposeGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: ConvTranspose1dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvTransposeGradient, T, G>;

  /**
   * The gradients of `convTranspose3d` in its input, its filter and its bias, without an activation.
   *
   * @example engine.convTranspose3dBackward(tensor([2, 4, 15, 20, 23]), tensor([2, 3, 7, 9, 11]), tensor([3, 4, 2, 3, 2]),
   *   { strides: 2, outputPadding: 1 })
   */
  convTranspose3dBackward<T extends Tensor, G extends GradientTargets<ConvTransposeGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: ConvTranspose3dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvTransposeGradient, T, G>;
}

function forward(x: Tensor, filter: Tensor, options: (AnyTransposeOptions & { readonly out?: Tensor }) | undefined, rank: Rank): Operation {
  const { spec, outShape, out } = check(x, filter, options, rank);
  const plan = new Plan();
  const bias = spec.bias ? plan.named('bias') : null;
  planTranspose(plan, spec, plan.named('x'), plan.named('filter'), bias, plan.named('out'));
  return one(x, given({ x, filter, bias: spec.bias }), outShape, out, plan);
}

function backward(
  dy: Tensor,
  x: Tensor,
  filter: Tensor,
  options: AnyTransposeBackwardOptions | undefined,
  rank: Rank,
): Operation<Gradients<ConvTransposeGradient>> {
  const { spec, wanted } = checkBackward(dy, x, filter, options, rank);
  const plan = new Plan();
  planConvTransposeBackward(plan, spec, wanted);
  return gradients(x, { dy, x, filter }, wanted, plan, ['dx', 'dFilter', 'dBias']);
}

export const convTranspose: Operations<ConvTransposeOperators> = {
  convTranspose2d: (x, filter, options) => forward(x, filter, options, 2),
  convTranspose1d: (x, filter, options) => forward(x, filter, options, 1),
  convTranspose3d: (x, filter, options) => forward(x, filter, options, 3),
  convTranspose2dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 2),
  convTranspose1dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 1),
  convTranspose3dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 3),
};
