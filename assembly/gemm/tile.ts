import { copyFloats } from '../simd';
import { gemm1x4, gemm1x8, gemm2x4, gemm2x8, gemm3x4, gemm3x8, gemm4x4, gemm4x8, gemm5x4, gemm5x8 } from './micro';

/** Rows of the largest microkernel: the most that a panel of `a` holds. */
export const ROWS: i32 = 5;
/** Columns of the wide microkernels: a panel of `b` holds 8, or 4 when it is the last and no more are needed. */
export const COLUMNS: i32 = 8;

/**
 * What tiles need of a task's scratch, at its beginning:
 *
 *   0    a row of eight zeros, from which sums begin
 *   32   four times the lower bound of a clamped result, four times the upper one
 *   64   a tile of 5 × 8, where a tile wider than its columns is staged
 */
export const TILE_SCRATCH_BYTES: usize = 224;

/** To be called once a range of tasks, before the first `tile`. */
export function prepareTiles(scratch: usize, lower: f32, upper: f32): void {
  v128.store(scratch, f32x4.splat(0));
  v128.store(scratch, f32x4.splat(0), 16);
  v128.store(scratch, f32x4.splat(lower), 32);
  v128.store(scratch, f32x4.splat(upper), 48);
}

/** Row panels are as even as can be: 16 rows are 4 panels of 4, not 3 of 5 and a cliff. */
export function panelCount(rows: i32): i32 {
  return (rows + ROWS - 1) / ROWS;
}

export function panelBegin(rows: i32, panels: i32, panel: i32): i32 {
  return rows * panel / panels;
}

function multiply(
  rows: i32, wide: bool, depth: i32, a: usize, b: usize, from: usize, fromBytes: usize, c: usize, cBytes: usize, clamp: usize,
): void {
  if (wide) {
    switch (rows) {
      case 5: gemm5x8(depth, a, b, from, fromBytes, c, cBytes, clamp); return;
      case 4: gemm4x8(depth, a, b, from, fromBytes, c, cBytes, clamp); return;
      case 3: gemm3x8(depth, a, b, from, fromBytes, c, cBytes, clamp); return;
      case 2: gemm2x8(depth, a, b, from, fromBytes, c, cBytes, clamp); return;
      default: gemm1x8(depth, a, b, from, fromBytes, c, cBytes, clamp); return;
    }
  }
  switch (rows) {
    case 5: gemm5x4(depth, a, b, from, fromBytes, c, cBytes, clamp); return;
    case 4: gemm4x4(depth, a, b, from, fromBytes, c, cBytes, clamp); return;
    case 3: gemm3x4(depth, a, b, from, fromBytes, c, cBytes, clamp); return;
    case 2: gemm2x4(depth, a, b, from, fromBytes, c, cBytes, clamp); return;
    default: gemm1x4(depth, a, b, from, fromBytes, c, cBytes, clamp); return;
  }
}

/**
 * One tile of `c`, `columns` (at most 8) wide. Its sums begin `from` rows of eight (four, where no more are needed), or
 * with `resume` from `c` itself.
 */
export function tile(
  rows: i32, columns: i32, depth: i32, a: usize, b: usize, from: usize, fromBytes: usize, resume: bool, c: usize, cBytes: usize,
  clamp: usize, scratch: usize,
): void {
  const wide = columns > 4;
  if (columns == (wide ? 8 : 4)) {
    if (resume) multiply(rows, wide, depth, a, b, c, cBytes, c, cBytes, clamp);
    else multiply(rows, wide, depth, a, b, from, fromBytes, c, cBytes, clamp);
    return;
  }
  const staged = scratch + 64;
  if (resume) {
    for (let row = 0; row < rows; row++) copyFloats(staged + (<usize>row << 5), c + <usize>row * cBytes, columns);
    multiply(rows, wide, depth, a, b, staged, 32, staged, 32, clamp);
  } else {
    multiply(rows, wide, depth, a, b, from, fromBytes, staged, 32, clamp);
  }
  for (let row = 0; row < rows; row++) copyFloats(c + <usize>row * cBytes, staged + (<usize>row << 5), columns);
}
