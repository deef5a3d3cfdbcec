/**
 * Parameter blocks: one struct describes one call, and a driver gets its address. Every field is four bytes, so that
 * the host writes a block as a run of words; `src/params.ts` lists the same fields in the same order, and a test holds
 * the two together. Pointers are byte addresses, `…Stride` and `…Length` count floats, `…Bytes` bytes.
 */

/** The version of everything in this file. The loader refuses a module with another one. */
export const ABI_VERSION: i32 = 1;

/** What happens to a finished sum, in registers, before it is stored. */
export namespace Activation {
  export const None: i32 = 0;
  /** Between `lower` and `upper`: relu, relu6, clamp. */
  export const Clamp: i32 = 1;
  /** `x < 0 ? alpha * x : x`. */
  export const LeakyRelu: i32 = 2;
  /** `x > alpha ? x : 0`. */
  export const ThresholdedRelu: i32 = 3;
}

/** Which function of a float, or which derivative, one kernel of many computes. */
export namespace Curve {
  export const Elu: i32 = 0;
  export const Gelu: i32 = 1;
  export const GeluTanh: i32 = 2;
  export const HardShrink: i32 = 3;
  export const HardSigmoid: i32 = 4;
  export const HardSwish: i32 = 5;
  export const Mish: i32 = 6;
  export const Sigmoid: i32 = 7;
  export const Silu: i32 = 8;
  export const Softplus: i32 = 9;
  export const Softshrink: i32 = 10;
  export const Softsign: i32 = 11;
  export const Tanh: i32 = 12;
  /** Of derivatives only. Between two bounds, which belong to it. */
  export const Clamp: i32 = 13;
  /** Between two bounds, which do not. */
  export const HardTanh: i32 = 14;
  export const LeakyRelu: i32 = 15;
  /** Above a bound, which does not belong to it. */
  export const Threshold: i32 = 16;
}

/** What lies beyond an input. */
export namespace PadMode {
  export const Constant: i32 = 0;
  /** Mirrored, the cell at the border once. */
  export const Reflect: i32 = 1;
  /** The cell at the border again. */
  export const Replicate: i32 = 2;
  /** The other end. */
  export const Circular: i32 = 3;
}

/** What a window that reaches over the edge of an image finds there. */
export namespace Border {
  /** `borderValue` in every channel. */
  export const Constant: i32 = 0;
  /** aaa|abcd|ddd */
  export const Replicate: i32 = 1;
  /** cba|abcd|dcb */
  export const Reflect: i32 = 2;
  /** dcb|abcd|cba */
  export const Reflect101: i32 = 3;
  /** bcd|abcd|abc */
  export const Wrap: i32 = 4;
}

/** What of a window's elements an order filter takes. */
export namespace Order {
  export const Median: i32 = 0;
  export const Least: i32 = 1;
  export const Greatest: i32 = 2;
}

/** `[planes][inDepth][inHeight][inRowLength]` into a zero-bordered `[planes][outDepth][outHeight][outRowLength]`, cropping what does not fit. */
@unmanaged
export class PadParams {
  input: usize;
  output: usize;
  planes: i32;
  inDepth: i32;
  inHeight: i32;
  inRowLength: i32;
  outDepth: i32;
  outHeight: i32;
  outRowLength: i32;
  outPlaneStride: i32;
  front: i32;
  top: i32;
  left: i32;
}

/** A filter of any layout (told by its strides) into the order that a convolution kernel reads. */
@unmanaged
export class FilterParams {
  filter: usize;
  /** 0 where there is no bias. */
  bias: usize;
  output: usize;
  /** Where the points of a Winograd tile are kept. */
  scratch: usize;
  groups: i32;
  groupOutChannels: i32;
  groupInChannels: i32;
  kernelDepth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  /** Where the first tap lies: strides are negative where a filter is read backwards. */
  filterOffset: i32;
  outChannelStride: i32;
  inChannelStride: i32;
  depthStride: i32;
  heightStride: i32;
  widthStride: i32;
  /** Output rows and columns of a Winograd tile. */
  tileSize: i32;
  /** From the first output channel of a group to that of the next. */
  groupStride: i32;
}

