import type { ConvParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';
import { finishRows, needsFinish } from './finish.ts';
import { convRow } from './rows.ts';

type Params = Block<typeof ConvParams>;

/**
 * Direct convolution in planes, for few channels a group: depthwise, images, first layers with few filters.
 *
 *   filter   bias [outChannels], then [outChannels][kernel row][kernel column][channel of the group]
 *
 * A task is a block of output rows of one group of one image. The input rows that it needs are copied into scratch once,
 * inside their border of zeros and with the columns of a stride sorted apart, so that the taps of neighbouring outputs
 * are neighbours:
 *
 *   strip    [channel][row][column modulo stride][column / stride]
 *
 * Where there is neither border nor stride, the input itself is the strip.
 */
function fillStrip(p: Params, input: number, firstRow: number, rows: number, phaseStride: number): void {
  const { scratch } = p;
  const stride = p.strideWidth;
  let strip = 0;
  for (let channel = 0; channel < p.groupInChannels; channel++) {
    for (let row = firstRow; row < firstRow + rows; row++) {
      if (row < 0 || row >= p.inHeight) {
        scratch.fill(0, strip, strip + phaseStride * stride);
        strip += phaseStride * stride;
        continue;
      }
      const from = input + channel * p.inPlaneStride + row * p.inWidth;
      for (let phase = 0; phase < stride; phase++) {
        for (let i = 0; i < phaseStride; i++) {
          const column = i * stride + phase - p.left;
          scratch[strip++] = column >= 0 && column < p.inWidth ? p.input[from + column] : 0;
        }
      }
    }
  }
}

function fillOffsets(p: Params, offsets: Int32Array, channelStride: number, rowStride: number, phaseStride: number): void {
  let tap = 0;
  for (let y = 0; y < p.kernelHeight; y++) {
    for (let x = 0; x < p.kernelWidth; x++) {
      const column = x * p.dilationWidth;
      const at = y * p.dilationHeight * rowStride + (column % p.strideWidth) * phaseStride + Math.trunc(column / p.strideWidth);
      for (let channel = 0; channel < p.groupInChannels; channel++) offsets[tap++] = at + channel * channelStride;
    }
  }
}

export function convDirectNchw(p: Params, taskBegin: number, taskEnd: number): void {
  const taps = p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const blocks = Math.ceil(p.outHeight / p.pixelBlock);
  const outChannels = p.groups * p.groupOutChannels;
  const finishes = needsFinish(p);
  const columns = (p.outWidth - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
  const phaseStride = Math.ceil(columns / p.strideWidth);
  const offsets = new Int32Array(taps);
  for (let task = taskBegin; task < taskEnd; task++) {
    const block = task % blocks;
    const group = Math.trunc(task / blocks) % p.groups;
    const image = Math.trunc(task / blocks / p.groups);
    const row = block * p.pixelBlock;
    const rows = Math.min(p.pixelBlock, p.outHeight - row);
    const firstRow = row * p.strideHeight - p.top;
    const stripRows = (rows - 1) * p.strideHeight + p.dilationHeight * (p.kernelHeight - 1) + 1;
    const input = image * p.inImageStride + group * p.groupInChannels * p.inPlaneStride;
    const bare = p.strideWidth === 1 && p.left === 0 && columns <= p.inWidth && firstRow >= 0 && firstRow + stripRows <= p.inHeight;
    const rowStride = bare ? p.inWidth : phaseStride * p.strideWidth;
    if (!bare) fillStrip(p, input, firstRow, stripRows, phaseStride);
    fillOffsets(p, offsets, bare ? p.inPlaneStride : stripRows * rowStride, rowStride, phaseStride);
    const x = bare ? p.input : p.scratch;
    const source = bare ? input + firstRow * p.inWidth : 0;
    for (let i = 0; i < p.groupOutChannels; i++) {
      const channel = group * p.groupOutChannels + i;
      const begin = p.divisor === 1 ? p.filter[channel] : 0;
      const weights = outChannels + channel * taps;
      const output = ((image * outChannels + channel) * p.outHeight + row) * p.outWidth;
      for (let r = 0; r < rows; r++) {
        convRow(taps, x, source + r * p.strideHeight * rowStride, offsets, p.filter, weights, begin, p.output, output + r * p.outWidth, p.outWidth);
      }
      if (finishes) finishRows(p, p.output, output, p.outWidth, rows, p.outWidth, p.filter, channel, 0);
    }
  }
}
