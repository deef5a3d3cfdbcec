import { panelBegin, panelCount } from '../gemm/tile';
import { COLUMNS, FilterParams } from '../generated/abi';
import { copyFloats } from '../simd';

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

/** Where the first tap of an output channel lies, in floats: `channel` counts over all groups. */
export function firstTap(p: FilterParams, channel: i32): i32 {
  const group = channel / p.groupOutChannels;
  return p.filterOffset + group * p.groupStride + (channel - group * p.groupOutChannels) * p.outChannelStride;
}

/**
 * `length` floats of each of `count` channels, `length` in steps of `stepBytes`, channels side by side and `width` floats from
 * one product to the next.
 */
function packRun(from: usize, channelBytes: usize, stepBytes: usize, length: i32, count: i32, width: i32, to: usize): void {
  const widthBytes = <usize>width << 2;
  if (channelBytes == 4) {
    for (; length > 0; length--) {
      copyFloats(to, from, count);
      from += stepBytes;
      to += widthBytes;
    }
    return;
  }
  if (stepBytes == 4) {
    for (; count >= 4; count -= 4) {
      let source = from;
      let target = to;
      let k = length;
      for (; k >= 4; k -= 4) {
        const x0 = v128.load(source), x1 = v128.load(source + channelBytes);
        const x2 = v128.load(source + 2 * channelBytes), x3 = v128.load(source + 3 * channelBytes);
        const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
        const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
        v128.store(target, v128.shuffle<i64>(low01, low23, 0, 2));
        v128.store(target + widthBytes, v128.shuffle<i64>(low01, low23, 1, 3));
        v128.store(target + 2 * widthBytes, v128.shuffle<i64>(high01, high23, 0, 2));
        v128.store(target + 3 * widthBytes, v128.shuffle<i64>(high01, high23, 1, 3));
        source += 16;
        target += 4 * widthBytes;
      }
      packScattered(source, channelBytes, 4, k, 4, widthBytes, target);
      from += 4 * channelBytes;
      to += 16;
    }
  }
  packScattered(from, channelBytes, stepBytes, length, count, widthBytes, to);
}

function packScattered(from: usize, channelBytes: usize, stepBytes: usize, length: i32, count: i32, widthBytes: usize, to: usize): void {
  for (; length > 0; length--) {
    let source = from;
    for (let c = 0; c < count; c++) {
      store<f32>(to + (<usize>c << 2), load<f32>(source));
      source += channelBytes;
    }
    from += stepBytes;
    to += widthBytes;
  }
}

/**
 * `count` channels of one group from `channel` on, side by side for every product of the depth, which are `width` apart. Where
 * there is one channel to sum over, its taps are what lies in a row.
 */
function packPanel(p: FilterParams, channel: i32, count: i32, width: i32, to: usize): void {
  const channelBytes = <usize>p.outChannelStride << 2;
  const isOne = p.groupInChannels == 1;
  const length = isOne ? p.kernelWidth : p.groupInChannels;
  const stepBytes = <usize>(isOne ? p.widthStride : p.inChannelStride) << 2;
  const columns = isOne ? 1 : p.kernelWidth;
  const first = firstTap(p, channel);
  for (let z = 0; z < p.kernelDepth; z++) {
    for (let y = 0; y < p.kernelHeight; y++) {
      for (let x = 0; x < columns; x++) {
        const from = p.filter + (<usize>(first + z * p.depthStride + y * p.heightStride + x * p.widthStride) << 2);
        packRun(from, channelBytes, stepBytes, length, count, width, to);
        to += <usize>(length * width) << 2;
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
      const count = min(width, p.groupOutChannels - begin);
      if (count < width) memory.fill(to, 0, <usize>(depth * width) << 2);
      packPanel(p, group * p.groupOutChannels + begin, count, width, to);
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
    const to = weights + (<usize>(channel * depth) << 2);
    if (count < 4) memory.fill(to, 0, <usize>depth << 4);
    for (let c = 0; c < count; c++) packPanel(p, channel + c, 1, 4, to + (<usize>c << 2));
  }
}
