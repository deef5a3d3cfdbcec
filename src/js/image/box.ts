import { divideLine } from './bytes.ts';
import { lastOf, nextRow, openRows, type Params, putLine, type Rows, rowsOf, slotOf, wideOf } from './rows.ts';

/**
 * The mean of a rectangle by running sums, whatever its size (McDonnell, "Box-filtering techniques", 1981): `middle` holds the
 * sum of each column of the window, to which the row that enters is added and from which the one that leaves is taken;
 * along a row the same is done with columns. Whole numbers for bytes; f64 for floats, anew in each task.
 *
 *   middle   [padded width][channels] i32 or f64
 */

/** Adds the row that enters, and takes away the one that leaves, column by column. */
function move({ scratch, paddedCount }: Rows, sums: Int32Array | Float64Array, entering: number, leaving: number): void {
  for (let i = 0; i < paddedCount; i++) {
    sums[i] = sums[i] + scratch[entering + i] - scratch[leaving + i];
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
    const first = openRows(rows, task, task + 1);
    const last = lastOf(p, task + 1);
    // Of sums, and of the row that leaves while there is none.
    sums.fill(0);
    rows.scratch.fill(0, rows.line, rows.line + rows.lineLength);
    for (let y = first - p.kernelHeight + 1; y < last; y++) {
      if (y >= first) nextRow(rows, y);
      const entering = slotOf(rows, y - p.top + p.kernelHeight - 1);
      move(rows, sums, entering, y > first ? slotOf(rows, y - p.top - 1 + p.slots) : rows.line);
      if (y < first) continue;
      if (sums instanceof Int32Array) meanBytes(rows, sums);
      else meanFloats(rows, sums);
      putLine(rows, y);
    }
  }
}
