import { ROWS } from '../generated/abi';
import { copyFloats } from '../simd';
import { gemm1x4, gemm1x8, gemm2x4, gemm2x8, gemm3x4, gemm3x8, gemm4x4, gemm4x8, gemm5x4, gemm5x8, Run } from './micro';


/**
 * What tiles need of a task's scratch, at its beginning, `TILE_SCRATCH_BYTES` in all:
 *
 *   0    a row of eight zeros, from which sums begin
 *   32   four times the lower bound of a clamped result, four times the upper one
 *   64   a tile of 5 × 8, where a tile wider than its columns is staged
 *   224  the run
 */

/** To be called once a range of tasks, before the first `tileRun`. */
export function prepareTiles(scratch: usize, lower: f32, upper: f32): Run {
  v128.store(scratch, f32x4.splat(0));
  v128.store(scratch, f32x4.splat(0), 16);
  v128.store(scratch, f32x4.splat(lower), 32);
  v128.store(scratch, f32x4.splat(upper), 48);
  return changetype<Run>(scratch + 224);
}

/** Row panels are as even as can be, the larger ones first: 16 rows are 4 panels of 4, not 3 of 5 and a cliff. */
export function panelCount(rows: i32): i32 {
  return (rows + ROWS - 1) / ROWS;
}

export function panelBegin(rows: i32, panels: i32, panel: i32): i32 {
  const least = rows / panels;
  return panel * least + min(panel, rows - panels * least);
}

function multiply(run: Run, rows: i32, wide: bool, count: i32, a: usize, b: usize, from: usize, c: usize): void {
  if (wide) {
    switch (rows) {
      case 5: {
        for (; count > 0; count--) {
          gemm5x8(run, a, b, from, c);
          a += run.aStep;
          b += run.bStep;
          from += run.fromStep;
          c += run.cStep;
        }
        return;
      }
      case 4: gemm4x8(run, count, a, b, from, c); return;
      case 3: gemm3x8(run, count, a, b, from, c); return;
      case 2: gemm2x8(run, count, a, b, from, c); return;
      default: gemm1x8(run, count, a, b, from, c); return;
    }
  }
  switch (rows) {
    case 5: gemm5x4(run, count, a, b, from, c); return;
    case 4: gemm4x4(run, count, a, b, from, c); return;
    case 3: gemm3x4(run, count, a, b, from, c); return;
    case 2: gemm2x4(run, count, a, b, from, c); return;
    default: gemm1x4(run, count, a, b, from, c); return;
  }
}

/** A run of `count` tiles, each `columns` (at most 8) wide: 8 and 4 as they are, others through the staged tile. */
export function tileRun(run: Run, rows: i32, columns: i32, count: i32, a: usize, b: usize, from: usize, c: usize, scratch: usize): void {
  const wide = columns > 4;
  if (columns == (wide ? 8 : 4)) {
    multiply(run, rows, wide, count, a, b, from, c);
    return;
  }
  const staged = scratch + 64;
  const cBytes = run.cBytes, fromBytes = run.fromBytes;
  run.cBytes = 32;
  for (; count > 0; count--) {
    let begin = from;
    if (from == c) {
      for (let row = 0; row < rows; row++) copyFloats(staged + (<usize>row << 5), c + <usize>row * cBytes, columns);
      begin = staged;
      run.fromBytes = 32;
    }
    multiply(run, rows, wide, 1, a, b, begin, staged);
    for (let row = 0; row < rows; row++) copyFloats(c + <usize>row * cBytes, staged + (<usize>row << 5), columns);
    a += run.aStep;
    b += run.bStep;
    from += run.fromStep;
    c += run.cStep;
  }
  run.cBytes = cBytes;
  run.fromBytes = fromBytes;
}
