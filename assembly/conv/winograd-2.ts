/**
 * Winograd's F(2×2, 3×3), one dimension at a time: points 0, ±1, ∞ (Lavin & Gray 2015). Four of input give two of output.
 * The filter's transform is in winograd-filter.ts, the order of operations in docs/numerics.md.
 */

/** Four vectors of input to four points, `step` bytes apart. */
@inline
export function inputPoints2(d0: v128, d1: v128, d2: v128, d3: v128, to: usize, step: usize): void {
  v128.store(to, f32x4.sub(d0, d2));
  v128.store(to + step, f32x4.add(d2, d1));
  v128.store(to + 2 * step, f32x4.sub(d2, d1));
  v128.store(to + 3 * step, f32x4.sub(d3, d1));
}

/** Four points to two vectors of output, `step` bytes apart. */
@inline
export function outputPoints2(m0: v128, m1: v128, m2: v128, m3: v128, to: usize, step: usize): void {
  v128.store(to, f32x4.add(m0, f32x4.add(m1, m2)));
  v128.store(to + step, f32x4.add(f32x4.sub(m1, m2), m3));
}
