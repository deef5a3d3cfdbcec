import type { ConvParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';
import { COLUMNS, PART_PANELS } from '../../kernels/tiles.ts';
import { panelBegin, panelCount, tile, ZEROS } from '../gemm/tile.ts';
import { locateTile, transformProducts, transformTile } from './winograd-tiles.ts';

type Params = Block<typeof ConvParams>;

/**
 * Winograd convolution, NHWC. For each position of the transformed tile one matrix product, whose rows are tiles and whose
 * columns are output channels.
 *
 *   filter    bias [channel] | [groups][part][position][panel of the part][channel][8, or 4 in the last panel]   (winograd-filter.ts)
 *   input     [position][panel][channel][tiles of the panel: 5 or fewer]                                         in scratch
 *   products  [position][tile][channels of the part]                                                             in scratch
 *
 * A task is a block of tiles and a part, four panels, of the output channels of one group. Input that the task before has
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
  const width = PART_PANELS * COLUMNS;
  const parts = Math.ceil(groupColumns / width);
  const pixels = p.outHeight * p.outWidth;
  const weights = (outChannels + 3) & ~3;
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
    const columns = Math.min(width, groupColumns - firstColumn);
    for (let position = 0; position < positions; position++) {
      const b = weights + ((group * groupColumns + firstColumn) * positions + position * columns) * depth;
      const c = products + position * productLength;
      for (let panel = 0; panel < rowPanels; panel++) {
        const row = panelBegin(count, rowPanels, panel);
        const rows = panelBegin(count, rowPanels, panel + 1) - row;
        for (let column = 0; column < columns; column += COLUMNS) {
          tile(
            rows, Math.min(COLUMNS, columns - column), depth, scratch, position * positionLength + row * depth, p.filter, b + column * depth,
            ZEROS, 0, 0, false, scratch, c + row * width + column, width,
          );
        }
      }
    }
    const channels = Math.min(columns, p.groupOutChannels - firstColumn);
    for (let i = 0; i < count; i++) {
      const { image, y, x } = locateTile(p, begin + i);
      for (let c = 0; c < channels; c++) {
        const channel = group * p.groupOutChannels + firstColumn + c;
        const plane = image * pixels * outChannels + channel;
        transformProducts(p, scratch, products + i * width + c, productLength, p.filter[channel], plane, outChannels, y, x);
      }
    }
  }
}
