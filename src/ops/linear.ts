import { planConvBackward } from '../plan/conv/backward.ts';
import { planConv2d, planConvOnce } from '../plan/conv/conv.ts';
import { Plan } from '../plan/plan.ts';
import type { Gradients, GradientsOut, GradientTargets } from '../spec/gradients.ts';
import {
  linear as checkLinear,
  linearBackward as checkLinearBackward,
  type LinearBackwardOptions,
  type LinearGradient,
  type LinearOptions,
} from '../spec/linear.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { given, gradients, type Operations, one } from './operation.ts';

/** Dense layers. */
export interface LinearOperators {
  /**
   * A dense layer: each output feature is the sum of all input features under its weights.
   *
   * @param x [..., inFeatures]: any number of dimensions before the last, or none
   * @param weight [outFeatures, inFeatures]
   * @returns [..., outFeatures]
   * @throws ShapeError, OptionError before anything is written
   * @example engine.linear(tensor([137, 45]), tensor([29, 45]))
   */
  linear<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, weight: Tensor, options?: LinearOptions & Out<O>): O;

  /**
   * The gradients of `linear` in its input, its weight and its bias, without an activation.
   *
   * @param dy the gradient of the result, of its shape
   * @returns tensors of the shapes of `x`, `weight` and [outFeatures]; `undefined` for what is in `skip`
   * @throws ShapeError, OptionError before anything is written
   * @example engine.linearBackward(tensor([137, 29]), tensor([137, 45]), tensor([29, 45]))
   */
  linearBackward<T extends Tensor, G extends GradientTargets<LinearGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    weight: Tensor,
    options?: LinearBackwardOptions & GradientsOut<G>,
  ): Gradients<LinearGradient, T, G>;
}

export const linear: Operations<LinearOperators> = {
  linear(x, weight, options) {
    const { spec, outShape, out } = checkLinear(x, weight, options);
    const plan = new Plan();
    const bias = spec.bias ? plan.named('bias') : null;
    if (spec.batch > 0) planConvOnce(plan, planConv2d(spec, 'gemm'), plan.named('x'), plan.named('weight'), bias, plan.named('out'));
    return one(x, given({ x, weight, bias: spec.bias }), outShape, out, plan);
  },
  linearBackward(dy, x, weight, options) {
    const { spec, wanted } = checkLinearBackward(dy, x, weight, options);
    const asConv = { dx: wanted.dx, dFilter: wanted.dWeight, dBias: wanted.dBias };
    const plan = new Plan();
    planConvBackward(plan, spec, asConv, { filter: 'weight', dFilter: 'dWeight' });
    return gradients(x, { dy, x, weight }, wanted, plan, ['dx', 'dWeight', 'dBias']);
  },
};
