import type { FusedActivation, Padding, Tensor } from '../../src/index.ts';

type Pair = readonly [number, number];

export interface ConvAttributes {
  strides: Pair;
  dilations: Pair;
  /** top, bottom, left, right */
  padding: readonly [number, number, number, number];
  groups: number;
  bias?: Tensor;
  mean?: boolean;
  activation?: FusedActivation;
}

export interface Oracle {
  readonly shape: number[];
  readonly data: Float64Array;
  /** (Σ|x·w| + |bias|) of each element, times the steepest slope of the activation: what an error is measured by. */
  readonly magnitude: Float64Array;
  /** The steepest slope of the activation, at least 1. */
  readonly slope: number;
}

/** Every form of padding as [top, bottom, left, right]. 'same' makes `ceil(in / stride)` outputs; what is odd goes after, or for 'same-lower' before. */
export function explicitPadding(
  padding: Padding,
  input: Pair,
  kernel: Pair,
  strides: Pair,
  dilations: Pair,
): [number, number, number, number] {
  if (padding === 'valid') return [0, 0, 0, 0];
  if (typeof padding === 'number') return [padding, padding, padding, padding];
  if (typeof padding !== 'string') return padding.length === 4 ? [...padding] : [padding[0], padding[0], padding[1], padding[1]];
  const sides = [0, 1].flatMap((axis) => {
    const outputs = Math.ceil(input[axis] / strides[axis]);
    const needed = (outputs - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1;
    const total = Math.max(needed - input[axis], 0);
    const pair = [Math.floor(total / 2), Math.ceil(total / 2)];
    return padding === 'same' ? pair : pair.reverse();
  });
  return sides as [number, number, number, number];
}

function activate(activation: FusedActivation | undefined): { apply: (x: number) => number; slope: number } {
  const name = typeof activation === 'string' ? activation : activation?.type;
  const options = (typeof activation === 'object' ? activation : {}) as { minValue?: number; maxValue?: number; alpha?: number };
  const between = (low: number, high: number) => (x: number) => (x < low ? low : x > high ? high : x);
  if (name === 'relu') return { apply: between(0, Infinity), slope: 1 };
  if (name === 'relu6') return { apply: between(0, 6), slope: 1 };
  if (name === 'clamp') return { apply: between(options.minValue ?? -Infinity, options.maxValue ?? Infinity), slope: 1 };
  const alpha = Math.fround(options.alpha ?? 0.01);
  if (name === 'leakyRelu') return { apply: (x) => (x < 0 ? alpha * x : x), slope: Math.max(1, Math.abs(alpha)) };
  return { apply: (x) => x, slope: 1 };
}

/** Convolution as it is defined, in float64: NCHW input, OIHW filter. Padding is zeros that are multiplied like any input. */
export function convOracle(
  x: Tensor,
  filter: Tensor,
  { strides, dilations, padding, groups, bias, mean, activation }: ConvAttributes,
): Oracle {
  const [n, c, h, w] = x.shape;
  const [o, i, kh, kw] = filter.shape;
  const outHeight = Math.floor((h + padding[0] + padding[1] - dilations[0] * (kh - 1) - 1) / strides[0]) + 1;
  const outWidth = Math.floor((w + padding[2] + padding[3] - dilations[1] * (kw - 1) - 1) / strides[1]) + 1;
  const { apply, slope } = activate(activation);
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
          data[at] = apply(sum / divisor + offset);
          magnitude[at++] = slope * (size / divisor + Math.abs(offset));
        }
  return { shape: [n, o, outHeight, outWidth], data, magnitude, slope };
}