@unmanaged
export class ConvParams {
  /** Products: bordered with its zeros already, and read by strides alone. Direct kernels: as it came. */
  input: usize;
  /** Packed, bias first: see docs/kernels.md. */
  filter: usize;
  output: usize;
  scratch: usize;
  batch: i32;
  groups: i32;
  groupInChannels: i32;
  groupOutChannels: i32;
  inHeight: i32;
  inWidth: i32;
  /** From one channel plane to the next (NCHW). */
  inPlaneStride: i32;
  inImageStride: i32;
  outHeight: i32;
  outWidth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  /** Every sum is divided by it before the bias is added. */
  divisor: f32;
  activation: i32;
  lower: f32;
  upper: f32;
  alpha: f32;
  /** Zeros above and left of the input, for direct kernels. */
  top: i32;
  left: i32;
  /** Output pixels a task (products), output rows a task (direct kernels), tiles a block (Winograd). */
  pixelBlock: i32;
  /** Products of a sum between two visits to memory. */
  depthBlock: i32;
  /** Output rows and columns of a Winograd tile. */
  tileSize: i32;
  /** Of products only, which know of three dimensions: the others have a depth of 1. */
  outDepth: i32;
  kernelDepth: i32;
  /** From the first channel of a group to that of the next. */
  inGroupStride: i32;
  /** From the window of one output to that of the next, and from one tap to the next. */
  windowDepthStride: i32;
  windowHeightStride: i32;
  windowWidthStride: i32;
  tapDepthStride: i32;
  tapHeightStride: i32;
  tapWidthStride: i32;
}

/** A pooling window over planes. In NCHW a plane is a channel and a pixel one float, in NHWC an image and its channels. */
@unmanaged
export class PoolParams {
  input: usize;
  output: usize;
  scratch: usize;
  inHeight: i32;
  inWidth: i32;
  outHeight: i32;
  outWidth: i32;
  /** Floats of a pixel. */
  pixelLength: i32;
  /** Of an adaptive pooling, whose windows differ (pool/windows.ts), the extent of the input; its stride is 0. */
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  top: i32;
  left: i32;
  /** Rows and columns around the input whose cells an average counts. */
  countTop: i32;
  countBottom: i32;
  countLeft: i32;
  countRight: i32;
  /** Output pixels whose columns are reduced together. */
  pixelBlock: i32;
  /** What every sum is divided by, or 0 for the number of its cells. */
  divisor: f32;
}

/** One float in, one float out. A kernel reads of `lower`, `upper` and `alpha` what it has a use for. */
@unmanaged
export class ActivationParams {
  input: usize;
  output: usize;
  length: i32;
  /** Floats a task. */
  taskLength: i32;
  lower: f32;
  upper: f32;
  alpha: f32;
  /** Of `Curve`, for the kernel that knows several. */
  kind: i32;
}

/** Two floats in, one float out. */
@unmanaged
export class BinaryParams {
  input: usize;
  other: usize;
  output: usize;
  length: i32;
  /** Floats a task. */
  taskLength: i32;
}

@unmanaged
export class PreluParams {
  input: usize;
  slope: usize;
  output: usize;
  scratch: usize;
  length: i32;
  /** Floats a task. */
  taskLength: i32;
  channels: i32;
  /** Floats side by side that share a channel. */
  rowLength: i32;
  /** How often short slopes are repeated, so that a run under them is worth a loop. */
  slopeCopies: i32;
}

@unmanaged
export class RreluParams {
  input: usize;
  output: usize;
  length: i32;
  /** Floats a task. */
  taskLength: i32;
  /** All 32 bits count. */
  seed: i32;
  lower: f32;
  /** 2⁻²⁴ of the way from the lower bound to the upper. */
  step: f32;
}

