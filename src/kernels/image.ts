import { kernel, type Layout, PER_NANOSECOND } from './layout.ts';

/** What a window that reaches over the edge of an image finds there. */
export const Border = {
  /** `borderValue` in every channel. */
  Constant: 0,
  /** aaa|abcd|ddd */
  Replicate: 1,
  /** cba|abcd|dcb */
  Reflect: 2,
  /** dcb|abcd|cba */
  Reflect101: 3,
  /** bcd|abcd|abc */
  Wrap: 4,
} as const;

/** What of a window's elements an order filter takes. */
export const Order = {
  Median: 0,
  Least: 1,
  Greatest: 2,
} as const;

/** A filter over `[height][width][channels]` bytes or floats. Only here sizes are in bytes throughout: see image/rows.ts. */
export const ImageParams = {
  input: 'any*',
  /** What is multiplied with what: each filter says how it lies. */
  taps: 'i32*',
  output: 'any*',
  scratch: 'any*',
  width: 'i32',
  height: 'i32',
  channels: 'i32',
  outChannels: 'i32',
  /** 1: bytes, 4: floats. */
  elementBytes: 'i32',
  pixelBytes: 'i32',
  rowBytes: 'i32',
  /** Of a row and what the kernel reaches beside it. */
  paddedBytes: 'i32',
  kernelHeight: 'i32',
  kernelWidth: 'i32',
  /** Where in the kernel the pixel lies that gets the result. */
  top: 'i32',
  left: 'i32',
  /** What the kernel reaches below its pixel. */
  below: 'i32',
  border: 'i32',
  borderValue: 'f32',
  /** Rows of a task. */
  stripe: 'i32',
  /** Whether the last channel is what it was. */
  keepAlpha: 'i32',
  lineBytes: 'i32',
  /** Where in scratch the lines begin, the ring, and the table. */
  lineOffset: 'i32',
  ringOffset: 'i32',
  tableOffset: 'i32',
  /** Rows that the ring holds. */
  slots: 'i32',
  /** Taps, or pairs of them. Where two rows are computed at once, so many are of the upper alone, and of the lower alone. */
  tapCount: 'i32',
  upperTaps: 'i32',
  lowerTaps: 'i32',
  /** The same of the second pass, and fours of them. */
  rowTapCount: 'i32',
  rowFours: 'i32',
  /** What sums of bytes begin with: half of what they are divided by, and the bias. */
  begin: 'i32',
  shift: 'i32',
  /** The same for the second pass. */
  rowBegin: 'i32',
  rowShift: 'i32',
  divisor: 'f32',
  bias: 'f32',
  /** Whether sums of bytes fit 16 bits. */
  narrow: 'i32',
  order: 'i32',
  /** Unsharp masking: how much of the difference is added, for bytes in 1/256, and which is too small to be. */
  amount: 'f32',
  threshold: 'f32',
} as const satisfies Layout;

/** A task is a stripe of rows. */
const filter = kernel(
  ImageParams,
  (v) => Math.ceil(v.height / v.stripe),
  (v) => (v.width * v.height * v.channels * (2 + v.tapCount + v.rowTapCount)) / PER_NANOSECOND.imageTaps,
);

export const imageKernels = {
  imageBytes: filter,
  imageFloats: filter,
  imageBox: filter,
  imageOrder: filter,
  imageGradient: filter,
  imageGrey: filter,
};
