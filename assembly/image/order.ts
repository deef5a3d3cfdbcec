import { ImageParams, Order } from '../generated/abi';
import { centreOf, lineOf, middleOf, nextRow, openRows, putLine, slotOf } from './rows';

/** The lesser of two. Of floats the first, unless the second is less. */
@inline
function least(a: v128, b: v128, bytes: bool): v128 {
  return bytes ? i8x16.min_u(a, b) : f32x4.pmin(a, b);
}

@inline
function greatest(a: v128, b: v128, bytes: bool): v128 {
  return bytes ? i8x16.max_u(a, b) : f32x4.pmax(a, b);
}

@inline
function middleOfThree(a: v128, b: v128, c: v128, bytes: bool): v128 {
  return greatest(least(a, b, bytes), least(greatest(a, b, bytes), c, bytes), bytes);
}

/**
 * Median of 3×3: columns are sorted first, which three windows share. The median of nine is the middle one of the greatest of
 * the least, the middle of the middle ones, and the least of the greatest (Smith, "Implementing median filters in XC4000E
 * FPGAs", 1996).
 *
 *   middle   [least, middle, greatest][lineBytes]
 */
@inline
function median(p: ImageParams, y: i32, bytes: bool): void {
  const line: usize = p.lineBytes;
  const two = line << 1;
  let a = slotOf(p, y - 1), b = slotOf(p, y), c = slotOf(p, y + 1);
  let to = middleOf(p);
  for (let count = p.paddedBytes; count > 0; count -= 16) {
    const x = v128.load(a), z = v128.load(b), w = v128.load(c);
    const low = least(x, z, bytes), high = greatest(x, z, bytes), rest = least(high, w, bytes);
    v128.store(to, least(low, rest, bytes));
    v128.store(to + line, greatest(low, rest, bytes));
    v128.store(to + two, greatest(high, w, bytes));
    a += 16;
    b += 16;
    c += 16;
    to += 16;
  }
  const next: usize = p.pixelBytes;
  let from = middleOf(p);
  to = lineOf(p);
  for (let count = p.rowBytes; count > 0; count -= 16) {
    const second = from + next, third = second + next;
    const low = greatest(greatest(v128.load(from), v128.load(second), bytes), v128.load(third), bytes);
    const middle = middleOfThree(v128.load(from + line), v128.load(second + line), v128.load(third + line), bytes);
    const high = least(least(v128.load(from + two), v128.load(second + two), bytes), v128.load(third + two), bytes);
    v128.store(to, middleOfThree(low, middle, high, bytes));
    from += 16;
    to += 16;
  }
}

/** The greatest are the least of what `mirror` turns round: all bits of bytes, the signs of floats. */
@inline
function fold(to: usize, from: usize, count: i32, bytes: bool, mirror: v128): void {
  for (; count > 0; count -= 16) {
    v128.store(to, v128.xor(least(v128.xor(v128.load(to), mirror), v128.xor(v128.load(from), mirror), bytes), mirror));
    to += 16;
    from += 16;
  }
}

/** `count` bytes at `to`: the least or greatest of them and of those at `from`. Exported, so that it is there once. */
export function foldLine(p: ImageParams, to: usize, from: usize, count: i32): void {
  const greatest = p.order == Order.Greatest;
  if (p.elementBytes == 1) fold(to, from, count, true, i32x4.splat(greatest ? -1 : 0));
  else fold(to, from, count, false, i32x4.splat(greatest ? 1 << 31 : 0));
}

/** Erosion or dilation by a rectangle: down the columns, then along the row. */
function extreme(p: ImageParams, y: i32): void {
  const middle = middleOf(p);
  memory.copy(middle, slotOf(p, y - p.top), p.paddedBytes);
  for (let i = 1; i < p.kernelHeight; i++) foldLine(p, middle, slotOf(p, y - p.top + i), p.paddedBytes);
  memory.copy(lineOf(p), middle, p.rowBytes);
  for (let i = 1; i < p.kernelWidth; i++) foldLine(p, lineOf(p), middle + i * p.pixelBytes, p.rowBytes);
}

export function imageOrder(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const last = min(taskEnd * p.stripe, p.height);
  for (let y = openRows(p, taskBegin, taskEnd); y < last; y++) {
    nextRow(p, y);
    if (p.order != Order.Median) extreme(p, y);
    else if (p.elementBytes == 1) median(p, y, true);
    else median(p, y, false);
    putLine(p, y, lineOf(p), centreOf(p, y));
  }
}
