import { gemm1x4, gemm2x4 } from './micro.ts';

/** Rows that a panel of `a` holds at most. */
export const ROWS = 5;
/** Columns that a panel of `b` holds: 8, or 4 when it is the last and no more are needed. */
export const COLUMNS = 8;

/** Row panels are as even as can be: 16 rows are 4 panels of 4. */
export function panelCount(rows: number): number {
  return Math.ceil(rows / ROWS);
}

export function panelBegin(rows: number, panels: number, panel: number): number {
  return Math.trunc((rows * panel) / panels);
}

/** One tile of `c`, `columns` (at most 8) wide; with `resume`, on top of what `c` holds. */
export function tile(
  rows: number, columns: number, depth: number,
  a: Float32Array, aAt: number,
  b: Float32Array, bAt: number,
  c: Float32Array, cAt: number, cStride: number,
  resume: boolean,
): void {
  const width = columns > 4 ? 8 : 4;
  for (let column = 0; column < columns; column += 4) {
    const count = Math.min(4, columns - column);
    let row = 0;
    for (; row + 2 <= rows; row += 2) {
      gemm2x4(depth, a, aAt + row, rows, b, bAt + column, width, c, cAt + row * cStride + column, cStride, count, resume);
    }
    if (row < rows) gemm1x4(depth, a, aAt + row, rows, b, bAt + column, width, c, cAt + row * cStride + column, count, resume);
  }
}
