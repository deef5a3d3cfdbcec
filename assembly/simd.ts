/**
 * The vector vocabulary: what kernels say instead of raw instructions wherever the instruction depends on
 * the variant, or where the obvious instruction is a slow one.
 */

/** Whether this variant may fuse a multiplication with an addition. */
export const RELAXED: i32 = ASC_FEATURE_RELAXED_SIMD;

/** `a * b + c`. Two roundings, or one where the variant may fuse. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Four times the float at `pointer`. */
@inline
export function loadSplat(pointer: usize): v128 {
  return v128.load_splat<f32>(pointer);
}

/**
 * `x` held between the bounds. A NaN stays a NaN and −0 stays −0 for a bound of 0, because the pseudo-minimum and
 * -maximum return their first operand when the comparison fails. They are one instruction on x86 where
 * `f32x4.min` and `max` are six to eight.
 */
@inline
export function clampVector(x: v128, lower: v128, upper: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, lower), upper);
}

/** `x < 0 ? alpha * x : x`. */
@inline
export function leakyVector(x: v128, alpha: v128): v128 {
  return v128.bitselect(f32x4.mul(x, alpha), x, f32x4.lt(x, f32x4.splat(0)));
}

/**
 * `x` where it is greater than `most` or a NaN: a NaN on either side stays, and of two zeros the first. The
 * pseudo-maximum alone would drop a NaN in `x`.
 */
@inline
export function maxVector(most: v128, x: v128): v128 {
  return v128.or(f32x4.pmax(most, x), f32x4.ne(x, x));
}

/**
 * The same for an `alpha` that `isLeakyMax`: it is then the larger of `x` and `alpha * x`, and one instruction chooses where
 * compare and select are four. `x` comes through when it is NaN, and when the two are equal.
 */
@inline
export function leakyMaxVector(x: v128, alpha: v128): v128 {
  return f32x4.pmax(x, f32x4.mul(x, alpha));
}

/** Not above 1, where the smaller is wanted; not 0, whose product with −∞ is a NaN that must win; nor NaN itself. */
@inline
export function isLeakyMax(alpha: f32): bool {
  return alpha <= 1 && alpha != 0;
}

/** `x > alpha ? x : 0`, and NaN for NaN. */
@inline
export function thresholdVector(x: v128, alpha: v128): v128 {
  return v128.andnot(x, f32x4.le(x, alpha));
}

/** The first `count` (1, 2 or 3) lanes of `x`; nothing behind them is touched. */
@inline
export function storeTail(pointer: usize, x: v128, count: i32): void {
  if (count & 2) {
    v128.store_lane<u64>(pointer, x, 0);
    if (count & 1) v128.store_lane<f32>(pointer, x, 2, 8);
  } else {
    v128.store_lane<f32>(pointer, x, 0);
  }
}

function storeLast(pointer: usize, x: v128, count: i32): void {
  storeTail(pointer, x, count);
}

/** The lanes of `x` that are among the `left` floats from `pointer` on. The last of a loop is not worth its bytes in each. */
@inline
export function storeUpTo(pointer: usize, x: v128, left: i32): void {
  if (left >= 4) v128.store(pointer, x);
  else storeLast(pointer, x, left);
}

/** The same of sixteen lanes: of four vectors at a time, one is computed while another waits for its division. */
@inline
export function storeUpTo4(pointer: usize, x0: v128, x1: v128, x2: v128, x3: v128, left: i32): void {
  if (left >= 16) {
    v128.store(pointer, x0);
    v128.store(pointer, x1, 16);
    v128.store(pointer, x2, 32);
    v128.store(pointer, x3, 48);
  } else {
    storeLast4(pointer, x0, x1, x2, x3, left);
  }
}

function storeLast4(pointer: usize, x0: v128, x1: v128, x2: v128, x3: v128, left: i32): void {
  for (; left > 0; left -= 4) {
    storeUpTo(pointer, x0, left);
    pointer += 16;
    x0 = x1;
    x1 = x2;
    x2 = x3;
  }
}

/** `count` (1, 2 or 3) lanes from `pointer`, the rest 0; nothing behind them is read. */
@inline
export function loadTail(pointer: usize, count: i32): v128 {
  if (count & 2) {
    const pair = v128.load_zero<u64>(pointer);
    return count & 1 ? v128.load_lane<f32>(pointer, pair, 2, 8) : pair;
  }
  return v128.load_zero<f32>(pointer);
}

/** `count` floats, few of them: `memory.copy` is a call out of WebAssembly on V8. */
@inline
export function copyFloats(to: usize, from: usize, count: i32): void {
  for (; count >= 16; count -= 16) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
    to += 64;
    from += 64;
  }
  for (; count >= 4; count -= 4) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  if (count > 0) storeTail(to, v128.load(from), count);
}

export function fillFloats(to: usize, value: f32, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(to, f32x4.splat(value));
    to += 16;
  }
  if (count > 0) storeTail(to, f32x4.splat(value), count);
}
