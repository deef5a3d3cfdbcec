import { planBatchNorm } from '../../plan/norm.ts';
import type { NormalizationSpec } from '../../plan/normalization.ts';
import {
  planFactor,
  planLocalResponseNorm,
  planLocalResponseNormBackward,
  planMoments,
  planNormalization,
  planNormalizationBackward,
} from '../../plan/normalization.ts';
import { Plan } from '../../plan/plan.ts';
import type { Gradients, GradientsOut, GradientTargets, NamedResults, Wanted } from '../../spec/gradients.ts';
import type { Out, ResidentLike, Tensor } from '../../tensor/tensor.ts';
import { given, gradients, type Operation, type Operations, one } from '../operation.ts';
import { batchDimensions, batchNormTraining, batchNormTrainingBackward } from './batch.ts';
import {
  groupNorm,
  groupNormBackward,
  instanceNorm,
  instanceNormBackward,
  layerNorm,
  layerNormBackward,
  localResponseNorm,
  localResponseNormBackward,
  rmsNorm,
  rmsNormBackward,
} from './check.ts';
import type {
  BatchNormTrainingBackwardOptions,
  BatchNormTrainingOptions,
  BatchNormTrainingResult,
  InstanceNormBackwardOptions,
  InstanceNormOptions,
  LayerNormBackwardOptions,
  LayerNormOptions,
  LocalResponseNormOptions,
  NormGradient,
  RmsNormBackwardOptions,
  RmsNormGradient,
  RmsNormOptions,
} from './options.ts';

