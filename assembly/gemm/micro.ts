import { clampVector, madd } from '../simd';

/** What the tiles of a run share: a row of tiles side by side, or a column of them one below the other. */
@unmanaged
export class Run {
  depth: i32;
  /** From one row of a tile to the next: in what its sums begin with (0: one row serves all), and in the results. */
  fromBytes: usize;
  cBytes: usize;
  /** From one tile to the next. */
  aStep: usize;
  bStep: usize;
  fromStep: usize;
  cStep: usize;
  /** A vector of lower bounds and one of upper bounds for the sums, or 0: they stay as they are. */
  clamp: usize;
}

/**
 * The innermost loop of every matrix product: a tile of `rows × 8` or `rows × 4` sums held in registers.
 *
 *   a     [depth][rows]     one float a row, splatted
 *   b     [depth][8 or 4]   two vectors, or one
 *   from  what the sums begin with
 *   c     the sums with `depth` more products each
 *
 * Five rows of two vectors are ten accumulators, which with two vectors of `b`, a splat and a product are the most that
 * V8 keeps in the sixteen registers of x86 without spilling. What else happens to a sum is decided here to the
 * instruction: on V8 11 and 12 bounds that are applied always halve the speed, and bounds behind a branch cost nothing
 * (docs/performance.md).
 *
 * The smaller tiles go through a run of `count` tiles by themselves: inside a loop V8 11 and 12 keep more of them in
 * registers (4×8: 51 GF instead of 44 of 57). The largest does not survive the loop (25 instead of 53).
 *
 * Every tile is an exported function. The optimiser would inline a private one into its driver, whose own variables
 * then take its registers.
 */
@inline
function multiply(run: Run, a: usize, b: usize, from: usize, c: usize, rows: i32, wide: bool): void {
  const zero = f32x4.splat(0);
  const fromBytes = run.fromBytes;
  let c00 = zero, c10 = zero, c20 = zero, c30 = zero, c40 = zero;
  let c01 = zero, c11 = zero, c21 = zero, c31 = zero, c41 = zero;
  c00 = v128.load(from); if (wide) c01 = v128.load(from, 16);
  if (rows > 1) { from += fromBytes; c10 = v128.load(from); if (wide) c11 = v128.load(from, 16); }
  if (rows > 2) { from += fromBytes; c20 = v128.load(from); if (wide) c21 = v128.load(from, 16); }
  if (rows > 3) { from += fromBytes; c30 = v128.load(from); if (wide) c31 = v128.load(from, 16); }
  if (rows > 4) { from += fromBytes; c40 = v128.load(from); if (wide) c41 = v128.load(from, 16); }
  for (let k = run.depth; k > 0; k--) {
    const b0 = v128.load(b);
    const b1 = wide ? v128.load(b, 16) : zero;
    const a0 = v128.load_splat<f32>(a);
    c00 = madd(a0, b0, c00); if (wide) c01 = madd(a0, b1, c01);
    if (rows > 1) { const a1 = v128.load_splat<f32>(a, 4); c10 = madd(a1, b0, c10); if (wide) c11 = madd(a1, b1, c11); }
    if (rows > 2) { const a2 = v128.load_splat<f32>(a, 8); c20 = madd(a2, b0, c20); if (wide) c21 = madd(a2, b1, c21); }
    if (rows > 3) { const a3 = v128.load_splat<f32>(a, 12); c30 = madd(a3, b0, c30); if (wide) c31 = madd(a3, b1, c31); }
    if (rows > 4) { const a4 = v128.load_splat<f32>(a, 16); c40 = madd(a4, b0, c40); if (wide) c41 = madd(a4, b1, c41); }
    a += rows << 2;
    b += wide ? 32 : 16;
  }
  const clamp = run.clamp;
  const cBytes = run.cBytes;
  if (clamp) {
    const lower = v128.load(clamp), upper = v128.load(clamp, 16);
    v128.store(c, clampVector(c00, lower, upper)); if (wide) v128.store(c, clampVector(c01, lower, upper), 16);
    if (rows > 1) { c += cBytes; v128.store(c, clampVector(c10, lower, upper)); if (wide) v128.store(c, clampVector(c11, lower, upper), 16); }
    if (rows > 2) { c += cBytes; v128.store(c, clampVector(c20, lower, upper)); if (wide) v128.store(c, clampVector(c21, lower, upper), 16); }
    if (rows > 3) { c += cBytes; v128.store(c, clampVector(c30, lower, upper)); if (wide) v128.store(c, clampVector(c31, lower, upper), 16); }
    if (rows > 4) { c += cBytes; v128.store(c, clampVector(c40, lower, upper)); if (wide) v128.store(c, clampVector(c41, lower, upper), 16); }
  } else {
    v128.store(c, c00); if (wide) v128.store(c, c01, 16);
    if (rows > 1) { c += cBytes; v128.store(c, c10); if (wide) v128.store(c, c11, 16); }
    if (rows > 2) { c += cBytes; v128.store(c, c20); if (wide) v128.store(c, c21, 16); }
    if (rows > 3) { c += cBytes; v128.store(c, c30); if (wide) v128.store(c, c31, 16); }
    if (rows > 4) { c += cBytes; v128.store(c, c40); if (wide) v128.store(c, c41, 16); }
  }
}

@inline
function multiplyRun(run: Run, count: i32, a: usize, b: usize, from: usize, c: usize, rows: i32, wide: bool): void {
  for (; count > 0; count--) {
    multiply(run, a, b, from, c, rows, wide);
    a += run.aStep;
    b += run.bStep;
    from += run.fromStep;
    c += run.cStep;
  }
}

export function gemm1x4(run: Run, count: i32, a: usize, b: usize, from: usize, c: usize): void { multiplyRun(run, count, a, b, from, c, 1, false); }
export function gemm2x4(run: Run, count: i32, a: usize, b: usize, from: usize, c: usize): void { multiplyRun(run, count, a, b, from, c, 2, false); }
export function gemm3x4(run: Run, count: i32, a: usize, b: usize, from: usize, c: usize): void { multiplyRun(run, count, a, b, from, c, 3, false); }
export function gemm4x4(run: Run, count: i32, a: usize, b: usize, from: usize, c: usize): void { multiplyRun(run, count, a, b, from, c, 4, false); }
export function gemm5x4(run: Run, count: i32, a: usize, b: usize, from: usize, c: usize): void { multiplyRun(run, count, a, b, from, c, 5, false); }
export function gemm1x8(run: Run, count: i32, a: usize, b: usize, from: usize, c: usize): void { multiplyRun(run, count, a, b, from, c, 1, true); }
export function gemm2x8(run: Run, count: i32, a: usize, b: usize, from: usize, c: usize): void { multiplyRun(run, count, a, b, from, c, 2, true); }
export function gemm3x8(run: Run, count: i32, a: usize, b: usize, from: usize, c: usize): void { multiplyRun(run, count, a, b, from, c, 3, true); }
export function gemm4x8(run: Run, count: i32, a: usize, b: usize, from: usize, c: usize): void { multiplyRun(run, count, a, b, from, c, 4, true); }
/** One tile, the first of a run. */
export function gemm5x8(run: Run, a: usize, b: usize, from: usize, c: usize): void { multiply(run, a, b, from, c, 5, true); }
