import { centreOf, lastOf, nextRow, openRows, type Params, putLine, type Rows, rowsOf, saturate, slotOf, wideOf } from './rows.ts';

/**
 * Sums of bytes times whole numbers: exact. A place is row << 16 | column, weights are two of 16 bits. This side computes one row at a
 * time, by what the table has of the upper of two.
 *
 *   16 bits      [tap][place, weights]                    one of the upper row and one of the lower: taps of the upper alone,
 *                                                         of both, of the lower alone
 *   32 bits      [pair][place, place, weights]
 *   down         [pair][place, place, weights, weights]   of the upper row and of the lower
 *   then along   [pair][offset, offset, weights], [four][offset × 4, weights]
 *
 * Taps of weight 0 are not there. The second pass of a separable kernel finds the first one's sums in `middle`, as words of 16 bits. Its
 * offsets are bytes.
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

function addFour(sums: Int32Array, from: Int16Array, offsets: Int32Array, low: number, high: number): void {
  const [a, b, c, d] = offsets.map((bytes) => bytes / 2);
  for (let i = 0; i < sums.length; i++) sums[i] += (from[a + i] + from[b + i]) * low + (from[c + i] + from[d + i]) * high;
}

const lowOf = (weights: number) => (weights << 16) >> 16;
const highOf = (weights: number) => weights >> 16;

/** Words of an entry of the table. */
const NARROW = 2;
const PAIR = 3;
const COLUMN = 4;
const FOUR = 5;

/** The sums of the window of row `y`. */
function sumBytes(rows: Rows, y: number, two: boolean, sums: Int32Array): void {
  const { p } = rows;
  const scratch = rows.scratch as Uint8Array;
  const all = p.taps;
  const place = (word: number) => slotOf(rows, y - p.top + (word >> 16)) + (word & 0xffff) * p.channels;
  sums.fill(p.begin);
  if (p.narrow === 1) {
    const taps = p.tapCount - p.lowerTaps;
    for (let k = 0; k < taps; k += 2) {
      const [a, b] = [NARROW * k, NARROW * Math.min(k + 1, taps - 1)];
      addBytes(sums, scratch, place(all[a]), lowOf(all[a + 1]), place(all[b]), k + 1 < taps ? lowOf(all[b + 1]) : 0);
    }
    return;
  }
  const entry = two ? COLUMN : PAIR;
  for (let k = 0; k < entry * p.tapCount; k += entry) {
    addBytes(sums, scratch, place(all[k]), lowOf(all[k + 2]), place(all[k + 1]), highOf(all[k + 2]));
  }
}

/** The sums along the row of what the first pass left. */
function sumWords(p: Params, middle: Int16Array, sums: Int32Array): void {
  const all = p.taps;
  sums.fill(p.rowBegin);
  const pairs = COLUMN * p.tapCount;
  const fours = pairs + PAIR * p.rowTapCount;
  for (let k = pairs; k < fours; k += PAIR) {
    addWords(sums, middle, all[k] / 2, lowOf(all[k + 2]), all[k + 1] / 2, highOf(all[k + 2]));
  }
  for (let k = fours; k < fours + FOUR * p.rowFours; k += FOUR) {
    addFour(sums, middle, all.subarray(k, k + 4), lowOf(all[k + 4]), highOf(all[k + 4]));
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
  const two = p.rowTapCount + p.rowFours > 0;
  const middle = new Int16Array(p.scratch.buffer, p.scratch.byteOffset, two ? rows.paddedCount : 0);
  const columnSums = new Int32Array(middle.length);
  const sums = new Int32Array(rows.count);
  const last = lastOf(p, taskEnd);
  for (let y = openRows(rows, taskBegin, taskEnd); y < last; y++) {
    nextRow(rows, y);
    sumBytes(rows, y, two, two ? columnSums : sums);
    if (two) {
      for (let i = 0; i < middle.length; i++) middle[i] = columnSums[i] >> p.shift;
      sumWords(p, middle, sums);
    }
    finish(rows, sums, two ? p.rowShift : p.shift);
    if (p.amount !== 0) sharpenBytes(rows, y);
    putLine(rows, y);
  }
}
