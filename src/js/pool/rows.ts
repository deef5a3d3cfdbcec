import { greater, Reduction } from './reduce.ts';

const { fround } = Math;

/**
 * Reduces `rows` (at least one) of `length` floats, `rowLength` apart, top to bottom, column by column, into `to`.
 *
 * Sums take the first two rows together, then row after row; a maximum takes all rows of a column, since it follows a place.
 */
export function reduceRows(
  input: Float32Array, from: number, rowLength: number, rows: number,
  columns: Float32Array, to: number, length: number, reduction: number,
): void {
  if (reduction === Reduction.Max) maxRows(input, from, rowLength, rows, columns, to, length);
  else sumRows(input, from, rowLength, rows, columns, to, length);
}

function maxRows(
  input: Float32Array, from: number, rowLength: number, rows: number, columns: Float32Array, to: number, length: number,
): void {
  if (rows === 3) {
    for (let i = from; i < from + length; i++, to++) {
      columns[to] = input[greater(input, greater(input, i, i + rowLength), i + 2 * rowLength)];
    }
    return;
  }
  const last = (rows - 1) * rowLength;
  for (let i = from; i < from + length; i++, to++) {
    let most = i;
    for (let at = i + rowLength; at <= i + last; at += rowLength) most = greater(input, most, at);
    columns[to] = input[most];
  }
}

function sumRows(
  input: Float32Array, from: number, rowLength: number, rows: number, columns: Float32Array, to: number, length: number,
): void {
  if (rows === 1) {
    for (let i = 0; i < length; i++) columns[to + i] = 0 + input[from + i];
    return;
  }
  let at = from + rowLength;
  for (let i = 0; i < length; i++) columns[to + i] = fround(fround(0 + input[from + i]) + input[at + i]);
  for (let row = rows - 2; row > 0; row--) {
    at += rowLength;
    for (let i = 0; i < length; i++) columns[to + i] = fround(columns[to + i] + input[at + i]);
  }
}
