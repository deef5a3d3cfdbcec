import { floatsOf, lastOf, type Params, rowsOf, saturate } from './rows.ts';

const { fround } = Math;

/** Bits behind the point of the weights of bytes. */
const GREY_BITS = 15;

/**
 * red · w₀ + green · w₁ + blue · w₂ in every channel but alpha, or in the only one. A task is `stripe` rows; they need nothing of
 * each other.
 *
 *   taps   three weights: whole numbers of 2⁻¹⁵ for bytes, floats for floats
 */
export function imageGrey(p: Params, taskBegin: number, taskEnd: number): void {
  const { input, output } = rowsOf(p);
  const bytes = p.elementBytes === 1;
  const [w0, w1, w2] = bytes ? p.taps : floatsOf(p.taps);
  const last = lastOf(p, taskEnd) * p.width;
  for (let i = taskBegin * p.stripe * p.width; i < last; i++) {
    const from = i * p.channels;
    const to = i * p.outChannels;
    const [red, green, blue, alpha] = [input[from], input[from + 1], input[from + 2], input[from + 3]];
    const value = bytes
      ? saturate((red * w0 + green * w1 + blue * w2 + (1 << (GREY_BITS - 1))) >> GREY_BITS)
      : fround(fround(fround(red * w0) + fround(green * w1)) + fround(blue * w2));
    for (let c = 0; c < p.outChannels; c++) output[to + c] = c === 3 ? alpha : value;
  }
}
