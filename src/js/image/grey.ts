import { lastOf, type Params, rowsOf } from './rows.ts';

const { fround } = Math;

/** What the weights of bytes are counted in. */
const SCALE = 32768;

/**
 * red · w₀ + green · w₁ + blue · w₂ in every channel but alpha, or in the only one. Of bytes the weights are whole numbers of 2⁻¹⁵, so
 * that their sums are exact in f32. A task is `stripe` rows; they need nothing of each other.
 *
 *   taps   three weights
 */
export function imageGrey(p: Params, taskBegin: number, taskEnd: number): void {
  const { input, output } = rowsOf(p);
  const [w0, w1, w2] = p.taps;
  const last = lastOf(p, taskEnd) * p.width;
  for (let i = taskBegin * p.stripe * p.width; i < last; i++) {
    const from = i * p.channels;
    const to = i * p.outChannels;
    const alpha = input[from + 3];
    const sum = fround(fround(fround(input[from] * w0) + fround(input[from + 1] * w1)) + fround(input[from + 2] * w2));
    const value = p.elementBytes === 1 ? Math.max(Math.min(fround(fround(sum + SCALE / 2) / SCALE), 255), 0) : sum;
    for (let c = 0; c < p.outChannels; c++) output[to + c] = c === 3 ? alpha : value;
  }
}
