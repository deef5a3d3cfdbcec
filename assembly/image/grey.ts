import { ImageParams } from '../generated/abi';

/** Bits behind the point of the weights of bytes. */
const GREY_BITS: i32 = 15;

/**
 * red · w₀ + green · w₁ + blue · w₂ in every channel but alpha, or in the only one. A task is `stripe` rows; they need nothing of
 * each other.
 *
 *   taps   three weights: whole numbers of 2⁻¹⁵ for bytes, floats for floats
 */
export function imageGrey(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const first = taskBegin * p.stripe * p.width;
  const channels = p.outChannels;
  const toBytes = channels * p.elementBytes;
  const bytes = p.elementBytes == 1;
  const w0 = load<i32>(p.taps), w1 = load<i32>(p.taps, 4), w2 = load<i32>(p.taps, 8);
  const f0 = load<f32>(p.taps), f1 = load<f32>(p.taps, 4), f2 = load<f32>(p.taps, 8);
  let from = p.input + first * p.pixelBytes, to = p.output + first * toBytes;
  for (let count = min(taskEnd * p.stripe, p.height) * p.width - first; count > 0; count--) {
    if (bytes) {
      const sum = load<u8>(from) * w0 + load<u8>(from, 1) * w1 + load<u8>(from, 2) * w2 + (1 << (GREY_BITS - 1));
      const value = min(max(sum >> GREY_BITS, 0), 255);
      const alpha = load<u8>(from, 3);
      store<u8>(to, value);
      if (channels > 2) store<u16>(to, value * 0x101, 1);
      if (channels > 3) store<u8>(to, alpha, 3);
    } else {
      const value = load<f32>(from) * f0 + load<f32>(from, 4) * f1 + load<f32>(from, 8) * f2;
      const alpha = load<f32>(from, 12);
      store<f32>(to, value);
      if (channels > 2) {
        store<f32>(to, value, 4);
        store<f32>(to, value, 8);
      }
      if (channels > 3) store<f32>(to, alpha, 12);
    }
    from += p.pixelBytes;
    to += toBytes;
  }
}
