import { ConvParams } from '../params';
import { copyFloats } from '../simd';
import { clampsInRegisters, finishRows, needsFinish } from './finish';
import {
  convRows1x16, convRows1x4, convRows1x8, convRows2x16, convRows2x16k3, convRows2x16k5, convRows2x16k7, convRows2x4, convRows2x8, Rows,
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
 *   scratch  clamp bounds (8 floats) | rows.ts' block (8) | two narrow rows (32) | offsets of a kernel row's taps | strip
 *
 * Where there is neither border nor stride, the input itself is the strip.
 */
const HEADER_BYTES: usize = 192;

/** Columns of the strip, from the first that a window touches to the last. */
@inline
function stripColumns(p: ConvParams): i32 {
  return (p.outWidth - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
}

/** `count` floats of a row, `stride` apart in the input, between zeros: `[0, begin)` and `[begin + count, length)`. */
function copyPhase(from: usize, stride: i32, to: usize, begin: i32, count: i32, length: i32): void {
  for (let i = 0; i < begin; i++) store<f32>(to + (<usize>i << 2), 0);
  for (let i = begin + count; i < length; i++) store<f32>(to + (<usize>i << 2), 0);
  to += <usize>begin << 2;
  if (stride == 1) {
    copyFloats(to, from, count);
    return;
  }
  if (stride == 2) {
    for (; count >= 4; count -= 4) {
      v128.store(to, v128.shuffle<f32>(v128.load(from), v128.load(from, 16), 0, 2, 4, 6));
      from += 32;
      to += 16;
    }
  }
  const strideBytes = <usize>stride << 2;
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(from));
    from += strideBytes;
    to += 4;
  }
}

function fillStrip(p: ConvParams, input: usize, firstRow: i32, rows: i32, strip: usize, phaseStride: i32): void {
  const stride = p.strideWidth;
  const rowBytes = <usize>(phaseStride * stride) << 2;
  for (let channel = 0; channel < p.groupInChannels; channel++) {
    for (let row = firstRow; row < firstRow + rows; row++) {
      if (row < 0 || row >= p.inHeight) {
        memory.fill(strip, 0, rowBytes);
      } else {
        const from = input + (<usize>(channel * p.inPlaneStride + row * p.inWidth) << 2);
        for (let phase = 0; phase < stride; phase++) {
          // Element i of the phase is column i · stride + phase − left of the input.
          const begin = max(0, (p.left - phase + stride - 1) / stride);
          const end = min(phaseStride, (p.inWidth - 1 + p.left - phase) / stride + 1);
          const column = begin * stride + phase - p.left;
          copyPhase(from + (<usize>column << 2), stride, strip + (<usize>(phase * phaseStride) << 2), begin, max(0, end - begin), phaseStride);
        }
      }
      strip += rowBytes;
    }
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

/** Two rows of one output channel, or one. */
function convolve(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, two: bool, size: i32): void {
  if (rows.columns > 8) {
    if (!two) convRows1x16(rows, x, weights, begin, y);
    else if (size == 3) convRows2x16k3(rows, x, weights, begin, y);
    else if (size == 5) convRows2x16k5(rows, x, weights, begin, y);
    else if (size == 7) convRows2x16k7(rows, x, weights, begin, y);
    else convRows2x16(rows, x, weights, begin, y);
  } else if (rows.columns > 4) {
    if (two) convRows2x8(rows, x, weights, begin, y);
    else convRows1x8(rows, x, weights, begin, y);
  } else {
    if (two) convRows2x4(rows, x, weights, begin, y);
    else convRows1x4(rows, x, weights, begin, y);
  }
}

export function convDirectNchw(p: ConvParams, taskBegin: i32, taskEnd: i32): void {
  const depth = p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const taps = p.kernelWidth * p.groupInChannels;
  const blocks = (p.outHeight + p.pixelBlock - 1) / p.pixelBlock;
  const outChannels = p.groups * p.groupOutChannels;
  const weights = p.filter + (<usize>outChannels << 2);
  const rows = changetype<Rows>(p.scratch + 32);
  const narrow = p.scratch + 64;
  const offsets = p.scratch + HEADER_BYTES;
  const strip = offsets + (<usize>taps << 2);
  const finishes = needsFinish(p);
  const columns = stripColumns(p);
  const phaseStride = (columns + p.strideWidth - 1) / p.strideWidth;
  const yBytes = <usize>p.outWidth << 2;
  // A row narrower than its kernel is computed whole into scratch.
  const width = p.outWidth > 8 ? 16 : p.outWidth > 4 ? 8 : 4;
  const isNarrow = p.outWidth < width;
  const shift = p.strideHeight / p.dilationHeight;
  const overlaps = shift * p.dilationHeight == p.strideHeight && shift < p.kernelHeight;
  const isPlain = p.groupInChannels == 1 && p.strideHeight == 1 && p.strideWidth == 1 && p.dilationHeight == 1 && p.dilationWidth == 1;
  const size = isPlain && p.kernelHeight == p.kernelWidth ? p.kernelWidth : 0;
  v128.store(p.scratch, f32x4.splat(p.lower));
  v128.store(p.scratch, f32x4.splat(p.upper), 16);
  rows.kernelHeight = p.kernelHeight;
  rows.taps = taps;
  rows.offsets = offsets;
  rows.shift = shift;
  rows.yBytes = isNarrow ? 64 : yBytes;
  rows.columns = isNarrow ? width : p.outWidth;
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
    if (!bare) fillStrip(p, input, firstRow, stripRows, strip, phaseStride);
    fillOffsets(p, offsets, bare ? p.inPlaneStride : stripRows * rowStride, phaseStride);
    rows.xBytes = <usize>(rowStride * p.dilationHeight) << 2;
    const nextBytes = <usize>(rowStride * p.strideHeight) << 2;
    const two = overlaps && rowCount > 1;
    for (let i = 0; i < p.groupOutChannels; i++) {
      const channel = group * p.groupOutChannels + i;
      const bias = p.filter + (<usize>channel << 2);
      const begin: f32 = p.divisor == 1 ? load<f32>(bias) : 0;
      const w = weights + (<usize>(channel * depth) << 2);
      const output = p.output + (<usize>(((image * outChannels + channel) * p.outHeight + row) * p.outWidth) << 2);
      for (let r = 0; r < rowCount; r += two ? 2 : 1) {
        // An odd last row is computed together with the one before it, again.
        const first = two ? min(r, rowCount - 2) : r;
        const y = output + <usize>first * yBytes;
        convolve(rows, source + <usize>first * nextBytes, w, begin, isNarrow ? narrow : y, two, size);
        if (isNarrow) {
          copyFloats(y, narrow, p.outWidth);
          if (two) copyFloats(y + yBytes, narrow + 64, p.outWidth);
        }
      }
      if (finishes) finishRows(p, output, yBytes, rowCount, p.outWidth, bias, 0);
    }
  }
}
