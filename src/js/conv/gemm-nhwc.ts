import type { ConvParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';
import { COLUMNS } from '../../kernels/tiles.ts';
import { panelBegin, panelCount, tile, ZEROS } from '../gemm/tile.ts';
import { finishColumns, needsFinish } from './finish.ts';
import { locateWindows } from './windows.ts';

type Params = Block<typeof ConvParams>;

/**
 * Convolution as a matrix product, NHWC: rows are output pixels, columns output channels.
 *
 *   a block of pixels  [panel][depth block][rows of the panel]     filter  packed columns (filter.ts)
 *   output  pixels × channels, as they lie in memory
 *
 * A task is a block of pixels of one group of one image.
 */

/** Products `depthBegin` up to `depthEnd` of one panel's pixels. A run is what lies side by side in the input. */
function packPixels(p: Params, group: number, depthBegin: number, depthEnd: number, offsets: Int32Array, first: number, rows: number, to: number): void {
  const { input, scratch } = p;
  const wholeRow = p.tapWidthStride === p.groupInChannels;
  const run = wholeRow ? p.kernelWidth * p.groupInChannels : p.groupInChannels;
  const runsInRow = wholeRow ? 1 : p.kernelWidth;
  for (let depth = depthBegin; depth < depthEnd; ) {
    const index = Math.trunc(depth / run);
    const skip = depth - index * run;
    const y = Math.trunc(index / runsInRow);
    const x = index - y * runsInRow;
    const z = Math.trunc(y / p.kernelHeight);
    const length = Math.min(run - skip, depthEnd - depth);
    const source = group + z * p.tapDepthStride + (y - z * p.kernelHeight) * p.tapHeightStride + x * p.tapWidthStride + skip;
    for (let row = 0; row < rows; row++) {
      const from = source + offsets[first + row];
      for (let k = 0; k < length; k++) scratch[to + k * rows + row] = input[from + k];
    }
    to += length * rows;
    depth += length;
  }
}

export function convGemmNhwc(p: Params, taskBegin: number, taskEnd: number): void {
  const pixels = p.outDepth * p.outHeight * p.outWidth;
  const blocks = Math.ceil(pixels / p.pixelBlock);
  const depth = p.kernelDepth * p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const groupColumns = (p.groupOutChannels + 3) & ~3;
  const biasLength = (p.groupOutChannels + 7) & ~7;
  const outChannels = p.groups * p.groupOutChannels;
  const weights = p.groups * biasLength;
  const biasFirst = p.divisor === 1;
  const offsets = new Int32Array(p.pixelBlock);
  for (let task = taskBegin; task < taskEnd; task++) {
    const block = task % blocks;
    const group = Math.trunc(task / blocks) % p.groups;
    const image = Math.trunc(task / blocks / p.groups);
    const begin = block * p.pixelBlock;
    const count = Math.min(p.pixelBlock, pixels - begin);
    const rowPanels = panelCount(count);
    const input = image * p.inImageStride + group * p.inGroupStride;
    const output = (image * pixels + begin) * outChannels + group * p.groupOutChannels;
    locateWindows(p, begin, count, offsets);
    for (let depthBegin = 0; depthBegin < depth; depthBegin += p.depthBlock) {
      const depthEnd = Math.min(depth, depthBegin + p.depthBlock);
      const depthCount = depthEnd - depthBegin;
      for (let panel = 0; panel < rowPanels; panel++) {
        const row = panelBegin(count, rowPanels, panel);
        const rows = panelBegin(count, rowPanels, panel + 1) - row;
        packPixels(p, input, depthBegin, depthEnd, offsets, row, rows, row * depthCount);
      }
      for (let column = 0; column < p.groupOutChannels; column += COLUMNS) {
        const width = Math.min(COLUMNS, groupColumns - column);
        const columns = Math.min(COLUMNS, p.groupOutChannels - column);
        const b = weights + (group * groupColumns + column) * depth + depthBegin * width;
        for (let panel = 0; panel < rowPanels; panel++) {
          const row = panelBegin(count, rowPanels, panel);
          const rows = panelBegin(count, rowPanels, panel + 1) - row;
          const c = output + row * outChannels + column;
          tile(
            rows, columns, depthCount, p.scratch, row * depthCount, p.filter, b,
            biasFirst ? p.filter : ZEROS, biasFirst ? group * biasLength + column : 0, 0, depthBegin > 0, p.output, c, outChannels,
          );
        }
      }
    }
    if (needsFinish(p)) finishColumns(p, p.output, output, outChannels, count, p.groupOutChannels, p.filter, group * biasLength);
  }
}
