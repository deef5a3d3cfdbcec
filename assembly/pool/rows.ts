import { addTap, firstTap } from './reduce';

/** Two vectors of up to three rows more. With `resume` the column so far is in `to`. */
@inline
function addRows(a: usize, b: usize, c: usize, rows: i32, resume: bool, to: usize, length: i32, reduction: i32): void {
  for (let i = length; i > 0; i -= 8) {
    let x = v128.load(a), y = v128.load(a, 16);
    if (resume) {
      x = addTap(v128.load(to), x, reduction);
      y = addTap(v128.load(to, 16), y, reduction);
    } else {
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
 * Three rows at a time, over the whole length: columns are read as they lie in memory however tall the window is.
 */
@inline
export function reduceRows(from: usize, rowBytes: usize, rows: i32, to: usize, length: i32, reduction: i32): void {
  const second = from + rowBytes;
  const third = second + rowBytes;
  if (rows == 1) addRows(from, from, from, 1, false, to, length, reduction);
  else if (rows == 2) addRows(from, second, from, 2, false, to, length, reduction);
  else {
    addRows(from, second, third, 3, false, to, length, reduction);
    for (rows -= 3; rows > 0; rows -= 3) {
      const first = from += 3 * rowBytes;
      if (rows == 1) addRows(first, first, first, 1, true, to, length, reduction);
      else if (rows == 2) addRows(first, first + rowBytes, first, 2, true, to, length, reduction);
      else addRows(first, first + rowBytes, first + 2 * rowBytes, 3, true, to, length, reduction);
    }
  }
}
