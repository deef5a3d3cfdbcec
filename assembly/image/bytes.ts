import { ImageParams } from '../params';
import { centreOf, lineOf, middleOf, nextRow, openRows, paddedBytesOf, pixelBytesOf, putLine, rowBytesOf, slotOf, tableOf, wideOf } from './rows';

/**
 * Sums of bytes times whole numbers, in 32 bits, or in 16 where the plan has seen that they fit: exact.
 *
 *   taps    [pair][place, place, weights]   a place is row << 16 | column, weights are two of 16 bits
 *   table   [pair][address, address, weights]
 *
 * Two taps are one pair of lanes: a dot product multiplies both and adds them. Taps of weight 0 are not there.
 *
 * The second pass of a separable kernel finds the first one's sums in `middle`, as words of 16 bits.
 */

const PAIR_BYTES: i32 = 12;

/** 1.5 · 2⁵²: what is added to it is rounded to a whole number, and lies in the low half of the double's bits. */
const TO_WHOLE: f64 = 6755399441055744;

/** ⌊x / divisor⌋ of whole numbers, by a multiplication in f64, whose error is far below the half that keeps it off the edges. */
@inline
function divideVector(x: v128, reciprocal: v128, offset: v128): v128 {
  const whole = f64x2.splat(TO_WHOLE);
  const low = f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(x), reciprocal), offset);
  const high = f64x2.add(f64x2.mul(f64x2.convert_low_i32x4_s(v128.shuffle<u64>(x, x, 1, 1)), reciprocal), offset);
  return v128.shuffle<u32>(f64x2.add(low, whole), f64x2.add(high, whole), 0, 2, 4, 6);
}

/** The sums that lie in the line of wide elements, divided, as bytes into the line. */
export function divideLine(p: ImageParams): void {
  const reciprocal = f64x2.splat(1 / <f64>p.divisor);
  const offset = f64x2.splat(0.5 / <f64>p.divisor - 0.5);
  let from = wideOf(p), to = lineOf(p);
  for (let count = rowBytesOf(p); count > 0; count -= 8) {
    const low = divideVector(v128.load(from), reciprocal, offset);
    const high = divideVector(v128.load(from, 16), reciprocal, offset);
    const words = i16x8.narrow_i32x4_s(low, high);
    v128.store_lane<u64>(to, i8x16.narrow_i16x8_u(words, words), 0);
    from += 32;
    to += 8;
  }
}

