import { maxVector } from '../simd';

/** What a window is reduced to. Everything here takes it as a constant, so that only one branch is left. */
export namespace Reduction {
  export const Max: i32 = 0;
  export const Average: i32 = 1;
}

/** What padding holds: nothing that the reduction would notice. */
@inline
export function identity(reduction: i32): f32 {
  return reduction == Reduction.Max ? <f32>-Infinity : 0;
}

/** The first tap of a column. A sum begins with +0, and so is never −0. */
@inline
export function firstTap(x: v128, reduction: i32): v128 {
  if (reduction == Reduction.Average) return f32x4.add(f32x4.splat(0), x);
  return x;
}

/** One more tap of a column. */
@inline
export function addTap(column: v128, x: v128, reduction: i32): v128 {
  if (reduction == Reduction.Average) return f32x4.add(column, x);
  return maxVector(column, x);
}

/** One more column of a window. */
@inline
export function addColumn(window: v128, column: v128, reduction: i32): v128 {
  return reduction == Reduction.Max ? maxVector(window, column) : f32x4.add(window, column);
}

/** A whole window's result. Only an average looks at the number of its cells. */
@inline
export function finish(window: v128, cells: v128, reduction: i32): v128 {
  if (reduction == Reduction.Average) return f32x4.div(window, cells);
  return window;
}
