import type { backend_util } from '@tensorflow/tfjs-core';

/** How TensorFlow.js's windows lie over an input, in the words of this package. */

interface Axis {
  readonly input: number;
  readonly output: number;
  /** Of the window, dilation included. */
  readonly reach: number;
  readonly stride: number;
  readonly begin: number;
}

/** Padding after an axis, so that rounding down gives the outputs that TensorFlow.js rounds in one of three ways. */
const end = ({ input, output, reach, stride, begin }: Axis): number => Math.max(0, (output - 1) * stride + reach - input - begin);

export function window2d(info: backend_util.Conv2DInfo) {
  const rows = {
    input: info.inHeight,
    output: info.outHeight,
    reach: info.effectiveFilterHeight,
    stride: info.strideHeight,
    begin: info.padInfo.top,
  };
  const columns = {
    input: info.inWidth,
    output: info.outWidth,
    reach: info.effectiveFilterWidth,
    stride: info.strideWidth,
    begin: info.padInfo.left,
  };
  return {
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    padding: [rows.begin, end(rows), columns.begin, end(columns)],
  } as const;
}

export function window3d(info: backend_util.Conv3DInfo) {
  const slices = {
    input: info.inDepth,
    output: info.outDepth,
    reach: info.effectiveFilterDepth,
    stride: info.strideDepth,
    begin: info.padInfo.front,
  };
  const rows = {
    input: info.inHeight,
    output: info.outHeight,
    reach: info.effectiveFilterHeight,
    stride: info.strideHeight,
    begin: info.padInfo.top,
  };
  const columns = {
    input: info.inWidth,
    output: info.outWidth,
    reach: info.effectiveFilterWidth,
    stride: info.strideWidth,
    begin: info.padInfo.left,
  };
  return {
    strides: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilations: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    padding: [slices.begin, end(slices), rows.begin, end(rows), columns.begin, end(columns)],
  } as const;
}

export const layout2d = (info: backend_util.Conv2DInfo) => (info.dataFormat === 'channelsLast' ? 'nhwc' : 'nchw');
export const layout3d = (info: backend_util.Conv3DInfo) => (info.dataFormat === 'channelsLast' ? 'ndhwc' : 'ncdhw');
