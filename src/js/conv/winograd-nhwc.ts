import type { Block, ConvParams } from '../../params.ts';
import { COLUMNS, panelBegin, panelCount, tile, ZEROS } from '../gemm/tile.ts';
import { locateTile, transformProducts, transformTile } from './winograd-tiles.ts';

type Params = Block<typeof ConvParams>;

/**
 * Winograd convolution, NHWC. For each position of the transformed tile one matrix product, whose rows are tiles and whose
 * columns are output channels.
 *
 *   filter    bias [channel] | [groups][panel][position][channel][8, or 4 in the last panel]   (winograd-filter.ts)
 *   input     [position][panel][channel][tiles of the panel: 5 or fewer]                       in scratch
 *   products  [position][tile][channels of `panelBlock` panels]                                in scratch
 *
 * A task is a block of tiles and `panelBlock` panels of output channels of one group. Input that the task before has
 * transformed is not transformed again.
 */
export function convWinogradNhwc(p: Params, taskBegin: number, taskEnd: number): void {
  const size = p.tileSize;
  const positions = (size + 2) ** 2;
  const tiles = p.batch * Math.ceil(p.outHeight / size) * Math.ceil(p.outWidth / size);
  const depth = p.groupInChannels;
  const inChannels = p.groups * depth;
  const outChannels = p.groups * p.groupOutChannels;
  const groupColumns = (p.groupOutChannels + 3) & ~3;
  const columnPanels = Math.ceil(groupColumns / COLUMNS);
  const parts = Math.ceil(columnPanels / p.panelBlock);
  const pixels = p.outHeight * p.outWidth;
  const weights = (outChannels + 3) & ~3;
  const width = p.panelBlock * COLUMNS;
  const { scratch } = p;
  let transformed = -1;
  for (let task = taskBegin; task < taskEnd; task++) {
    const source = Math.trunc(task / parts);
    const part = task - source * parts;
    const block = Math.trunc(source / p.groups);
    const group = source - block * p.groups;
    const begin = block * p.pixelBlock;
    const count = Math.min(p.pixelBlock, tiles - begin);
    const rowPanels = panelCount(count);
    const positionLength = count * depth;
    const productLength = count * width;
    const products = positions * positionLength;
    if (source !== transformed) {
      for (let panel = 0; panel < rowPanels; panel++) {
        const row = panelBegin(count, rowPanels, panel);
        const rows = panelBegin(count, rowPanels, panel + 1) - row;
        for (let i = 0; i < rows; i++) {
          const { image, y, x } = locateTile(p, begin + row + i);
          const plane = image * p.inImageStride + group * depth;
          for (let channel = 0; channel < depth; channel++) {
            transformTile(p, plane + channel, inChannels, y, x, scratch, row * depth + channel * rows + i, positionLength);
          }
        }
      }
      transformed = source;
    }
    const firstColumn = part * width;
    const lastColumn = Math.min(groupColumns, firstColumn + width);
    for (let column = firstColumn; column < lastColumn; column += COLUMNS) {
      const columns = Math.min(COLUMNS, groupColumns - column);
      for (let position = 0; position < positions; position++) {
        const b = weights + ((group * groupColumns + column) * positions + position * columns) * depth;
        for (let panel = 0; panel < rowPanels; panel++) {
          const row = panelBegin(count, rowPanels, panel);
          const rows = panelBegin(count, rowPanels, panel + 1) - row;
          tile(
            rows, columns, depth, scratch, position * positionLength + row * depth, p.filter, b, ZEROS, 0, 0, false,
            scratch, products + position * productLength + row * width + column - firstColumn, width,
          );
        }
      }
    }
    const channels = Math.min(p.groupOutChannels, lastColumn);
    for (let i = 0; i < count; i++) {
      const { image, y, x } = locateTile(p, begin + i);
      for (let c = firstColumn; c < channels; c++) {
        const channel = group * p.groupOutChannels + c;
        const plane = image * pixels * outChannels + channel;
        const at = products + i * width + c - firstColumn;
        transformProducts(p, scratch, at, productLength, p.filter[channel], plane, outChannels, y, x);
      }
    }
  }
}
