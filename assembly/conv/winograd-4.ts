/**
 * Winograd's F(4×4, 3×3), one dimension at a time: points 0, ±√½, ±√2, ∞. Six of input give four of output. With these
 * points the error is half that of the usual 0, ±1, ±2 (docs/numerics.md), for one multiplication more a pair.
 */
const HALF_ROOT: f32 = 0.7071067811865476;
const ROOT: f32 = 1.4142135623730951;

/** Six vectors of input to six points, `step` bytes apart. */
@inline
export function inputPoints4(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize): void {
  const ratio = f32x4.splat(2.5), half = f32x4.splat(0.5), halfRoot = f32x4.splat(HALF_ROOT), root = f32x4.splat(ROOT);
  v128.store(to, f32x4.sub(f32x4.add(d4, d0), f32x4.mul(d2, ratio)));
  v128.store(to + 5 * step, f32x4.sub(f32x4.add(d5, d1), f32x4.mul(d3, ratio)));
  const evenA = f32x4.sub(d4, f32x4.add(d2, d2));
  const oddA = f32x4.mul(f32x4.sub(d3, f32x4.add(d1, d1)), halfRoot);
  v128.store(to + step, f32x4.add(evenA, oddA));
  v128.store(to + 2 * step, f32x4.sub(evenA, oddA));
  const evenB = f32x4.sub(d4, f32x4.mul(d2, half));
  const oddB = f32x4.mul(f32x4.sub(d3, f32x4.mul(d1, half)), root);
  v128.store(to + 3 * step, f32x4.add(evenB, oddB));
  v128.store(to + 4 * step, f32x4.sub(evenB, oddB));
}

/** Six points to four vectors of output, `step` bytes apart. */
@inline
export function outputPoints4(m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, to: usize, step: usize): void {
  const half = f32x4.splat(0.5);
  const evenA = f32x4.add(m1, m2), evenB = f32x4.add(m3, m4);
  v128.store(to, f32x4.add(f32x4.add(m0, evenA), evenB));
  v128.store(to + 2 * step, f32x4.add(f32x4.mul(evenA, half), f32x4.add(evenB, evenB)));
  const oddA = f32x4.mul(f32x4.sub(m1, m2), f32x4.splat(HALF_ROOT)), oddB = f32x4.mul(f32x4.sub(m3, m4), f32x4.splat(ROOT));
  v128.store(to + step, f32x4.add(oddA, oddB));
  v128.store(to + 3 * step, f32x4.add(f32x4.add(f32x4.mul(oddA, half), f32x4.add(oddB, oddB)), m5));
}
