import type { ConvParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';
import { COLUMNS, PART_PANELS } from '../../kernels/tiles.ts';
import { panelBegin, panelCount, tile, ZEROS } from '../gemm/tile.ts';
import { locateTile, transformProducts, transformTile } from './winograd-tiles.ts';

type Params = Block<typeof ConvParams>;

/**
 * Winograd convolution, NCHW. For each position of the transformed tile one matrix product, whose rows are output channels
 * and whose columns are tiles.
 *
 *   filter    bias [channel] | [groups][part][position][panel of the part][channel][rows of the panel]   (winograd-filter.ts)
 *   input     [position][panel][channel][8 tiles; the last 4 where that is enough]                      in scratch
 *   products  [position][channel of the part][tiles]                                                    in scratch
 *
 * A task is a block of tiles and a part, four panels, of the output channels of one group. Input that the task before has
 * transformed is not transformed again.
 */
export function convWinogradNchw(p: Params, taskBegin: number, taskEnd: number): void {
  const size = p.tileSize;
  const positions = (size + 2) ** 2;
  const tiles = p.batch * Math.ceil(p.outHeight / size) * Math.ceil(p.outWidth / size);
  const depth = p.groupInChannels;
  const rowPanels = panelCount(p.groupOutChannels);
  const parts = Math.ceil(rowPanels / PART_PANELS);
  const pixels = p.outHeight * p.outWidth;
  const outChannels = p.groups * p.groupOutChannels;
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
    const width = (count + 3) & ~3;
    const positionLength = width * depth;
    const products = positions * positionLength;
    if (source !== transformed) {
      for (let i = 0; i < count; i++) {
        const { image, y, x } = locateTile(p, begin + i);
        const panel = i & ~7;
        const step = Math.min(COLUMNS, width - panel);
        for (let channel = 0; channel < depth; channel++) {
          const plane = image * p.inImageStride + (group * depth + channel) * p.inPlaneStride;
          transformTile(p, plane, 1, y, x, scratch, panel * depth + channel * step + i - panel, positionLength);
        }
      }
      transformed = source;
    }
    const firstPanel = part * PART_PANELS, lastPanel = Math.min(rowPanels, firstPanel + PART_PANELS);
    const firstRow = panelBegin(p.groupOutChannels, rowPanels, firstPanel);
    const partRows = panelBegin(p.groupOutChannels, rowPanels, lastPanel) - firstRow;
    const channel = group * p.groupOutChannels + firstRow;
    const productLength = partRows * width;
    for (let position = 0; position < positions; position++) {
      const a = weights + (channel * positions + position * partRows) * depth;
      const b = position * positionLength;
      const c = products + position * productLength;
      for (let column = 0; column < width; column += COLUMNS) {
        for (let panel = firstPanel; panel < lastPanel; panel++) {
          const row = panelBegin(p.groupOutChannels, rowPanels, panel) - firstRow;
          const rows = panelBegin(p.groupOutChannels, rowPanels, panel + 1) - firstRow - row;
          tile(
            rows, Math.min(COLUMNS, width - column), depth, p.filter, a + row * depth, scratch, b + column * depth,
            ZEROS, 0, 0, false, scratch, c + row * width + column, width,
          );
        }
      }
    }
    for (let i = 0; i < count; i++) {
      const { image, y, x } = locateTile(p, begin + i);
      for (let c = 0; c < partRows; c++) {
        const plane = (image * outChannels + channel + c) * pixels;
        transformProducts(p, scratch, products + c * width + i, productLength, p.filter[channel + c], plane, 1, y, x);
      }
    }
  }
}
