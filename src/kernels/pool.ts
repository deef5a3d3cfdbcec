import { kernel, type Layout, type Numbers, PER_NANOSECOND } from './layout.ts';

/** A pooling window over planes. In NCHW a plane is a channel and a pixel one float, in NHWC an image and its channels. */
export const PoolParams = {
  input: 'f32*',
  output: 'f32*',
  scratch: 'f32*',
  planes: 'i32',
  inHeight: 'i32',
  inWidth: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  /** Floats of a pixel. */
  pixelLength: 'i32',
  /** Of an adaptive pooling, whose windows differ (pool/windows.ts), the extent of the input; its stride is 0. */
  kernelHeight: 'i32',
  kernelWidth: 'i32',
  strideHeight: 'i32',
  strideWidth: 'i32',
  dilationHeight: 'i32',
  dilationWidth: 'i32',
  top: 'i32',
  left: 'i32',
  /** Rows and columns around the input whose cells an average counts. */
  countTop: 'i32',
  countBottom: 'i32',
  countLeft: 'i32',
  countRight: 'i32',
  /** Output pixels whose columns are reduced together. */
  pixelBlock: 'i32',
  /** What every sum is divided by, or 0 for the number of its cells. */
  divisor: 'f32',
} as const satisfies Layout;

/** Windows whose results are places, `y · width + x`, instead of floats. */
export const IndicesParams = { ...PoolParams, output: 'i32*' } as const satisfies Layout;

/** Places in a plane that floats are taken from, or put to: `y · width + x`, of each of `indexCount` pixels of a plane. */
export const IndexParams = {
  input: 'f32*',
  indices: 'i32*',
  output: 'f32*',
  planes: 'i32',
  /** Pixels of the plane that indices point into. */
  planeLength: 'i32',
  /** Pixels of a plane of indices. */
  indexCount: 'i32',
  /** Floats of a pixel. */
  pixelLength: 'i32',
  /** Whether what meets in one place is added; else the last one stays. */
  accumulate: 'i32',
  /** What is taken from no place of the plane. */
  missing: 'f32',
} as const satisfies Layout;

/** Places that a caller gave as floats. */
export const FloatIndicesParams = {
  input: 'f32*',
  output: 'i32*',
  length: 'i32',
} as const satisfies Layout;

/** Elements of a task of `floatIndices`. */
export const INDEX_BLOCK = 4096;

/** First the columns of a row of windows, then their rows. */
const windows = (v: Numbers<typeof PoolParams>) =>
  (v.planes * v.outHeight * v.pixelLength * (v.kernelHeight * v.inWidth + v.kernelWidth * v.outWidth)) / PER_NANOSECOND.taps;

const rows = kernel(PoolParams, (v) => v.planes * v.outHeight, windows);

const indexed = kernel(
  IndexParams,
  (v) => v.planes,
  (v) => v.planes * v.pixelLength * (v.indexCount + v.planeLength / PER_NANOSECOND.floats),
);

export const poolKernels = {
  /** A task is a row of results of a plane. */
  maxPool: rows,
  averagePool: rows,
  maxIndices: kernel<typeof IndicesParams>(IndicesParams, (v) => v.planes * v.outHeight, windows),
  /** A task is a plane. */
  averagePoolBackward: kernel(PoolParams, (v) => v.planes, windows),
  gatherPixels: indexed,
  scatterPixels: indexed,
  /** A task is `INDEX_BLOCK` elements. */
  floatIndices: kernel(
    FloatIndicesParams,
    (v) => Math.ceil(v.length / INDEX_BLOCK),
    (v) => v.length / PER_NANOSECOND.floats,
  ),
};
