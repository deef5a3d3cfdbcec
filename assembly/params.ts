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

/** The input seen as [outer][channels][rowLength]. */
@unmanaged
export class ChannelParams {
  input: usize;
  output: usize;
  outer: i32;
  channels: i32;
  rowLength: i32;
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
