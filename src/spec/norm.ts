import { OptionError, ShapeError } from '../errors.ts';
import { lengthOf, type Tensor } from '../tensor/tensor.ts';
import { finite, isCount, known, out, show, tensor } from './check.ts';
import { checkGradient, type GradientOptions, type GradientTargets, type Wanted, wantedGradients } from './gradients.ts';
import type { Backward, NormalizationSpec, NormGradient } from './normalization.ts';

/** What `batchNorm` takes besides the input and its moments. */
export interface BatchNormOptions {
  /** What each channel is multiplied by, [channels]; 1 unless given. */
  readonly scale?: Tensor;
  /** What is added to each channel, [channels]; 0 unless given. */
  readonly bias?: Tensor;
  /** Where the channels are; 1 unless given. */
  readonly axis?: number;
  /** What is added to the variance; 1e-5 unless given. */
  readonly epsilon?: number;
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** By what `batchNorm` is differentiated: its input, its scale, its bias; moments are constants. */
export type BatchNormGradient = 'dx' | 'dScale' | 'dBias';

/** Those of the forward call but `bias`, on which no gradient depends; and which gradients are wanted, and where. */
export interface BatchNormBackwardOptions extends Omit<BatchNormOptions, 'bias' | 'out'>, GradientOptions<BatchNormGradient> {}

/** What `batchNormTraining` gives. */
export type BatchNormTrainingResult = 'y' | 'mean' | 'variance';

/** What `batchNormTraining` takes: the options of `batchNorm`, and up to three tensors to write to. */
export interface BatchNormTrainingOptions extends Omit<BatchNormOptions, 'out'> {
  /** Where the results go, instead of new tensors. */
  readonly out?: GradientTargets<BatchNormTrainingResult>;
}

export type BatchNormTrainingBackwardOptions = Backward<BatchNormOptions, NormGradient>;

/** The input seen as [images][outer][channels][inner]; images are its first dimension, unless that is the channels. */
export interface BatchNormSpec {
  readonly images: number;
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
  readonly epsilon: number;
  readonly scale: Tensor | undefined;
  readonly bias: Tensor | undefined;
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

export function batchNorm(x: Tensor, mean: Tensor, variance: Tensor, given: BatchNormOptions | undefined) {
  const options = known('options', given, ['scale', 'bias', 'axis', 'epsilon', 'out']);
  const spec = batchNormSpec(x, { mean, variance }, options);
  return { spec, out: out(options.out, x.shape, { x, mean, variance, 'options.scale': spec.scale, 'options.bias': spec.bias }, true) };
}

export function batchNormBackward(dy: Tensor, x: Tensor, mean: Tensor, variance: Tensor, given: BatchNormBackwardOptions | undefined) {
  const { out: targets, skip, ...options } = known('options', given, ['scale', 'axis', 'epsilon', 'skip', 'out']);
  const spec = batchNormSpec(x, { mean, variance }, options);
  checkGradient(dy, x.shape);
  const channels = [spec.channels];
  const operands = { dy, x, mean, variance, 'options.scale': spec.scale };
  const shapes = { dx: x.shape, dScale: channels, dBias: channels };
  const wanted: Wanted<BatchNormGradient> = wantedGradients({ skip, out: targets }, shapes, operands);
  return { spec, wanted };
}

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
