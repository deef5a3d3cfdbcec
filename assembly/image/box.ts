import { ImageParams } from '../params';
import { divideLine } from './bytes';
import { lineOf, middleOf, nextRow, openRows, paddedBytesOf, putLine, slotOf, wideOf } from './rows';

/**
 * The mean of a rectangle by running sums, whatever its size (McDonnell, "Box-filtering techniques", 1981): `middle` holds the
 * sum of each column of the window, to which the row that enters is added and from which the one that leaves is taken;
 * along a row the same is done with columns. Whole numbers for bytes; f64 for floats, anew in each task.
 *
 *   middle   [padded width][channels] i32 or f64
 *
 * A vector along a row is one pixel, whose unused lanes belong to the next ones and are written again with them.
 */

/** `sums` + entering − leaving, column by column. The row that leaves is taken for 0 with `opening`. */
function moveBytes(p: ImageParams, entering: usize, leaving: usize, opening: bool): void {
  let to = middleOf(p);
  for (let count = paddedBytesOf(p); count > 0; count -= 8) {
    let x = v128.load_ext<u8>(entering);
    if (!opening) x = i16x8.sub(x, v128.load_ext<u8>(leaving));
    v128.store(to, i32x4.add(v128.load(to), i32x4.extend_low_i16x8_s(x)));
    v128.store(to, i32x4.add(v128.load(to, 16), i32x4.extend_high_i16x8_s(x)), 16);
    to += 32;
    entering += 8;
    leaving += 8;
  }
}

function moveFloats(p: ImageParams, entering: usize, leaving: usize, opening: bool): void {
  let to = middleOf(p);
  for (let count = paddedBytesOf(p); count > 0; count -= 8) {
    let sum = f64x2.add(v128.load(to), f64x2.promote_low_f32x4(v128.load_zero<u64>(entering)));
    if (!opening) sum = f64x2.sub(sum, f64x2.promote_low_f32x4(v128.load_zero<u64>(leaving)));
    v128.store(to, sum);
    to += 16;
    entering += 8;
    leaving += 8;
  }
}

@inline
function move(p: ImageParams, entering: usize, leaving: usize, opening: bool): void {
  if (p.elementBytes == 1) moveBytes(p, entering, leaving, opening);
  else moveFloats(p, entering, leaving, opening);
}

function meanBytes(p: ImageParams): void {
  const stride = p.channels << 2;
  let leaving = middleOf(p), entering = leaving;
  let sum = i32x4.splat(p.begin);
  for (let k = p.kernelWidth; k > 1; k--) {
    sum = i32x4.add(sum, v128.load(entering));
    entering += stride;
  }
  let to = wideOf(p);
  for (let x = p.width; x > 0; x--) {
    sum = i32x4.add(sum, v128.load(entering));
    v128.store(to, sum);
    sum = i32x4.sub(sum, v128.load(leaving));
    entering += stride;
    leaving += stride;
    to += stride;
  }
  divideLine(p);
}

function meanFloats(p: ImageParams): void {
  const d = f64x2.splat(<f64>p.divisor);
  const stride = p.channels << 3;
  let leaving = middleOf(p), entering = leaving;
  let low = f64x2.splat(0), high = low;
  for (let k = p.kernelWidth; k > 1; k--) {
    low = f64x2.add(low, v128.load(entering));
    high = f64x2.add(high, v128.load(entering, 16));
    entering += stride;
  }
  let to = lineOf(p);
  for (let x = p.width; x > 0; x--) {
    low = f64x2.add(low, v128.load(entering));
    high = f64x2.add(high, v128.load(entering, 16));
    const a = f32x4.demote_f64x2_zero(f64x2.div(low, d)), b = f32x4.demote_f64x2_zero(f64x2.div(high, d));
    v128.store(to, v128.shuffle<u64>(a, b, 0, 2));
    low = f64x2.sub(low, v128.load(leaving));
    high = f64x2.sub(high, v128.load(leaving, 16));
    entering += stride;
    leaving += stride;
    to += p.channels << 2;
  }
}

/** The ring has one slot more than the window has rows: the row that leaves is still there when another enters. */
export function imageBox(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  for (let task = taskBegin; task < taskEnd; task++) {
    const first = task * p.stripe;
    const last = min(first + p.stripe, p.height);
    openRows(p, first);
    for (let at = middleOf(p), end = at + p.middleBytes; at < end; at += 16) v128.store(at, i32x4.splat(0));
    for (let i = 0; i < p.kernelHeight - 1; i++) move(p, slotOf(p, first - p.top + i), 0, true);
    for (let y = first; y < last; y++) {
      const above = y - p.top;
      nextRow(p, y);
      move(p, slotOf(p, above + p.kernelHeight - 1), slotOf(p, above - 1 + p.slots), y == first);
      if (p.elementBytes == 1) meanBytes(p);
      else meanFloats(p);
      putLine(p, y);
    }
  }
}
