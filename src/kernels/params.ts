/**
 * Parameter blocks, field by field as in `assembly/params.ts` (a test compares the offsets). The WebAssembly backend
 * writes them as words (`wasm/abi.ts`), the twin gets them as objects whose buffers are arrays.
 */
export const ABI_VERSION = 1;

export const Activation = { None: 0, Clamp: 1, LeakyRelu: 2, ThresholdedRelu: 3 } as const;

export const Curve = {
  Elu: 0,
  Gelu: 1,
  GeluTanh: 2,
  HardShrink: 3,
  HardSigmoid: 4,
  HardSwish: 5,
  Mish: 6,
  Sigmoid: 7,
  Silu: 8,
  Softplus: 9,
  Softshrink: 10,
  Softsign: 11,
  Tanh: 12,
  Clamp: 13,
  HardTanh: 14,
  LeakyRelu: 15,
  Threshold: 16,
} as const;

export const PadMode = { Constant: 0, Reflect: 1, Replicate: 2, Circular: 3 } as const;

export const Border = { Constant: 0, Replicate: 1, Reflect: 2, Reflect101: 3, Wrap: 4 } as const;

export const Order = { Median: 0, Least: 1, Greatest: 2 } as const;

export type FieldKind = 'buffer' | 'i32' | 'f32';
export type Layout = Readonly<Record<string, FieldKind>>;

export const PadParams = {
  input: 'buffer',
  output: 'buffer',
  planes: 'i32',
  inDepth: 'i32',
  inHeight: 'i32',
  inRowLength: 'i32',
  outDepth: 'i32',
  outHeight: 'i32',
  outRowLength: 'i32',
  outPlaneStride: 'i32',
  front: 'i32',
  top: 'i32',
  left: 'i32',
} as const satisfies Layout;

export const FilterParams = {
  filter: 'buffer',
  bias: 'buffer',
  output: 'buffer',
  scratch: 'buffer',
  groups: 'i32',
  groupOutChannels: 'i32',
  groupInChannels: 'i32',
  kernelDepth: 'i32',
  kernelHeight: 'i32',
  kernelWidth: 'i32',
  filterOffset: 'i32',
  outChannelStride: 'i32',
  inChannelStride: 'i32',
  depthStride: 'i32',
  heightStride: 'i32',
  widthStride: 'i32',
  tileSize: 'i32',
  groupStride: 'i32',
} as const satisfies Layout;

export const ConvParams = {
  input: 'buffer',
  filter: 'buffer',
  output: 'buffer',
  scratch: 'buffer',
  batch: 'i32',
  groups: 'i32',
  groupInChannels: 'i32',
  groupOutChannels: 'i32',
  inHeight: 'i32',
  inWidth: 'i32',
  inPlaneStride: 'i32',
  inImageStride: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  kernelHeight: 'i32',
  kernelWidth: 'i32',
  strideHeight: 'i32',
  strideWidth: 'i32',
  dilationHeight: 'i32',
  dilationWidth: 'i32',
  divisor: 'f32',
  activation: 'i32',
  lower: 'f32',
  upper: 'f32',
  alpha: 'f32',
  top: 'i32',
  left: 'i32',
  pixelBlock: 'i32',
  depthBlock: 'i32',
  tileSize: 'i32',
  outDepth: 'i32',
  kernelDepth: 'i32',
  inGroupStride: 'i32',
  windowDepthStride: 'i32',
  windowHeightStride: 'i32',
  windowWidthStride: 'i32',
  tapDepthStride: 'i32',
  tapHeightStride: 'i32',
  tapWidthStride: 'i32',
} as const satisfies Layout;

export const PoolParams = {
  input: 'buffer',
  output: 'buffer',
  scratch: 'buffer',
  inHeight: 'i32',
  inWidth: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  pixelLength: 'i32',
  kernelHeight: 'i32',
  kernelWidth: 'i32',
  strideHeight: 'i32',
  strideWidth: 'i32',
  dilationHeight: 'i32',
  dilationWidth: 'i32',
  top: 'i32',
  left: 'i32',
  countTop: 'i32',
  countBottom: 'i32',
  countLeft: 'i32',
  countRight: 'i32',
  pixelBlock: 'i32',
  divisor: 'f32',
} as const satisfies Layout;

