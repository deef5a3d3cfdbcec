import type { ConvParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';
import { ZEROS } from '../gemm/tile.ts';
import { finishColumns, needsFinish } from './finish.ts';
import { convPixel } from './pixels.ts';

type Params = Block<typeof ConvParams>;

/**
 * Direct convolution over channels, for few channels a group: depthwise with any multiplier, and groups too narrow for a
 * matrix product.
 *
 *   filter   bias [outChannels, up to a multiple of 4], then [vector of outChannels][kernel row][kernel column][channel of the group][4]
 *
 * A task is a block of output rows of one image. The input rows that it needs are copied into scratch once, inside their
 * border of zeros, and each input channel as often as there are output channels that see it, so that vectors of inputs
 * and of results hold the same channels:
 *
 *   strip    [channel of the group][row][column][outChannel]
 */
function fillStrip(p: Params, image: number, firstRow: number, rows: number, columns: number): void {
  const { scratch, input } = p;
  const inChannels = p.groups * p.groupInChannels;
  const channels = p.groups * p.groupOutChannels;
  let strip = 0;
  for (let channel = 0; channel < p.groupInChannels; channel++) {
    for (let row = firstRow; row < firstRow + rows; row++) {
      for (let column = 0; column < columns; column++) {
        const x = column - p.left;
        if (row < 0 || row >= p.inHeight || x < 0 || x >= p.inWidth) {
          for (let i = 0; i < channels; i++) scratch[strip++] = 0;
        } else {
          let from = image + (row * p.inWidth + x) * inChannels + channel;
          for (let group = 0; group < p.groups; group++) {
            for (let i = 0; i < p.groupOutChannels; i++) scratch[strip++] = input[from];
            from += p.groupInChannels;
          }
        }
      }
    }
  }
}

function fillOffsets(p: Params, offsets: Int32Array, channelStride: number, rowStride: number, pixelStride: number): void {
  let tap = 0;
  for (let y = 0; y < p.kernelHeight; y++) {
    for (let x = 0; x < p.kernelWidth; x++) {
      const at = y * p.dilationHeight * rowStride + x * p.dilationWidth * pixelStride;
      for (let channel = 0; channel < p.groupInChannels; channel++) offsets[tap++] = at + channel * channelStride;
    }
  }
}

export function convDirectNhwc(p: Params, taskBegin: number, taskEnd: number): void {
  const taps = p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const blocks = Math.ceil(p.outHeight / p.pixelBlock);
  const channels = p.groups * p.groupOutChannels;
  const weights = (channels + 3) & ~3;
  const columns = (p.outWidth - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
  const rowStride = columns * channels;
  const biasFirst = p.divisor === 1;
  const offsets = new Int32Array(taps);
  for (let task = taskBegin; task < taskEnd; task++) {
    const block = task % blocks;
    const image = Math.trunc(task / blocks);
    const row = block * p.pixelBlock;
    const rows = Math.min(p.pixelBlock, p.outHeight - row);
    const stripRows = (rows - 1) * p.strideHeight + p.dilationHeight * (p.kernelHeight - 1) + 1;
    fillStrip(p, image * p.inImageStride, row * p.strideHeight - p.top, stripRows, columns);
    fillOffsets(p, offsets, stripRows * rowStride, rowStride, channels);
    const output = (image * p.outHeight + row) * p.outWidth * channels;
    let y = output;
    for (let r = 0; r < rows; r++) {
      let x = r * p.strideHeight * rowStride;
      for (let pixel = 0; pixel < p.outWidth; pixel++) {
        convPixel(channels, taps, p.scratch, x, offsets, p.filter, weights, biasFirst ? p.filter : ZEROS, 0, biasFirst ? 4 : 0, p.output, y);
        x += p.strideWidth * channels;
        y += channels;
      }
    }
    if (needsFinish(p)) finishColumns(p, p.output, output, channels, rows * p.outWidth, channels, p.filter, 0);
  }
}
