import { Order } from '../../kernels/image.ts';
import { lastOf, nextRow, openRows, type Params, putLine, type Rows, rowsOf, slotOf } from './rows.ts';

/** The lesser of two: the first, unless the second is less. */
const least = (a: number, b: number): number => (b < a ? b : a);
const greatest = (a: number, b: number): number => (a < b ? b : a);
const middleOfThree = (a: number, b: number, c: number): number => greatest(least(a, b), least(greatest(a, b), c));

/**
 * Median of 3×3: columns are sorted first, which three windows share. The median of nine is the middle one of the greatest of
 * the least, the middle of the middle ones, and the least of the greatest (Smith, "Implementing median filters in XC4000E
 * FPGAs", 1996).
 *
 *   middle   [least, middle, greatest][lineBytes]
 */
function median(rows: Rows, y: number): void {
  const { p, scratch, line, lineLength } = rows;
  const [a, b, c] = [slotOf(rows, y - 1), slotOf(rows, y), slotOf(rows, y + 1)];
  const two = 2 * lineLength;
  for (let i = 0; i < rows.paddedCount; i++) {
    const low = least(scratch[a + i], scratch[b + i]);
    const high = greatest(scratch[a + i], scratch[b + i]);
    const w = scratch[c + i];
    const rest = least(high, w);
    scratch[i] = least(low, rest);
    scratch[lineLength + i] = greatest(low, rest);
    scratch[two + i] = greatest(high, w);
  }
  for (let i = 0; i < rows.count; i++) {
    const second = i + p.channels;
    const third = second + p.channels;
    const low = greatest(greatest(scratch[i], scratch[second]), scratch[third]);
    const middle = middleOfThree(scratch[lineLength + i], scratch[lineLength + second], scratch[lineLength + third]);
    const high = least(least(scratch[two + i], scratch[two + second]), scratch[two + third]);
    scratch[line + i] = middleOfThree(low, middle, high);
  }
}

/** `count` elements at `to`: the least or greatest of them and of those at `from`. */
function foldLine({ p, scratch }: Rows, to: number, from: number, count: number): void {
  if (p.order === Order.Least) for (let i = 0; i < count; i++) scratch[to + i] = least(scratch[to + i], scratch[from + i]);
  else for (let i = 0; i < count; i++) scratch[to + i] = greatest(scratch[to + i], scratch[from + i]);
}

/** Erosion or dilation by a rectangle: down the columns, then along the row. */
function extreme(rows: Rows, y: number): void {
  const { p, scratch, line, count, paddedCount } = rows;
  const top = slotOf(rows, y - p.top);
  scratch.copyWithin(0, top, top + paddedCount);
  for (let i = 1; i < p.kernelHeight; i++) foldLine(rows, 0, slotOf(rows, y - p.top + i), paddedCount);
  scratch.copyWithin(line, 0, count);
  for (let i = 1; i < p.kernelWidth; i++) foldLine(rows, line, i * p.channels, count);
}

export function imageOrder(p: Params, taskBegin: number, taskEnd: number): void {
  const rows = rowsOf(p);
  const last = lastOf(p, taskEnd);
  for (let y = openRows(rows, taskBegin, taskEnd); y < last; y++) {
    nextRow(rows, y);
    if (p.order === Order.Median) median(rows, y);
    else extreme(rows, y);
    putLine(rows, y);
  }
}
