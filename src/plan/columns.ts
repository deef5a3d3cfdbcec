import type { ConvWindow } from '../spec/axes.ts';
import type { Layout } from '../spec/check.ts';
import type { Correlation } from '../spec/correlation.ts';
import { paddedStrides, planPad } from './conv/gemm.ts';
import { copy, type Dimension, sum, zeros } from './move.ts';
import type { Plan, Value } from './plan.ts';

/** Windows over an image, checked. */
export interface ColumnsSpec {
  readonly batch: number;
  readonly channels: number;
  readonly layout: Layout;
  readonly window: ConvWindow;
}

/** Windows as columns, and back: the same lattice of (image, channel, tap row, tap column, window row, window column). */

/** Into [batch, channels · taps, windows]. */
export function planIm2col(plan: Plan, spec: ColumnsSpec, x: Value, output: Value): void {
  const { batch, channels, window } = spec;
  if (batch === 0) return;
  const { kernelHeight, kernelWidth, outHeight, outWidth } = window;
  const padding = { ...spec, groups: 1, groupInChannels: channels };
  const at = paddedStrides(padding);
  const windows = outHeight * outWidth;
  const taps = kernelHeight * kernelWidth;
  copy(plan, {
    input: planPad(plan, padding, x),
    output,
    dimensions: [
      [batch, at.inImageStride, channels * taps * windows],
      [channels, at.inPlaneStride, taps * windows],
      [kernelHeight, at.tapHeightStride, kernelWidth * windows],
      [kernelWidth, at.tapWidthStride, windows],
      [outHeight, at.windowHeightStride, outWidth],
      [outWidth, at.windowWidthStride, 1],
    ],
  });
}

/** Columns into an image; inside its padding first, with channels first, unless that is what it is. */
export function planCol2im(plan: Plan, { batch, channels, layout, window: w }: ColumnsSpec, x: Value, output: Value): void {
  if (batch === 0) return;
  const height = w.top + w.inHeight + w.bottom;
  const width = w.left + w.inWidth + w.right;
  const plane = height * width;
  const windows = w.outHeight * w.outWidth;
  const taps = w.kernelHeight * w.kernelWidth;
  const isDirect = layout === 'nchw' && plane === w.inHeight * w.inWidth;
  const summed = isDirect ? output : plan.temp(batch * channels * plane);
  sum(
    plan,
    {
      input: x,
      output: summed,
      dimensions: [
        [batch, channels * taps * windows, channels * plane],
        [channels, taps * windows, plane],
        [w.kernelHeight, w.kernelWidth * windows, w.dilationHeight * width],
        [w.kernelWidth, windows, w.dilationWidth],
        [w.outHeight, w.outWidth, w.strideHeight * width],
        [w.outWidth, 1, w.strideWidth],
      ],
    },
    plane,
  );
  if (isDirect) return;
  const nchw = layout === 'nchw';
  const pixel = nchw ? 1 : channels;
  copy(plan, {
    input: summed,
    output,
    inOffset: w.top * width + w.left,
    dimensions: [
      [batch, channels * plane, channels * w.inHeight * w.inWidth],
      [channels, plane, nchw ? w.inHeight * w.inWidth : 1],
      [w.inHeight, width, w.inWidth * pixel],
      [w.inWidth, 1, pixel],
    ],
  });
}

/** A filter into the dense matrix of its convolution, over padded images first where there is padding. */
export function planConv2dMatrix(plan: Plan, spec: Correlation, filter: Value, output: Value): void {
  const { window: w, groups, groupInChannels, groupOutChannels, layout, filterStrides } = spec;
  const channels = groups * groupInChannels;
  const outChannels = groups * groupOutChannels;
  const nchw = layout === 'nchw';
  const height = w.top + w.inHeight + w.bottom;
  const width = w.left + w.inWidth + w.right;
  /** Strides of an image of these extents: of a channel, of a row, of a pixel. */
  const lie = (count: number, rows: number, columns: number) => (nchw ? [rows * columns, columns, 1] : [1, columns * count, count]);
  const wide = channels * height * width;
  const rows = outChannels * w.outHeight * w.outWidth;
  const [inChannel, inRow, inPixel] = lie(channels, height, width);
  const [outChannel, outRow, outPixel] = lie(outChannels, w.outHeight, w.outWidth).map((stride) => stride * wide);
  const isPadded = wide !== channels * w.inHeight * w.inWidth;
  const matrix = isPadded ? plan.temp(rows * wide) : output;
  zeros(plan, matrix, rows * wide);
  for (let group = 0; group < groups; group++) {
    copy(plan, {
      input: filter,
      output: matrix,
      inOffset: filterStrides.offset + group * filterStrides.group,
      outOffset: group * (groupOutChannels * outChannel + groupInChannels * inChannel),
      dimensions: [
        [groupOutChannels, filterStrides.outChannel, outChannel],
        [groupInChannels, filterStrides.inChannel, inChannel],
        [w.kernelHeight, filterStrides.height, w.dilationHeight * inRow],
        [w.kernelWidth, filterStrides.width, w.dilationWidth * inPixel],
        [w.outHeight, 0, outRow + w.strideHeight * inRow],
        [w.outWidth, 0, outPixel + w.strideWidth * inPixel],
      ],
    });
  }
  if (!isPadded) return;
  const bare = lie(channels, w.inHeight, w.inWidth);
  const dimensions: Dimension[] = [
    [rows, wide, channels * w.inHeight * w.inWidth],
    [channels, inChannel, bare[0]],
    [w.inHeight, inRow, bare[1]],
    [w.inWidth, inPixel, bare[2]],
  ];
  copy(plan, { input: matrix, output, inOffset: w.top * inRow + w.left * inPixel, dimensions });
}