/** Places in a plane that floats are taken from, or put to: `y · width + x` as a float, of each of `indexCount` pixels of a plane. */
@unmanaged
export class IndexParams {
  input: usize;
  indices: usize;
  output: usize;
  /** Pixels of the plane that indices point into. */
  planeLength: i32;
  /** Pixels of a plane of indices. */
  indexCount: i32;
  /** Floats of a pixel. */
  pixelLength: i32;
  /** Whether what meets in one place is added; else the last one stays. */
  accumulate: i32;
  /** What is taken from no place of the plane. */
  missing: f32;
}

/** `factor · sign(base) · |base|^(exponent / root)`. */
@unmanaged
export class PowerParams {
  /** 0 where there is none: the sign then counts no more than the factor. */
  factor: usize;
  base: usize;
  output: usize;
  length: i32;
  /** Floats a task. */
  taskLength: i32;
  exponent: f32;
  root: f32;
}

/** What a batch normalisation does to each channel. */
@unmanaged
export class NormTableParams {
  mean: usize;
  variance: usize;
  /** 0 for ones. */
  scale: usize;
  /** 0 for zeros. */
  bias: usize;
  output: usize;
  channels: i32;
  /** Entries side by side of one channel. */
  repeat: i32;
  /** Entries in all. */
  tableLength: i32;
  epsilon: f32;
}

/** `(x - mean) · factor + bias`, by a table of them. */
@unmanaged
export class NormParams {
  input: usize;
  table: usize;
  output: usize;
  length: i32;
  /** Floats a task. */
  taskLength: i32;
  /** Floats side by side that share an entry of the table, or 0 where entries lie as the floats do. */
  rowLength: i32;
  /** Entries of the table. */
  tableLength: i32;
}

/** Sums over `[outer][inner]` of each channel of each image, all of it `[images][outer][channels][inner]`. */
@unmanaged
export class NormSumParams {
  input: usize;
  /** What each float is multiplied by, less the channel's mean; 0 for nothing. */
  other: usize;
  mean: usize;
  output: usize;
  outer: i32;
  channels: i32;
  inner: i32;
}

/** The gradient of one float. */
@unmanaged
export class ActivationBackwardParams {
  /** What flows back: `dy`. */
  input: usize;
  /** What the activation was applied to. */
  x: usize;
  output: usize;
  length: i32;
  /** Floats a task. */
  taskLength: i32;
  lower: f32;
  upper: f32;
  alpha: f32;
  kind: i32;
}

/** The gradient of a randomized leaky ReLU in training: what `RreluParams` drew is drawn again. */
@unmanaged
export class RreluBackwardParams {
  /** What flows back: `dy`. */
  input: usize;
  x: usize;
  output: usize;
  length: i32;
  /** Floats a task. */
  taskLength: i32;
  /** All 32 bits count. */
  seed: i32;
  lower: f32;
  step: f32;
}

/** Gradients of a parametric ReLU over [images][channels][pixels], or [images][pixels][channels]. */
@unmanaged
export class PreluBackwardParams {
  /** What flows back: `dy`. */
  input: usize;
  x: usize;
  slope: usize;
  output: usize;
  images: i32;
  channels: i32;
  pixels: i32;
  /** Pixels before channels, as in NHWC. */
  channelsLast: i32;
}

/** Over one axis of [outer][extent][inner]. */
@unmanaged
export class SoftmaxParams {
  /** Of the gradient: `dy`. */
  input: usize;
  /** The softmax, for the gradient; 0 for the softmax. */
  y: usize;
  output: usize;
  outer: i32;
  extent: i32;
  inner: i32;
  /** Rows a task where `inner` is 1, else columns: a multiple of 4. */
  taskLength: i32;
  /** The logarithm of it. */
  log: i32;
}

