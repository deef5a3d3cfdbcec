import { centreOf, lastOf, nextRow, openRows, type Params, putLine, type Rows, rowsOf, saturate, slotOf, wideOf, words } from './rows.ts';

/**
 * Sums of bytes times whole numbers: exact.
 *
 *   taps    [pair][place, place, weights]   a place is row << 16 | column, weights are two of 16 bits
 *
 * Taps of weight 0 are not there. The second pass of a separable kernel finds the first one's sums in `middle`, as words of 16
 * bits.
 */

/** The sums that wait, divided, as bytes into the line. */
export function divideLine(rows: Rows): void {
  const { p, scratch, line, count } = rows;
  const wide = wideOf(rows);
  for (let i = 0; i < count; i++) scratch[line + i] = saturate(Math.floor(wide[i] / p.divisor));
}

/** A pair of taps of every sum. Bytes and words have a loop each, so that each meets one kind of array. */
function addBytes(sums: Int32Array, from: Uint8Array, first: number, low: number, second: number, high: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] += from[first + i] * low + from[second + i] * high;
}

function addWords(sums: Int32Array, from: Int16Array, first: number, low: number, second: number, high: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] += from[first + i] * low + from[second + i] * high;
}

const lowOf = (weights: number) => (weights << 16) >> 16;
const highOf = (weights: number) => weights >> 16;

/** The sums of the window of row `y`. */
function sumBytes(rows: Rows, y: number, sums: Int32Array): void {
  const { p } = rows;
  const all = words(p.taps);
  const place = (at: number) => slotOf(rows, y - p.top + (at >> 16)) + (at & 0xffff) * p.channels;
  sums.fill(p.begin);
  for (let k = 0; k < 3 * p.tapCount; k += 3) {
    addBytes(sums, rows.scratch as Uint8Array, place(all[k]), lowOf(all[k + 2]), place(all[k + 1]), highOf(all[k + 2]));
  }
}

/** The sums along the row of what the first pass left. */
function sumWords(p: Params, middle: Int16Array, sums: Int32Array): void {
  const all = words(p.taps);
  sums.fill(p.rowBegin);
  for (let k = 3 * p.tapCount; k < 3 * (p.tapCount + p.rowTapCount); k += 3) {
    addWords(sums, middle, all[k] * p.channels, lowOf(all[k + 2]), all[k + 1] * p.channels, highOf(all[k + 2]));
  }
}

/** What is summed, as bytes into the line. */
function finish(rows: Rows, sums: Int32Array, shift: number): void {
  const { p, scratch, line, count } = rows;
  if (p.divisor !== 1) {
    wideOf(rows).set(sums);
    divideLine(rows);
  } else for (let i = 0; i < count; i++) scratch[line + i] = saturate(sums[i] >> shift);
}

/** Unsharp masking: line = x + amount · (x − line), where the difference is large enough. */
function sharpenBytes(rows: Rows, y: number): void {
  const { p, scratch, line, count } = rows;
  const from = centreOf(rows, y);
  for (let i = 0; i < count; i++) {
    const x = scratch[from + i];
    const d = x - scratch[line + i];
    scratch[line + i] = Math.abs(d) >= p.threshold ? saturate(x + ((d * p.amount + 128) >> 8)) : x;
  }
}

/** Any kernel, in one pass; or one that is a column times a row, down the column first, if it has taps of a second pass. */
export function imageBytes(p: Params, taskBegin: number, taskEnd: number): void {
  const rows = rowsOf(p);
  const two = p.rowTapCount > 0;
  const middle = new Int16Array(p.scratch.buffer, p.scratch.byteOffset, two ? rows.paddedCount : 0);
  const columnSums = new Int32Array(middle.length);
  const sums = new Int32Array(rows.count);
  const last = lastOf(p, taskEnd);
  for (let y = openRows(rows, taskBegin, taskEnd); y < last; y++) {
    nextRow(rows, y);
    sumBytes(rows, y, two ? columnSums : sums);
    if (two) {
      for (let i = 0; i < middle.length; i++) middle[i] = columnSums[i] >> p.shift;
      sumWords(p, middle, sums);
    }
    finish(rows, sums, two ? p.rowShift : p.shift);
    if (p.amount !== 0) sharpenBytes(rows, y);
    putLine(rows, y);
  }
}
