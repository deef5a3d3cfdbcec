import { arrangement, type PlainLayout } from './shape.ts';

/** Over the channels of each pixel. */
export function softmax(x: Float32Array, out: Float32Array, channels: number, layout: PlainLayout): void {
  const { lanes } = arrangement(layout, channels);
  const pixels = x.length / channels;
  const step = lanes === 1 ? pixels : 1;
  const exponentials = new Float64Array(channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const first = lanes === 1 ? pixel : pixel * channels;
    let most = x[first];
    for (let c = 1, at = first + step; c < channels; c++, at += step) most = Math.max(most, x[at]);
    let sum = 0;
    for (let c = 0, at = first; c < channels; c++, at += step) {
      const power = Math.exp(x[at] - most);
      exponentials[c] = power;
      sum += power;
    }
    const share = 1 / sum;
    for (let c = 0, at = first; c < channels; c++, at += step) out[at] = exponentials[c] * share;
  }
}
