import { COLUMNS, ROWS } from '../../kernels/tiles.ts';
import { gemm1x4, gemm2x4 } from './micro.ts';

/** Row panels are as even as can be, the larger ones first: 16 rows are 4 panels of 4. */
export function panelCount(rows: number): number {
  return Math.ceil(rows / ROWS);
}

export function panelBegin(rows: number, panels: number, panel: number): number {
  const least = Math.trunc(rows / panels);
  return panel * least + Math.min(panel, rows - panels * least);
}

/** A row from which sums begin. */
export const ZEROS = new Float32Array(COLUMNS);

/** One tile of `c`, `columns` (at most 8) wide. Its sums begin `from` rows of eight, or with `resume` from `c` itself. */
export function tile(
  rows: number, columns: number, depth: number,
  a: Float32Array, aAt: number,
  b: Float32Array, bAt: number,
  from: Float32Array, fromAt: number, fromStride: number, resume: boolean,
  c: Float32Array, cAt: number, cStride: number,
): void {
  const width = columns > 4 ? 8 : 4;
  const begin = resume ? c : from;
  const beginStride = resume ? cStride : fromStride;
  for (let column = 0; column < columns; column += 4) {
    const count = Math.min(4, columns - column);
    const beginAt = (resume ? cAt : fromAt) + column;
    const at = cAt + column;
    let row = 0;
    for (; row + 2 <= rows; row += 2) {
      gemm2x4(depth, a, aAt + row, rows, b, bAt + column, width, begin, beginAt + row * beginStride, beginStride, c, at + row * cStride, cStride, count);
    }
    if (row < rows) gemm1x4(depth, a, aAt + row, rows, b, bAt + column, width, begin, beginAt + row * beginStride, c, at + row * cStride, count);
  }
}
