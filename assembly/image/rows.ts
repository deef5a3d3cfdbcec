import { Border, ImageParams } from '../params';

/**
 * What all filters over images share: rows come in through a ring of padded copies, and go out by way of a line. A window
 * therefore never meets the edge of the image, a vector may run over the end of a row, and the output may be the input.
 *
 *   scratch   middle | line [lineBytes] | ring [slots][lineBytes] | rows below the last one [below][lineBytes] | table
 *   row       [left][width][kernelWidth − 1 − left] pixels, and more than 48 bytes that are anything
 *
 * `middle` is what a filter keeps between its two passes. A pixel's channels are just a distance in bytes.
 */

@inline
export function middleOf(p: ImageParams): usize {
  return p.scratch;
}

/** Where sums wait to be divided, four bytes each: the last that `middle` holds. */
@inline
export function wideOf(p: ImageParams): usize {
  return lineOf(p) - (p.lineBytes << 2);
}

@inline
export function lineOf(p: ImageParams): usize {
  return p.scratch + p.lineOffset;
}

@inline
function ringOf(p: ImageParams): usize {
  return p.scratch + p.ringOffset;
}

/** Where taps are written with their addresses. */
@inline
export function tableOf(p: ImageParams): usize {
  return p.scratch + p.tableOffset;
}

/** The padded copy of `row`, which may lie above or below the image. */
export function slotOf(p: ImageParams, row: i32): usize {
  return ringOf(p) + ((row + p.top) % p.slots) * p.lineBytes;
}

/** Which of `count` lies at `i`, which may be any number; −1: none. */
function source(i: i32, count: i32, border: i32): i32 {
  if (i >= 0 && i < count) return i;
  if (border == Border.Constant) return -1;
  if (border == Border.Replicate) return i < 0 ? 0 : count - 1;
  const fold = border == Border.Reflect101 ? 2 : 0;
  const period = border == Border.Wrap ? count : max(2 * count - fold, 1);
  i %= period;
  if (i < 0) i += period;
  return i < count ? i : period - 1 - i + (fold >> 1);
}

/** `count` bytes and up to 15 more. */
export function copyLine(to: usize, from: usize, count: i32): void {
  for (; count > 0; count -= 16) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
}

/** `count` pixels of a row beginning at `x`, over the edge: each with up to 15 bytes that the next one or nothing needs. */
function putPixels(p: ImageParams, row: usize, inside: bool, x: i32, count: i32, to: usize): void {
  const pixelBytes = p.pixelBytes;
  const value = p.elementBytes == 1 ? i8x16.splat(<i8>p.borderValue) : f32x4.splat(p.borderValue);
  for (; count > 0; count--) {
    const at = inside ? source(x++, p.width, p.border) : -1;
    v128.store(to, at < 0 ? value : v128.load(row + at * pixelBytes));
    to += pixelBytes;
  }
}

function putRow(p: ImageParams, row: i32, to: usize): void {
  const y = source(row, p.height, p.border);
  const from = p.input + y * p.rowBytes;
  if (y < 0) {
    putPixels(p, from, false, 0, p.width + p.kernelWidth - 1, to);
    return;
  }
  putPixels(p, from, true, -p.left, p.left, to);
  const inside = to + p.left * p.pixelBytes;
  copyLine(inside, from, p.rowBytes);
  putPixels(p, from, true, p.width, p.kernelWidth - 1 - p.left, inside + p.rowBytes);
}

/**
 * All rows but the last of the window of the first row of a range of tasks, which it returns. In place, the rows below the image
 * too, while nothing is written yet.
 */
export function openRows(p: ImageParams, taskBegin: i32, taskEnd: i32): i32 {
  const y = taskBegin * p.stripe;
  if (taskBegin == taskEnd) return y;
  if (p.input == p.output) {
    for (let i = p.below - 1; i >= 0; i--) putRow(p, p.height + i, ringOf(p) + (p.slots + i) * p.lineBytes);
  }
  for (let i = y - p.top; i < y + p.below; i++) putRow(p, i, slotOf(p, i));
  return y;
}

/** The last row of the window of row `y`. */
export function nextRow(p: ImageParams, y: i32): void {
  const row = y + p.below;
  if (p.input == p.output && row >= p.height) {
    copyLine(slotOf(p, row), ringOf(p) + (p.slots + row - p.height) * p.lineBytes, p.lineBytes);
  } else {
    putRow(p, row, slotOf(p, row));
  }
}

/** Where in its padded copy the pixels of row `y` begin. */
@inline
export function centreOf(p: ImageParams, y: i32): usize {
  return slotOf(p, y) + p.left * p.pixelBytes;
}

/** The lanes of a vector of pixels that are alpha, if it is to be kept. */
function alphaMask(p: ImageParams): v128 {
  if (!p.keepAlpha) return i32x4.splat(0);
  if (p.elementBytes == 1) return p.channels == 4 ? i32x4.splat(0xff000000) : i16x8.splat(<i16>0xff00);
  return p.channels == 4 ? i32x4(0, 0, 0, -1) : i32x4(0, -1, 0, -1);
}

/** The line as row `y` of the output, with its old alpha if that is kept. */
export function putLine(p: ImageParams, y: i32): void {
  const mask = alphaMask(p);
  const bytes = p.rowBytes;
  let from = lineOf(p), old = centreOf(p, y), to = p.output + y * bytes;
  let count = bytes;
  for (; count >= 16; count -= 16) {
    v128.store(to, v128.bitselect(v128.load(old), v128.load(from), mask));
    from += 16;
    old += 16;
    to += 16;
  }
  v128.store(from, v128.bitselect(v128.load(old), v128.load(from), mask));
  for (; count > 0; count--) store<u8>(to++, load<u8>(from++));
}
