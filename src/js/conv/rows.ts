const { fround } = Math;

/**
 * The innermost loop of direct convolution in planes (NCHW): one output row of one channel, four pixels at a time.
 *
 *   taps     how many products a sum has
 *   x        input of the row's first pixel
 *   offsets  [taps]: where a tap's input begins, from the pixel's
 *   weights  [taps]
 *   begin    what the sums begin with
 *   y        the row
 */
export function convRow(
  taps: number, x: Float32Array, xAt: number, offsets: Int32Array, weights: Float32Array, weightsAt: number, begin: number,
  y: Float32Array, yAt: number, columns: number,
): void {
  let column = 0;
  for (; column + 4 <= columns; column += 4) {
    let c0 = begin, c1 = begin, c2 = begin, c3 = begin;
    for (let tap = 0; tap < taps; tap++) {
      const at = xAt + column + offsets[tap];
      const w = weights[weightsAt + tap];
      c0 = fround(c0 + fround(x[at] * w));
      c1 = fround(c1 + fround(x[at + 1] * w));
      c2 = fround(c2 + fround(x[at + 2] * w));
      c3 = fround(c3 + fround(x[at + 3] * w));
    }
    y[yAt + column] = c0;
    y[yAt + column + 1] = c1;
    y[yAt + column + 2] = c2;
    y[yAt + column + 3] = c3;
  }
  for (; column < columns; column++) {
    let c0 = begin;
    for (let tap = 0; tap < taps; tap++) c0 = fround(c0 + fround(x[xAt + column + offsets[tap]] * weights[weightsAt + tap]));
    y[yAt + column] = c0;
  }
}
