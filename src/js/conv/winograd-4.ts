const { fround } = Math;

/**
 * Winograd's F(4×4, 3×3), one dimension at a time: points 0, ±√½, ±√2, ∞. Floats `fromStep` apart to floats `toStep` apart.
 */
const HALF_ROOT = fround(Math.SQRT1_2);
const ROOT = fround(Math.SQRT2);

export function inputPoints4(from: Float32Array, at: number, fromStep: number, to: Float32Array, toAt: number, toStep: number): void {
  const d0 = from[at], d1 = from[at + fromStep], d2 = from[at + 2 * fromStep];
  const d3 = from[at + 3 * fromStep], d4 = from[at + 4 * fromStep], d5 = from[at + 5 * fromStep];
  to[toAt] = fround(d4 + d0) - fround(d2 * 2.5);
  to[toAt + 5 * toStep] = fround(d5 + d1) - fround(d3 * 2.5);
  const evenA = fround(d4 - fround(d2 + d2));
  const oddA = fround(fround(d3 - fround(d1 + d1)) * HALF_ROOT);
  to[toAt + toStep] = evenA + oddA;
  to[toAt + 2 * toStep] = evenA - oddA;
  const evenB = fround(d4 - fround(d2 * 0.5));
  const oddB = fround(fround(d3 - fround(d1 * 0.5)) * ROOT);
  to[toAt + 3 * toStep] = evenB + oddB;
  to[toAt + 4 * toStep] = evenB - oddB;
}

export function outputPoints4(from: Float32Array, at: number, fromStep: number, to: Float32Array, toAt: number, toStep: number): void {
  const m0 = from[at], m1 = from[at + fromStep], m2 = from[at + 2 * fromStep];
  const m3 = from[at + 3 * fromStep], m4 = from[at + 4 * fromStep], m5 = from[at + 5 * fromStep];
  const evenA = fround(m1 + m2), evenB = fround(m3 + m4);
  to[toAt] = fround(m0 + evenA) + evenB;
  to[toAt + 2 * toStep] = fround(evenA * 0.5) + fround(evenB + evenB);
  const oddA = fround(fround(m1 - m2) * HALF_ROOT), oddB = fround(fround(m3 - m4) * ROOT);
  to[toAt + toStep] = oddA + oddB;
  to[toAt + 3 * toStep] = fround(fround(oddA * 0.5) + fround(oddB + oddB)) + m5;
}
