import type { Conv2dFilterSpec, Conv2dSpec } from '../shape/conv.ts';
import { FUSED } from './activation.ts';

/** What every step of a convolution is told, whatever the algorithm. */

export const roundUp = (n: number, multiple: number): number => Math.ceil(n / multiple) * multiple;

/** `total` cut into equal parts of at most `most`. */
export function evenBlock(total: number, most: number, multiple: number): number {
  return roundUp(Math.ceil(total / Math.ceil(total / most)), multiple);
}

export function filterBuffers(spec: Conv2dFilterSpec) {
  return { filter: 'filter', bias: spec.bias ? 'bias' : null, output: 'packed' };
}

export function filterValues(spec: Conv2dFilterSpec) {
  const { filterStrides } = spec;
  return {
    groups: spec.groups,
    groupOutChannels: spec.groupOutChannels,
    groupInChannels: spec.groupInChannels,
    kernelDepth: 1,
    kernelHeight: spec.kernel[0],
    kernelWidth: spec.kernel[1],
    filterOffset: filterStrides.offset,
    outChannelStride: filterStrides.outChannel,
    inChannelStride: filterStrides.inChannel,
    depthStride: 0,
    heightStride: filterStrides.height,
    widthStride: filterStrides.width,
    tileSize: 0,
  };
}

/** Values of `ConvParams` for an input as it came; an algorithm that pads it first overrides its size. */
export function convValues(spec: Conv2dSpec) {
  const { window, activation } = spec;
  return {
    ...inputStrides(spec, window.inHeight, window.inWidth),
    batch: spec.batch,
    groups: spec.groups,
    groupInChannels: spec.groupInChannels,
    groupOutChannels: spec.groupOutChannels,
    outHeight: window.outHeight,
    outWidth: window.outWidth,
    kernelHeight: window.kernelHeight,
    kernelWidth: window.kernelWidth,
    strideHeight: window.strideHeight,
    strideWidth: window.strideWidth,
    dilationHeight: window.dilationHeight,
    dilationWidth: window.dilationWidth,
    divisor: spec.divisor,
    activation: FUSED[activation.kind],
    lower: activation.lower,
    upper: activation.upper,
    alpha: activation.alpha,
    top: window.top,
    left: window.left,
    depthBlock: 0,
    tileSize: 0,
    outDepth: 1,
    kernelDepth: 1,
  };
}

/** How the input lies in memory, be it padded or as it came; `inPlaneStride` from one channel plane to the next. */
export function inputStrides(spec: Conv2dSpec, inHeight: number, inWidth: number, inPlaneStride = inHeight * inWidth) {
  const { window, groups, groupInChannels } = spec;
  const nchw = spec.layout === 'nchw';
  const channels = groups * groupInChannels;
  const width = nchw ? 1 : channels;
  const height = width * inWidth;
  return {
    inHeight,
    inWidth,
    inPlaneStride,
    inImageStride: channels * (nchw ? inPlaneStride : inHeight * inWidth),
    inGroupStride: groupInChannels * (nchw ? inPlaneStride : 1),
    windowDepthStride: 0,
    windowHeightStride: height * window.strideHeight,
    windowWidthStride: width * window.strideWidth,
    tapDepthStride: 0,
    tapHeightStride: height * window.dilationHeight,
    tapWidthStride: width * window.dilationWidth,
  };
}
