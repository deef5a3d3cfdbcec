/** A layer over one image: square windows, the same padding on every side. That is all that the benchmarks have. */
export interface PlainShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

export interface PlainConvShape extends PlainShape {
  readonly outChannels: number;
  /** 1, or the number of channels: depthwise. */
  readonly groups: number;
}

export type PlainLayout = 'nchw' | 'nhwc';

/** Computes once, from `x` into `out`. */
export type PlainRun = (x: Float32Array, out: Float32Array) => void;

const extent = (input: number, { kernel, stride, padding }: PlainShape) => Math.floor((input + 2 * padding - kernel) / stride) + 1;

export const outHeight = (shape: PlainShape) => extent(shape.height, shape);
export const outWidth = (shape: PlainShape) => extent(shape.width, shape);

/** Channels as planes one after another (NCHW), or as lanes side by side in one plane (NHWC). */
export const arrangement = (layout: PlainLayout, channels: number) =>
  layout === 'nchw' ? { planes: channels, lanes: 1 } : { planes: 1, lanes: channels };
