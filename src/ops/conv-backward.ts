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

export interface ConvBackwardOperators {
  /**
   * The gradients of `conv2d` in its input, its filter and its bias, without an activation.
   *
   * @param dy the gradient of the result, of its shape and layout
   * @param x the input of the forward call
   * @param filter the filter of the forward call
   * @returns tensors of the shapes and layouts of `x`, `filter` and [outChannels]; `undefined` for what is in `skip`
   * @throws ShapeError, LayoutError, OptionError before anything is written
   */
  conv2dBackward<T extends Tensor, G extends GradientTargets<ConvGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: Conv2dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvGradient, T, G>;

  /** `conv2dBackward` of `conv1d`. */
  conv1dBackward<T extends Tensor, G extends GradientTargets<ConvGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: Conv1dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvGradient, T, G>;

  /** `conv2dBackward` of `conv3d`. */
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
