/** x Φ(x), with the error function of Abramowitz and Stegun, 7.1.26, which is within 1.5 · 10⁻⁷. */
export function gelu(x: Float32Array, out: Float32Array): void {
  for (let i = 0; i < x.length; i++) {
    const z = Math.abs(x[i]) * Math.SQRT1_2;
    const t = 1 / (1 + 0.3275911 * z);
    const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    const tail = 0.5 * series * Math.exp(-z * z);
    out[i] = x[i] * (x[i] < 0 ? tail : 1 - tail);
  }
}
