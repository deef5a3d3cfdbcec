import { COLUMNS, panelBegin, panelCount } from '../gemm/tile';
import { FilterParams } from '../params';

/**
 * Filters into panels for the matrix product. The depth of a sum runs over (kernel row, kernel column, channel).
 *
 *   bias    [groups][channels of a group, up to a multiple of 8]      zeros where there is none
 *   rows    [groups][panel][depth][rows of the panel: 5 or fewer]     NCHW: channels are the rows of the product
 *   columns [groups][panel][depth][8; the last 4 where that is enough]  NHWC: channels are its columns, padded with 0
 *
 * A task is a group.
 */
@inline
function biasLength(p: FilterParams): i32 {
  return (p.groupOutChannels + 7) & ~7;
}

function packBias(p: FilterParams, group: i32): void {
  const length = biasLength(p);
  const to = p.output + (<usize>group * length << 2);
  memory.fill(to, 0, <usize>length << 2);
  if (p.bias) memory.copy(to, p.bias + (<usize>group * p.groupOutChannels << 2), <usize>p.groupOutChannels << 2);
}

/** `count` channels from `channel` on, side by side for every product of the depth; `width - count` zeros after them. */
function packPanel(p: FilterParams, channel: i32, count: i32, width: i32, to: usize): void {
  const channelBytes = <usize>p.outChannelStride << 2;
  const inBytes = <usize>p.inChannelStride << 2;
  for (let y = 0; y < p.kernelHeight; y++) {
    for (let x = 0; x < p.kernelWidth; x++) {
      let from = p.filter + (<usize>(channel * p.outChannelStride + y * p.heightStride + x * p.widthStride) << 2);
      for (let i = p.groupInChannels; i > 0; i--) {
        let source = from;
        for (let c = 0; c < count; c++) {
          store<f32>(to, load<f32>(source));
          source += channelBytes;
          to += 4;
        }
        for (let c = count; c < width; c++) {
          store<f32>(to, 0);
          to += 4;
        }
        from += inBytes;
      }
    }
  }
}

export function packFilterRows(p: FilterParams, taskBegin: i32, taskEnd: i32): void {
  const depth = p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const panels = panelCount(p.groupOutChannels);
  const weights = p.output + (<usize>p.groups * biasLength(p) << 2);
  for (let group = taskBegin; group < taskEnd; group++) {
    packBias(p, group);
    for (let panel = 0; panel < panels; panel++) {
      const begin = panelBegin(p.groupOutChannels, panels, panel);
      const rows = panelBegin(p.groupOutChannels, panels, panel + 1) - begin;
      const channel = group * p.groupOutChannels + begin;
      packPanel(p, channel, rows, rows, weights + (<usize>channel * depth << 2));
    }
  }
}

export function packFilterColumns(p: FilterParams, taskBegin: i32, taskEnd: i32): void {
  const depth = p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const groupColumns = (p.groupOutChannels + 3) & ~3;
  const weights = p.output + (<usize>p.groups * biasLength(p) << 2);
  for (let group = taskBegin; group < taskEnd; group++) {
    packBias(p, group);
    for (let begin = 0; begin < groupColumns; begin += COLUMNS) {
      const width = min(COLUMNS, groupColumns - begin);
      const to = weights + (<usize>(group * groupColumns + begin) * depth << 2);
      packPanel(p, group * p.groupOutChannels + begin, min(width, p.groupOutChannels - begin), width, to);
    }
  }
}
