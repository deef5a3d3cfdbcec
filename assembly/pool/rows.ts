import { addTap, firstTap, Reduction } from './reduce';

/** Two vectors of up to three rows. With `resume` the first of them is a column so far. */
@inline
function addRows(a: usize, b: usize, c: usize, rows: i32, resume: bool, to: usize, length: i32, reduction: i32): void {
  for (let i = length; i > 0; i -= 8) {
    let x = v128.load(a), y = v128.load(a, 16);
    if (!resume) {
      x = firstTap(x, reduction);
      y = firstTap(y, reduction);
    }
    if (rows > 1) {
      x = addTap(x, v128.load(b), reduction);
      y = addTap(y, v128.load(b, 16), reduction);
      b += 32;
    }
    if (rows > 2) {
      x = addTap(x, v128.load(c), reduction);
      y = addTap(y, v128.load(c, 16), reduction);
      c += 32;
    }
    v128.store(to, x);
    v128.store(to, y, 16);
    a += 32;
    to += 32;
  }
}

/**
 * Reduces `rows` (at least one) of `length` floats, `rowBytes` apart, top to bottom, column by column, into `to`. Reads
 * and writes up to seven floats more than `length`.
 *
 * Three rows at a time, over the whole length: columns are read as they lie in memory however tall the window is. What a
 * column has come to is the first of the next three, for a first tap changes neither a maximum nor a sum. Squares, the
 * rarest, come one row at a time after the first two.
 */
@inline
export function reduceRows(from: usize, rowBytes: usize, rows: i32, to: usize, length: i32, reduction: i32): void {
  if (reduction == Reduction.L2) {
    if (rows == 1) addRows(from, from, from, 1, false, to, length, reduction);
    else addRows(from, from += rowBytes, from, 2, false, to, length, reduction);
    for (; rows > 2; rows--) {
      from += rowBytes;
      addRows(to, from, from, 2, true, to, length, reduction);
    }
    return;
  }
  let first = from;
  for (; rows > 0; rows -= 2) {
    const second = from + rowBytes;
    const third = second + rowBytes;
    if (rows == 1) addRows(first, first, first, 1, false, to, length, reduction);
    else if (rows == 2) addRows(first, second, second, 2, false, to, length, reduction);
    else addRows(first, second, third, 3, false, to, length, reduction);
    if (rows <= 3) return;
    first = to;
    from = third;
  }
}
