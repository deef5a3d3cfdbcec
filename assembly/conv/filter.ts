import { COLUMNS, panelBegin, panelCount } from '../gemm/tile';
import { FilterParams } from '../params';

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
function packBias(p: FilterParams, channel: i32, count: i32, copies: i32, to: usize): void {
  for (let i = 0; i < count; i++) {
    const value: f32 = p.bias ? load<f32>(p.bias + (<usize>(channel + i) << 2)) : 0;
    for (let copy = 0; copy < copies; copy++) {
      store<f32>(to, value);
      to += 4;
    }
  }
}

/** `count` channels from `channel` on, side by side for every product of the depth; `width - count` zeros after them. */
function packPanel(p: FilterParams, channel: i32, count: i32, width: i32, to: usize): void {
  const channelBytes = <usize>p.outChannelStride << 2;
  const inBytes = <usize>p.inChannelStride << 2;
  for (let z = 0; z < p.kernelDepth; z++) {
    for (let y = 0; y < p.kernelHeight; y++) {
      for (let x = 0; x < p.kernelWidth; x++) {
        const first = p.filterOffset + channel * p.outChannelStride + z * p.depthStride + y * p.heightStride + x * p.widthStride;
        let from = p.filter + (<usize>first << 2);
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
}

/** Products of a sum. */
function productsOf(p: FilterParams): i32 {
  return p.kernelDepth * p.kernelHeight * p.kernelWidth * p.groupInChannels;
}

export function packFilterRows(p: FilterParams, taskBegin: i32, taskEnd: i32): void {
  const depth = productsOf(p);
  const panels = panelCount(p.groupOutChannels);
  const weights = p.output + (<usize>(p.groups * p.groupOutChannels) << 5);
  for (let group = taskBegin; group < taskEnd; group++) {
    const first = group * p.groupOutChannels;
    packBias(p, first, p.groupOutChannels, 8, p.output + (<usize>first << 5));
    for (let panel = 0; panel < panels; panel++) {
      const begin = panelBegin(p.groupOutChannels, panels, panel);
      const rows = panelBegin(p.groupOutChannels, panels, panel + 1) - begin;
      const channel = first + begin;
      packPanel(p, channel, rows, rows, weights + (<usize>channel * depth << 2));
    }
  }
}

export function packFilterColumns(p: FilterParams, taskBegin: i32, taskEnd: i32): void {
  const depth = productsOf(p);
  const groupColumns = (p.groupOutChannels + 3) & ~3;
  const biasLength = (p.groupOutChannels + 7) & ~7;
  const weights = p.output + (<usize>(p.groups * biasLength) << 2);
  for (let group = taskBegin; group < taskEnd; group++) {
    const bias = p.output + (<usize>(group * biasLength) << 2);
    memory.fill(bias, 0, <usize>biasLength << 2);
    packBias(p, group * p.groupOutChannels, p.groupOutChannels, 1, bias);
    for (let begin = 0; begin < groupColumns; begin += COLUMNS) {
      const width = min(COLUMNS, groupColumns - begin);
      const to = weights + (<usize>(group * groupColumns + begin) * depth << 2);
      packPanel(p, group * p.groupOutChannels + begin, min(width, p.groupOutChannels - begin), width, to);
    }
  }
}

export function packFilterPlanes(p: FilterParams, taskBegin: i32, taskEnd: i32): void {
  const depth = productsOf(p);
  const weights = p.output + (<usize>(p.groups * p.groupOutChannels) << 2);
  packBias(p, taskBegin, taskEnd - taskBegin, 1, p.output + (<usize>taskBegin << 2));
  for (let channel = taskBegin; channel < taskEnd; channel++) {
    packPanel(p, channel, 1, 1, weights + (<usize>(channel * depth) << 2));
  }
}

export function packFilterLanes(p: FilterParams, taskBegin: i32, taskEnd: i32): void {
  const depth = productsOf(p);
  const channels = p.groups * p.groupOutChannels;
  const weights = p.output + (<usize>((channels + 3) & ~3) << 2);
  for (let vector = taskBegin; vector < taskEnd; vector++) {
    const channel = vector << 2;
    const count = min(4, channels - channel);
    const bias = p.output + (<usize>channel << 2);
    v128.store(bias, f32x4.splat(0));
    packBias(p, channel, count, 1, bias);
    packPanel(p, channel, count, 4, weights + (<usize>(channel * depth) << 2));
  }
}
