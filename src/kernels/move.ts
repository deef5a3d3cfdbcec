import { kernel, type Layout, PER_NANOSECOND } from './layout.ts';

/** What lies beyond an input. */
export const PadMode = {
  Constant: 0,
  /** Mirrored, the cell at the border once. */
  Reflect: 1,
  /** The cell at the border again. */
  Replicate: 2,
  /** The other end. */
  Circular: 3,
} as const;

/** Floats from one lattice of up to six dimensions to another: each has as many points, and strides of its own. */
export const StridedParams = {
  input: 'f32*',
  output: 'f32*',
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
  /** Sums: floats that a task sets to zero before it adds to them. */
  clearLength: 'i32',
} as const satisfies Layout;

/** [outer][length][inner] and [outer][before + length + after][inner]: either may be the input. */
export const PadAxisParams = {
  input: 'f32*',
  output: 'f32*',
  outer: 'i32',
  length: 'i32',
  inner: 'i32',
  before: 'i32',
  after: 'i32',
  mode: 'i32',
  value: 'f32',
} as const satisfies Layout;

/** The input seen as [outer][channels][rowLength]. */
export const ChannelParams = {
  input: 'f32*',
  output: 'f32*',
  outer: 'i32',
  channels: 'i32',
  rowLength: 'i32',
} as const satisfies Layout;

const lattice = kernel(
  StridedParams,
  (v) => v.count0 * v.count1,
  (v) => (v.count0 * v.count1 * v.count2 * v.count3 * v.count4 * v.count5) / PER_NANOSECOND.points,
);

const axis = kernel(
  PadAxisParams,
  (v) => v.outer,
  (v) => (v.outer * (v.before + v.length + v.after) * v.inner) / PER_NANOSECOND.floats,
);

export const moveKernels = {
  /** A task is a point of the first two dimensions. */
  stridedCopy: lattice,
  stridedSum: lattice,
  /** A task is four channels. */
  channelSum: kernel(
    ChannelParams,
    (v) => Math.ceil(v.channels / 4),
    (v) => (v.outer * v.channels * v.rowLength) / PER_NANOSECOND.floats,
  ),
  /** A task is one of `outer`. */
  padAxis: axis,
  padAxisBackward: axis,
};
