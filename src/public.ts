/** What every entry exports. */
export type { Variant } from './backend.ts';
export type { Engine } from './engine.ts';
export { DisposedError, LayoutError, OptionError, OutOfMemoryError, ShapeError, UnsupportedError } from './errors.ts';
export { type FoldBatchNormOptions, type FoldedBatchNorm, foldBatchNorm } from './fold.ts';
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
export type { Layout, Layout1d, Layout3d, Pair, Triple } from './shape/check.ts';
export type { ColumnsOptions, Conv2dMatrixOptions } from './shape/columns.ts';
export type {
  Conv1dOptions,
  Conv2dOptions,
  Conv3dOptions,
  ConvAlgorithm,
  FilterLayout,
  FilterLayout1d,
  FilterLayout3d,
  PrepareConv2dOptions,
} from './shape/conv.ts';
export type { Conv1dBackwardOptions, Conv2dBackwardOptions, Conv3dBackwardOptions, ConvGradient } from './shape/conv-backward.ts';
export type {
  ConvTranspose1dBackwardOptions,
  ConvTranspose1dOptions,
  ConvTranspose2dBackwardOptions,
  ConvTranspose2dOptions,
  ConvTransposeGradient,
  TransposeFilterLayout,
  TransposeFilterLayout1d,
} from './shape/conv-transpose.ts';
export type { AlphaOptions, GeluOptions, HardSigmoidOptions, HardTanhOptions, ShrinkOptions } from './shape/curve.ts';
export type { GradientOptions, Gradients, GradientsOut, GradientTargets } from './shape/gradients.ts';
export type { LinearBackwardOptions, LinearGradient, LinearOptions } from './shape/linear.ts';
export type { BatchNormBackwardOptions, BatchNormGradient, BatchNormOptions } from './shape/norm.ts';
export type { PadBackwardOptions, PaddingMode, PadModeName, PadOptions } from './shape/pad.ts';
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
  ValuesAndIndices,
} from './shape/pool.ts';
export type { PreluBackwardOptions, PreluGradient, PreluOptions } from './shape/prelu.ts';
export type { RreluOptions } from './shape/rrelu.ts';
export type { SoftmaxOptions } from './shape/softmax.ts';
export type { Padding, Padding1d, Padding3d, PaddingRule, RoundingType } from './shape/window.ts';
export { KernelTensor, type Out, type ResidentLike, type Tensor } from './tensor.ts';
