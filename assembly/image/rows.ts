import { Border, ImageParams } from '../generated/abi';

/**
 * What all filters over images share: rows come in through a ring of padded copies, unless a filter needs nothing beside them (`isBare`),
 * and go out by way of a line, or of two, unless they end with a vector and nothing more is done with them. A window therefore never meets the edge of the image, a vector may run over the end of a row, and the output may be the input.
 *
 *   scratch   middle | lines [lineBytes] | ring [slots][lineBytes] | rows below the last one [below][lineBytes] | table
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

/**
 * Whether the first of two passes reads the image itself, and there is no ring: down its columns it needs nothing beside them, and what lies
 * there in `middle` the border takes from `middle`, unless it takes it from nowhere.
 */
export function isBare(p: ImageParams): bool {
  return p.rowTapCount + p.rowFours > 0 && p.input != p.output && p.border != Border.Constant;
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
  memory.copy(inside, from, p.rowBytes);
  putPixels(p, from, true, p.width, p.kernelWidth - 1 - p.left, inside + p.rowBytes);
}

/**
 * All rows but the last of the window of the first row of a range of tasks, which it returns. In place, the rows below the image
 * too, while nothing is written yet.
 */
export function openRows(p: ImageParams, taskBegin: i32, taskEnd: i32): i32 {
  const y = taskBegin * p.stripe;
  if (taskBegin == taskEnd || isBare(p)) return y;
  if (p.input == p.output) {
    for (let i = p.below - 1; i >= 0; i--) putRow(p, p.height + i, ringOf(p) + (p.slots + i) * p.lineBytes);
  }
  for (let i = y - p.top; i < y + p.below; i++) putRow(p, i, slotOf(p, i));
  return y;
}

/** What lies beside a row of `middle` that begins there, in pixels of so many bytes, if the first pass read the image itself. */
export function padMiddle(p: ImageParams, middle: usize, pixelBytes: i32): void {
  if (!isBare(p)) return;
  const inside = middle + p.left * pixelBytes;
  const end = p.width + p.kernelWidth - 1 - p.left;
  for (let x = p.left ? -p.left : p.width; x < end; x = x == -1 ? p.width : x + 1) {
    const from = inside + source(x, p.width, p.border) * pixelBytes;
    for (let i = 0; i < pixelBytes; i += 2) store<u16>(inside + x * pixelBytes + i, load<u16>(from + i));
  }
}

/** The last row of the window of row `y`. */
export function nextRow(p: ImageParams, y: i32): void {
  const row = y + p.below;
  if (p.input == p.output && row >= p.height) {
    memory.copy(slotOf(p, row), ringOf(p) + (p.slots + row - p.height) * p.lineBytes, p.lineBytes);
  } else {
    putRow(p, row, slotOf(p, row));
  }
}

/** The last rows of the windows of row `y` and the one below it, but for those behind the range of tasks. */
export function nextRows(p: ImageParams, y: i32, last: i32): void {
  if (isBare(p)) return;
  nextRow(p, y);
  if (y + 1 < last) nextRow(p, y + 1);
}

/** Where the pixels of row `y` begin: in its padded copy, or in the image itself. */
export function centreOf(p: ImageParams, y: i32): usize {
  return isBare(p) ? p.input + y * p.rowBytes : slotOf(p, y) + p.left * p.pixelBytes;
}

/**
 * Writes the table for the window of row `y`: entries of so many bytes, `places` of them places, which become addresses, and weights after
 * them. Rows are those of the ring, or those of the image itself.
 */
export function placeTaps(p: ImageParams, y: i32, entryBytes: i32, places: i32): void {
  const bare = isBare(p);
  const table = tableOf(p), taps = p.taps;
  for (let i = 0; i < p.tapCount * entryBytes; i += 4) {
    let word = load<i32>(taps + i);
    if (i % entryBytes < places << 2) {
      const row = y - p.top + (word >> 16);
      const at = bare ? p.input + source(row, p.height, p.border) * p.rowBytes : slotOf(p, row);
      word = <i32>at + (word & 0xffff) * p.pixelBytes;
    }
    store<i32>(table + i, word);
  }
}

/** The bits of four bytes that are alpha, if it is to be kept. */
@inline
export function alphaBits(p: ImageParams): i32 {
  return p.keepAlpha ? p.channels == 4 ? 0xff000000 : 0xff00ff00 : 0;
}

/** The lanes of a vector of pixels that are alpha. */
function alphaMask(p: ImageParams): v128 {
  if (p.elementBytes == 1) return i32x4.splat(alphaBits(p));
  return p.channels == 4 ? i32x4(0, 0, 0, -1) : i32x4(0, -1, 0, -1);
}

/** A line as row `y` of the output, with the alpha of the pixels at `from` if that is kept. */
export function putLine(p: ImageParams, y: i32, line: usize, from: usize): void {
  const mask = alphaMask(p);
  const bytes = p.rowBytes;
  if (p.keepAlpha) {
    const old = from - line;
    for (let at = line; at < line + bytes; at += 32) {
      v128.store(at, v128.bitselect(v128.load(at + old), v128.load(at), mask));
      v128.store(at, v128.bitselect(v128.load(at + old, 16), v128.load(at, 16), mask), 16);
    }
  }
  memory.copy(p.output + y * bytes, line, bytes);
}
