import type { Tensor } from '../../src/index.ts';

export interface ConvAttributes {
  strides: [number, number];
  dilations: [number, number];
  /** top, bottom, left, right */
  padding: [number, number, number, number];
  groups: number;
  bias?: Tensor;
  mean?: boolean;
}

export interface Oracle {
  readonly shape: number[];
  readonly data: Float64Array;
  /** Σ|x·w| + |bias| of each element: what an error is measured by. */
  readonly magnitude: Float64Array;
}

/** Convolution as it is defined, in float64: NCHW input, OIHW filter. Padding is zeros that are multiplied like any input. */
export function convOracle(x: Tensor, filter: Tensor, { strides, dilations, padding, groups, bias, mean }: ConvAttributes): Oracle {
  const [n, c, h, w] = x.shape;
  const [o, i, kh, kw] = filter.shape;
  const outHeight = Math.floor((h + padding[0] + padding[1] - dilations[0] * (kh - 1) - 1) / strides[0]) + 1;
  const outWidth = Math.floor((w + padding[2] + padding[3] - dilations[1] * (kw - 1) - 1) / strides[1]) + 1;
  const data = new Float64Array(n * o * outHeight * outWidth);
  const magnitude = new Float64Array(data.length);
  let at = 0;
  for (let b = 0; b < n; b++)
    for (let k = 0; k < o; k++)
      for (let oy = 0; oy < outHeight; oy++)
        for (let ox = 0; ox < outWidth; ox++) {
          let sum = 0;
          let size = 0;
          for (let ky = 0; ky < kh; ky++)
            for (let kx = 0; kx < kw; kx++)
              for (let ci = 0; ci < i; ci++) {
                const y = oy * strides[0] - padding[0] + ky * dilations[0];
                const xx = ox * strides[1] - padding[2] + kx * dilations[1];
                const channel = Math.floor(k / (o / groups)) * i + ci;
                const inside = y >= 0 && y < h && xx >= 0 && xx < w;
                const value = inside ? x.data[((b * c + channel) * h + y) * w + xx] : 0;
                const product = value * filter.data[((k * i + ci) * kh + ky) * kw + kx];
                sum += product;
                size += Math.abs(product);
              }
          const divisor = mean ? i * kh * kw : 1;
          const offset = bias ? bias.data[k] : 0;
          data[at] = sum / divisor + offset;
          magnitude[at++] = size / divisor + Math.abs(offset);
        }
  return { shape: [n, o, outHeight, outWidth], data, magnitude };
}
