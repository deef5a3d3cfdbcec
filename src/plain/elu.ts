/** `Math.expm1` takes as long as `Math.exp`, and is accurate near 0 too. */
export function elu(x: Float32Array, out: Float32Array, alpha = 1): void {
  for (let i = 0; i < x.length; i++) out[i] = x[i] < 0 ? alpha * Math.expm1(x[i]) : x[i];
}
