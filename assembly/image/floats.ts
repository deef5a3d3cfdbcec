import { ImageParams } from '../generated/abi';
import { loadSplat, madd } from '../simd';
import { centreOf, isBare, lineOf, middleOf, nextRows, openRows, padMiddle, placeTaps, putLine, tableOf } from './rows';

/**
 * Sums of floats times floats, row by row through the kernel, taps of weight 0 left out. Two rows of output at a time, which share what
 * they read. A place is row << 16 | column, and in the table an address.
 *
 *   taps         [tap][place, weight, weight]   of the upper row and of the lower: taps of the upper alone, of both, of the lower alone
 *   then along   [tap][offset, weight]          of each row; offsets are bytes
 *
 * The second pass of a separable kernel finds the first one's sums in `middle`, a row after another.
 */

const TAP_BYTES: i32 = 12;
const ROW_TAP_BYTES: i32 = 8;

@inline
function put(to: usize, s0: v128, s1: v128, s2: v128, s3: v128, divisor: f32, bias: v128): void {
  if (divisor != 1) {
    const d = f32x4.splat(divisor);
    s0 = f32x4.div(s0, d), s1 = f32x4.div(s1, d), s2 = f32x4.div(s2, d), s3 = f32x4.div(s3, d);
  }
  v128.store(to, f32x4.add(s0, bias));
  v128.store(to, f32x4.add(s1, bias), 16);
  v128.store(to, f32x4.add(s2, bias), 32);
  v128.store(to, f32x4.add(s3, bias), 48);
}

/** 16 floats of two rows at a time. */
export function sumFloats(
  table: usize, upper: i32, both: i32, lower: i32, to: usize, below: usize, bytes: i32, divisor: f32, bias: f32,
): void {
  const c = f32x4.splat(bias);
  for (let x: usize = 0; <i32>x < bytes; x += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
    let tap = table;
    for (let k = upper; k > 0; k--) {
      const at = load<usize>(tap) + x;
      const w = loadSplat(tap + 4);
      s0 = madd(v128.load(at), w, s0);
      s1 = madd(v128.load(at, 16), w, s1);
      s2 = madd(v128.load(at, 32), w, s2);
      s3 = madd(v128.load(at, 48), w, s3);
      tap += TAP_BYTES;
    }
    for (let k = both; k > 0; k--) {
      const at = load<usize>(tap) + x;
      const w = loadSplat(tap + 4), z = loadSplat(tap + 8);
      let e = v128.load(at);
      s0 = madd(e, w, s0);
      t0 = madd(e, z, t0);
      e = v128.load(at, 16);
      s1 = madd(e, w, s1);
      t1 = madd(e, z, t1);
      e = v128.load(at, 32);
      s2 = madd(e, w, s2);
      t2 = madd(e, z, t2);
      e = v128.load(at, 48);
      s3 = madd(e, w, s3);
      t3 = madd(e, z, t3);
      tap += TAP_BYTES;
    }
    for (let k = lower; k > 0; k--) {
      const at = load<usize>(tap) + x;
      const z = loadSplat(tap + 8);
      t0 = madd(v128.load(at), z, t0);
      t1 = madd(v128.load(at, 16), z, t1);
      t2 = madd(v128.load(at, 32), z, t2);
      t3 = madd(v128.load(at, 48), z, t3);
      tap += TAP_BYTES;
    }
    put(to, s0, s1, s2, s3, divisor, c);
    put(to + below, t0, t1, t2, t3, divisor, c);
    to += 64;
  }
}

/** Writes the table of the second pass: its taps over the upper row of sums, and again over the lower one. */
function placeRow(p: ImageParams, table: usize): void {
  for (let row = 0; row < 2; row++) {
    let tap = p.taps + p.tapCount * TAP_BYTES;
    for (let k = p.rowTapCount; k > 0; k--) {
      store<usize>(table, middleOf(p) + row * p.lineBytes + load<i32>(tap));
      store<i32>(table, load<i32>(tap, 4), 4);
      store<i32>(table, load<i32>(tap, 4), 8);
      table += TAP_BYTES;
      tap += ROW_TAP_BYTES;
    }
  }
}

/** Unsharp masking: line = x + amount · (x − line), where the difference is large enough. */
function sharpenFloats(p: ImageParams, from: usize, line: usize): void {
  const least = f32x4.splat(p.threshold), amount = f32x4.splat(p.amount);
  for (let bytes = p.rowBytes; bytes > 0; bytes -= 16) {
    const x = v128.load(from);
    const d = f32x4.sub(x, v128.load(line));
    const sharp = madd(d, amount, x);
    v128.store(line, v128.bitselect(x, sharp, f32x4.lt(f32x4.abs(d), least)));
    line += 16;
    from += 16;
  }
}

/** Any kernel, in one pass; or one that is a column times a row, down the column first, rounded to f32. */
export function imageFloats(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const last = min(taskEnd * p.stripe, p.height);
  const table = tableOf(p), rowTable = table + p.tapCount * TAP_BYTES, lineBytes: usize = p.lineBytes;
  const rowTaps = p.rowTapCount, two = rowTaps > 0;
  const plain = !p.keepAlpha && p.amount == 0 && p.input != p.output && (p.rowBytes & 63) == 0;
  placeRow(p, rowTable);
  const bare = isBare(p);
  for (let y = openRows(p, taskBegin, taskEnd); y < last; y += 2) {
    // Of an odd number of rows the last has another below it in the table, whose sums nobody reads.
    nextRows(p, y, last);
    placeTaps(p, y, TAP_BYTES, 1);
    const both = p.tapCount - p.upperTaps - p.lowerTaps;
    // Rows that end with a vector, and that nothing is done with, go where they belong.
    const straight = plain && y + 1 < last;
    let line = straight ? p.output + y * p.rowBytes : lineOf(p);
    const below = straight ? <usize>p.rowBytes : lineBytes;
    if (two) {
      const middle = middleOf(p);
      const to = middle + (bare ? <usize>(p.left * p.pixelBytes) : 0);
      sumFloats(table, p.upperTaps, both, p.lowerTaps, to, lineBytes, bare ? p.rowBytes : p.paddedBytes, 1, 0);
      padMiddle(p, middle, p.pixelBytes);
      padMiddle(p, middle + lineBytes, p.pixelBytes);
      sumFloats(rowTable, rowTaps, 0, rowTaps, line, below, p.rowBytes, p.divisor, p.bias);
    } else sumFloats(table, p.upperTaps, both, p.lowerTaps, line, below, p.rowBytes, p.divisor, p.bias);
    if (!straight) for (let row = y; row < min(y + 2, last); row++) {
      const old = centreOf(p, row);
      if (p.amount != 0) sharpenFloats(p, old, line);
      putLine(p, row, line, old);
      line += lineBytes;
    }
  }
}
