import { planConvBackward } from '../plan/conv/backward.ts';
import { Plan } from '../plan/plan.ts';
import type { Rank } from '../spec/axes.ts';
import {
  type AnyConvBackwardOptions,
  type Conv1dBackwardOptions,
  type Conv2dBackwardOptions,
  type Conv3dBackwardOptions,
  type ConvGradient,
  convBackward,
} from '../spec/conv-backward.ts';
import type { Gradients, GradientsOut, GradientTargets } from '../spec/gradients.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { gradients, type Operation, type Operations } from './operation.ts';

/** Gradients of convolution. */
export interface ConvBackwardOperators {
  /**
   * The gradients of `conv2d` in its input, its filter and its bias, without an activation.
   *
   * @param dy the gradient of the result, of its shape and layout
   * @param x the input of the forward call
   * @param filter the filter of the forward call
   * @returns tensors of the shapes and layouts of `x`, `filter` and [outChannels]; `undefined` for what is in `skip`
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.conv2dBackward(tensor([2, 10, 17, 37]), tensor([2, 6, 33, 37]), tensor([10, 3, 3, 3]),
   *   { groups: 2, padding: 1, strides: [2, 1] })
   */
  conv2dBackward<T extends Tensor, G extends GradientTargets<ConvGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: Conv2dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvGradient, T, G>;

  /**
   * `conv2dBackward` of `conv1d`.
   *
   * @example engine.conv1dBackward(tensor([2, 7, 902]), tensor([2, 5, 901]), tensor([7, 5, 4]), { padding: 2, paddingMode: 'circular' })
   */
  conv1dBackward<T extends Tensor, G extends GradientTargets<ConvGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: Conv1dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvGradient, T, G>;

  /**
   * `conv2dBackward` of `conv3d`.
   *
   * @example engine.conv3dBackward(tensor([2, 5, 4, 19, 21]), tensor([2, 3, 7, 19, 21]), tensor([5, 3, 2, 3, 3]),
   *   { padding: 1, strides: [2, 1, 1] })
   */
  conv3dBackward<T extends Tensor, G extends GradientTargets<ConvGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: Conv3dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvGradient, T, G>;
}

function backward(
  dy: Tensor,
  x: Tensor,
  filter: Tensor,
  options: AnyConvBackwardOptions | undefined,
  rank: Rank,
): Operation<Gradients<ConvGradient>> {
  const { spec, wanted } = convBackward(dy, x, filter, options, rank);
  const plan = new Plan();
  planConvBackward(plan, spec, wanted);
  return gradients(x, { dy, x, filter }, wanted, plan, ['dx', 'dFilter', 'dBias']);
}

export const convBackwards: Operations<ConvBackwardOperators> = {
  conv2dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 2),
  conv1dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 1),
  conv3dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 3),
};
