import { ImageParams } from '../params';

/** Bits behind the point of the weights of bytes. */
const GREY_BITS: i32 = 15;

/**
 * red · w₀ + green · w₁ + blue · w₂ in every channel but alpha, or in the only one.
 *
 *   taps   three weights: whole numbers of 2⁻¹⁵ for bytes, floats for floats
 */
@inline
function grey(p: ImageParams, from: usize, to: usize, count: i32, bytes: bool): void {
  const channels = p.channels, colours = min(p.outChannels, 3);
  const elementBytes = bytes ? 1 : 4;
  const w0 = load<i32>(p.taps), w1 = load<i32>(p.taps, 4), w2 = load<i32>(p.taps, 8);
  const f0 = load<f32>(p.taps), f1 = load<f32>(p.taps, 4), f2 = load<f32>(p.taps, 8);
  for (; count > 0; count--) {
    const alpha = bytes ? load<u8>(from, 3) : load<u32>(from, 12);
    if (bytes) {
      const sum = load<u8>(from) * w0 + load<u8>(from, 1) * w1 + load<u8>(from, 2) * w2 + (1 << (GREY_BITS - 1));
      const value = min(max(sum >> GREY_BITS, 0), 255);
      for (let i = 0; i < colours; i++) store<u8>(to + i, value);
      if (p.outChannels == 4) store<u8>(to, alpha, 3);
    } else {
      const value = load<f32>(from) * f0 + load<f32>(from, 4) * f1 + load<f32>(from, 8) * f2;
      for (let i = 0; i < colours; i++) store<f32>(to + (i << 2), value);
      if (p.outChannels == 4) store<u32>(to, alpha, 12);
    }
    from += channels * elementBytes;
    to += p.outChannels * elementBytes;
  }
}

/** A task is `stripe` rows; they need nothing of each other. */
export function imageGrey(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const first = taskBegin * p.stripe * p.width;
  const count = min(taskEnd * p.stripe, p.height) * p.width - first;
  const from = p.input + first * p.channels * p.elementBytes;
  const to = p.output + first * p.outChannels * p.elementBytes;
  if (p.elementBytes == 1) grey(p, from, to, count, true);
  else grey(p, from, to, count, false);
}
