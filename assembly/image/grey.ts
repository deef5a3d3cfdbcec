import { ImageParams } from '../params';

/** What the weights of bytes are counted in. */
const SCALE: f32 = 32768;

/** A byte or a float. */
@inline
function element(at: usize, bytes: bool): f32 {
  return bytes ? <f32>load<u8>(at) : load<f32>(at);
}

/**
 * red · w₀ + green · w₁ + blue · w₂ in every channel but alpha, or in the only one. Of bytes the weights are whole numbers of 2⁻¹⁵, so
 * that their sums are exact in f32. A task is `stripe` rows; they need nothing of each other.
 *
 *   taps   three weights
 */
export function imageGrey(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const bytes = p.elementBytes == 1;
  const size: usize = p.elementBytes;
  const first = taskBegin * p.stripe * p.width;
  const toBytes = p.outChannels * p.elementBytes;
  const w0 = load<f32>(p.taps), w1 = load<f32>(p.taps, 4), w2 = load<f32>(p.taps, 8);
  let from = p.input + first * p.pixelBytes, to = p.output + first * toBytes;
  for (let count = min(taskEnd * p.stripe, p.height) * p.width - first; count > 0; count--) {
    const sum = element(from, bytes) * w0 + element(from + size, bytes) * w1 + element(from + 2 * size, bytes) * w2;
    const alpha = element(from + 3 * size, bytes);
    const byte = <u8>max<f32>(min<f32>((sum + SCALE / 2) / SCALE, 255), 0);
    for (let i = 0; i < toBytes; i += p.elementBytes) {
      const last = i == 3 * <i32>size;
      if (bytes) store<u8>(to + i, last ? <u8>alpha : byte);
      else store<f32>(to + i, last ? alpha : sum);
    }
    from += p.pixelBytes;
    to += toBytes;
  }
}
