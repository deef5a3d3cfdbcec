import { arrangement, type PlainLayout } from './shape.ts';

/** One product and one sum an element: `factors` are scale / √(variance + epsilon), `terms` bias − mean · factor. */
export function batchNorm(x: Float32Array, out: Float32Array, factors: Float64Array, terms: Float64Array, layout: PlainLayout): void {
  const { planes, lanes } = arrangement(layout, factors.length);
  const pixels = x.length / factors.length;
  if (lanes === 1)
    for (let plane = 0, i = 0; plane < planes; plane++) {
      const [factor, term] = [factors[plane], terms[plane]];
      for (const end = i + pixels; i < end; i++) out[i] = x[i] * factor + term;
    }
  else
    for (let pixel = 0, i = 0; pixel < pixels; pixel++)
      for (let lane = 0; lane < lanes; lane++, i++) out[i] = x[i] * factors[lane] + terms[lane];
}
