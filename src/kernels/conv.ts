import { kernel, type Layout, type Numbers, PER_NANOSECOND } from './layout.ts';
import { COLUMNS, GRADIENT_COLUMNS, GRADIENT_LANES, GRADIENT_ROWS, PART_PANELS, ROWS } from './tiles.ts';

/** `[planes][inDepth][inHeight][inRowLength]` into a zero-bordered `[planes][outDepth][outHeight][outRowLength]`, cropping what does not fit. */
export const PadParams = {
  input: 'f32*',
  output: 'f32*',
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

/** A filter of any layout (told by its strides) into the order that a convolution kernel reads. */
export const FilterParams = {
  filter: 'f32*',
  /** 0 where there is no bias. */
  bias: 'f32*',
  output: 'f32*',
  /** Where the points of a Winograd tile are kept. */
  scratch: 'f32*',
  groups: 'i32',
  groupOutChannels: 'i32',
  groupInChannels: 'i32',
  kernelDepth: 'i32',
  kernelHeight: 'i32',
  kernelWidth: 'i32',
  /** Where the first tap lies: strides are negative where a filter is read backwards. */
  filterOffset: 'i32',
  outChannelStride: 'i32',
  inChannelStride: 'i32',
  depthStride: 'i32',
  heightStride: 'i32',
  widthStride: 'i32',
  /** Output rows and columns of a Winograd tile. */
  tileSize: 'i32',
  /** From the first output channel of a group to that of the next. */
  groupStride: 'i32',
} as const satisfies Layout;

export const ConvParams = {
  /** Products: bordered with its zeros already, and read by strides alone. Direct kernels: as it came. */
  input: 'f32*',
  /** Packed, bias first: see docs/kernels.md. */
  filter: 'f32*',
  output: 'f32*',
  scratch: 'f32*',
  batch: 'i32',
  groups: 'i32',
  groupInChannels: 'i32',
  groupOutChannels: 'i32',
  inHeight: 'i32',
  inWidth: 'i32',
  /** From one channel plane to the next (NCHW). */
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
  /** Every sum is divided by it before the bias is added. */
  divisor: 'f32',
  activation: 'i32',
  lower: 'f32',
  upper: 'f32',
  alpha: 'f32',
  /** Zeros above and left of the input, for direct kernels. */
  top: 'i32',
  left: 'i32',
  /** Output pixels a task (products), output rows a task (direct kernels), tiles a block (Winograd). */
  pixelBlock: 'i32',
  /** Products of a sum between two visits to memory. */
  depthBlock: 'i32',
  /** Output rows and columns of a Winograd tile. */
  tileSize: 'i32',
  /** Of products only, which know of three dimensions: the others have a depth of 1. */
  outDepth: 'i32',
  kernelDepth: 'i32',
  /** From the first channel of a group to that of the next. */
  inGroupStride: 'i32',
  /** From the window of one output to that of the next, and from one tap to the next. */
  windowDepthStride: 'i32',
  windowHeightStride: 'i32',
  windowWidthStride: 'i32',
  tapDepthStride: 'i32',
  tapHeightStride: 'i32',
  tapWidthStride: 'i32',
} as const satisfies Layout;

/** Elements of a filter, three ways, and the terms of their sums, three ways: read by strides alone. */
export const FilterGradientParams = {
  input: 'f32*',
  gradient: 'f32*',
  output: 'f32*',
  /** Of the filter: see conv/direct-filter-gradient.ts. Lanes are adjacent. */
  down: 'i32',
  across: 'i32',
  lanes: 'i32',
  inDown: 'i32',
  inAcross: 'i32',
  dyAcross: 'i32',
  /** 1, or 0 where lanes share a float. */
  dyLaneStride: 'i32',
  outDown: 'i32',
  outAcross: 'i32',
  /** Of the sum, the last running fastest. */
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

const products = (v: Numbers<typeof ConvParams>) =>
  (v.batch *
    v.outDepth *
    v.outHeight *
    v.outWidth *
    v.groups *
    v.groupOutChannels *
    v.kernelDepth *
    v.kernelHeight *
    v.kernelWidth *
    v.groupInChannels) /
  PER_NANOSECOND.products;

const winogradBlocks = (v: Numbers<typeof ConvParams>) =>
  v.groups * Math.ceil((Math.max(1, v.batch) * Math.ceil(v.outHeight / v.tileSize) * Math.ceil(v.outWidth / v.tileSize)) / v.pixelBlock);

/** Filters are packed once: a nanosecond for each of these floats. */
const packed = (v: Numbers<typeof FilterParams>) =>
  v.groups * v.groupOutChannels * v.groupInChannels * v.kernelDepth * v.kernelHeight * v.kernelWidth;

const groups = (v: Numbers<typeof FilterParams>) => v.groups;

const gemm = kernel(ConvParams, (v) => v.batch * v.groups * Math.ceil((v.outDepth * v.outHeight * v.outWidth) / v.pixelBlock), products);

export const convKernels = {
  /** A task is a plane. */
  pad: kernel(
    PadParams,
    (v) => v.planes,
    (v) => (v.planes * v.outDepth * v.outHeight * v.outRowLength) / PER_NANOSECOND.floats,
  ),
  /** A task is a group, as for all products. */
  packFilterRows: kernel(FilterParams, groups, packed),
  packFilterColumns: kernel(FilterParams, groups, packed),
  /** A task is an output channel. */
  packFilterPlanes: kernel(FilterParams, (v) => v.groups * v.groupOutChannels, packed),
  /** A task is four output channels. */
  packFilterLanes: kernel(FilterParams, (v) => Math.ceil((v.groups * v.groupOutChannels) / 4), packed),
  packWinogradRows: kernel(FilterParams, groups, packed),
  packWinogradColumns: kernel(FilterParams, groups, packed),
  /** A task is a block of pixels of one group of one image. */
  convGemmNchw: gemm,
  convGemmNhwc: gemm,
  /** A task is a block of rows of one group of one image. */
  convDirectNchw: kernel(ConvParams, (v) => v.batch * v.groups * Math.ceil(v.outHeight / v.pixelBlock), products),
  /** A task is a block of rows of one image. */
  convDirectNhwc: kernel(ConvParams, (v) => v.batch * Math.ceil(v.outHeight / v.pixelBlock), products),
  /** A task is a block of tiles and a part of the output channels of one group. */
  convWinogradNchw: kernel(ConvParams, (v) => winogradBlocks(v) * Math.ceil(Math.ceil(v.groupOutChannels / ROWS) / PART_PANELS), products),
  convWinogradNhwc: kernel(ConvParams, (v) => winogradBlocks(v) * Math.ceil(v.groupOutChannels / (PART_PANELS * COLUMNS)), products),
  /** A task is a tile of 3 × 3 × 4 elements of the filter. */
  directFilterGradient: kernel(
    FilterGradientParams,
    gradientTiles,
    (v) =>
      (gradientTiles(v) * v.count0 * v.count1 * v.count2 * (GRADIENT_ROWS * GRADIENT_COLUMNS * GRADIENT_LANES)) / PER_NANOSECOND.products,
  ),
};

function gradientTiles(v: Numbers<typeof FilterGradientParams>): number {
  return Math.ceil(v.down / GRADIENT_ROWS) * Math.ceil(v.across / GRADIENT_COLUMNS) * Math.ceil(v.lanes / GRADIENT_LANES);
}
