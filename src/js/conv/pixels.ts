const { fround } = Math;

/**
 * The innermost loop of direct convolution over channels (NHWC): one output pixel, four channels at a time.
 *
 *   channels  of a pixel
 *   x         input of the pixel
 *   offsets   [taps]: where a tap's input begins, from the pixel's
 *   weights   [vector of channels][taps][4]
 *   bias      what the sums begin with, `biasStride` (4 or 0) from one vector of channels to the next
 *   y         the pixel
 */
export function convPixel(
  channels: number, taps: number, x: Float32Array, xAt: number, offsets: Int32Array, weights: Float32Array, weightsAt: number,
  bias: Float32Array, biasAt: number, biasStride: number, y: Float32Array, yAt: number,
): void {
  for (let channel = 0; channel < channels; channel += 4) {
    let c0 = bias[biasAt], c1 = bias[biasAt + 1], c2 = bias[biasAt + 2], c3 = bias[biasAt + 3];
    for (let tap = 0; tap < taps; tap++) {
      const at = xAt + channel + offsets[tap];
      c0 = fround(c0 + fround(x[at] * weights[weightsAt]));
      c1 = fround(c1 + fround(x[at + 1] * weights[weightsAt + 1]));
      c2 = fround(c2 + fround(x[at + 2] * weights[weightsAt + 2]));
      c3 = fround(c3 + fround(x[at + 3] * weights[weightsAt + 3]));
      weightsAt += 4;
    }
    const count = channels - channel;
    y[yAt + channel] = c0;
    if (count > 1) y[yAt + channel + 1] = c1;
    if (count > 2) y[yAt + channel + 2] = c2;
    if (count > 3) y[yAt + channel + 3] = c3;
    biasAt += biasStride;
  }
}
