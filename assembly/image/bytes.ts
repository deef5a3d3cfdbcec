import { ImageParams } from '../generated/abi';
import { alphaBits, centreOf, isBare, lineOf, middleOf, nextRows, openRows, padMiddle, placeTaps, putLine, tableOf, wideOf } from './rows';

/**
 * Sums of bytes times whole numbers, in 32 bits, or in 16 where the plan has seen that they fit: exact. Two rows of output at a time, which
 * share what they read but in the sums of 32 bits of a single pass. A place is row << 16 | column, weights are two of 16 bits, and in the
 * table places are addresses.
 *
 *   16 bits      [tap][place, weights]                    one of the upper row and one of the lower: taps of the upper alone,
 *                                                         of both, of the lower alone
 *   32 bits      [pair][place, place, weights]
 *   down         [pair][place, place, weights, weights]   of the upper row and of the lower
 *   then along   [pair][offset, offset, weights], [four][offset × 4, weights]
 *
 * Two taps are one pair of lanes: a dot product multiplies both and adds them. Of four, the first two have one weight, and the last two.
 * Taps of weight 0 are not there.
 *
 * The second pass of a separable kernel finds the first one's sums in `middle`, a row of words after another. Where there are fours the sum
 * of two of them fits 16 bits. Its offsets are bytes.
 */

const TAP_BYTES: i32 = 8;
const PAIR_BYTES: i32 = 12;
const COLUMN_BYTES: i32 = 16;
const FOUR_BYTES: i32 = 20;

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

