import type { Tensor } from '../../src/index.ts';

/** How ONNX's Resize finds the weights of the cells of one axis, in float64: by a kernel of the distance to each. */
export interface Axis {
  readonly length: number;
  readonly outLength: number;
  readonly scale: number;
}

export interface Interpolation {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly coordinateTransformation: string;
  readonly nearestMode: string;
  readonly cubicCoefficient: number;
  readonly excludeOutside: boolean;
}

function original(i: number, { length, outLength, scale }: Axis, transformation: string): number {
  if (transformation === 'asymmetric') return i / scale;
  if (transformation === 'tfHalfPixelForNn') return (i + 0.5) / scale;
  if (transformation === 'alignCorners') return outLength === 1 ? 0 : (i * (length - 1)) / (outLength - 1);
  const half = (i + 0.5) / scale - 0.5;
  if (transformation === 'pytorchHalfPixel') return outLength > 1 ? half : -0.5;
  if (transformation === 'halfPixelSymmetric') {
    const adjustment = outLength / (scale * length);
    const centre = length / 2;
    return centre * (1 - adjustment) + half;
  }
  return half;
}

function kernelOf(distance: number, mode: string, a: number): number {
  const x = Math.abs(distance);
  if (mode === 'linear') return Math.max(0, 1 - x);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

/** For a cell of the result: cells of the axis, and their weights. */
function weights(i: number, axis: Axis, how: Interpolation): [cell: number, weight: number][] {
  const x = original(i, axis, how.coordinateTransformation);
  const inside = (cell: number) => Math.min(Math.max(cell, 0), axis.length - 1);
  if (how.mode === 'nearest') {
    const isHalf = x - Math.floor(x) === 0.5;
    const rounded = {
      floor: Math.floor(x),
      ceil: Math.ceil(x),
      roundPreferFloor: isHalf ? Math.floor(x) : Math.round(x),
      roundPreferCeil: isHalf ? Math.ceil(x) : Math.round(x),
    }[how.nearestMode]!;
    return [[inside(rounded), 1]];
  }
  const reach = how.mode === 'linear' ? [0, 1] : [-1, 0, 1, 2];
  const all = reach.map((step): [number, number] => {
    const cell = Math.floor(x) + step;
    return [cell, kernelOf(x - cell, how.mode, how.cubicCoefficient)];
  });
  const within = all.filter(([cell]) => inside(cell) === cell);
  const total = within.reduce((sum, [, weight]) => sum + weight, 0);
  if (how.excludeOutside && total !== 0) return within.map(([cell, weight]) => [cell, weight / total]);
  return all.map(([cell, weight]) => [inside(cell), weight]);
}

/** `x` of [outer][…axes][inner]: every result, and the sum of the magnitudes of its products. */
export function resize({ data }: Tensor, outer: number, axes: readonly Axis[], inner: number, how: Interpolation) {
  const outCount = axes.reduce((product, { outLength }) => product * outLength, 1);
  const inCount = axes.reduce((product, { length }) => product * length, 1);
  const values = new Float64Array(outer * outCount * inner);
  const magnitudes = new Float64Array(values.length);
  for (let cell = 0; cell < outCount; cell++) {
    let terms: [number, number][] = [[0, 1]];
    let rest = cell;
    const places = axes.toReversed().map(({ outLength }) => {
      const i = rest % outLength;
      rest = Math.floor(rest / outLength);
      return i;
    });
    for (const [n, axis] of axes.entries()) {
      const along = weights(places[axes.length - 1 - n], axis, how);
      terms = terms.flatMap(([at, weight]) => along.map(([step, other]): [number, number] => [at * axis.length + step, weight * other]));
    }
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < inner; j++) {
        const to = (o * outCount + cell) * inner + j;
        for (const [at, weight] of terms) {
          const product = weight * data[(o * inCount + at) * inner + j];
          values[to] += product;
          magnitudes[to] += Math.abs(product);
        }
      }
    }
  }
  return { values, magnitudes };
}