export const ActivationParams = {
  input: 'buffer',
  output: 'buffer',
  length: 'i32',
  taskLength: 'i32',
  lower: 'f32',
  upper: 'f32',
  alpha: 'f32',
  kind: 'i32',
} as const satisfies Layout;

export const BinaryParams = {
  input: 'buffer',
  other: 'buffer',
  output: 'buffer',
  length: 'i32',
  taskLength: 'i32',
} as const satisfies Layout;

export const PreluParams = {
  input: 'buffer',
  slope: 'buffer',
  output: 'buffer',
  scratch: 'buffer',
  length: 'i32',
  taskLength: 'i32',
  channels: 'i32',
  rowLength: 'i32',
  slopeCopies: 'i32',
} as const satisfies Layout;

export const RreluParams = {
  input: 'buffer',
  output: 'buffer',
  length: 'i32',
  taskLength: 'i32',
  seed: 'i32',
  lower: 'f32',
  step: 'f32',
} as const satisfies Layout;

export const IndexParams = {
  input: 'buffer',
  indices: 'buffer',
  output: 'buffer',
  planeLength: 'i32',
  indexCount: 'i32',
  pixelLength: 'i32',
  accumulate: 'i32',
  missing: 'f32',
} as const satisfies Layout;

export const PowerParams = {
  factor: 'buffer',
  base: 'buffer',
  output: 'buffer',
  length: 'i32',
  taskLength: 'i32',
  exponent: 'f32',
  root: 'f32',
} as const satisfies Layout;

export const NormTableParams = {
  mean: 'buffer',
  variance: 'buffer',
  scale: 'buffer',
  bias: 'buffer',
  output: 'buffer',
  channels: 'i32',
  repeat: 'i32',
  tableLength: 'i32',
  epsilon: 'f32',
} as const satisfies Layout;

export const NormParams = {
  input: 'buffer',
  table: 'buffer',
  output: 'buffer',
  length: 'i32',
  taskLength: 'i32',
  rowLength: 'i32',
  tableLength: 'i32',
} as const satisfies Layout;

export const NormSumParams = {
  input: 'buffer',
  other: 'buffer',
  mean: 'buffer',
  output: 'buffer',
  outer: 'i32',
  channels: 'i32',
  inner: 'i32',
} as const satisfies Layout;

export const ActivationBackwardParams = {
  input: 'buffer',
  x: 'buffer',
  output: 'buffer',
  length: 'i32',
  taskLength: 'i32',
  lower: 'f32',
  upper: 'f32',
  alpha: 'f32',
  kind: 'i32',
} as const satisfies Layout;

export const RreluBackwardParams = {
  input: 'buffer',
  x: 'buffer',
  output: 'buffer',
  length: 'i32',
  taskLength: 'i32',
  seed: 'i32',
  lower: 'f32',
  step: 'f32',
} as const satisfies Layout;

export const PreluBackwardParams = {
  input: 'buffer',
  x: 'buffer',
  slope: 'buffer',
  output: 'buffer',
  images: 'i32',
  channels: 'i32',
  pixels: 'i32',
  channelsLast: 'i32',
} as const satisfies Layout;

export const SoftmaxParams = {
  input: 'buffer',
  y: 'buffer',
  output: 'buffer',
  outer: 'i32',
  extent: 'i32',
  inner: 'i32',
  taskLength: 'i32',
  log: 'i32',
} as const satisfies Layout;

export const StridedParams = {
  input: 'buffer',
  output: 'buffer',
  inOffset: 'i32',
  outOffset: 'i32',
  count0: 'i32',
  count1: 'i32',
  count2: 'i32',
  count3: 'i32',
  count4: 'i32',
  count5: 'i32',
  in0: 'i32',
  in1: 'i32',
  in2: 'i32',
  in3: 'i32',
  in4: 'i32',
  in5: 'i32',
  out0: 'i32',
  out1: 'i32',
  out2: 'i32',
  out3: 'i32',
  out4: 'i32',
  out5: 'i32',
  clearLength: 'i32',
} as const satisfies Layout;

export const PadAxisParams = {
  input: 'buffer',
  output: 'buffer',
  outer: 'i32',
  length: 'i32',
  inner: 'i32',
  before: 'i32',
  after: 'i32',
  mode: 'i32',
  value: 'f32',
} as const satisfies Layout;

