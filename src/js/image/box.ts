import { divideLine } from './bytes.ts';
import { nextRow, openRows, type Params, putLine, type Rows, rowsOf, slotOf, wideOf } from './rows.ts';

/**
 * The mean of a rectangle by running sums, whatever its size (McDonnell, "Box-filtering techniques", 1981): `middle` holds the
 * sum of each column of the window, to which the row that enters is added and from which the one that leaves is taken;
 * along a row the same is done with columns. Whole numbers for bytes; f64 for floats, anew in each task.
 *
 *   middle   [padded width][channels] i32 or f64
 */

/** `sums` + entering − leaving, column by column. Nothing leaves with −1. */
function move({ scratch, paddedCount }: Rows, sums: Int32Array | Float64Array, entering: number, leaving: number): void {
  for (let i = 0; i < paddedCount; i++) {
    const sum = sums[i] + scratch[entering + i];
    sums[i] = leaving < 0 ? sum : sum - scratch[leaving + i];
  }
}

function meanBytes(rows: Rows, sums: Int32Array): void {
  const { p, count } = rows;
  const wide = wideOf(rows);
  const reach = (p.kernelWidth - 1) * p.channels;
  for (let c = 0; c < p.channels; c++) {
    let sum = p.begin;
    for (let i = c; i < reach; i += p.channels) sum += sums[i];
    for (let i = c; i < count; i += p.channels) {
      sum += sums[i + reach];
      wide[i] = sum;
      sum -= sums[i];
    }
  }
  divideLine(rows);
}

function meanFloats({ p, scratch, line, count }: Rows, sums: Float64Array): void {
  const reach = (p.kernelWidth - 1) * p.channels;
  for (let c = 0; c < p.channels; c++) {
    let sum = 0;
    for (let i = c; i < reach; i += p.channels) sum += sums[i];
    for (let i = c; i < count; i += p.channels) {
      sum += sums[i + reach];
      scratch[line + i] = sum / p.divisor;
      sum -= sums[i];
    }
  }
}

/** The ring has one slot more than the window has rows: the row that leaves is still there when another enters. */
export function imageBox(p: Params, taskBegin: number, taskEnd: number): void {
  const rows = rowsOf(p);
  const middle = [p.scratch.buffer as ArrayBuffer, p.scratch.byteOffset, rows.paddedCount] as const;
  const sums = p.elementBytes === 1 ? new Int32Array(...middle) : new Float64Array(...middle);
  for (let task = taskBegin; task < taskEnd; task++) {
    const first = task * p.stripe;
    const last = Math.min(first + p.stripe, p.height);
    openRows(rows, first);
    sums.fill(0);
    for (let i = 0; i < p.kernelHeight - 1; i++) move(rows, sums, slotOf(rows, first - p.top + i), -1);
    for (let y = first; y < last; y++) {
      const above = y - p.top;
      nextRow(rows, y);
      move(rows, sums, slotOf(rows, above + p.kernelHeight - 1), y === first ? -1 : slotOf(rows, above - 1 + p.slots));
      if (sums instanceof Int32Array) meanBytes(rows, sums);
      else meanFloats(rows, sums);
      putLine(rows, y);
    }
  }
}
