import { OptionError, ShapeError } from '../../errors.ts';
import { type BatchNormSpec, planBatchNorm, planBatchNormBackward } from '../../plan/norm.ts';
import type { NormalizationSpec } from '../../plan/normalization.ts';
import { Plan } from '../../plan/plan.ts';
import { finite, isCount, known, out, show, tensor } from '../../spec/check.ts';
import {
  checkGradient,
  type Gradients,
  type GradientsOut,
  type GradientTargets,
  type Wanted,
  wantedGradients,
} from '../../spec/gradients.ts';
import { lengthOf, type Out, type ResidentLike, type Tensor } from '../../tensor/tensor.ts';
import { given, gradients, type Operations, one } from '../operation.ts';
import type {
  BatchNormBackwardOptions,
  BatchNormGradient,
  BatchNormOptions,
  BatchNormTrainingBackwardOptions,
  BatchNormTrainingOptions,
  BatchNormTrainingResult,
  NormGradient,
} from './options.ts';

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

function batchNormSpec(
  x: Tensor,
  moments: { readonly mean: Tensor; readonly variance: Tensor } | undefined,
  options: Omit<BatchNormOptions, 'out'>,
): BatchNormSpec {
  tensor('x', x, undefined, true);
  const { shape } = x;
  const axis = options.axis === undefined ? 1 : options.axis;
  if (!isCount(axis) || axis >= shape.length) {
    throw new OptionError('options.axis', show(axis), `an axis of x ${show(shape)}, from 0 on`);
  }
  const channels = shape[axis];
  const perChannel = (argument: string, value: Tensor | undefined) => {
    if (value === undefined) return;
    tensor(argument, value, 1, true);
    if (value.shape[0] !== channels)
      throw new ShapeError(`${argument}.shape`, show(value.shape), `[${channels}], the channels of x ${show(shape)}`);
  };
  if (moments !== undefined) {
    perChannel('mean', tensor('mean', moments.mean, 1, true));
    perChannel('variance', tensor('variance', moments.variance, 1, true));
  }
  perChannel('options.scale', options.scale);
  perChannel('options.bias', options.bias);
  const epsilon = finite('options.epsilon', options.epsilon, 1e-5);
  if (epsilon < 0) throw new OptionError('options.epsilon', show(options.epsilon), 'at least 0');
  return {
    images: axis > 0 ? shape[0] : 1,
    outer: lengthOf(shape.slice(1, Math.max(axis, 1))),
    channels,
    inner: lengthOf(shape.slice(axis + 1)),
    epsilon,
    scale: options.scale,
    bias: options.bias,
  };
}

export const norm: Operations<NormOperators> = {
  batchNorm(x, mean, variance, options) {
    const own = known('options', options, ['scale', 'bias', 'axis', 'epsilon', 'out']);
    const spec = batchNormSpec(x, { mean, variance }, own);
    const { scale, bias } = spec;
    const target = out(own.out, x.shape, { x, mean, variance, 'options.scale': scale, 'options.bias': bias }, true);
    const plan = new Plan();
    planBatchNorm(plan, spec, plan.named('out'));
    return one(x, given({ x, mean, variance, scale, bias }), x.shape, target, plan);
  },
  batchNormBackward(dy, x, mean, variance, options) {
    const { out: targets, skip, ...own } = known('options', options, ['scale', 'axis', 'epsilon', 'skip', 'out']);
    const spec = batchNormSpec(x, { mean, variance }, own);
    const { scale } = spec;
    checkGradient(dy, x.shape);
    const shapes = { dx: x.shape, dScale: [spec.channels], dBias: [spec.channels] };
    const operands = { dy, x, mean, variance, 'options.scale': scale };
    const wanted = wantedGradients<BatchNormGradient>({ skip, out: targets }, shapes, operands);
    const plan = new Plan();
    planBatchNormBackward(plan, spec, wanted);
    return gradients(x, given({ dy, x, mean, variance, scale }), wanted, plan, ['dx', 'dScale', 'dBias']);
  },
};

/** The input of a batch normalisation as dimensions: statistics are over all of them but the channels. */
export function batchDimensions({ images, outer, channels, inner, epsilon, scale, bias }: BatchNormSpec): NormalizationSpec {
  const reduced = (count: number) => ({ count, isReduced: true, isAffine: false });
  const all = [reduced(images), reduced(outer), { count: channels, isReduced: false, isAffine: true }, reduced(inner)];
  return { dimensions: all.filter(({ count }) => count !== 1), outermostFirst: false, epsilon, scale, bias };
}

export function batchNormTraining(x: Tensor, given: BatchNormTrainingOptions | undefined) {
  const { out: targets, ...options } = known('options', given, ['scale', 'bias', 'axis', 'epsilon', 'out']);
  const spec = batchNormSpec(x, undefined, options);
  const channels = [spec.channels];
  const operands = { x, 'options.scale': spec.scale, 'options.bias': spec.bias };
  const results = wantedGradients<BatchNormTrainingResult>({ out: targets }, { y: x.shape, mean: channels, variance: channels }, operands);
  return { spec, results };
}

export function batchNormTrainingBackward(
  dy: Tensor,
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  given: BatchNormTrainingBackwardOptions | undefined,
) {
  const { out: targets, skip, ...options } = known('options', given, ['scale', 'axis', 'epsilon', 'skip', 'out']);
  const spec = batchNormSpec(x, { mean, variance }, options);
  checkGradient(dy, x.shape);
  const channels = [spec.channels];
  const operands = { dy, x, mean, variance, 'options.scale': spec.scale };
  const shapes = { dx: x.shape, dScale: channels, dBias: channels };
  const wanted: Wanted<NormGradient> = wantedGradients({ skip, out: targets }, shapes, operands);
  return { spec: batchDimensions(spec), wanted };
}
