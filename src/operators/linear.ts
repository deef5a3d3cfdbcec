import { planConv2d } from '../plan/conv.ts';
import { planConvBackward } from '../plan/conv-backward.ts';
import { rename } from '../plan/move.ts';
import type { Gradients, GradientsOut, GradientTargets } from '../shape/gradients.ts';
import {
  linear as checkLinear,
  linearBackward as checkLinearBackward,
  type LinearBackwardOptions,
  type LinearGradient,
  type LinearOptions,
} from '../shape/linear.ts';
import type { Out, ResidentLike, Tensor } from '../tensor.ts';
import { gradients, type Operations, one, takes } from './operation.ts';

export interface LinearOperators {
  /**
   * A dense layer: each output feature is the sum of all input features under its weights.
   *
   * @param x [..., inFeatures]: any number of dimensions before the last, or none
   * @param weight [outFeatures, inFeatures]
   * @returns [..., outFeatures]
   * @throws ShapeError, OptionError before anything is written
   */
  linear<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, weight: Tensor, options?: LinearOptions & Out<O>): O;

  /**
   * The gradients of `linear` in its input, its weight and its bias, without an activation.
   *
   * @param dy the gradient of the result, of its shape
   * @returns tensors of the shapes of `x`, `weight` and [outFeatures]; `undefined` for what is in `skip`
   * @throws ShapeError, OptionError before anything is written
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
    const { pack, run, workspaces, packedLength } = planConv2d(spec, 'gemm');
    const operands = spec.bias ? { filter: weight, bias: spec.bias } : { filter: weight };
    const steps = spec.batch === 0 ? [] : [...pack, ...run];
    return { ...one(x, outShape, out, steps, operands), workspaces: { ...workspaces, packed: packedLength } };
  },
  linearBackward(dy, x, weight, options) {
    const { spec, wanted } = checkLinearBackward(dy, x, weight, options);
    const asConv = { dx: wanted.dx, dFilter: wanted.dWeight, dBias: wanted.dBias };
    const plan = planConvBackward(spec, asConv);
    const steps = rename(plan.steps, { filter: 'weight', dFilter: 'dWeight' });
    return gradients(x, takes(steps, { dy, x, weight }), wanted, { steps, workspaces: plan.workspaces }, ['dx', 'dWeight', 'dBias']);
  },
};
