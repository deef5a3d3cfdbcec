import type { Block, FilterParams } from '../../params.ts';
import { COLUMNS, panelBegin, panelCount } from '../gemm/tile.ts';

type Params = Block<typeof FilterParams>;

/**
 * Filters into panels for the matrix product. The depth of a sum runs over (kernel row, kernel column, channel).
 *
 *   bias    [groups][channels of a group, up to a multiple of 8]      zeros where there is none
 *   rows    [groups][panel][depth][rows of the panel: 5 or fewer]     NCHW: channels are the rows of the product
 *   columns [groups][panel][depth][8; the last 4 where that is enough]  NHWC: channels are its columns, padded with 0
 *
 * A task is a group.
 */
function biasLength(p: Params): number {
  return (p.groupOutChannels + 7) & ~7;
}

function packBias(p: Params, group: number): void {
  const length = biasLength(p);
  const to = group * length;
  p.output.fill(0, to, to + length);
  if (p.bias.length > 0) for (let i = 0; i < p.groupOutChannels; i++) p.output[to + i] = p.bias[group * p.groupOutChannels + i];
}

/** `count` channels from `channel` on, side by side for every product of the depth; `width - count` zeros after them. */
function packPanel(p: Params, channel: number, count: number, width: number, to: number): void {
  for (let y = 0; y < p.kernelHeight; y++) {
    for (let x = 0; x < p.kernelWidth; x++) {
      let from = channel * p.outChannelStride + y * p.heightStride + x * p.widthStride;
      for (let i = p.groupInChannels; i > 0; i--) {
        for (let c = 0; c < count; c++) p.output[to + c] = p.filter[from + c * p.outChannelStride];
        for (let c = count; c < width; c++) p.output[to + c] = 0;
        from += p.inChannelStride;
        to += width;
      }
    }
  }
}

export function packFilterRows(p: Params, taskBegin: number, taskEnd: number): void {
  const depth = p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const panels = panelCount(p.groupOutChannels);
  const weights = p.groups * biasLength(p);
  for (let group = taskBegin; group < taskEnd; group++) {
    packBias(p, group);
    for (let panel = 0; panel < panels; panel++) {
      const begin = panelBegin(p.groupOutChannels, panels, panel);
      const rows = panelBegin(p.groupOutChannels, panels, panel + 1) - begin;
      const channel = group * p.groupOutChannels + begin;
      packPanel(p, channel, rows, rows, weights + channel * depth);
    }
  }
}

export function packFilterColumns(p: Params, taskBegin: number, taskEnd: number): void {
  const depth = p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const groupColumns = (p.groupOutChannels + 3) & ~3;
  const weights = p.groups * biasLength(p);
  for (let group = taskBegin; group < taskEnd; group++) {
    packBias(p, group);
    for (let begin = 0; begin < groupColumns; begin += COLUMNS) {
      const width = Math.min(COLUMNS, groupColumns - begin);
      const to = weights + (group * groupColumns + begin) * depth;
      packPanel(p, group * p.groupOutChannels + begin, Math.min(width, p.groupOutChannels - begin), width, to);
    }
  }
}
