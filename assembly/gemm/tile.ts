import { gemm1x4, gemm1x8, gemm2x4, gemm2x8, gemm3x4, gemm3x8, gemm4x4, gemm4x8, gemm5x4, gemm5x8 } from './micro';

/** Rows of the largest microkernel: the most that a panel of `a` holds. */
export const ROWS: i32 = 5;
/** Columns of the wide microkernels: a panel of `b` holds 8, or 4 when it is the last and no more are needed. */
export const COLUMNS: i32 = 8;

/**
 * What `tile` needs of a task's scratch, at its beginning:
 *
 *   0    a row of eight zeros, from which every sum begins
 *   32   a tile of 5 × 8, where a tile wider than its columns is staged
 */
export const TILE_SCRATCH_BYTES: usize = 192;

/** To be called once a task, before the first `tile`. */
export function prepareTiles(scratch: usize): void {
  memory.fill(scratch, 0, TILE_SCRATCH_BYTES);
}

/** Row panels are as even as can be: 16 rows are 4 panels of 4, not 3 of 5 and a cliff. */
export function panelCount(rows: i32): i32 {
  return (rows + ROWS - 1) / ROWS;
}

export function panelBegin(rows: i32, panels: i32, panel: i32): i32 {
  return rows * panel / panels;
}

function multiply(rows: i32, wide: bool, depth: i32, a: usize, b: usize, from: usize, fromBytes: usize, c: usize, cBytes: usize): void {
  if (wide) {
    switch (rows) {
      case 5: gemm5x8(depth, a, b, from, fromBytes, c, cBytes); return;
      case 4: gemm4x8(depth, a, b, from, fromBytes, c, cBytes); return;
      case 3: gemm3x8(depth, a, b, from, fromBytes, c, cBytes); return;
      case 2: gemm2x8(depth, a, b, from, fromBytes, c, cBytes); return;
      default: gemm1x8(depth, a, b, from, fromBytes, c, cBytes); return;
    }
  }
  switch (rows) {
    case 5: gemm5x4(depth, a, b, from, fromBytes, c, cBytes); return;
    case 4: gemm4x4(depth, a, b, from, fromBytes, c, cBytes); return;
    case 3: gemm3x4(depth, a, b, from, fromBytes, c, cBytes); return;
    case 2: gemm2x4(depth, a, b, from, fromBytes, c, cBytes); return;
    default: gemm1x4(depth, a, b, from, fromBytes, c, cBytes); return;
  }
}

/** One tile of `c`, `columns` (at most 8) wide; with `resume`, on top of what `c` holds. */
export function tile(
  rows: i32, columns: i32, depth: i32, a: usize, b: usize, c: usize, cBytes: usize, resume: bool, scratch: usize,
): void {
  const wide = columns > 4;
  if (columns == (wide ? 8 : 4)) {
    multiply(rows, wide, depth, a, b, resume ? c : scratch, resume ? cBytes : 0, c, cBytes);
    return;
  }
  const staged = scratch + 32;
  const rowBytes = <usize>columns << 2;
  if (resume) for (let row = 0; row < rows; row++) memory.copy(staged + (row << 5), c + <usize>row * cBytes, rowBytes);
  multiply(rows, wide, depth, a, b, resume ? staged : scratch, resume ? 32 : 0, staged, 32);
  for (let row = 0; row < rows; row++) {
    let from = staged + (row << 5);
    let to = c + <usize>row * cBytes;
    for (let column = 0; column < columns; column++) {
      store<f32>(to, load<f32>(from));
      from += 4;
      to += 4;
    }
  }
}
