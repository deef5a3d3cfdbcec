import type { backend_util } from '@tensorflow/tfjs-core';

/** How TensorFlow.js's windows lie over an input, in the words of this package. */

type Info = backend_util.Conv2DInfo | backend_util.Conv3DInfo;

interface Axis {
  readonly input: number;
  readonly output: number;
  /** Of the window, dilation included. */
  readonly reach: number;
  readonly stride: number;
  readonly dilation: number;
  readonly begin: number;
}

const slices = (info: backend_util.Conv3DInfo): Axis => ({
  input: info.inDepth,
  output: info.outDepth,
  reach: info.effectiveFilterDepth,
  stride: info.strideDepth,
  dilation: info.dilationDepth,
  begin: info.padInfo.front,
});

const rows = (info: Info): Axis => ({
  input: info.inHeight,
  output: info.outHeight,
  reach: info.effectiveFilterHeight,
  stride: info.strideHeight,
  dilation: info.dilationHeight,
  begin: info.padInfo.top,
});

const columns = (info: Info): Axis => ({
  input: info.inWidth,
  output: info.outWidth,
  reach: info.effectiveFilterWidth,
  stride: info.strideWidth,
  dilation: info.dilationWidth,
  begin: info.padInfo.left,
});

/** Padding after an axis, so that rounding down gives the outputs that TensorFlow.js rounds in one of three ways. */
const end = ({ input, output, reach, stride, begin }: Axis): number => Math.max(0, (output - 1) * stride + reach - input - begin);

interface Windows<Each, Sides> {
  readonly strides: Each;
  readonly dilations: Each;
  readonly padding: Sides;
}

const windows = <Each, Sides>(axes: readonly Axis[]) =>
  ({
    strides: axes.map(({ stride }) => stride),
    dilations: axes.map(({ dilation }) => dilation),
    padding: axes.flatMap((axis) => [axis.begin, end(axis)]),
  }) as unknown as Windows<Each, Sides>;

type Two = readonly [number, number];
type Three = readonly [number, number, number];

export const window2d = (info: backend_util.Conv2DInfo) => windows<Two, readonly [...Two, ...Two]>([rows(info), columns(info)]);
export const window3d = (info: backend_util.Conv3DInfo) =>
  windows<Three, readonly [...Three, ...Three]>([slices(info), rows(info), columns(info)]);

export const layout2d = (info: backend_util.Conv2DInfo) => (info.dataFormat === 'channelsLast' ? 'nhwc' : 'nchw');
export const layout3d = (info: backend_util.Conv3DInfo) => (info.dataFormat === 'channelsLast' ? 'ndhwc' : 'ncdhw');
