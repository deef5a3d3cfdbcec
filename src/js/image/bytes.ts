import { centreOf, nextRow, openRows, type Params, putLine, type Rows, rangeOf, rowsOf, saturate, slotOf, wideOf, words } from './rows.ts';

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

/** A sum for each of `sums`: of `taps` taps, the first of which is tap `first` of all. */
function sum(p: Params, from: Uint8Array | Int16Array, place: (place: number) => number, first: number, taps: number, begin: number, sums: Int32Array): void {
  const all = words(p.taps);
  sums.fill(begin);
  for (let k = first; k < first + taps; k++) {
    const at = place(all[3 * (k >> 1) + (k & 1)]);
    const weight = (all[3 * (k >> 1) + 2] << (k & 1 ? 0 : 16)) >> 16;
    if (weight === 0) continue;
    for (let i = 0; i < sums.length; i++) sums[i] += from[at + i] * weight;
  }
}

/** The sums of the window of row `y`. */
function sumBytes(rows: Rows, y: number, sums: Int32Array): void {
  const { p } = rows;
  const place = (at: number) => slotOf(rows, y - p.top + (at >> 16)) + (at & 0xffff) * p.channels;
  sum(p, rows.scratch as Uint8Array, place, 0, 2 * p.tapCount, p.begin, sums);
}

/** What is summed, as bytes into the line. */
function finish(rows: Rows, sums: Int32Array, shift: number): void {
  const { p, scratch, line, count } = rows;
  if (p.divisor !== 1) {
    wideOf(rows).set(sums);
    divideLine(rows);
  } else for (let i = 0; i < count; i++) scratch[line + i] = saturate(sums[i] >> shift);
}

/** Any kernel: every tap of it for every element. */
export function imageBytes(p: Params, taskBegin: number, taskEnd: number): void {
  const { first, last } = rangeOf(p, taskBegin, taskEnd);
  const rows = rowsOf(p);
  const sums = new Int32Array(rows.count);
  if (first < last) openRows(rows, first);
  for (let y = first; y < last; y++) {
    nextRow(rows, y);
    sumBytes(rows, y, sums);
    finish(rows, sums, p.shift);
    putLine(rows, y);
  }
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

/** A kernel that is a column times a row: down the column first. */
export function imageBytesSeparable(p: Params, taskBegin: number, taskEnd: number): void {
  const { first, last } = rangeOf(p, taskBegin, taskEnd);
  const rows = rowsOf(p);
  const middle = new Int16Array(p.scratch.buffer, p.scratch.byteOffset, rows.paddedCount);
  const columnSums = new Int32Array(rows.paddedCount);
  const sums = new Int32Array(rows.count);
  if (first < last) openRows(rows, first);
  for (let y = first; y < last; y++) {
    nextRow(rows, y);
    sumBytes(rows, y, columnSums);
    for (let i = 0; i < rows.paddedCount; i++) middle[i] = columnSums[i] >> p.shift;
    sum(p, middle, (at) => at * p.channels, 2 * p.tapCount, 2 * p.rowTapCount, p.rowBegin, sums);
    finish(rows, sums, p.rowShift);
    if (p.amount !== 0) sharpenBytes(rows, y);
    putLine(rows, y);
  }
}
