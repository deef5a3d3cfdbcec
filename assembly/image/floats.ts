import { ImageParams } from '../params';
import { loadSplat, madd } from '../simd';
import { centreOf, lineOf, middleOf, nextRow, openRows, paddedBytesOf, pixelBytesOf, putLine, rowBytesOf, slotOf, tableOf } from './rows';

/**
 * Sums of floats times floats, row by row through the kernel, taps of weight 0 left out.
 *
 *   taps    [tap][place, weight]   a place is row << 16 | column
 *   table   [tap][address, weight]
 */

const TAP_BYTES: i32 = 8;

/** 16 floats at a time. */
export function sumFloats(table: usize, taps: i32, to: usize, bytes: i32, divisor: f32, bias: f32): void {
  const d = f32x4.splat(divisor), c = f32x4.splat(bias);
  for (let x: usize = 0; <i32>x < bytes; x += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let tap = table;
    for (let k = taps; k > 0; k--) {
      const at = load<usize>(tap) + x;
      const w = loadSplat(tap + 4);
      s0 = madd(v128.load(at), w, s0);
      s1 = madd(v128.load(at, 16), w, s1);
      s2 = madd(v128.load(at, 32), w, s2);
      s3 = madd(v128.load(at, 48), w, s3);
      tap += TAP_BYTES;
    }
    if (divisor != 1) s0 = f32x4.div(s0, d), s1 = f32x4.div(s1, d), s2 = f32x4.div(s2, d), s3 = f32x4.div(s3, d);
    v128.store(to, f32x4.add(s0, c));
    v128.store(to, f32x4.add(s1, c), 16);
    v128.store(to, f32x4.add(s2, c), 32);
    v128.store(to, f32x4.add(s3, c), 48);
    to += 64;
  }
}

/** Writes the table for the window of row `y`. */
function placeTaps(p: ImageParams, y: i32): void {
  const pixelBytes = pixelBytesOf(p);
  let at = tableOf(p);
  let tap = p.taps;
  for (let k = p.tapCount; k > 0; k--) {
    const place = load<i32>(tap);
    store<usize>(at, slotOf(p, y - p.top + (place >> 16)) + (place & 0xffff) * pixelBytes);
    store<i32>(at, load<i32>(tap, 4), 4);
    at += TAP_BYTES;
    tap += TAP_BYTES;
  }
}

export function imageFloats(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const first = taskBegin * p.stripe;
  const last = min(taskEnd * p.stripe, p.height);
  if (first < last) openRows(p, first);
  for (let y = first; y < last; y++) {
    nextRow(p, y);
    placeTaps(p, y);
    sumFloats(tableOf(p), p.tapCount, lineOf(p), rowBytesOf(p), p.divisor, p.bias);
    putLine(p, y);
  }
}

/** Unsharp masking: line = x + amount · (x − line), where the difference is large enough. */
function sharpenFloats(p: ImageParams, y: i32): void {
  const least = f32x4.splat(p.threshold), amount = f32x4.splat(p.amount);
  let line = lineOf(p), from = centreOf(p, y);
  for (let bytes = rowBytesOf(p); bytes > 0; bytes -= 16) {
    const x = v128.load(from);
    const d = f32x4.sub(x, v128.load(line));
    const sharp = madd(d, amount, x);
    v128.store(line, v128.bitselect(x, sharp, f32x4.lt(f32x4.abs(d), least)));
    line += 16;
    from += 16;
  }
}

/** A kernel that is a column times a row: down the column first, rounded to f32. */
export function imageFloatsSeparable(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const first = taskBegin * p.stripe;
  const last = min(taskEnd * p.stripe, p.height);
  const rowTable = tableOf(p) + p.tapCount * TAP_BYTES;
  const pixelBytes = pixelBytesOf(p);
  for (let k = 0, tap = p.taps + p.tapCount * TAP_BYTES, at = rowTable; k < p.rowTapCount; k++) {
    store<usize>(at, middleOf(p) + load<i32>(tap) * pixelBytes);
    store<i32>(at, load<i32>(tap, 4), 4);
    tap += TAP_BYTES;
    at += TAP_BYTES;
  }
  if (first < last) openRows(p, first);
  for (let y = first; y < last; y++) {
    nextRow(p, y);
    placeTaps(p, y);
    sumFloats(tableOf(p), p.tapCount, middleOf(p), paddedBytesOf(p), 1, 0);
    sumFloats(rowTable, p.rowTapCount, lineOf(p), rowBytesOf(p), p.divisor, p.bias);
    if (p.amount != 0) sharpenFloats(p, y);
    putLine(p, y);
  }
}