/** Normalisation by moments of the input itself. */
export interface NormalizationOperators {
  /**
   * Layer normalisation: (x − mean) · scale / √(variance + epsilon) + bias, with the mean and the variance over some axes of x.
   * Ba, Kiros and Hinton, "Layer Normalization", 2016.
   *
   * @param x any shape, empty too
   * @returns a tensor of the shape of x; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.layerNorm(tensor([2, 7, 61, 47]), { axes: [1, 3], scale: tensor([7, 47]), bias: tensor([7, 47]) })
   */
  layerNorm<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: LayerNormOptions & Out<O>): O;

  /**
   * The gradient of `layerNorm`, through the mean and the variance too.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `dx` of the shape of x, `dScale` and `dBias` of the extents of the axes; those in `skip` undefined
   * @example engine.layerNormBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { axes: [1, 3], scale: tensor([7, 47]) })
   */
  layerNormBackward<T extends Tensor, G extends GradientTargets<NormGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    options?: LayerNormBackwardOptions & GradientsOut<G>,
  ): Gradients<NormGradient, T, G>;

  /**
   * Normalisation by the root of the mean square: x · scale / √(mean of x² + epsilon).
   * Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.
   *
   * @param x any shape, empty too
   * @returns a tensor of the shape of x; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.rmsNorm(tensor([2, 301, 47]), { scale: tensor([47]) })
   */
  rmsNorm<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: RmsNormOptions & Out<O>): O;

  /**
   * The gradient of `rmsNorm`.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `dx` of the shape of x, `dScale` of the extents of the axes; those in `skip` undefined
   * @example engine.rmsNormBackward(tensor([2, 301, 47]), tensor([2, 301, 47]), { scale: tensor([47]) })
   */
  rmsNormBackward<T extends Tensor, G extends GradientTargets<RmsNormGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    options?: RmsNormBackwardOptions & GradientsOut<G>,
  ): Gradients<RmsNormGradient, T, G>;

  /**
   * Instance normalisation: (x − mean) · scale / √(variance + epsilon) + bias, with the mean and the variance of each
   * channel of each image.
   * Ulyanov, Vedaldi and Lempitsky, "Instance Normalization", 2016.
   *
   * @param x [batch, channels, …], or [batch, …, channels] with `layout: 'nhwc'`, empty too
   * @returns a tensor of the shape of x; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, LayoutError, OptionError, DisposedError before anything is written
   * @example engine.instanceNorm(tensor([2, 7, 61, 47]), { scale: tensor([7]), bias: tensor([7]) })
   */
  instanceNorm<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: InstanceNormOptions & Out<O>): O;

  /**
   * The gradient of `instanceNorm`, through the mean and the variance too.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `dx` of the shape of x, `dScale` and `dBias` of [channels]; those in `skip` undefined
   * @example engine.instanceNormBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { scale: tensor([7]) })
   */
  instanceNormBackward<T extends Tensor, G extends GradientTargets<NormGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    options?: InstanceNormBackwardOptions & GradientsOut<G>,
  ): Gradients<NormGradient, T, G>;

  /**
   * Group normalisation: as `instanceNorm`, with the mean and the variance over groups of neighbouring channels.
   * Wu and He, "Group Normalization", 2018.
   *
   * @param x [batch, channels, …], or [batch, …, channels] with `layout: 'nhwc'`, empty too
   * @param groups a divisor of the channels
   * @returns a tensor of the shape of x; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, LayoutError, OptionError, DisposedError before anything is written
   * @example engine.groupNorm(tensor([2, 6, 61, 47]), 3, { scale: tensor([6]), bias: tensor([6]) })
   */
  groupNorm<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, groups: number, options?: InstanceNormOptions & Out<O>): O;

  /**
   * The gradient of `groupNorm`, through the mean and the variance too.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `dx` of the shape of x, `dScale` and `dBias` of [channels]; those in `skip` undefined
   * @example engine.groupNormBackward(tensor([2, 61, 47, 6]), tensor([2, 61, 47, 6]), 3, { scale: tensor([6]), layout: 'nhwc' })
   */
  groupNormBackward<T extends Tensor, G extends GradientTargets<NormGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    groups: number,
    options?: InstanceNormBackwardOptions & GradientsOut<G>,
  ): Gradients<NormGradient, T, G>;

  /**
   * Batch normalisation in training: `batchNorm` with the moments of the batch itself, which it gives too. The variance is that of the
   * batch, Σ(x − mean)² / n. Running moments follow as m · running + (1 − m) · of the batch, by convention with a variance of
   * n / (n − 1) times this one: PyTorch has m = 0.9.
   * Ioffe and Szegedy, "Batch Normalization", 2015.
   *
   * @param x any shape with an axis for the channels, empty too
   * @returns `y` of the shape of x, `mean` and `variance` of [channels]
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.batchNormTraining(tensor([2, 7, 61, 47]), { scale: tensor([7]), bias: tensor([7]) })
   */
  batchNormTraining<T extends Tensor, G extends GradientTargets<BatchNormTrainingResult> = Record<never, never>>(
    x: T,
    options?: BatchNormTrainingOptions & GradientsOut<G>,
  ): NamedResults<BatchNormTrainingResult, T, G>;

  /**
   * The gradient of `batchNormTraining`, through the moments too.
   *
   * @param dy the gradient of `y`
   * @param mean as `batchNormTraining` gave it
   * @param variance as `batchNormTraining` gave it
   * @returns `dx` of the shape of x, `dScale` and `dBias` of [channels]; those in `skip` undefined
   * @example engine.batchNormTrainingBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), tensor([7]), positive([7]), { scale: tensor([7]) })
   */
  batchNormTrainingBackward<T extends Tensor, G extends GradientTargets<NormGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    mean: Tensor,
    variance: Tensor,
    options?: BatchNormTrainingBackwardOptions & GradientsOut<G>,
  ): Gradients<NormGradient, T, G>;

  /**
   * Local response normalisation: x / (bias + alpha / size · Σx²)^beta, with the sum over `size` channels around that of x, of which the
   * window has one more after it where `size` is even, as in ONNX. Squares overflow from 2⁶⁴ on.
   * Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", 2012.
   *
   * @param x [batch, channels, …], or [batch, …, channels] with `layout: 'nhwc'`, empty too
   * @param size channels of a window
   * @returns a tensor of the shape of x; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, LayoutError, OptionError, DisposedError before anything is written
   * @example engine.localResponseNorm(tensor([2, 7, 61, 47]), 5, { alpha: 0.5, bias: 2 })
   */
  localResponseNorm<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    x: T,
    size: number,
    options?: LocalResponseNormOptions & Out<O>,
  ): O;

  /**
   * The gradient of `localResponseNorm`.
   *
   * @param dy the gradient of the result, of its shape
   * @returns the gradient of x, of its shape; `out`, if it is given
   * @example engine.localResponseNormBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), 4, { alpha: 0.5 })
   */
  localResponseNormBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    dy: Tensor,
    x: T,
    size: number,
    options?: LocalResponseNormOptions & Out<O>,
  ): O;
}

