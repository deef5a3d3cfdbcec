import type { Tensor } from '../../src/index.ts';

export interface PoolAttributes {
  kernel: readonly [number, number];
  strides: readonly [number, number];
  dilations: readonly [number, number];
  /** top, bottom, left, right, or by rule */
  padding: readonly [number, number, number, number] | 'same' | 'same-lower' | 'valid';
  roundingType: 'floor' | 'ceil';
  countIncludePad?: boolean;
}

export interface PoolOracle {
  readonly shape: number[];
  readonly data: Float64Array;
  /** Σ|x| of each average and Σx² of each square root, over what that sum is divided by: what an error is measured by. */
  readonly magnitude: Float64Array;
}

/** [before, after] along one axis, as ONNX and WebNN define `same`. */
function padAxis(axis: 0 | 1, input: number, { kernel, strides, dilations, padding }: PoolAttributes): [number, number] {
  if (padding === 'valid') return [0, 0];
  if (typeof padding !== 'string') return [padding[2 * axis], padding[2 * axis + 1]];
  const reach = (kernel[axis] - 1) * dilations[axis] + 1;
  const total = Math.max((Math.ceil(input / strides[axis]) - 1) * strides[axis] + reach - input, 0);
  const small = Math.floor(total / 2);
  const large = Math.ceil(total / 2);
  return padding === 'same' ? [small, large] : [large, small];
}

/** Where windows begin along one axis. */
function starts(axis: 0 | 1, input: number, attributes: PoolAttributes): number[] {
  const [before, after] = padAxis(axis, input, attributes);
  const reach = (attributes.kernel[axis] - 1) * attributes.dilations[axis] + 1;
  const all: number[] = [];
  for (let start = -before; ; start += attributes.strides[axis]) {
    const fits = start + reach <= input + after;
    // Rounded up, one window more may stick out, if it begins before the padding after the input does.
    const clipped = attributes.roundingType === 'ceil' && start - attributes.strides[axis] + reach < input + after && start < input;
    if (!fits && !clipped) return all;
    all.push(start);
  }
}

/** Pooling as it is defined, in float64: NCHW. */
export function poolOracle(reduction: 'max' | 'average' | 'l2', x: Tensor, attributes: PoolAttributes): PoolOracle {
  const [n, c, h, w] = x.shape;
  const { kernel, dilations, countIncludePad } = attributes;
  const [top, bottom] = padAxis(0, h, attributes);
  const [left, right] = padAxis(1, w, attributes);
  const ys = starts(0, h, attributes);
  const xs = starts(1, w, attributes);
  const data = new Float64Array(n * c * ys.length * xs.length);
  const magnitude = new Float64Array(data.length);
  let at = 0;
  for (let plane = 0; plane < n * c; plane++)
    for (const startY of ys)
      for (const startX of xs) {
        let most = -Infinity;
        let sum = 0;
        let size = 0;
        let squares = 0;
        let cells = 0;
        for (let ky = 0; ky < kernel[0]; ky++)
          for (let kx = 0; kx < kernel[1]; kx++) {
            const y = startY + ky * dilations[0];
            const xx = startX + kx * dilations[1];
            const inside = y >= 0 && y < h && xx >= 0 && xx < w;
            const inPadding = y >= -top && y < h + bottom && xx >= -left && xx < w + right;
            if (inside || (countIncludePad && inPadding)) cells++;
            if (!inside) continue;
            const value = x.data[(plane * h + y) * w + xx];
            most = Math.max(most, value);
            sum += value;
            size += Math.abs(value);
            squares += value * value;
          }
        data[at] = reduction === 'max' ? most : reduction === 'average' ? sum / cells : Math.sqrt(squares);
        magnitude[at++] = reduction === 'average' ? size / cells : Math.sqrt(squares);
      }
  return { shape: [n, c, ys.length, xs.length], data, magnitude };
}
