import { arrangement, type PlainLayout } from './shape.ts';

/** A slope for each channel, without a branch, as the leaky ReLU. */
export function prelu(x: Float32Array, out: Float32Array, slopes: Float32Array, layout: PlainLayout): void {
  const { planes, lanes } = arrangement(layout, slopes.length);
  const even = Float64Array.from(slopes, (slope) => (1 - slope) / 2);
  const odd = Float64Array.from(slopes, (slope) => (1 + slope) / 2);
  const pixels = x.length / slopes.length;
  if (lanes === 1)
    for (let plane = 0, i = 0; plane < planes; plane++) {
      const [p, q] = [odd[plane], even[plane]];
      for (const end = i + pixels; i < end; i++) out[i] = p * x[i] + q * Math.abs(x[i]);
    }
  else
    for (let pixel = 0, i = 0; pixel < pixels; pixel++)
      for (let lane = 0; lane < lanes; lane++, i++) out[i] = odd[lane] * x[i] + even[lane] * Math.abs(x[i]);
}
