import { type Step, step } from '../backend.ts';
import type { Workspaces } from '../execute.ts';
import { axesOf } from '../shape/axes.ts';
import type { Correlation, FilterStrides } from '../shape/conv.ts';
import { planPad, productBlocks } from './conv-gemm.ts';
import { copy, rename, zeros } from './move.ts';

/**
 * The gradient of a convolution in its filter is a convolution too, by the same matrix product: the input is convolved with the
 * gradient of the result, whose taps are `stride` apart, and as many results as the filter has elements are kept.
 *
 *   rows     output channels: `dy`, packed as a filter whose taps are the output pixels and whose channels are the images
 *   columns  elements of one channel's filter (channel, row, column), or (row, column, channel) where channels come last
 *   depth    output pixels, and images for each of them
 *
 * The product reads its input by strides alone: they say all of this. A filter's slices are what a convolution calls images.
 */
export function planFilterGradient(spec: Correlation): { steps: Step[]; workspaces: Workspaces } {
  const { window, batch, groups, groupInChannels, groupOutChannels, layout, filterStrides } = spec;
  const { kernel, strides, out: taps } = axesOf(window);
  const [kernelDepth, kernelHeight, kernelWidth] = kernel;
  const elements = groups * groupOutChannels * groupInChannels * kernelDepth * kernelHeight * kernelWidth;
  if (batch === 0) return { steps: [zeros('dFilter', elements)], workspaces: {} };
  const nchw = layout === 'nchw';
  const padded = planPad(spec);
  const { inImageStride, inGroupStride, inPlaneStride, tapDepthStride, tapHeightStride, tapWidthStride } = padded.values;
  const { windowDepthStride, windowHeightStride, windowWidthStride } = padded.values;
  const columns = groupInChannels * kernelHeight * kernelWidth;
  const depth = batch * taps[0] * taps[1] * taps[2];
  const { scratchLength, ...blocks } = productBlocks(columns, depth, true);

  const outChannels = groups * groupOutChannels;
  const pixel = nchw ? 1 : outChannels;
  const outChannelStride = nchw ? taps[0] * taps[1] * taps[2] : 1;
  const pack = step(
    'packFilterRows',
    { filter: 'dy', bias: null, output: 'packedRows' },
    {
      groups,
      groupOutChannels,
      groupInChannels: batch,
      kernelDepth: taps[0],
      kernelHeight: taps[1],
      kernelWidth: taps[2],
      filterOffset: 0,
      outChannelStride,
      inChannelStride: outChannels * taps[0] * taps[1] * taps[2],
      depthStride: taps[1] * taps[2] * pixel,
      heightStride: taps[2] * pixel,
      widthStride: pixel,
      tileSize: 0,
      groupStride: groupOutChannels * outChannelStride,
    },
    groups,
  );

  const channelWindows = { count: groupInChannels, stride: inPlaneStride };
  const rowWindows = { count: kernelHeight, stride: tapHeightStride };
  const columnWindows = { count: kernelWidth, stride: tapWidthStride };
  const [z, y, x] = nchw ? [channelWindows, rowWindows, columnWindows] : [rowWindows, columnWindows, channelWindows];
  // What the product writes: a slice of all filters after another.
  const slice = outChannels * columns;
  const written: FilterStrides = {
    offset: 0,
    group: groupOutChannels * columns,
    outChannel: columns,
    inChannel: nchw ? kernelHeight * kernelWidth : 1,
    depth: slice,
    height: nchw ? kernelWidth : kernelWidth * groupInChannels,
    width: nchw ? 1 : groupInChannels,
  };
  const extents = { outChannel: outChannels, inChannel: groupInChannels, depth: kernelDepth, height: kernelHeight, width: kernelWidth };
  const axes = ['outChannel', 'inChannel', 'depth', 'height', 'width'] as const;
  const isInPlace = axes.every((axis) => extents[axis] === 1 || written[axis] === filterStrides[axis]);
  const product = step(
    'convGemmNchw',
    { input: padded.input, filter: 'packedRows', output: isInPlace ? 'dFilter' : 'unordered' },
    {
      batch: kernelDepth,
      groups,
      groupInChannels: batch,
      groupOutChannels,
      inHeight: 0,
      inWidth: 0,
      inPlaneStride: inImageStride,
      inImageStride: tapDepthStride,
      inGroupStride,
      outDepth: z.count,
      outHeight: y.count,
      outWidth: x.count,
      windowDepthStride: z.stride,
      windowHeightStride: y.stride,
      windowWidthStride: x.stride,
      kernelDepth: taps[0],
      kernelHeight: taps[1],
      kernelWidth: taps[2],
      tapDepthStride: windowDepthStride,
      tapHeightStride: windowHeightStride,
      tapWidthStride: windowWidthStride,
      strideHeight: strides[1],
      strideWidth: strides[2],
      dilationHeight: 1,
      dilationWidth: 1,
      divisor: spec.divisor,
      activation: 0,
      lower: 0,
      upper: 0,
      alpha: 0,
      top: 0,
      left: 0,
      tileSize: 0,
      ...blocks,
    },
    kernelDepth * groups * Math.ceil(columns / blocks.pixelBlock),
    scratchLength,
  );
  const reorder = copy({
    input: 'unordered',
    output: 'dFilter',
    dimensions: axes.map((axis) => [extents[axis], written[axis], filterStrides[axis]] as const),
  });
  return {
    steps: rename([...padded.steps, pack, product, ...(isInPlace ? [] : [reorder])], { padded: 'paddedX' }),
    workspaces: {
      packedRows: outChannels * (8 + depth),
      ...(padded.workspaces.padded && { paddedX: padded.workspaces.padded }),
      ...(!isInPlace && { unordered: elements }),
    },
  };
}
