import { addTap, firstTap } from './reduce';

/** Two vectors of up to three rows, of which the first may be what a column has come to. */
@inline
function addRows(a: usize, b: usize, c: usize, rows: i32, to: usize, length: i32, reduction: i32): void {
  for (let i = length; i > 0; i -= 8) {
    let x = firstTap(v128.load(a), reduction), y = firstTap(v128.load(a, 16), reduction);
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
 * column has come to is the first of the next three, for a first tap changes neither a maximum nor a sum.
 */
@inline
export function reduceRows(from: usize, rowBytes: usize, rows: i32, to: usize, length: i32, reduction: i32): void {
  let first = from;
  for (; rows > 0; rows -= 2) {
    const second = from + rowBytes;
    const third = second + rowBytes;
    if (rows == 1) addRows(first, first, first, 1, to, length, reduction);
    else if (rows == 2) addRows(first, second, second, 2, to, length, reduction);
    else addRows(first, second, third, 3, to, length, reduction);
    if (rows <= 3) return;
    first = to;
    from = third;
  }
}