/** Floats from one lattice of up to six dimensions to another: each has as many points, and strides of its own. */
@unmanaged
export class StridedParams {
  input: usize;
  output: usize;
  inOffset: i32;
  outOffset: i32;
  count0: i32;
  count1: i32;
  count2: i32;
  count3: i32;
  count4: i32;
  count5: i32;
  in0: i32;
  in1: i32;
  in2: i32;
  in3: i32;
  in4: i32;
  in5: i32;
  out0: i32;
  out1: i32;
  out2: i32;
  out3: i32;
  out4: i32;
  out5: i32;
  /** Sums: floats that a task sets to zero before it adds to them. */
  clearLength: i32;
}

/** [outer][length][inner] and [outer][before + length + after][inner]: either may be the input. */
@unmanaged
export class PadAxisParams {
  input: usize;
  output: usize;
  outer: i32;
  length: i32;
  inner: i32;
  before: i32;
  after: i32;
  mode: i32;
  value: f32;
}

/** Elements of a filter, three ways, and the terms of their sums, three ways: read by strides alone. */
@unmanaged
export class FilterGradientParams {
  input: usize;
  gradient: usize;
  output: usize;
  /** Of the filter: see conv/direct-filter-gradient.ts. Lanes are adjacent. */
  down: i32;
  across: i32;
  lanes: i32;
  inDown: i32;
  inAcross: i32;
  dyAcross: i32;
  /** 1, or 0 where lanes share a float. */
  dyLaneStride: i32;
  outDown: i32;
  outAcross: i32;
  /** Of the sum, the last running fastest. */
  count0: i32;
  count1: i32;
  count2: i32;
  inStride0: i32;
  inStride1: i32;
  inStride2: i32;
  dyStride0: i32;
  dyStride1: i32;
  dyStride2: i32;
  divisor: f32;
}

/** The input seen as [outer][channels][rowLength]. */
@unmanaged
export class ChannelParams {
  input: usize;
  output: usize;
  outer: i32;
  channels: i32;
  rowLength: i32;
}

/** A filter over `[height][width][channels]` bytes or floats. Only here sizes are in bytes throughout: see image/rows.ts. */
@unmanaged
export class ImageParams {
  input: usize;
  /** What is multiplied with what: each filter says how it lies. */
  taps: usize;
  output: usize;
  scratch: usize;
  width: i32;
  height: i32;
  channels: i32;
  outChannels: i32;
  /** 1: bytes, 4: floats. */
  elementBytes: i32;
  pixelBytes: i32;
  rowBytes: i32;
  /** Of a row and what the kernel reaches beside it. */
  paddedBytes: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  /** Where in the kernel the pixel lies that gets the result. */
  top: i32;
  left: i32;
  /** What the kernel reaches below its pixel. */
  below: i32;
  border: i32;
  borderValue: f32;
  /** Rows of a task. */
  stripe: i32;
  /** Whether the last channel is what it was. */
  keepAlpha: i32;
  lineBytes: i32;
  /** Where in scratch the lines begin, the ring, and the table. */
  lineOffset: i32;
  ringOffset: i32;
  tableOffset: i32;
  /** Rows that the ring holds. */
  slots: i32;
  /** Taps, or pairs of them. Where two rows are computed at once, so many are of the upper alone, and of the lower alone. */
  tapCount: i32;
  upperTaps: i32;
  lowerTaps: i32;
  /** The same of the second pass, and fours of them. */
  rowTapCount: i32;
  rowFours: i32;
  /** What sums of bytes begin with: half of what they are divided by, and the bias. */
  begin: i32;
  shift: i32;
  /** The same for the second pass. */
  rowBegin: i32;
  rowShift: i32;
  divisor: f32;
  bias: f32;
  /** Whether sums of bytes fit 16 bits. */
  narrow: i32;
  order: i32;
  /** Unsharp masking: how much of the difference is added, for bytes in 1/256, and which is too small to be. */
  amount: f32;
  threshold: f32;
}
