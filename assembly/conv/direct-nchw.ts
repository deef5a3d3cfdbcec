import { ConvParams } from '../params';
import { copyFloats } from '../simd';
import { clampsInRegisters, finishRows, needsFinish } from './finish';
import {
  convRows1x16, convRows1x4, convRows1x8, convRows2x16, convRows2x16k3, convRows2x16k3s2, convRows2x16k5, convRows2x16k7, convRows2x4, convRows2x8, Rows,
} from './rows';

/**
 * Direct convolution in planes, for few channels a group: depthwise, images, first layers with few filters.
 *
 *   filter   bias [outChannels], then [outChannels][kernel row][kernel column][channel of the group]
 *
 * A task is a block of output rows of one group of one image. The input rows that it needs are copied into scratch once,
 * inside their border of zeros and with the columns of a stride sorted apart, so that the taps of neighbouring outputs
 * are neighbours:
 *
 *   strip    [channel][row][column modulo stride][column / stride]
 *   scratch  clamp bounds (8 floats) | rows.ts' block (16) | offsets of a kernel row's taps | strip
 *
 * Where there is neither border nor stride, the input itself is the strip.
 */
const HEADER_BYTES: usize = 96;

/** Columns of the strip, from the first that a window touches to the last. */
@inline
function stripColumns(p: ConvParams): i32 {
  return (p.outWidth - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
}

/** Floats of a channel in the strip. */
@inline
function stripLength(p: ConvParams, phaseStride: i32): i32 {
  return ((p.pixelBlock - 1) * p.strideHeight + p.dilationHeight * (p.kernelHeight - 1) + 1) * phaseStride * p.strideWidth;
}

/** Columns of stride 2, `count` pairs of them: the even ones to one phase, the odd ones to the other. */
function copyPairs(from: usize, even: usize, odd: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    const low = v128.load(from), high = v128.load(from, 16);
    v128.store(even, v128.shuffle<f32>(low, high, 0, 2, 4, 6));
    v128.store(odd, v128.shuffle<f32>(low, high, 1, 3, 5, 7));
    from += 32;
    even += 16;
    odd += 16;
  }
  for (; count > 0; count--) {
    store<f32>(even, load<f32>(from));
    store<f32>(odd, load<f32>(from, 4));
    from += 8;
    even += 4;
    odd += 4;
  }
}

/** A row's columns, from `left` on, into its phases; what lies outside the input is zero already. */
function copyRow(p: ConvParams, from: usize, to: usize, phaseStride: i32): void {
  const stride = p.strideWidth;
  const columns = min(p.inWidth, phaseStride * stride - p.left);
  if (stride == 1) {
    copyFloats(to + (<usize>p.left << 2), from, columns);
    return;
  }
  let column = 0, at = p.left;
  if (stride == 2) {
    // A first column without its even neighbour, then pairs, then a last one without its odd neighbour.
    if (at & 1 && columns > 0) {
      store<f32>(to + (<usize>(phaseStride + (at >> 1)) << 2), load<f32>(from));
      column = 1;
      at++;
    }
    const pairs = max(0, columns - column) >> 1;
    const even = to + (<usize>(at >> 1) << 2);
    copyPairs(from + (<usize>column << 2), even, even + (<usize>phaseStride << 2), pairs);
    column += pairs << 1;
    at += pairs << 1;
  }
  for (; column < columns; column++, at++) {
    store<f32>(to + (<usize>(at % stride * phaseStride + at / stride) << 2), load<f32>(from + (<usize>column << 2)));
  }
}

/** Rows no wider than this are copied one vector of all rows after the other: a row alone is not worth its loop. */
const NARROW: i32 = 64;

/** `rows` rows of `columns` ≥ 4 columns; the last vector ends with the row. */
function copyNarrow(from: usize, fromBytes: usize, to: usize, toBytes: usize, columns: i32, rows: i32): void {
  for (let column = 0; ; column = min(column + 4, columns - 4)) {
    let source = from + (<usize>column << 2);
    let target = to + (<usize>column << 2);
    for (let row = rows; row > 0; row--) {
      v128.store(target, v128.load(source));
      source += fromBytes;
      target += toBytes;
    }
    if (column + 4 >= columns) return;
  }
}

/** Rows of all channels of the group. The strip begins as zeros, and only rows outside the input ever become so again. */
function fillStrip(p: ConvParams, input: usize, firstRow: i32, rows: i32, strip: usize, phaseStride: i32, blocks: i32): void {
  const rowBytes = <usize>(phaseStride * p.strideWidth) << 2;
  const inBytes = <usize>p.inWidth << 2;
  const begin = min(rows, max(0, -firstRow));
  const end = max(begin, min(rows, p.inHeight - firstRow));
  const columns = min(p.inWidth, phaseStride - p.left);
  const narrow = p.strideWidth == 1 && columns >= 4 && columns <= NARROW;
  for (let channel = 0; channel < p.groupInChannels; channel++) {
    if (blocks > 1) {
      memory.fill(strip, 0, <usize>begin * rowBytes);
      memory.fill(strip + <usize>end * rowBytes, 0, <usize>(rows - end) * rowBytes);
    }
    let from = input + (<usize>(channel * p.inPlaneStride + (firstRow + begin) * p.inWidth) << 2);
    let to = strip + <usize>begin * rowBytes;
    if (narrow) {
      copyNarrow(from, inBytes, to + (<usize>p.left << 2), rowBytes, columns, end - begin);
    } else {
      for (let row = begin; row < end; row++) {
        copyRow(p, from, to, phaseStride);
        from += inBytes;
        to += rowBytes;
      }
    }
    strip += <usize>rows * rowBytes;
  }
}

