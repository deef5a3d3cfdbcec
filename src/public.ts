/** What every entry exports. */

export type { Engine, TensorOptions } from './engine.ts';
export { DisposedError, LayoutError, OptionError, OutOfMemoryError, ShapeError, UnsupportedError } from './errors.ts';
export type { BinaryBackwardOptions, BinaryGradient } from './ops/arithmetic.ts';
export type { ColumnsOptions, Conv2dMatrixOptions } from './ops/columns.ts';
export type {
  Conv1dBackwardOptions,
  Conv1dOptions,
  Conv2dBackwardOptions,
  Conv2dOptions,
  Conv3dBackwardOptions,
  Conv3dOptions,
  ConvGradient,
  FilterLayout,
  FilterLayout1d,
  FilterLayout3d,
  PrepareConv2dOptions,
} from './ops/conv/options.ts';
export type {
  ConvTranspose1dBackwardOptions,
  ConvTranspose1dOptions,
  ConvTranspose2dBackwardOptions,
  ConvTranspose2dOptions,
  ConvTranspose3dBackwardOptions,
  ConvTranspose3dOptions,
  ConvTransposeGradient,
  TransposeFilterLayout,
  TransposeFilterLayout1d,
  TransposeFilterLayout3d,
} from './ops/conv/transpose-options.ts';
export { type FoldBatchNormOptions, type FoldedBatchNorm, foldBatchNorm } from './ops/fold-batch-norm.ts';
export type { LinearBackwardOptions, LinearGradient, LinearOptions } from './ops/linear.ts';
export type { MatmulOptions } from './ops/matmul.ts';
export type {
  Backward,
  BatchNormBackwardOptions,
  BatchNormGradient,
  BatchNormOptions,
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
} from './ops/norm/options.ts';
export type { PadBackwardOptions, PadOptions } from './ops/pad.ts';
export type { Indices } from './ops/pool.ts';
export type { ArgMaxOptions, ReduceOptions } from './ops/reduce.ts';
export type { CoordinateTransformation, ResizeBackwardOptions, ResizeOptions } from './ops/resample.ts';
export type { Conv2dPlan } from './plan/conv/conv.ts';
export type { PreparedConv2d } from './program/prepared-conv.ts';
export type { Variant } from './runtime/backend.ts';
export type {
  ActivationName,
  ActivationOptions,
  ClampOptions,
  FusedActivation,
  LeakyReluOptions,
  ThresholdedReluOptions,
} from './spec/activation.ts';
export type { PaddingMode, PadModeName } from './spec/border.ts';
export type { Layout, Layout1d, Layout3d, Pair, Triple } from './spec/check.ts';
export type { ConvAlgorithm } from './spec/correlation.ts';
export type { AlphaOptions, GeluOptions, HardSigmoidOptions, HardTanhOptions, ShrinkOptions } from './spec/curve.ts';
export type { GradientOptions, Gradients, GradientsOut, GradientTargets, NamedResults } from './spec/gradients.ts';
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
} from './spec/pool.ts';
export type { PreluBackwardOptions, PreluGradient, PreluOptions } from './spec/prelu.ts';
export type { RreluOptions } from './spec/rrelu.ts';
export type { SoftmaxOptions } from './spec/softmax.ts';
export type { Padding, Padding1d, Padding3d, PaddingRule, RoundingType } from './spec/window.ts';
export type { ArrayOf, DType, TensorData } from './tensor/dtype.ts';
export {
  type AnyTensor,
  KernelTensor,
  type Operand,
  type Out,
  type Quantization,
  type ResidentLike,
  type Tensor,
} from './tensor/tensor.ts';
