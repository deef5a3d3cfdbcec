/** Half the sum of both slopes times x, and half their difference times |x|: no branch, which random signs make slow. Finite x only. */
export function leakyRelu(x: Float32Array, out: Float32Array, alpha: number): void {
  const [even, odd] = [(1 - alpha) / 2, (1 + alpha) / 2];
  for (let i = 0; i < x.length; i++) out[i] = odd * x[i] + even * Math.abs(x[i]);
}