function fillOffsets(p: ConvParams, offsets: usize, channelStride: i32, phaseStride: i32): void {
  for (let x = 0; x < p.kernelWidth; x++) {
    const column = x * p.dilationWidth;
    const at = (column % p.strideWidth) * phaseStride + column / p.strideWidth;
    for (let channel = 0; channel < p.groupInChannels; channel++) {
      store<u32>(offsets, (at + channel * channelStride) << 2);
      offsets += 4;
    }
  }
}

/** `count` rows of one output channel. */
function convolve(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32, two: bool, size: i32, stride: i32): void {
  if (rows.columns > 8) {
    if (!two) convRows1x16(rows, x, weights, begin, y, count);
    else if (size == 3 && stride == 2) convRows2x16k3s2(rows, x, weights, begin, y, count);
    else if (stride == 2) convRows2x16(rows, x, weights, begin, y, count);
    else if (size == 3) convRows2x16k3(rows, x, weights, begin, y, count);
    else if (size == 5) convRows2x16k5(rows, x, weights, begin, y, count);
    else if (size == 7) convRows2x16k7(rows, x, weights, begin, y, count);
    else convRows2x16(rows, x, weights, begin, y, count);
  } else if (rows.columns > 4) {
    if (two) convRows2x8(rows, x, weights, begin, y, count);
    else convRows1x8(rows, x, weights, begin, y, count);
  } else {
    if (two) convRows2x4(rows, x, weights, begin, y, count);
    else convRows1x4(rows, x, weights, begin, y, count);
  }
}

export function convDirectNchw(p: ConvParams, taskBegin: i32, taskEnd: i32): void {
  const depth = p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const taps = p.kernelWidth * p.groupInChannels;
  const blocks = (p.outHeight + p.pixelBlock - 1) / p.pixelBlock;
  const outChannels = p.groups * p.groupOutChannels;
  const weights = p.filter + (<usize>outChannels << 2);
  const rows = changetype<Rows>(p.scratch + 32);
  const offsets = p.scratch + HEADER_BYTES;
  const strip = offsets + (<usize>taps << 2);
  const finishes = needsFinish(p);
  const columns = stripColumns(p);
  const phaseStride = (columns + p.strideWidth - 1) / p.strideWidth;
  const yBytes = <usize>p.outWidth << 2;
  const shift = p.strideHeight / p.dilationHeight;
  const overlaps = shift * p.dilationHeight == p.strideHeight && shift < p.kernelHeight;
  const isPlain = p.groupInChannels == 1 && p.strideHeight == p.strideWidth && p.strideHeight <= 2 && p.dilationHeight == 1 && p.dilationWidth == 1;
  const size = isPlain && p.kernelHeight == p.kernelWidth ? p.kernelWidth : 0;
  // Strides that the offsets hold for; a group of one channel has none.
  let located = -1;
  memory.fill(strip, 0, <usize>(p.groupInChannels * stripLength(p, phaseStride)) << 2);
  v128.store(p.scratch, f32x4.splat(p.lower));
  v128.store(p.scratch, f32x4.splat(p.upper), 16);
  rows.kernelHeight = p.kernelHeight;
  rows.taps = taps;
  rows.offsets = offsets;
  rows.shift = shift;
  rows.yBytes = yBytes;
  rows.columns = p.outWidth;
  rows.clamp = clampsInRegisters(p) ? p.scratch : 0;
  for (let task = taskBegin; task < taskEnd; task++) {
    const block = task % blocks;
    const group = task / blocks % p.groups;
    const image = task / blocks / p.groups;
    const row = block * p.pixelBlock;
    const rowCount = min(p.pixelBlock, p.outHeight - row);
    const firstRow = row * p.strideHeight - p.top;
    const stripRows = (rowCount - 1) * p.strideHeight + p.dilationHeight * (p.kernelHeight - 1) + 1;
    const input = p.input + (<usize>(image * p.inImageStride + group * p.groupInChannels * p.inPlaneStride) << 2);
    const bare = p.strideWidth == 1 && p.left == 0 && columns <= p.inWidth && firstRow >= 0 && firstRow + stripRows <= p.inHeight;
    const rowStride = bare ? p.inWidth : phaseStride * p.strideWidth;
    const source = bare ? input + (<usize>(firstRow * p.inWidth) << 2) : strip;
    if (!bare) fillStrip(p, input, firstRow, stripRows, strip, phaseStride, blocks);
    const channelStride = bare ? p.inPlaneStride : stripRows * rowStride;
    if (channelStride != located) {
      fillOffsets(p, offsets, channelStride, phaseStride);
      located = channelStride;
    }
    rows.xBytes = <usize>(rowStride * p.dilationHeight) << 2;
    rows.nextBytes = <usize>(rowStride * p.strideHeight) << 2;
    const two = overlaps && rowCount > 1;
    for (let i = 0; i < p.groupOutChannels; i++) {
      const channel = group * p.groupOutChannels + i;
      const bias = p.filter + (<usize>channel << 2);
      const begin: f32 = p.divisor == 1 ? load<f32>(bias) : 0;
      const w = weights + (<usize>(channel * depth) << 2);
      const output = p.output + (<usize>(((image * outChannels + channel) * p.outHeight + row) * p.outWidth) << 2);
      convolve(rows, source, w, begin, output, rowCount, two, size, p.strideHeight);
      if (finishes) finishRows(p, output, yBytes, rowCount, p.outWidth, bias, 0);
    }
  }
}
