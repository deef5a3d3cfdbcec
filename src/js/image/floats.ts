import { centreOf, floatsOf, lastOf, nextRow, openRows, type Params, putLine, type Rows, rowsOf, slotOf } from './rows.ts';

const { fround } = Math;

/** Words of an entry of the table. */
const TAP = 3;
const ROW_TAP = 2;

/**
 * Sums of floats times floats, row by row through the kernel, taps of weight 0 left out.
 *
 *   taps         [tap][place, weight, weight]   a place is row << 16 | column; of the upper and the lower of two rows: taps of the upper
 *                                               alone, of both, of the lower alone
 *   then along   [tap][offset, weight]          offsets are bytes
 *
 * This side computes one row at a time, by what the table has of the upper one.
 */
function sumFloats(
  from: Float32Array, table: Int32Array, entry: number, place: (word: number) => number, to: number, count: number, divisor: number,
  bias: number,
): void {
  const weights = floatsOf(table);
  from.fill(0, to, to + count);
  for (let k = 0; k < table.length; k += entry) {
    const at = place(table[k]);
    const weight = weights[k + 1];
    for (let i = 0; i < count; i++) from[to + i] = fround(from[to + i] + fround(from[at + i] * weight));
  }
  for (let i = to; i < to + count; i++) from[i] = fround(fround(from[i] / divisor) + bias);
}

/** The taps of the window of row `y`. */
function sumRows(rows: Rows, y: number, to: number, count: number, divisor: number, bias: number): void {
  const { p } = rows;
  const place = (word: number) => slotOf(rows, y - p.top + (word >> 16)) + (word & 0xffff) * p.channels;
  const table = p.taps.subarray(0, TAP * (p.tapCount - p.lowerTaps));
  sumFloats(rows.scratch as Float32Array, table, TAP, place, to, count, divisor, bias);
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

/** Any kernel, in one pass; or one that is a column times a row, down the column first, rounded to f32. */
export function imageFloats(p: Params, taskBegin: number, taskEnd: number): void {
  const rows = rowsOf(p);
  const last = lastOf(p, taskEnd);
  const along = p.taps.subarray(TAP * p.tapCount, TAP * p.tapCount + ROW_TAP * p.rowTapCount);
  for (let y = openRows(rows, taskBegin, taskEnd); y < last; y++) {
    nextRow(rows, y);
    if (p.rowTapCount > 0) {
      sumRows(rows, y, 0, rows.paddedCount, 1, 0);
      sumFloats(rows.scratch as Float32Array, along, ROW_TAP, (bytes) => bytes / 4, rows.line, rows.count, p.divisor, p.bias);
    } else sumRows(rows, y, rows.line, rows.count, p.divisor, p.bias);
    if (p.amount !== 0) sharpenFloats(rows, y);
    putLine(rows, y);
  }
}
