import { Reduction } from './reduce.ts';

const { fround } = Math;

/**
 * Reduces `rows` (at least one) of `length` floats, `rowLength` apart, top to bottom, column by column, into `to`.
 *
 * One loop a reduction and a row: V8 keeps loops fast that do one thing. The first two rows go together.
 */
export function reduceRows(
  input: Float32Array, from: number, rowLength: number, rows: number,
  columns: Float32Array, to: number, length: number, reduction: number,
): void {
  if (reduction === Reduction.Max) maxRows(input, from, rowLength, rows, columns, to, length);
  else if (reduction === Reduction.Average) sumRows(input, from, rowLength, rows, columns, to, length);
  else squareRows(input, from, rowLength, rows, columns, to, length);
}

function maxRows(
  input: Float32Array, from: number, rowLength: number, rows: number, columns: Float32Array, to: number, length: number,
): void {
  if (rows === 1) {
    for (let i = 0; i < length; i++) columns[to + i] = input[from + i];
    return;
  }
  const second = from + rowLength;
  for (let i = 0; i < length; i++) {
    const most = input[from + i], x = input[second + i];
    columns[to + i] = x > most || x !== x ? x : most;
  }
  for (let row = 2, at = second + rowLength; row < rows; row++, at += rowLength) {
    for (let i = 0; i < length; i++) {
      const x = input[at + i];
      if (x > columns[to + i] || x !== x) columns[to + i] = x;
    }
  }
}

function sumRows(
  input: Float32Array, from: number, rowLength: number, rows: number, columns: Float32Array, to: number, length: number,
): void {
  if (rows === 1) {
    for (let i = 0; i < length; i++) columns[to + i] = 0 + input[from + i];
    return;
  }
  const second = from + rowLength;
  for (let i = 0; i < length; i++) columns[to + i] = fround(fround(0 + input[from + i]) + input[second + i]);
  for (let row = 2, at = second + rowLength; row < rows; row++, at += rowLength) {
    for (let i = 0; i < length; i++) columns[to + i] = fround(columns[to + i] + input[at + i]);
  }
}

function squareRows(
  input: Float32Array, from: number, rowLength: number, rows: number, columns: Float32Array, to: number, length: number,
): void {
  for (let i = 0; i < length; i++) columns[to + i] = input[from + i] * input[from + i];
  for (let row = 1, at = from + rowLength; row < rows; row++, at += rowLength) {
    for (let i = 0; i < length; i++) {
      const x = input[at + i];
      columns[to + i] = fround(columns[to + i] + fround(x * x));
    }
  }
}
