import { axesOf } from '../../spec/axes.ts';
import type { Correlation, FilterStrides } from '../../spec/correlation.ts';
import { copy, zeros } from '../move.ts';
import type { Plan, Value } from '../plan.ts';
import { paddedStrides, planPad, productBlocks } from './gemm.ts';

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
export function planFilterGradient(plan: Plan, spec: Correlation, dy: Value, image: Value, dFilter: Value): void {
  const { window, batch, groups, groupInChannels, groupOutChannels, layout, filterStrides } = spec;
  const { kernel, strides, out: taps } = axesOf(window);
  const [kernelDepth, kernelHeight, kernelWidth] = kernel;
  const elements = groups * groupOutChannels * groupInChannels * kernelDepth * kernelHeight * kernelWidth;
  if (batch === 0) {
    zeros(plan, dFilter, elements);
    return;
  }
  const nchw = layout === 'nchw';
  if (isDepthwise(spec)) {
    planDepthwise(plan, spec, dy, image, dFilter);
    return;
  }
  const input = planPad(plan, spec, image);
  const { inImageStride, inGroupStride, inPlaneStride, tapDepthStride, tapHeightStride, tapWidthStride } = paddedStrides(spec);
  const { windowDepthStride, windowHeightStride, windowWidthStride } = paddedStrides(spec);
  const columns = groupInChannels * kernelHeight * kernelWidth;
  const depth = batch * taps[0] * taps[1] * taps[2];
  const { scratchBytes, ...blocks } = productBlocks(columns, depth, true);

  const outChannels = groups * groupOutChannels;
  const pixel = nchw ? 1 : outChannels;
  const outChannelStride = nchw ? taps[0] * taps[1] * taps[2] : 1;
  const rowsPacked = plan.temp(outChannels * (8 + depth));
  plan.step(
    'packFilterRows',
    { filter: dy, bias: null, output: rowsPacked },
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
  const output = isInPlace ? dFilter : plan.temp(elements);
  plan.step(
    'convGemmNchw',
    { input, filter: rowsPacked, output },
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
    { scratchBytes },
  );
  if (isInPlace) return;
  copy(plan, {
    input: output,
    output: dFilter,
    dimensions: axes.map((axis) => [extents[axis], written[axis], filterStrides[axis]] as const),
  });
}

/**
 * Whether one output channel has a filter for one input channel, and its elements lie side by side in the input: the product would
 * then fill one row of its tiles.
 */
function isDepthwise({ window, layout, groups, groupInChannels, groupOutChannels }: Correlation): boolean {
  const { kernel, dilations, out } = axesOf(window);
  const adjacent = (layout === 'nhwc' && groups > 1) || kernel[2] === 1 || dilations[2] === 1;
  return groupInChannels === 1 && groupOutChannels === 1 && kernel[0] === 1 && out[0] === 1 && adjacent;
}

/** The same sums by the direct kernel. */
function planDepthwise(plan: Plan, spec: Correlation, dy: Value, image: Value, dFilter: Value): void {
  const { window, batch, groups, layout, filterStrides } = spec;
  const { kernel, out } = axesOf(window);
  const [, kernelHeight, kernelWidth] = kernel;
  const [, outHeight, outWidth] = out;
  // Of a single channel both layouts are planes.
  const planes = layout === 'nchw' || groups === 1;
  const input = planPad(plan, spec, image);
  const { inImageStride, inPlaneStride, tapHeightStride, tapWidthStride, windowHeightStride, windowWidthStride } = paddedStrides(spec);
  const pixel = planes ? 1 : groups;
  const written = planes
    ? { outChannel: kernelHeight * kernelWidth, height: kernelWidth, width: 1 }
    : { outChannel: 1, height: kernelWidth * groups, width: groups };
  const extents = { outChannel: groups, height: kernelHeight, width: kernelWidth };
  const strides = { outChannel: filterStrides.group, height: filterStrides.height, width: filterStrides.width };
  const axes = ['outChannel', 'height', 'width'] as const;
  const isInPlace = axes.every((axis) => extents[axis] === 1 || written[axis] === strides[axis]);
  const plane = outHeight * outWidth;
  const across = planes
    ? { across: groups, inAcross: inPlaneStride, dyAcross: plane, outAcross: written.outChannel, lanes: kernelWidth, dyLaneStride: 0 }
    : { across: kernelWidth, inAcross: tapWidthStride, dyAcross: 0, outAcross: written.width, lanes: groups, dyLaneStride: 1 };
  const rows = { count: outHeight, x: windowHeightStride, dy: outWidth * pixel };
  const columns = { count: outWidth, x: windowWidthStride, dy: pixel };
  const images = { count: batch, x: inImageStride, dy: groups * plane };
  // The innermost loop is worth being long.
  const [a, b, c] = batch === 1 ? [images, rows, columns] : [rows, columns, images];
  const output = isInPlace ? dFilter : plan.temp(groups * kernelHeight * kernelWidth);
  plan.step(
    'directFilterGradient',
    { input, gradient: dy, output },
    {
      ...across,
      down: kernelHeight,
      inDown: tapHeightStride,
      outDown: written.height,
      count0: a.count,
      count1: b.count,
      count2: c.count,
      inStride0: a.x,
      inStride1: b.x,
      inStride2: c.x,
      dyStride0: a.dy,
      dyStride1: b.dy,
      dyStride2: c.dy,
      divisor: spec.divisor,
    },
  );
  if (isInPlace) return;
  copy(plan, {
    input: output,
    output: dFilter,
    dimensions: axes.map((axis) => [extents[axis], written[axis], strides[axis]] as const),
  });
}
