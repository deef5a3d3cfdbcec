import { ImageParams } from '../generated/abi';
import { divideLine } from './bytes';
import { centreOf, lineOf, middleOf, nextRow, openRows, putLine, slotOf, wideOf } from './rows';

/**
 * The mean of a rectangle by running sums, whatever its size (McDonnell, "Box-filtering techniques", 1981): `middle` holds the
 * sum of each column of the window, to which the row that enters is added and from which the one that leaves is taken;
 * along a row the same is done with columns. Whole numbers for bytes; f64 for floats, anew in each task.
 *
 *   middle   [padded width][channels] i32 or f64
 *
 * A vector along a row is one pixel, whose unused lanes belong to the next ones and are written again with them.
 */

/** Adds the row that enters, and takes away the one that leaves, column by column. */
function moveBytes(p: ImageParams, entering: usize, leaving: usize): void {
  let to = middleOf(p);
  for (let count = p.paddedBytes; count > 0; count -= 8) {
    const x = i16x8.sub(v128.load_ext<u8>(entering), v128.load_ext<u8>(leaving));
    v128.store(to, i32x4.add(v128.load(to), i32x4.extend_low_i16x8_s(x)));
    v128.store(to, i32x4.add(v128.load(to, 16), i32x4.extend_high_i16x8_s(x)), 16);
    to += 32;
    entering += 8;
    leaving += 8;
  }
}

function moveFloats(p: ImageParams, entering: usize, leaving: usize): void {
  let to = middleOf(p);
  for (let count = p.paddedBytes; count > 0; count -= 8) {
    const sum = f64x2.add(v128.load(to), f64x2.promote_low_f32x4(v128.load_zero<u64>(entering)));
    v128.store(to, f64x2.sub(sum, f64x2.promote_low_f32x4(v128.load_zero<u64>(leaving))));
    to += 16;
    entering += 8;
    leaving += 8;
  }
}

function meanBytes(p: ImageParams): void {
  const stride = p.channels << 2;
  let leaving = middleOf(p), entering = leaving;
  let sum = i32x4.splat(p.begin);
  let to = wideOf(p);
  for (let x = 1 - p.kernelWidth; x < p.width; x++) {
    sum = i32x4.add(sum, v128.load(entering));
    entering += stride;
    if (x < 0) continue;
    v128.store(to, sum);
    sum = i32x4.sub(sum, v128.load(leaving));
    leaving += stride;
    to += stride;
  }
  divideLine(p, lineOf(p));
}

function meanFloats(p: ImageParams): void {
  const d = f64x2.splat(<f64>p.divisor);
  const stride = p.channels << 3;
  let leaving = middleOf(p), entering = leaving;
  let low = f64x2.splat(0), high = low;
  let to = lineOf(p);
  for (let x = 1 - p.kernelWidth; x < p.width; x++) {
    low = f64x2.add(low, v128.load(entering));
    high = f64x2.add(high, v128.load(entering, 16));
    entering += stride;
    if (x < 0) continue;
    const a = f32x4.demote_f64x2_zero(f64x2.div(low, d)), b = f32x4.demote_f64x2_zero(f64x2.div(high, d));
    v128.store(to, v128.shuffle<u64>(a, b, 0, 2));
    low = f64x2.sub(low, v128.load(leaving));
    high = f64x2.sub(high, v128.load(leaving, 16));
    leaving += stride;
    to += p.pixelBytes;
  }
}

/** The ring has one slot more than the window has rows: the row that leaves is still there when another enters. */
export function imageBox(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const bytes = p.elementBytes == 1;
  for (let task = taskBegin; task < taskEnd; task++) {
    const first = openRows(p, task, task + 1);
    const last = min(first + p.stripe, p.height);
    // Of sums, and of the row that leaves while there is none.
    for (let at = middleOf(p), end = lineOf(p) + p.lineBytes; at < end; at += 16) v128.store(at, i32x4.splat(0));
    for (let y = first - p.kernelHeight + 1; y < last; y++) {
      if (y >= first) nextRow(p, y);
      const entering = slotOf(p, y - p.top + p.kernelHeight - 1);
      const leaving = y > first ? slotOf(p, y - p.top - 1 + p.slots) : lineOf(p);
      if (bytes) moveBytes(p, entering, leaving);
      else moveFloats(p, entering, leaving);
      if (y < first) continue;
      if (bytes) meanBytes(p);
      else meanFloats(p);
      putLine(p, y, lineOf(p), centreOf(p, y));
    }
  }
}
