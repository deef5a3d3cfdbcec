import type { Correlation } from '../../spec/correlation.ts';
import { FUSED } from '../activation.ts';

/** What every step of a convolution is told, whatever the algorithm. */

export function filterValues(spec: Correlation) {
  const { filterStrides, window } = spec;
  return {
    groups: spec.groups,
    groupOutChannels: spec.groupOutChannels,
    groupInChannels: spec.groupInChannels,
    kernelDepth: window.kernelDepth,
    kernelHeight: window.kernelHeight,
    kernelWidth: window.kernelWidth,
    filterOffset: filterStrides.offset,
    outChannelStride: filterStrides.outChannel,
    inChannelStride: filterStrides.inChannel,
    depthStride: filterStrides.depth,
    heightStride: filterStrides.height,
    widthStride: filterStrides.width,
    tileSize: 0,
    groupStride: filterStrides.group,
  };
}

/** Values of `ConvParams` for an input as it came; an algorithm that pads it first overrides its size. Written out: a spread took a third of a small call. */
export function convValues(spec: Correlation) {
  const { window, activation } = spec;
  const strides = inputStrides(spec, window.inDepth, window.inHeight, window.inWidth);
  return {
    inHeight: strides.inHeight,
    inWidth: strides.inWidth,
    inPlaneStride: strides.inPlaneStride,
    inImageStride: strides.inImageStride,
    inGroupStride: strides.inGroupStride,
    windowDepthStride: strides.windowDepthStride,
    windowHeightStride: strides.windowHeightStride,
    windowWidthStride: strides.windowWidthStride,
    tapDepthStride: strides.tapDepthStride,
    tapHeightStride: strides.tapHeightStride,
    tapWidthStride: strides.tapWidthStride,
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
    outDepth: window.outDepth,
    kernelDepth: window.kernelDepth,
  };
}

/** How an input lies in memory, be it padded or as it came; `plane` from one channel to the next. */
export function inputStrides(
  spec: Pick<Correlation, 'window' | 'layout' | 'groups' | 'groupInChannels'>,
  inDepth: number,
  inHeight: number,
  inWidth: number,
  plane = inDepth * inHeight * inWidth,
) {
  const { window, groups, groupInChannels } = spec;
  const nchw = spec.layout === 'nchw';
  const channels = groups * groupInChannels;
  const width = nchw ? 1 : channels;
  const height = width * inWidth;
  const depth = height * inHeight;
  return {
    inHeight,
    inWidth,
    inPlaneStride: nchw ? plane : 1,
    inImageStride: nchw ? channels * plane : depth * inDepth,
    inGroupStride: groupInChannels * (nchw ? plane : 1),
    windowDepthStride: depth * window.strideDepth,
    windowHeightStride: height * window.strideHeight,
    windowWidthStride: width * window.strideWidth,
    tapDepthStride: depth * window.dilationDepth,
    tapHeightStride: height * window.dilationHeight,
    tapWidthStride: width * window.dilationWidth,
  };
}
