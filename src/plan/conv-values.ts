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
    kernelHeight: spec.kernel[0],
    kernelWidth: spec.kernel[1],
    outChannelStride: filterStrides.outChannel,
    inChannelStride: filterStrides.inChannel,
    heightStride: filterStrides.height,
    widthStride: filterStrides.width,
    tileSize: 0,
  };
}

/** Values of `ConvParams` for an input as it came; an algorithm that pads it first overrides its size. */
export function convValues(spec: Conv2dSpec) {
  const { window, activation } = spec;
  const channels = spec.groups * spec.groupInChannels;
  const plane = window.inHeight * window.inWidth;
  return {
    batch: spec.batch,
    groups: spec.groups,
    groupInChannels: spec.groupInChannels,
    groupOutChannels: spec.groupOutChannels,
    inHeight: window.inHeight,
    inWidth: window.inWidth,
    inPlaneStride: plane,
    inImageStride: plane * channels,
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
  };
}
