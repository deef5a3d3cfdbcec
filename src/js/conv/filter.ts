import type { FilterParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';
import { COLUMNS } from '../../kernels/tiles.ts';
import { panelBegin, panelCount } from '../gemm/tile.ts';

type Params = Block<typeof FilterParams>;

/**
 * Filters into the orders that kernels read, each with its bias in front, in the form in which sums begin with it. The
 * depth of a sum runs over (kernel slice, kernel row, kernel column, channel).
 *
 *   rows     NCHW product: channels are its rows
 *     bias     [channel][8 times the same]
 *     weights  [groups][panel][depth][rows of the panel: 5 or fewer]
 *   columns  NHWC product: channels are its columns
 *     bias     [groups][channels of a group, up to a multiple of 8]
 *     weights  [groups][panel][depth][8; the last 4 where that is enough; zeros behind the last channel]
 *   planes   NCHW direct
 *     bias     [channel]
 *     weights  [channel][depth]
 *   lanes    NHWC direct
 *     bias     [channel, up to a multiple of 4]
 *     weights  [vector of channels][depth][4; zeros behind the last channel]
 *
 * A task is a group (rows, columns), a channel (planes), a vector of channels (lanes).
 */

/** `count` floats of bias, or zeros where there is none, `copies` times each. */
function packBias(p: Params, channel: number, count: number, copies: number, to: number): void {
  for (let i = 0; i < count; i++) {
    const value = p.bias.length > 0 ? p.bias[channel + i] : 0;
    for (let copy = 0; copy < copies; copy++) p.output[to++] = value;
  }
}

/** Where the first tap of an output channel lies: `channel` counts over all groups. */
export function firstTap(p: Params, channel: number): number {
  const group = Math.trunc(channel / p.groupOutChannels);
  return p.filterOffset + group * p.groupStride + (channel - group * p.groupOutChannels) * p.outChannelStride;
}

/** `count` channels of one group from `channel` on, side by side for every product of the depth, which are `width` apart. */
function packPanel(p: Params, channel: number, count: number, width: number, to: number): void {
  const first = firstTap(p, channel);
  for (let z = 0; z < p.kernelDepth; z++) {
    for (let y = 0; y < p.kernelHeight; y++) {
      for (let x = 0; x < p.kernelWidth; x++) {
        let from = first + z * p.depthStride + y * p.heightStride + x * p.widthStride;
        for (let i = p.groupInChannels; i > 0; i--) {
          for (let c = 0; c < count; c++) p.output[to + c] = p.filter[from + c * p.outChannelStride];
          from += p.inChannelStride;
          to += width;
        }
      }
    }
  }
}

/** Products of a sum. */
function productsOf(p: Params): number {
  return p.kernelDepth * p.kernelHeight * p.kernelWidth * p.groupInChannels;
}

export function packFilterRows(p: Params, taskBegin: number, taskEnd: number): void {
  const depth = productsOf(p);
  const panels = panelCount(p.groupOutChannels);
  const weights = p.groups * p.groupOutChannels * 8;
  for (let group = taskBegin; group < taskEnd; group++) {
    const first = group * p.groupOutChannels;
    packBias(p, first, p.groupOutChannels, 8, first * 8);
    for (let panel = 0; panel < panels; panel++) {
      const begin = panelBegin(p.groupOutChannels, panels, panel);
      const rows = panelBegin(p.groupOutChannels, panels, panel + 1) - begin;
      const channel = first + begin;
      packPanel(p, channel, rows, rows, weights + channel * depth);
    }
  }
}

export function packFilterColumns(p: Params, taskBegin: number, taskEnd: number): void {
  const depth = productsOf(p);
  const groupColumns = (p.groupOutChannels + 3) & ~3;
  const biasLength = (p.groupOutChannels + 7) & ~7;
  const weights = p.groups * biasLength;
  for (let group = taskBegin; group < taskEnd; group++) {
    const bias = group * biasLength;
    p.output.fill(0, bias, bias + biasLength);
    packBias(p, group * p.groupOutChannels, p.groupOutChannels, 1, bias);
    for (let begin = 0; begin < groupColumns; begin += COLUMNS) {
      const width = Math.min(COLUMNS, groupColumns - begin);
      const to = weights + (group * groupColumns + begin) * depth;
      const count = Math.min(width, p.groupOutChannels - begin);
      if (count < width) p.output.fill(0, to, to + depth * width);
      packPanel(p, group * p.groupOutChannels + begin, count, width, to);
    }
  }
}

export function packFilterPlanes(p: Params, taskBegin: number, taskEnd: number): void {
  const depth = productsOf(p);
  const weights = p.groups * p.groupOutChannels;
  packBias(p, taskBegin, taskEnd - taskBegin, 1, taskBegin);
  for (let channel = taskBegin; channel < taskEnd; channel++) packPanel(p, channel, 1, 1, weights + channel * depth);
}

export function packFilterLanes(p: Params, taskBegin: number, taskEnd: number): void {
  const depth = productsOf(p);
  const channels = p.groups * p.groupOutChannels;
  const weights = (channels + 3) & ~3;
  for (let vector = taskBegin; vector < taskEnd; vector++) {
    const channel = vector * 4;
    const count = Math.min(4, channels - channel);
    p.output.fill(0, channel, channel + 4);
    packBias(p, channel, count, 1, channel);
    const to = weights + channel * depth;
    if (count < 4) p.output.fill(0, to, to + depth * 4);
    for (let c = 0; c < count; c++) packPanel(p, channel + c, 1, 4, to + c);
  }
}
