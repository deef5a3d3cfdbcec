import type { ActivationOptions } from '../../spec/activation.ts';
import type { Layout } from '../../spec/check.ts';
import type { GradientOptions, GradientTargets } from '../../spec/gradients.ts';
import type { Tensor } from '../../tensor/tensor.ts';

interface AffineOptions extends ActivationOptions {
  /** What normalised elements are multiplied by, if by anything. */
  readonly scale?: Tensor;
  /** What is added in the end, if anything. */
  readonly bias?: Tensor;
  /**
   * What is added to the variance.
   *
   * @defaultValue 1e-5
   */
  readonly epsilon?: number;
}

/** What `layerNorm` takes besides its input. `scale` and `bias` have the extents of the axes, in their order. */
export interface LayerNormOptions extends AffineOptions {
  /**
   * The axes that are normalised together, ascending, counted from the end where they are negative.
   *
   * @defaultValue all but the first
   */
  readonly axes?: readonly number[];
}

/** What `rmsNorm` takes besides its input. `scale` has the extents of the axes, in their order. */
export interface RmsNormOptions extends Omit<AffineOptions, 'bias'> {
  /**
   * The axes that are normalised together, ascending, counted from the end where they are negative.
   *
   * @defaultValue the last one
   */
  readonly axes?: readonly number[];
}

/** What `instanceNorm` and `groupNorm` take besides their input. `scale` and `bias` have an entry for each channel. */
export interface InstanceNormOptions extends AffineOptions {
  /**
   * Channels second, or last. Inputs of any rank from 2 on are meant: `'nhwc'` says that channels come last.
   *
   * @defaultValue 'nchw'
   */
  readonly layout?: Layout;
}

/** By what a normalisation is differentiated. */
export type NormGradient = 'dx' | 'dScale' | 'dBias';
/** By what `rmsNorm` is differentiated. */
export type RmsNormGradient = 'dx' | 'dScale';

/** The options of the forward call but `bias`, on which no gradient depends. */
export type Backward<O, N extends string> = Omit<O, 'bias' | 'out'> & GradientOptions<N>;

/** What `layerNormBackward` takes. */
export type LayerNormBackwardOptions = Backward<LayerNormOptions, NormGradient>;
/** What `rmsNormBackward` takes. */
export type RmsNormBackwardOptions = Backward<RmsNormOptions, RmsNormGradient>;
/** What `instanceNormBackward` and `groupNormBackward` take. */
export type InstanceNormBackwardOptions = Backward<InstanceNormOptions, NormGradient>;

/** What `localResponseNorm` takes besides the input and the size of its windows. */
export interface LocalResponseNormOptions extends ActivationOptions {
  /**
   * What the mean square of a window is multiplied by, at least 0.
   *
   * @defaultValue 1e-4
   */
  readonly alpha?: number;
  /**
   * The exponent, at least 0.
   *
   * @defaultValue 0.75
   */
  readonly beta?: number;
  /**
   * What is added to it, above 0.
   *
   * @defaultValue 1
   */
  readonly bias?: number;
  /**
   * Channels second, or last, in an input of any rank from 2 on.
   *
   * @defaultValue 'nchw'
   */
  readonly layout?: Layout;
}

/** What `batchNorm` takes besides the input and its moments. */
export interface BatchNormOptions {
  /**
   * What each channel is multiplied by, [channels].
   *
   * @defaultValue 1
   */
  readonly scale?: Tensor;
  /**
   * What is added to each channel, [channels].
   *
   * @defaultValue 0
   */
  readonly bias?: Tensor;
  /**
   * Where the channels are.
   *
   * @defaultValue 1
   */
  readonly axis?: number;
  /**
   * What is added to the variance.
   *
   * @defaultValue 1e-5
   */
  readonly epsilon?: number;
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** By what `batchNorm` is differentiated: its input, its scale, its bias; moments are constants. */
export type BatchNormGradient = 'dx' | 'dScale' | 'dBias';

/** What `batchNormBackward` takes: no `bias`, on which no gradient depends. */
export interface BatchNormBackwardOptions extends Omit<BatchNormOptions, 'bias' | 'out'>, GradientOptions<BatchNormGradient> {}

/** What `batchNormTraining` gives. */
export type BatchNormTrainingResult = 'y' | 'mean' | 'variance';

/** What `batchNormTraining` takes: the options of `batchNorm`, and up to three tensors to write to. */
export interface BatchNormTrainingOptions extends Omit<BatchNormOptions, 'out'> {
  /** Where the results go, instead of new tensors. */
  readonly out?: GradientTargets<BatchNormTrainingResult>;
}

/** What `batchNormTrainingBackward` takes. */
export type BatchNormTrainingBackwardOptions = Backward<BatchNormOptions, NormGradient>;
