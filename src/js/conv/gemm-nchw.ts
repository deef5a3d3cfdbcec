import type { ConvParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';
import { COLUMNS } from '../../kernels/tiles.ts';
import { panelBegin, panelCount, tile, ZEROS } from '../gemm/tile.ts';
import { finishRows, needsFinish } from './finish.ts';
import { locateWindows } from './windows.ts';

type Params = Block<typeof ConvParams>;

/**
 * Convolution as a matrix product, NCHW: rows are output channels, columns output pixels.
 *
 *   filter  packed rows (filter.ts)              a block of pixels  [panel][depth block][8]
 *   output  channels × pixels, as they lie in memory
 *
 * Only a block of `pixelBlock` pixels by `depthBlock` products is ever unrolled, into scratch.
 *
 * A task is a block of pixels of one group of one image.
 */

/** The windows of a block of pixels, products `depthBegin` up to `depthEnd` of each, into panels of 8, the last of 4 or 8. */
function packPixels(
  p: Params, group: number, depthBegin: number, depthEnd: number, count: number, offsets: Int32Array, panelLength: number,
): void {
  const { input, scratch } = p;
  const channels = p.groupInChannels;
  let tap = Math.trunc(depthBegin / channels);
  let channel = depthBegin - tap * channels;
  for (let depth = depthBegin; depth < depthEnd; depth++) {
    const z = Math.trunc(tap / (p.kernelHeight * p.kernelWidth));
    const y = Math.trunc(tap / p.kernelWidth) - z * p.kernelHeight;
    const x = tap % p.kernelWidth;
    const source = group + channel * p.inPlaneStride + z * p.tapDepthStride + y * p.tapHeightStride + x * p.tapWidthStride;
    for (let column = 0; column < count; column += COLUMNS) {
      const columns = Math.min(COLUMNS, count - column);
      const to = (column / COLUMNS) * panelLength + (depth - depthBegin) * (columns > 4 ? 8 : 4);
      for (let i = 0; i < columns; i++) scratch[to + i] = input[source + offsets[column + i]];
    }
    if (++channel === channels) {
      channel = 0;
      tap++;
    }
  }
}

export function convGemmNchw(p: Params, taskBegin: number, taskEnd: number): void {
  const pixels = p.outDepth * p.outHeight * p.outWidth;
  const blocks = Math.ceil(pixels / p.pixelBlock);
  const depth = p.kernelDepth * p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const rowPanels = panelCount(p.groupOutChannels);
  const weights = p.groups * p.groupOutChannels * 8;
  const biasFirst = p.divisor === 1;
  const finishes = needsFinish(p);
  const offsets = new Int32Array(p.pixelBlock);
  const panelLength = Math.min(depth, p.depthBlock) * COLUMNS;
  for (let task = taskBegin; task < taskEnd; task++) {
    const block = task % blocks;
    const group = Math.trunc(task / blocks) % p.groups;
    const image = Math.trunc(task / blocks / p.groups);
    const begin = block * p.pixelBlock;
    const count = Math.min(p.pixelBlock, pixels - begin);
    const input = image * p.inImageStride + group * p.inGroupStride;
    const output = (image * p.groups + group) * p.groupOutChannels * pixels + begin;
    locateWindows(p, begin, count, offsets);
    for (let depthBegin = 0; depthBegin < depth; depthBegin += p.depthBlock) {
      const depthEnd = Math.min(depth, depthBegin + p.depthBlock);
      packPixels(p, input, depthBegin, depthEnd, count, offsets, panelLength);
      for (let panel = 0; panel < rowPanels; panel++) {
        const row = panelBegin(p.groupOutChannels, rowPanels, panel);
        const rows = panelBegin(p.groupOutChannels, rowPanels, panel + 1) - row;
        const a = weights + (group * p.groupOutChannels + row) * depth + depthBegin * rows;
        const bias = (group * p.groupOutChannels + row) * 8;
        const c = output + row * pixels;
        for (let column = 0; column < count; column += COLUMNS) {
          const b = (column / COLUMNS) * panelLength;
          tile(
            rows, Math.min(COLUMNS, count - column), depthEnd - depthBegin, p.filter, a, p.scratch, b,
            biasFirst ? p.filter : ZEROS, biasFirst ? bias : 0, biasFirst ? 8 : 0, depthBegin > 0, p.output, c + column, pixels,
          );
        }
        if (depthEnd === depth && finishes) finishRows(p, p.output, c, pixels, rows, count, p.filter, bias, 8);
      }
    }
  }
}