@inline
function bytesLow(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

@inline
function bytesHigh(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

@inline
export function wordsLow(a: v128, b: v128): v128 {
  return v128.shuffle<u16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

@inline
export function wordsHigh(a: v128, b: v128): v128 {
  return v128.shuffle<u16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

@inline
function dotAdd(sum: v128, x: v128, weights: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(x, weights));
}

/** 32 elements at a time: eight sums of four. With `wide` they are stored there as they are. */
@inline
function sum(table: usize, pairs: i32, to: usize, count: i32, begin: i32, shift: i32, wide: usize, fromWords: bool, toWords: bool): void {
  for (let x: usize = 0; <i32>x < count; x += 32) {
    let s0 = i32x4.splat(begin), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    const at = fromWords ? x << 1 : x;
    let pair = table;
    for (let k = pairs; k > 0; k--) {
      const a = load<usize>(pair) + at, b = load<usize>(pair, 4) + at;
      const w = v128.load_splat<u32>(pair, 8);
      if (fromWords) {
        let u = v128.load(a), v = v128.load(b);
        s0 = dotAdd(s0, wordsLow(u, v), w);
        s1 = dotAdd(s1, wordsHigh(u, v), w);
        u = v128.load(a, 16), v = v128.load(b, 16);
        s2 = dotAdd(s2, wordsLow(u, v), w);
        s3 = dotAdd(s3, wordsHigh(u, v), w);
        u = v128.load(a, 32), v = v128.load(b, 32);
        s4 = dotAdd(s4, wordsLow(u, v), w);
        s5 = dotAdd(s5, wordsHigh(u, v), w);
        u = v128.load(a, 48), v = v128.load(b, 48);
        s6 = dotAdd(s6, wordsLow(u, v), w);
        s7 = dotAdd(s7, wordsHigh(u, v), w);
      } else {
        let u = v128.load(a), v = v128.load(b);
        let low = bytesLow(u, v), high = bytesHigh(u, v);
        s0 = dotAdd(s0, i16x8.extend_low_i8x16_u(low), w);
        s1 = dotAdd(s1, i16x8.extend_high_i8x16_u(low), w);
        s2 = dotAdd(s2, i16x8.extend_low_i8x16_u(high), w);
        s3 = dotAdd(s3, i16x8.extend_high_i8x16_u(high), w);
        u = v128.load(a, 16), v = v128.load(b, 16);
        low = bytesLow(u, v), high = bytesHigh(u, v);
        s4 = dotAdd(s4, i16x8.extend_low_i8x16_u(low), w);
        s5 = dotAdd(s5, i16x8.extend_high_i8x16_u(low), w);
        s6 = dotAdd(s6, i16x8.extend_low_i8x16_u(high), w);
        s7 = dotAdd(s7, i16x8.extend_high_i8x16_u(high), w);
      }
      pair += PAIR_BYTES;
    }
    if (!toWords && wide) {
      v128.store(wide, s0);
      v128.store(wide, s1, 16);
      v128.store(wide, s2, 32);
      v128.store(wide, s3, 48);
      v128.store(wide, s4, 64);
      v128.store(wide, s5, 80);
      v128.store(wide, s6, 96);
      v128.store(wide, s7, 112);
      wide += 128;
      continue;
    }
    s0 = i32x4.shr_s(s0, shift), s1 = i32x4.shr_s(s1, shift), s2 = i32x4.shr_s(s2, shift), s3 = i32x4.shr_s(s3, shift);
    s4 = i32x4.shr_s(s4, shift), s5 = i32x4.shr_s(s5, shift), s6 = i32x4.shr_s(s6, shift), s7 = i32x4.shr_s(s7, shift);
    const low = i16x8.narrow_i32x4_s(s0, s1), high = i16x8.narrow_i32x4_s(s2, s3);
    const low1 = i16x8.narrow_i32x4_s(s4, s5), high1 = i16x8.narrow_i32x4_s(s6, s7);
    if (toWords) {
      v128.store(to, low);
      v128.store(to, high, 16);
      v128.store(to, low1, 32);
      v128.store(to, high1, 48);
      to += 64;
    } else {
      v128.store(to, i8x16.narrow_i16x8_u(low, high));
      v128.store(to, i8x16.narrow_i16x8_u(low1, high1), 16);
      to += 32;
    }
  }
}

export function sumBytes(table: usize, pairs: i32, to: usize, count: i32, begin: i32, shift: i32, wide: usize): void {
  sum(table, pairs, to, count, begin, shift, wide, false, false);
}

export function sumBytesToWords(table: usize, pairs: i32, to: usize, count: i32, begin: i32, shift: i32): void {
  sum(table, pairs, to, count, begin, shift, 0, false, true);
}

export function sumWords(table: usize, pairs: i32, to: usize, count: i32, begin: i32, shift: i32, wide: usize): void {
  sum(table, pairs, to, count, begin, shift, wide, true, false);
}

@inline
function timesAdd(sum: v128, x: v128, weight: v128): v128 {
  return i16x8.add(sum, i16x8.mul(x, weight));
}

/** Sums that fit 16 bits: four sums of eight. */
export function sumBytesNarrow(table: usize, pairs: i32, to: usize, count: i32, begin: i32, shift: i32): void {
  for (let x: usize = 0; <i32>x < count; x += 32) {
    let s0 = i16x8.splat(<i16>begin), s1 = s0, s2 = s0, s3 = s0;
    let pair = table;
    for (let k = pairs; k > 0; k--) {
      const a = load<usize>(pair) + x, b = load<usize>(pair, 4) + x;
      let w = v128.load_splat<u16>(pair, 8);
      let u = v128.load(a), v = v128.load(a, 16);
      s0 = timesAdd(s0, i16x8.extend_low_i8x16_u(u), w);
      s1 = timesAdd(s1, i16x8.extend_high_i8x16_u(u), w);
      s2 = timesAdd(s2, i16x8.extend_low_i8x16_u(v), w);
      s3 = timesAdd(s3, i16x8.extend_high_i8x16_u(v), w);
      w = v128.load_splat<u16>(pair, 10);
      u = v128.load(b), v = v128.load(b, 16);
      s0 = timesAdd(s0, i16x8.extend_low_i8x16_u(u), w);
      s1 = timesAdd(s1, i16x8.extend_high_i8x16_u(u), w);
      s2 = timesAdd(s2, i16x8.extend_low_i8x16_u(v), w);
      s3 = timesAdd(s3, i16x8.extend_high_i8x16_u(v), w);
      pair += PAIR_BYTES;
    }
    v128.store(to, i8x16.narrow_i16x8_u(i16x8.shr_s(s0, shift), i16x8.shr_s(s1, shift)));
    v128.store(to, i8x16.narrow_i16x8_u(i16x8.shr_s(s2, shift), i16x8.shr_s(s3, shift)), 16);
    to += 32;
  }
}

/** Writes the table for the window of row `y`. */
function placePairs(p: ImageParams, y: i32, pairs: i32): void {
  const pixelBytes = pixelBytesOf(p);
  let pair = tableOf(p);
  let tap = p.taps;
  for (let k = pairs; k > 0; k--) {
    for (let i = 0; i < 8; i += 4) {
      const place = load<i32>(tap + i);
      store<usize>(pair + i, slotOf(p, y - p.top + (place >> 16)) + (place & 0xffff) * pixelBytes);
    }
    store<i32>(pair, load<i32>(tap, 8), 8);
    pair += PAIR_BYTES;
    tap += PAIR_BYTES;
  }
}

/** Any kernel: every tap of it for every element. */
export function imageBytes(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const first = taskBegin * p.stripe;
  const last = min(taskEnd * p.stripe, p.height);
  const count = rowBytesOf(p);
  if (first < last) openRows(p, first);
  for (let y = first; y < last; y++) {
    nextRow(p, y);
    placePairs(p, y, p.tapCount);
    if (p.narrow) sumBytesNarrow(tableOf(p), p.tapCount, lineOf(p), count, p.begin, p.shift);
    else sumBytes(tableOf(p), p.tapCount, lineOf(p), count, p.begin, p.shift, p.divisor != 1 ? wideOf(p) : 0);
    if (p.divisor != 1) divideLine(p);
    putLine(p, y);
  }
}

/** Unsharp masking: line = x + amount · (x − line), where the difference is large enough. */
function sharpenBytes(p: ImageParams, y: i32): void {
  const least = i16x8.splat(<i16>p.threshold);
  const one = i16x8.splat(1);
  const weights = i32x4.splat(<i32>p.amount & 0xffff | 128 << 16);
  let line = lineOf(p), from = centreOf(p, y);
  for (let count = rowBytesOf(p); count > 0; count -= 8) {
    const x = v128.load_ext<u8>(from);
    let d = i16x8.sub(x, v128.load_ext<u8>(line));
    d = v128.and(d, i16x8.ge_s(i16x8.abs(d), least));
    const low = i32x4.shr_s(i32x4.dot_i16x8_s(wordsLow(d, one), weights), 8);
    const high = i32x4.shr_s(i32x4.dot_i16x8_s(wordsHigh(d, one), weights), 8);
    const sharp = i16x8.add_sat_s(x, i16x8.narrow_i32x4_s(low, high));
    v128.store_lane<u64>(line, i8x16.narrow_i16x8_u(sharp, sharp), 0);
    line += 8;
    from += 8;
  }
}

/** A kernel that is a column times a row: down the column first. */
export function imageBytesSeparable(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const first = taskBegin * p.stripe;
  const last = min(taskEnd * p.stripe, p.height);
  const rowTable = tableOf(p) + p.tapCount * PAIR_BYTES;
  const wordBytes = pixelBytesOf(p) << 1;
  for (let k = 0, tap = p.taps + p.tapCount * PAIR_BYTES, pair = rowTable; k < p.rowTapCount; k++) {
    store<usize>(pair, middleOf(p) + load<i32>(tap) * wordBytes);
    store<usize>(pair, middleOf(p) + load<i32>(tap, 4) * wordBytes, 4);
    store<i32>(pair, load<i32>(tap, 8), 8);
    tap += PAIR_BYTES;
    pair += PAIR_BYTES;
  }
  if (first < last) openRows(p, first);
  for (let y = first; y < last; y++) {
    nextRow(p, y);
    placePairs(p, y, p.tapCount);
    sumBytesToWords(tableOf(p), p.tapCount, middleOf(p), paddedBytesOf(p), p.begin, p.shift);
    sumWords(rowTable, p.rowTapCount, lineOf(p), rowBytesOf(p), p.rowBegin, p.rowShift, p.divisor != 1 ? wideOf(p) : 0);
    if (p.divisor != 1) divideLine(p);
    if (p.amount != 0) sharpenBytes(p, y);
    putLine(p, y);
  }
}
