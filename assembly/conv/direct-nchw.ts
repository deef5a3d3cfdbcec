import { ConvParams, DIRECT_HEADER_BYTES } from '../generated/abi';
import { copyFloats } from '../simd';
import { clampsInRegisters, finishRows, needsFinish } from './finish';
import {
  convRows1x16, convRows1x4, convRows1x8, convRows2x16, convRows2x16k3, convRows2x16k3s2, convRows2x16near, convRows2x4, convRows2x8, Rows,
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
 *   scratch  clamp bounds (8 floats) | rows.ts' block (16) | a tile staged (32) | offsets of a kernel row's taps | strip
 *
 * Where there is neither border nor stride, the input itself is the strip.
 */

/** Columns of the strip, from the first that a window touches to the last. */
@inline
function stripColumns(p: ConvParams): i32 {
  return (p.outWidth - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
}

/** Columns of a phase in a row of the strip; for a stride of 2 they are written four at a time. */
@inline
function phaseLength(p: ConvParams): i32 {
  const columns = (stripColumns(p) + p.strideWidth - 1) / p.strideWidth;
  return p.strideWidth == 2 ? (columns + 3) & ~3 : columns;
}

/** Floats of a channel in the strip. */
@inline
function stripLength(p: ConvParams, phaseStride: i32): i32 {
  return ((p.pixelBlock - 1) * p.strideHeight + p.dilationHeight * (p.kernelHeight - 1) + 1) * phaseStride * p.strideWidth;
}

/** Ones where a column of the four from `column` on lies between `begin` and `end`. */
@inline
function between(column: i32, begin: i32, end: i32): v128 {
  const columns = i32x4.add(i32x4.splat(column), i32x4(0, 1, 2, 3));
  return v128.and(i32x4.ge_s(columns, i32x4.splat(begin)), i32x4.lt_s(columns, i32x4.splat(end)));
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

/** Eight columns: the even ones to one phase, the odd ones to the other. */
@inline
function storePair(low: v128, high: v128, even: usize, odd: usize): void {
  v128.store(even, v128.shuffle<f32>(low, high, 0, 2, 4, 6));
  v128.store(odd, v128.shuffle<f32>(low, high, 1, 3, 5, 7));
}

/**
 * Rows for a stride of 2, eight columns at a time, `from` being where column 0 of the strip would lie. What lies in memory outside
 * `begin` … `end` becomes zero: a row is gone through once, from its first column to its last.
 */
function copyEvenOdd(from: usize, fromBytes: usize, to: usize, toBytes: usize, rows: i32, begin: i32, end: i32): void {
  const first = begin & ~7;
  const last = (end - 1) & ~7;
  const phaseBytes = toBytes >> 1;
  const low0 = between(first, begin, end), high0 = between(first + 4, begin, end);
  const low1 = between(last, begin, end), high1 = between(last + 4, begin, end);
  from += <usize>first << 2;
  to += <usize>first << 1;
  for (let row = rows; row > 0; row--) {
    let at = from + 32, even = to + 16, odd = even + phaseBytes;
    storePair(v128.and(v128.load(from), low0), v128.and(v128.load(from, 16), high0), to, to + phaseBytes);
    let columns = last - first - 8;
    for (; columns >= 16; columns -= 16) {
      storePair(v128.load(at), v128.load(at, 16), even, odd);
      storePair(v128.load(at, 32), v128.load(at, 48), even + 16, odd + 16);
      at += 64;
      even += 32;
      odd += 32;
    }
    if (columns > 0) {
      storePair(v128.load(at), v128.load(at, 16), even, odd);
      at += 32;
      even += 16;
      odd += 16;
    }
    if (columns >= 0) storePair(v128.and(v128.load(at), low1), v128.and(v128.load(at, 16), high1), even, odd);
    from += fromBytes;
    to += toBytes;
  }
}

/** Rows' columns into their phases; what lies outside the input is zero already. */
function copyRows(p: ConvParams, from: usize, to: usize, rows: i32, phaseStride: i32): void {
  const stride = p.strideWidth;
  const fromBytes = <usize>p.inWidth << 2;
  const toBytes = <usize>(phaseStride * stride) << 2;
  const columns = min(p.inWidth, phaseStride * stride - p.left);
  const left = <usize>p.left << 2;
  if (columns <= 0) return;
  if (stride == 1 && columns >= 4 && columns <= NARROW) {
    copyNarrow(from, fromBytes, to + left, toBytes, columns, rows);
    return;
  }
  if (stride == 2) {
    copyEvenOdd(from - left, fromBytes, to, toBytes, rows, p.left, p.left + columns);
    return;
  }
  for (let row = rows; row > 0; row--) {
    if (stride == 1) {
      copyFloats(to + left, from, columns);
    } else {
      for (let column = 0, at = p.left; column < columns; column++, at++) {
        store<f32>(to + (<usize>(at % stride * phaseStride + at / stride) << 2), load<f32>(from + (<usize>column << 2)));
      }
    }
    from += fromBytes;
    to += toBytes;
  }
}

/** Rows of all channels of the group. The strip begins as zeros, and only rows outside the input ever become so again. */
function fillStrip(p: ConvParams, input: usize, firstRow: i32, rows: i32, strip: usize, phaseStride: i32, blocks: i32): void {
  const rowBytes = <usize>(phaseStride * p.strideWidth) << 2;
  const begin = min(rows, max(0, -firstRow));
  const end = max(begin, min(rows, p.inHeight - firstRow));
  for (let channel = 0; channel < p.groupInChannels; channel++) {
    if (blocks > 1) {
      memory.fill(strip, 0, <usize>begin * rowBytes);
      memory.fill(strip + <usize>end * rowBytes, 0, <usize>(rows - end) * rowBytes);
    }
    const from = input + (<usize>(channel * p.inPlaneStride + (firstRow + begin) * p.inWidth) << 2);
    copyRows(p, from, strip + <usize>begin * rowBytes, end - begin, phaseStride);
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
function convolve(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32, two: bool, is3x3: bool, near: bool): void {
  if (rows.columns > 8) {
    if (!two) convRows1x16(rows, x, weights, begin, y, count);
    else if (is3x3 && near) convRows2x16k3(rows, x, weights, begin, y, count);
    else if (is3x3) convRows2x16k3s2(rows, x, weights, begin, y, count);
    else if (near) convRows2x16near(rows, x, weights, begin, y, count);
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
  const offsets = p.scratch + DIRECT_HEADER_BYTES;
  const strip = (offsets + (<usize>taps << 2) + 63) & ~63;
  const finishes = needsFinish(p);
  const columns = stripColumns(p);
  const phaseStride = phaseLength(p);
  const yBytes = <usize>p.outWidth << 2;
  const shift = p.strideHeight / p.dilationHeight;
  const overlaps = shift * p.dilationHeight == p.strideHeight && shift < p.kernelHeight;
  const near = p.groupInChannels == 1 && p.strideWidth == 1 && p.dilationWidth == 1;
  const is3x3 = p.groupInChannels == 1 && p.kernelHeight == 3 && p.kernelWidth == 3 && p.dilationHeight == 1 && p.dilationWidth == 1
    && p.strideHeight == p.strideWidth && p.strideHeight <= 2;
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
  rows.stage = p.scratch + 96;
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
      convolve(rows, source, w, begin, output, rowCount, two, is3x3, near);
      if (finishes) finishRows(p, output, yBytes, rowCount, p.outWidth, bias, 0);
    }
  }
}
