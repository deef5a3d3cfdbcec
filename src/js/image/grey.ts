import { type Params, rowsOf, saturate, words } from './rows.ts';

const { fround } = Math;

/** Bits behind the point of the weights of bytes. */
const GREY_BITS = 15;

/**
 * red · w₀ + green · w₁ + blue · w₂ in every channel but alpha, or in the only one.
 *
 *   taps   three weights: whole numbers of 2⁻¹⁵ for bytes, floats for floats
 */
export function imageGrey(p: Params, taskBegin: number, taskEnd: number): void {
  const { input, output } = rowsOf(p);
  const bytes = p.elementBytes === 1;
  const [w0, w1, w2] = bytes ? words(p.taps) : p.taps;
  const first = taskBegin * p.stripe * p.width;
  const last = Math.min(taskEnd * p.stripe, p.height) * p.width;
  const colours = Math.min(p.outChannels, 3);
  for (let i = first; i < last; i++) {
    const from = i * p.channels;
    const to = i * p.outChannels;
    const [x0, x1, x2] = [input[from], input[from + 1], input[from + 2]];
    const value = bytes
      ? saturate((x0 * w0 + x1 * w1 + x2 * w2 + (1 << (GREY_BITS - 1))) >> GREY_BITS)
      : fround(fround(fround(x0 * w0) + fround(x1 * w1)) + fround(x2 * w2));
    const alpha = input[from + 3];
    for (let c = 0; c < colours; c++) output[to + c] = value;
    if (p.outChannels === 4) output[to + 3] = alpha;
  }
}
