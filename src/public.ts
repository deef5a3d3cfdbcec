/** What every entry exports. */
export type { Variant } from './backend.ts';
export type { Engine } from './engine.ts';
export { DisposedError, LayoutError, OptionError, OutOfMemoryError, ShapeError, UnsupportedError } from './errors.ts';
export { type FoldBatchNormOptions, foldBatchNorm } from './fold.ts';
export type { Conv2dPlan } from './plan/conv.ts';
export type { PreparedConv2d } from './prepared-conv.ts';
export type {
  ActivationName,
  ActivationOptions,
  ClampOptions,
  FusedActivation,
  LeakyReluOptions,
  ThresholdedReluOptions,
} from './shape/activation.ts';
export type { Layout } from './shape/check.ts';
export type { Conv2dOptions, ConvAlgorithm, FilterLayout, PrepareConv2dOptions } from './shape/conv.ts';
export type { AlphaOptions, GeluOptions, HardSigmoidOptions, HardTanhOptions, ShrinkOptions } from './shape/curve.ts';
export type { BatchNormBackwardOptions, BatchNormGradient, BatchNormOptions } from './shape/norm.ts';
export type {
  AdaptivePoolOptions,
  AveragePool1dOptions,
  AveragePool2dOptions,
  AveragePool3dOptions,
  LpPool1dOptions,
  LpPool2dOptions,
  LpPool3dOptions,
  MaxPool2dWithIndicesOptions,
  MaxUnpool2dOptions,
  Pool1dOptions,
  Pool2dOptions,
  Pool3dOptions,
  PoolOptions,
} from './shape/pool.ts';
export type { PreluBackwardOptions, PreluGradient, PreluOptions } from './shape/prelu.ts';
export type { RreluOptions } from './shape/rrelu.ts';
export type { SoftmaxOptions } from './shape/softmax.ts';
export type { Padding, RoundingType } from './shape/window.ts';
export { KernelTensor, type Tensor } from './tensor.ts';