/** The sums that lie in the line of wide elements, divided, as bytes into a line. */
export function divideLine(p: ImageParams, line: usize): void {
  const reciprocal = f64x2.splat(1 / <f64>p.divisor);
  const offset = f64x2.splat(0.5 / <f64>p.divisor - 0.5);
  let from = wideOf(p), to = line;
  for (let count = p.rowBytes; count > 0; count -= 8) {
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

/**
 * Eight sums of four as 32 bytes, but for those at `old` that `kept` keeps; or as they are, waiting to be divided, if they are `wide`.
 * Returns where the next go.
 */
@inline
function put(
  to: usize, old: usize, kept: i32, s0: v128, s1: v128, s2: v128, s3: v128, s4: v128, s5: v128, s6: v128, s7: v128, shift: i32, wide: bool,
): usize {
  if (wide) {
    v128.store(to, s0);
    v128.store(to, s1, 16);
    v128.store(to, s2, 32);
    v128.store(to, s3, 48);
    v128.store(to, s4, 64);
    v128.store(to, s5, 80);
    v128.store(to, s6, 96);
    v128.store(to, s7, 112);
    return to + 128;
  }
  const low = i8x16.narrow_i16x8_u(shifted(s0, s1, shift), shifted(s2, s3, shift));
  const high = i8x16.narrow_i16x8_u(shifted(s4, s5, shift), shifted(s6, s7, shift));
  const mask = i32x4.splat(kept);
  v128.store(to, v128.bitselect(v128.load(old), low, mask));
  v128.store(to, v128.bitselect(v128.load(old, 16), high, mask), 16);
  return to + 32;
}

@inline
function shifted(low: v128, high: v128, shift: i32): v128 {
  return i16x8.narrow_i32x4_s(i32x4.shr_s(low, shift), i32x4.shr_s(high, shift));
}

/** One row of a single pass, 32 bytes at a time. */
export function sumBytes(table: usize, pairs: i32, to: usize, old: usize, kept: i32, count: i32, begin: i32, shift: i32, wide: bool): void {
  for (let x: usize = 0; <i32>x < count; x += 32) {
    let s0 = i32x4.splat(begin), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    let pair = table;
    for (let k = pairs; k > 0; k--) {
      const a = load<usize>(pair) + x, b = load<usize>(pair, 4) + x;
      const w = v128.load_splat<u32>(pair, 8);
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
      pair += PAIR_BYTES;
    }
    to = put(to, old + x, kept, s0, s1, s2, s3, s4, s5, s6, s7, shift, wide);
  }
}

/** Two rows of the first of two passes, 16 bytes at a time: words, the lower row's `below` bytes behind the upper one's. */
export function sumColumns(table: usize, pairs: i32, to: usize, below: usize, count: i32, begin: i32, shift: i32): void {
  for (let x: usize = 0; <i32>x < count; x += 16) {
    let s0 = i32x4.splat(begin), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
    let pair = table;
    for (let k = pairs; k > 0; k--) {
      const u = v128.load(load<usize>(pair) + x), v = v128.load(load<usize>(pair, 4) + x);
      const upper = v128.load_splat<u32>(pair, 8), lower = v128.load_splat<u32>(pair, 12);
      const low = bytesLow(u, v), high = bytesHigh(u, v);
      let e = i16x8.extend_low_i8x16_u(low);
      s0 = dotAdd(s0, e, upper);
      t0 = dotAdd(t0, e, lower);
      e = i16x8.extend_high_i8x16_u(low);
      s1 = dotAdd(s1, e, upper);
      t1 = dotAdd(t1, e, lower);
      e = i16x8.extend_low_i8x16_u(high);
      s2 = dotAdd(s2, e, upper);
      t2 = dotAdd(t2, e, lower);
      e = i16x8.extend_high_i8x16_u(high);
      s3 = dotAdd(s3, e, upper);
      t3 = dotAdd(t3, e, lower);
      pair += COLUMN_BYTES;
    }
    v128.store(to, shifted(s0, s1, shift));
    v128.store(to, shifted(s2, s3, shift), 16);
    v128.store(to + below, shifted(t0, t1, shift));
    v128.store(to + below, shifted(t2, t3, shift), 16);
    to += 32;
  }
}

/** The second pass over one row of words, 32 at a time. */
export function sumWords(table: usize, pairs: i32, fours: i32, from: usize, to: usize, old: usize, kept: i32, count: i32, begin: i32, shift: i32, wide: bool): void {
  for (let left = count; left > 0; left -= 32) {
    let s0 = i32x4.splat(begin), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    let tap = table;
    for (let k = pairs; k > 0; k--) {
      const a = load<usize>(tap) + from, b = load<usize>(tap, 4) + from;
      const w = v128.load_splat<u32>(tap, 8);
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
      tap += PAIR_BYTES;
    }
    for (let k = fours; k > 0; k--) {
      const a = load<usize>(tap) + from, b = load<usize>(tap, 4) + from, c = load<usize>(tap, 8) + from, d = load<usize>(tap, 12) + from;
      const w = v128.load_splat<u32>(tap, 16);
      let u = i16x8.add(v128.load(a), v128.load(b)), v = i16x8.add(v128.load(c), v128.load(d));
      s0 = dotAdd(s0, wordsLow(u, v), w);
      s1 = dotAdd(s1, wordsHigh(u, v), w);
      u = i16x8.add(v128.load(a, 16), v128.load(b, 16)), v = i16x8.add(v128.load(c, 16), v128.load(d, 16));
      s2 = dotAdd(s2, wordsLow(u, v), w);
      s3 = dotAdd(s3, wordsHigh(u, v), w);
      u = i16x8.add(v128.load(a, 32), v128.load(b, 32)), v = i16x8.add(v128.load(c, 32), v128.load(d, 32));
      s4 = dotAdd(s4, wordsLow(u, v), w);
      s5 = dotAdd(s5, wordsHigh(u, v), w);
      u = i16x8.add(v128.load(a, 48), v128.load(b, 48)), v = i16x8.add(v128.load(c, 48), v128.load(d, 48));
      s6 = dotAdd(s6, wordsLow(u, v), w);
      s7 = dotAdd(s7, wordsHigh(u, v), w);
      tap += FOUR_BYTES;
    }
    to = put(to, old, kept, s0, s1, s2, s3, s4, s5, s6, s7, shift, wide);
    old += 32;
    from += 64;
  }
}

@inline
function timesAdd(sum: v128, x: v128, weight: v128): v128 {
  return i16x8.add(sum, i16x8.mul(x, weight));
}

/** Two rows of sums that fit 16 bits, 32 bytes at a time, the lower one's `below` bytes behind the upper one's. */
export function sumNarrow(table: usize, upper: i32, both: i32, lower: i32, to: usize, below: usize, count: i32, begin: i32, shift: i32): void {
  for (let x: usize = 0; <i32>x < count; x += 32) {
    let s0 = i16x8.splat(<i16>begin), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
    let tap = table;
    for (let k = upper; k > 0; k--) {
      const at = load<usize>(tap) + x;
      const w = v128.load_splat<u16>(tap, 4);
      const u = v128.load(at), v = v128.load(at, 16);
      s0 = timesAdd(s0, i16x8.extend_low_i8x16_u(u), w);
      s1 = timesAdd(s1, i16x8.extend_high_i8x16_u(u), w);
      s2 = timesAdd(s2, i16x8.extend_low_i8x16_u(v), w);
      s3 = timesAdd(s3, i16x8.extend_high_i8x16_u(v), w);
      tap += TAP_BYTES;
    }
    for (let k = both; k > 0; k--) {
      const at = load<usize>(tap) + x;
      const w = v128.load_splat<u16>(tap, 4), z = v128.load_splat<u16>(tap, 6);
      const u = v128.load(at), v = v128.load(at, 16);
      let e = i16x8.extend_low_i8x16_u(u);
      s0 = timesAdd(s0, e, w);
      t0 = timesAdd(t0, e, z);
      e = i16x8.extend_high_i8x16_u(u);
      s1 = timesAdd(s1, e, w);
      t1 = timesAdd(t1, e, z);
      e = i16x8.extend_low_i8x16_u(v);
      s2 = timesAdd(s2, e, w);
      t2 = timesAdd(t2, e, z);
      e = i16x8.extend_high_i8x16_u(v);
      s3 = timesAdd(s3, e, w);
      t3 = timesAdd(t3, e, z);
      tap += TAP_BYTES;
    }
    for (let k = lower; k > 0; k--) {
      const at = load<usize>(tap) + x;
      const z = v128.load_splat<u16>(tap, 6);
      const u = v128.load(at), v = v128.load(at, 16);
      t0 = timesAdd(t0, i16x8.extend_low_i8x16_u(u), z);
      t1 = timesAdd(t1, i16x8.extend_high_i8x16_u(u), z);
      t2 = timesAdd(t2, i16x8.extend_low_i8x16_u(v), z);
      t3 = timesAdd(t3, i16x8.extend_high_i8x16_u(v), z);
      tap += TAP_BYTES;
    }
    v128.store(to, i8x16.narrow_i16x8_u(i16x8.shr_s(s0, shift), i16x8.shr_s(s1, shift)));
    v128.store(to, i8x16.narrow_i16x8_u(i16x8.shr_s(s2, shift), i16x8.shr_s(s3, shift)), 16);
    v128.store(to + below, i8x16.narrow_i16x8_u(i16x8.shr_s(t0, shift), i16x8.shr_s(t1, shift)));
    v128.store(to + below, i8x16.narrow_i16x8_u(i16x8.shr_s(t2, shift), i16x8.shr_s(t3, shift)), 16);
    to += 32;
  }
}

/** Unsharp masking: line = x + amount · (x − line), where the difference is large enough. */
function sharpenBytes(p: ImageParams, from: usize, line: usize): void {
  const least = i16x8.splat(<i16>p.threshold);
  const one = i16x8.splat(1);
  const weights = i32x4.splat(<i32>p.amount & 0xffff | 128 << 16);
  for (let count = p.rowBytes; count > 0; count -= 8) {
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

/** Any kernel, in one pass; or one that is a column times a row, down the column first, if it has taps of a second pass. */
export function imageBytes(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const last = min(taskEnd * p.stripe, p.height);
  const table = tableOf(p), lineBytes: usize = p.lineBytes, count = p.rowBytes;
  const two = p.rowTapCount + p.rowFours > 0, narrow = p.narrow != 0, wide = p.divisor != 1;
  const along = p.taps + p.tapCount * COLUMN_BYTES, wordBytes = p.pixelBytes << 1;
  const bare = isBare(p);
  // Rows that end with a vector, and that nothing more is done with, go where they belong.
  const straight = !narrow && !wide && p.amount == 0 && (count & 31) == 0;
  const kept = straight ? alphaBits(p) : 0;
  for (let y = openRows(p, taskBegin, taskEnd); y < last; y += 2) {
    // Of an odd number of rows the last has another below it in the table, whose sums nobody reads.
    nextRows(p, y, last);
    if (narrow) {
      placeTaps(p, y, TAP_BYTES, 1);
      const both = p.tapCount - p.upperTaps - p.lowerTaps;
      sumNarrow(table, p.upperTaps, both, p.lowerTaps, lineOf(p), lineBytes, count, p.begin, p.shift);
    } else if (two) {
      placeTaps(p, y, COLUMN_BYTES, 2);
      const to = middleOf(p) + (bare ? <usize>(p.left * wordBytes) : 0);
      sumColumns(table, p.tapCount, to, lineBytes << 1, bare ? count : p.paddedBytes, p.begin, p.shift);
    }
    let line = lineOf(p), middle = middleOf(p);
    for (let row = y; row < min(y + 2, last); row++) {
      const old = centreOf(p, row);
      const to = straight ? p.output + row * count : wide ? wideOf(p) : line;
      if (two) {
        padMiddle(p, middle, wordBytes);
        sumWords(along, p.rowTapCount, p.rowFours, middle, to, old, kept, count, p.rowBegin, p.rowShift, wide);
      } else if (!narrow) {
        placeTaps(p, row, PAIR_BYTES, 2);
        sumBytes(table, p.tapCount, to, old, kept, count, p.begin, p.shift, wide);
      }
      if (wide) divideLine(p, line);
      if (p.amount != 0) sharpenBytes(p, old, line);
      if (!straight) putLine(p, row, line, old);
      line += lineBytes;
      middle += lineBytes << 1;
    }
  }
}
