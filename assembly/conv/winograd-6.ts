/**
 * Winograd's F(6×6, 3×3), one dimension at a time: points 0, ±1, ±2, ±½, ∞. Eight of input give six of output. Every
 * factor but 1¼, 4¼ and 5¼ is a power of two.
 */

/** Eight vectors of input to eight points, `step` bytes apart. */
@inline
export function inputPoints6(
  d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, d6: v128, d7: v128, to: usize, step: usize,
): void {
  const edge = f32x4.splat(5.25), one = f32x4.splat(4.25), two = f32x4.splat(1.25), half = f32x4.splat(5);
  const quarter = f32x4.splat(0.25), four = f32x4.splat(4);
  v128.store(to, f32x4.add(f32x4.sub(d6, d0), f32x4.mul(f32x4.sub(d2, d4), edge)));
  v128.store(to + 7 * step, f32x4.add(f32x4.sub(d7, d1), f32x4.mul(f32x4.sub(d3, d5), edge)));
  const evenA = f32x4.sub(f32x4.add(d6, d2), f32x4.mul(d4, one)), oddA = f32x4.sub(f32x4.add(d5, d1), f32x4.mul(d3, one));
  v128.store(to + step, f32x4.add(evenA, oddA));
  v128.store(to + 2 * step, f32x4.sub(evenA, oddA));
  const evenB = f32x4.sub(f32x4.add(d6, f32x4.mul(d2, quarter)), f32x4.mul(d4, two));
  const sumB = f32x4.sub(f32x4.add(d5, f32x4.mul(d1, quarter)), f32x4.mul(d3, two)), oddB = f32x4.add(sumB, sumB);
  v128.store(to + 3 * step, f32x4.add(evenB, oddB));
  v128.store(to + 4 * step, f32x4.sub(evenB, oddB));
  const evenC = f32x4.sub(f32x4.add(d6, f32x4.mul(d2, four)), f32x4.mul(d4, half));
  const sumC = f32x4.sub(f32x4.add(d5, f32x4.mul(d1, four)), f32x4.mul(d3, half)), oddC = f32x4.mul(sumC, f32x4.splat(0.5));
  v128.store(to + 5 * step, f32x4.add(evenC, oddC));
  v128.store(to + 6 * step, f32x4.sub(evenC, oddC));
}

/** Eight points to six vectors of output, `step` bytes apart. */
@inline
export function outputPoints6(
  m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, m6: v128, m7: v128, to: usize, step: usize,
): void {
  const evenA = f32x4.add(m1, m2), evenB = f32x4.add(m3, m4), evenC = f32x4.add(m5, m6);
  v128.store(to, f32x4.add(f32x4.add(m0, evenA), f32x4.add(evenB, evenC)));
  v128.store(to + 2 * step, f32x4.add(evenA, f32x4.add(f32x4.mul(evenB, f32x4.splat(4)), f32x4.mul(evenC, f32x4.splat(0.25)))));
  v128.store(to + 4 * step, f32x4.add(evenA, f32x4.add(f32x4.mul(evenB, f32x4.splat(16)), f32x4.mul(evenC, f32x4.splat(0.0625)))));
  const oddA = f32x4.sub(m1, m2), oddB = f32x4.sub(m3, m4), oddC = f32x4.sub(m5, m6);
  v128.store(to + step, f32x4.add(oddA, f32x4.add(f32x4.add(oddB, oddB), f32x4.mul(oddC, f32x4.splat(0.5)))));
  v128.store(to + 3 * step, f32x4.add(oddA, f32x4.add(f32x4.mul(oddB, f32x4.splat(8)), f32x4.mul(oddC, f32x4.splat(0.125)))));
  v128.store(
    to + 5 * step,
    f32x4.add(f32x4.add(oddA, f32x4.add(f32x4.mul(oddB, f32x4.splat(32)), f32x4.mul(oddC, f32x4.splat(0.03125)))), m7),
  );
}
