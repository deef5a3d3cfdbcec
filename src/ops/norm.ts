import { planBatchNorm, planBatchNormBackward } from '../plan/norm.ts';
import { Plan } from '../plan/plan.ts';
import type { Gradients, GradientsOut, GradientTargets } from '../spec/gradients.ts';
import {
  type BatchNormBackwardOptions,
  type BatchNormGradient,
  type BatchNormOptions,
  batchNormBackward,
  batchNorm as checkBatchNorm,
} from '../spec/norm.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { given, gradients, type Operations, one } from './operation.ts';

/** Normalisation. */
export interface NormOperators {
  /**
   * Batch normalisation with given moments: (x − mean) · scale / √(variance + epsilon) + bias, each of a channel.
   * With a mean of 0, a variance of 1 and an epsilon of 0 it is exactly x · scale + bias, a map of each channel.
   * Ioffe and Szegedy, "Batch Normalization", 2015.
   *
   * @param x any shape with an axis for the channels, empty too
   * @param mean [channels]
   * @param variance [channels]
   * @returns a tensor of the shape of x; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError before anything is written
   * @example engine.batchNorm(tensor([2, 7, 61, 47]), tensor([7]), positive([7]), { scale: tensor([7]) })
   */
  batchNorm<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    x: T,
    mean: Tensor,
    variance: Tensor,
    options?: BatchNormOptions & Out<O>,
  ): O;

  /**
   * The gradient of `batchNorm`, whose moments are constants.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `dx` of the shape of x, `dScale` and `dBias` of [channels]; those in `skip` undefined
   * @example engine.batchNormBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), tensor([7]), positive([7]), { scale: tensor([7]) })
   */
  batchNormBackward<T extends Tensor, G extends GradientTargets<BatchNormGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    mean: Tensor,
    variance: Tensor,
    options?: BatchNormBackwardOptions & GradientsOut<G>,
  ): Gradients<BatchNormGradient, T, G>;
}

export const norm: Operations<NormOperators> = {
  batchNorm(x, mean, variance, options) {
    const { spec, out } = checkBatchNorm(x, mean, variance, options);
    const { scale, bias } = spec;
    const plan = new Plan();
    planBatchNorm(plan, spec, plan.named('out'));
    return one(x, given({ x, mean, variance, scale, bias }), x.shape, out, plan);
  },
  batchNormBackward(dy, x, mean, variance, options) {
    const { spec, wanted } = batchNormBackward(dy, x, mean, variance, options);
    const { scale } = spec;
    const plan = new Plan();
    planBatchNormBackward(plan, spec, wanted);
    return gradients(x, given({ dy, x, mean, variance, scale }), wanted, plan, ['dx', 'dScale', 'dBias']);
  },
};