interface Forward {
  readonly spec: NormalizationSpec;
  readonly out: Tensor | undefined;
}

function forward(x: Tensor, { spec, out }: Forward, isCentred = true): Operation {
  const { scale, bias } = spec;
  const plan = new Plan();
  planNormalization(plan, spec, isCentred);
  return one(x, given({ x, scale, bias }), [...x.shape], out, plan);
}

interface Backward {
  readonly spec: NormalizationSpec;
  readonly wanted: Wanted<NormGradient>;
}

function backward(dy: Tensor, x: Tensor, { spec, wanted }: Backward): Operation<{ readonly [K in NormGradient]: Tensor | undefined }> {
  const plan = new Plan();
  planNormalizationBackward(plan, spec, wanted, true);
  return gradients(x, given({ dy, x, scale: spec.scale }), wanted, plan, ['dx', 'dScale', 'dBias']);
}

export const normalization: Operations<NormalizationOperators> = {
  layerNorm: (x, options) => forward(x, layerNorm(x, options)),
  layerNormBackward: (dy, x, options) => backward(dy, x, layerNormBackward(dy, x, options)),
  rmsNorm: (x, options) => forward(x, rmsNorm(x, options), false),
  rmsNormBackward(dy, x, options) {
    const { spec, wanted } = rmsNormBackward(dy, x, options);
    const plan = new Plan();
    planNormalizationBackward(plan, spec, wanted, false);
    return gradients(x, given({ dy, x, scale: spec.scale }), wanted, plan, ['dx', 'dScale']);
  },
  instanceNorm: (x, options) => forward(x, instanceNorm(x, options)),
  instanceNormBackward: (dy, x, options) => backward(dy, x, instanceNormBackward(dy, x, options)),
  groupNorm: (x, groups, options) => forward(x, groupNorm(x, groups, options)),
  groupNormBackward: (dy, x, groups, options) => backward(dy, x, groupNormBackward(dy, x, groups, options)),
  localResponseNorm(x, size, options) {
    const { spec, out } = localResponseNorm(x, size, options);
    const plan = new Plan();
    planLocalResponseNorm(plan, spec);
    return one(x, { x }, [...x.shape], out, plan);
  },
  localResponseNormBackward(dy, x, size, options) {
    const { spec, out } = localResponseNormBackward(dy, x, size, options);
    const plan = new Plan();
    planLocalResponseNormBackward(plan, spec);
    return one(x, { dy, x }, [...x.shape], out, plan);
  },
  batchNormTraining(x, options) {
    const { spec, results } = batchNormTraining(x, options);
    const { scale, bias } = spec;
    const plan = new Plan();
    planMoments(plan, batchDimensions(spec), plan.named('x'), plan.named('mean'), plan.named('variance'));
    planBatchNorm(plan, spec, plan.named('y'));
    return gradients(x, given({ x, scale, bias }), results, plan, ['y', 'mean', 'variance']) as never;
  },
  batchNormTrainingBackward(dy, x, mean, variance, options) {
    const { spec, wanted } = batchNormTrainingBackward(dy, x, mean, variance, options);
    const plan = new Plan();
    const factor = wanted.dx || wanted.dScale ? planFactor(plan, spec, plan.named('variance')) : undefined;
    planNormalizationBackward(plan, spec, wanted, true, factor && { mean: plan.named('mean'), factor });
    return gradients(x, given({ dy, x, mean, variance, scale: spec.scale }), wanted, plan, ['dx', 'dScale', 'dBias']);
  },
};
