const { fround } = Math;

/** Winograd's F(2×2, 3×3), one dimension at a time: points 0, ±1, ∞. Floats `fromStep` apart to floats `toStep` apart. */
export function inputPoints2(from: Float32Array, at: number, fromStep: number, to: Float32Array, toAt: number, toStep: number): void {
  const d0 = from[at], d1 = from[at + fromStep], d2 = from[at + 2 * fromStep], d3 = from[at + 3 * fromStep];
  to[toAt] = d0 - d2;
  to[toAt + toStep] = d2 + d1;
  to[toAt + 2 * toStep] = d2 - d1;
  to[toAt + 3 * toStep] = d3 - d1;
}

export function outputPoints2(from: Float32Array, at: number, fromStep: number, to: Float32Array, toAt: number, toStep: number): void {
  const m0 = from[at], m1 = from[at + fromStep], m2 = from[at + 2 * fromStep], m3 = from[at + 3 * fromStep];
  to[toAt] = m0 + fround(m1 + m2);
  to[toAt + toStep] = fround(m1 - m2) + m3;
}
