import { centreOf, nextRow, openRows, type Params, putLine, type Rows, rangeOf, rowsOf, slotOf, words } from './rows.ts';

const { fround } = Math;

/**
 * Sums of floats times floats, row by row through the kernel, taps of weight 0 left out.
 *
 *   taps    [tap][place, weight]   a place is row << 16 | column
 */
function sumFloats(
  p: Params, from: Float32Array, place: (place: number) => number, first: number, taps: number, to: number, count: number,
  divisor: number, bias: number,
): void {
  const places = words(p.taps);
  from.fill(0, to, to + count);
  for (let k = first; k < first + taps; k++) {
    const at = place(places[2 * k]);
    const weight = p.taps[2 * k + 1];
    for (let i = 0; i < count; i++) from[to + i] = fround(from[to + i] + fround(from[at + i] * weight));
  }
  for (let i = to; i < to + count; i++) from[i] = fround(fround(from[i] / divisor) + bias);
}

/** The taps of the window of row `y`. */
function sumRows(rows: Rows, y: number, to: number, count: number, divisor: number, bias: number): void {
  const { p } = rows;
  const place = (at: number) => slotOf(rows, y - p.top + (at >> 16)) + (at & 0xffff) * p.channels;
  sumFloats(p, rows.scratch as Float32Array, place, 0, p.tapCount, to, count, divisor, bias);
}

export function imageFloats(p: Params, taskBegin: number, taskEnd: number): void {
  const { first, last } = rangeOf(p, taskBegin, taskEnd);
  const rows = rowsOf(p);
  if (first < last) openRows(rows, first);
  for (let y = first; y < last; y++) {
    nextRow(rows, y);
    sumRows(rows, y, rows.line, rows.count, p.divisor, p.bias);
    putLine(rows, y);
  }
}

/** Unsharp masking: line = x + amount · (x − line), where the difference is large enough. */
function sharpenFloats(rows: Rows, y: number): void {
  const { p, scratch, line, count } = rows;
  const from = centreOf(rows, y);
  for (let i = 0; i < count; i++) {
    const x = scratch[from + i];
    const d = fround(x - scratch[line + i]);
    scratch[line + i] = Math.abs(d) < p.threshold ? x : fround(x + fround(d * p.amount));
  }
}

/** A kernel that is a column times a row: down the column first, rounded to f32. */
export function imageFloatsSeparable(p: Params, taskBegin: number, taskEnd: number): void {
  const { first, last } = rangeOf(p, taskBegin, taskEnd);
  const rows = rowsOf(p);
  if (first < last) openRows(rows, first);
  for (let y = first; y < last; y++) {
    nextRow(rows, y);
    sumRows(rows, y, 0, rows.paddedCount, 1, 0);
    const place = (at: number) => at * p.channels;
    sumFloats(p, rows.scratch as Float32Array, place, p.tapCount, p.rowTapCount, rows.line, rows.count, p.divisor, p.bias);
    if (p.amount !== 0) sharpenFloats(rows, y);
    putLine(rows, y);
  }
}
