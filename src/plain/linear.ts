/** x Wᵀ + bias: rows of `inputs` numbers, `weights` [outputs, inputs]. Four outputs at a time, which share what they read of x. */
export function linear(x: Float32Array, out: Float32Array, weights: Float32Array, bias: Float32Array, inputs: number): void {
  const outputs = bias.length;
  for (let row = 0, to = 0; row < x.length; row += inputs) {
    let o = 0;
    for (; o + 4 <= outputs; o += 4, to += 4) {
      let [w0, s0, s1, s2, s3] = [o * inputs, bias[o], bias[o + 1], bias[o + 2], bias[o + 3]];
      let [w1, w2, w3] = [w0 + inputs, w0 + 2 * inputs, w0 + 3 * inputs];
      for (let i = row; i < row + inputs; i++) {
        const value = x[i];
        s0 += value * weights[w0++];
        s1 += value * weights[w1++];
        s2 += value * weights[w2++];
        s3 += value * weights[w3++];
      }
      out[to] = s0;
      out[to + 1] = s1;
      out[to + 2] = s2;
      out[to + 3] = s3;
    }
    for (; o < outputs; o++, to++) {
      let sum = bias[o];
      for (let i = 0, at = o * inputs; i < inputs; i++, at++) sum += x[row + i] * weights[at];
      out[to] = sum;
    }
  }
}
