const { fround } = Math;

/** Winograd's F(6×6, 3×3), one dimension at a time: points 0, ±1, ±2, ±½, ∞. Floats `fromStep` apart to floats `toStep` apart. */
export function inputPoints6(from: Float32Array, at: number, fromStep: number, to: Float32Array, toAt: number, toStep: number): void {
  const d0 = from[at], d1 = from[at + fromStep], d2 = from[at + 2 * fromStep], d3 = from[at + 3 * fromStep];
  const d4 = from[at + 4 * fromStep], d5 = from[at + 5 * fromStep], d6 = from[at + 6 * fromStep], d7 = from[at + 7 * fromStep];
  to[toAt] = fround(d6 - d0) + fround(fround(d2 - d4) * 5.25);
  to[toAt + 7 * toStep] = fround(d7 - d1) + fround(fround(d3 - d5) * 5.25);
  const evenA = fround(fround(d6 + d2) - fround(d4 * 4.25)), oddA = fround(fround(d5 + d1) - fround(d3 * 4.25));
  to[toAt + toStep] = evenA + oddA;
  to[toAt + 2 * toStep] = evenA - oddA;
  const evenB = fround(fround(d6 + fround(d2 * 0.25)) - fround(d4 * 1.25));
  const sumB = fround(fround(d5 + fround(d1 * 0.25)) - fround(d3 * 1.25)), oddB = fround(sumB + sumB);
  to[toAt + 3 * toStep] = evenB + oddB;
  to[toAt + 4 * toStep] = evenB - oddB;
  const evenC = fround(fround(d6 + fround(d2 * 4)) - fround(d4 * 5));
  const sumC = fround(fround(d5 + fround(d1 * 4)) - fround(d3 * 5)), oddC = fround(sumC * 0.5);
  to[toAt + 5 * toStep] = evenC + oddC;
  to[toAt + 6 * toStep] = evenC - oddC;
}

export function outputPoints6(from: Float32Array, at: number, fromStep: number, to: Float32Array, toAt: number, toStep: number): void {
  const m0 = from[at], m1 = from[at + fromStep], m2 = from[at + 2 * fromStep], m3 = from[at + 3 * fromStep];
  const m4 = from[at + 4 * fromStep], m5 = from[at + 5 * fromStep], m6 = from[at + 6 * fromStep], m7 = from[at + 7 * fromStep];
  const evenA = fround(m1 + m2), evenB = fround(m3 + m4), evenC = fround(m5 + m6);
  to[toAt] = fround(m0 + evenA) + fround(evenB + evenC);
  to[toAt + 2 * toStep] = evenA + fround(fround(evenB * 4) + fround(evenC * 0.25));
  to[toAt + 4 * toStep] = evenA + fround(fround(evenB * 16) + fround(evenC * 0.0625));
  const oddA = fround(m1 - m2), oddB = fround(m3 - m4), oddC = fround(m5 - m6);
  to[toAt + toStep] = oddA + fround(fround(oddB + oddB) + fround(oddC * 0.5));
  to[toAt + 3 * toStep] = oddA + fround(fround(oddB * 8) + fround(oddC * 0.125));
  to[toAt + 5 * toStep] = fround(oddA + fround(fround(oddB * 32) + fround(oddC * 0.03125))) + m7;
}