export const FilterGradientParams = {
  input: 'buffer',
  gradient: 'buffer',
  output: 'buffer',
  down: 'i32',
  across: 'i32',
  lanes: 'i32',
  inDown: 'i32',
  inAcross: 'i32',
  dyAcross: 'i32',
  dyLaneStride: 'i32',
  outDown: 'i32',
  outAcross: 'i32',
  count0: 'i32',
  count1: 'i32',
  count2: 'i32',
  inStride0: 'i32',
  inStride1: 'i32',
  inStride2: 'i32',
  dyStride0: 'i32',
  dyStride1: 'i32',
  dyStride2: 'i32',
  divisor: 'f32',
} as const satisfies Layout;

export const ChannelParams = {
  input: 'buffer',
  output: 'buffer',
  outer: 'i32',
  channels: 'i32',
  rowLength: 'i32',
} as const satisfies Layout;

export const ImageParams = {
  input: 'buffer',
  taps: 'buffer',
  output: 'buffer',
  scratch: 'buffer',
  width: 'i32',
  height: 'i32',
  channels: 'i32',
  outChannels: 'i32',
  elementBytes: 'i32',
  pixelBytes: 'i32',
  rowBytes: 'i32',
  paddedBytes: 'i32',
  kernelHeight: 'i32',
  kernelWidth: 'i32',
  top: 'i32',
  left: 'i32',
  below: 'i32',
  border: 'i32',
  borderValue: 'f32',
  stripe: 'i32',
  keepAlpha: 'i32',
  lineBytes: 'i32',
  lineOffset: 'i32',
  ringOffset: 'i32',
  tableOffset: 'i32',
  slots: 'i32',
  tapCount: 'i32',
  upperTaps: 'i32',
  lowerTaps: 'i32',
  rowTapCount: 'i32',
  rowFours: 'i32',
  begin: 'i32',
  shift: 'i32',
  rowBegin: 'i32',
  rowShift: 'i32',
  divisor: 'f32',
  bias: 'f32',
  narrow: 'i32',
  order: 'i32',
  amount: 'f32',
  threshold: 'f32',
} as const satisfies Layout;

/** Which block each kernel takes. The keys are the kernels' names on both sides. */
export const kernels = {
  pad: PadParams,
  packFilterRows: FilterParams,
  packFilterColumns: FilterParams,
  packFilterPlanes: FilterParams,
  packFilterLanes: FilterParams,
  packWinogradRows: FilterParams,
  packWinogradColumns: FilterParams,
  convGemmNchw: ConvParams,
  convGemmNhwc: ConvParams,
  convDirectNchw: ConvParams,
  convDirectNhwc: ConvParams,
  directFilterGradient: FilterGradientParams,
  convWinogradNchw: ConvParams,
  convWinogradNhwc: ConvParams,
  maxPool: PoolParams,
  averagePool: PoolParams,
  averagePoolBackward: PoolParams,
  maxIndices: PoolParams,
  gatherPixels: IndexParams,
  scatterPixels: IndexParams,
  timesPower: PowerParams,
  batchNormTable: NormTableParams,
  batchNorm: NormParams,
  batchNormSums: NormSumParams,
  add: BinaryParams,
  clamp: ActivationParams,
  leakyRelu: ActivationParams,
  thresholdedRelu: ActivationParams,
  preluRows: PreluParams,
  preluColumns: PreluParams,
  rrelu: RreluParams,
  curve: ActivationParams,
  elu: ActivationParams,
  sigmoid: ActivationParams,
  tanh: ActivationParams,
  activationBackward: ActivationBackwardParams,
  rreluBackward: RreluBackwardParams,
  preluBackward: PreluBackwardParams,
  preluSlopeBackward: PreluBackwardParams,
  softmax: SoftmaxParams,
  stridedCopy: StridedParams,
  stridedSum: StridedParams,
  channelSum: ChannelParams,
  padAxis: PadAxisParams,
  padAxisBackward: PadAxisParams,
  imageBytes: ImageParams,
  imageFloats: ImageParams,
  imageBox: ImageParams,
  imageOrder: ImageParams,
  imageGradient: ImageParams,
  imageGrey: ImageParams,
} as const satisfies Record<string, Layout>;

export type KernelName = keyof typeof kernels;

/** A block as the twin sees it: numbers, and arrays where the other side has addresses. */
export type Block<L extends Layout> = {
  -readonly [F in keyof L]: L[F] extends 'buffer' ? Float32Array : number;
};
