/** Pooling over any number of dimensions and its gradients, in float64, by lists of taps: planes are row by row. */

export interface AxisAttributes {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

interface Taps {
  /** Places over the input. */
  readonly inside: readonly number[];
  /** How many of the taps lie over input and padding. */
  readonly counted: number;
}

/** A window's taps in its plane, and the number of its cells. */
export interface WindowTaps {
  readonly taps: readonly number[];
  readonly cells: number;
}

export function axisTaps({ input, kernel, stride, dilation, before, after }: AxisAttributes, ceil: boolean): Taps[] {
  const reach = (kernel - 1) * dilation + 1;
  const all: Taps[] = [];
  for (let start = -before; ; start += stride) {
    const fits = start + reach <= input + after;
    const clipped = ceil && start - stride + reach < input + after && start < input;
    if (!fits && !clipped) return all;
    const places = Array.from({ length: kernel }, (_, k) => start + k * dilation);
    all.push({
      inside: places.filter((place) => place >= 0 && place < input),
      counted: places.filter((place) => place >= -before && place < input + after).length,
    });
  }
}

export function adaptiveTaps(input: number, output: number): Taps[] {
  return Array.from({ length: output }, (_, i) => {
    const begin = Math.floor((i * input) / output);
    const end = Math.ceil(((i + 1) * input) / output);
    return { inside: Array.from({ length: end - begin }, (_, k) => begin + k), counted: end - begin };
  });
}

/** Windows of all axes together, row by row. */
export function windowTaps(axes: readonly (readonly Taps[])[], extents: readonly number[], includePad: boolean): WindowTaps[] {
  let all: WindowTaps[] = [{ taps: [0], cells: 1 }];
  for (const [axis, windows] of axes.entries()) {
    all = all.flatMap((outer) =>
      windows.map(({ inside, counted }) => ({
        taps: outer.taps.flatMap((tap) => inside.map((place) => tap * extents[axis] + place)),
        cells: outer.cells * (includePad ? counted : inside.length),
      })),
    );
  }
  return all;
}

export type Reduction = 'max' | 'average' | 'lp';

export function pooled(reduction: Reduction, plane: ArrayLike<number>, { taps, cells }: WindowTaps, norm: number): number {
  if (reduction === 'max') return taps.reduce((most, tap) => Math.max(most, plane[tap]), -Infinity);
  if (reduction === 'average') return taps.reduce((sum, tap) => sum + plane[tap], 0) / cells;
  return taps.reduce((sum, tap) => sum + Math.abs(plane[tap]) ** norm, 0) ** (1 / norm);
}

/** Row by row the first that is greatest, or the last NaN. */
export function firstMaximum(plane: ArrayLike<number>, { taps }: WindowTaps): number {
  let most = taps[0] ?? -1;
  for (const tap of taps) if (plane[tap] > plane[most] || Number.isNaN(plane[tap])) most = tap;
  return most;
}

export interface PoolGradient {
  readonly dx: Float64Array;
  /** The same of absolute values: what an error is measured by. */
  readonly magnitude: Float64Array;
  /** How many windows lie over each cell, and the most taps that one of them has. */
  readonly windows: Float64Array;
  readonly taps: Float64Array;
}

/** Each window's `dy` to its taps. */
export function poolGradient(
  reduction: Reduction,
  plane: ArrayLike<number>,
  windows: readonly WindowTaps[],
  dy: ArrayLike<number>,
  norm: number,
): PoolGradient {
  const [dx, magnitude, over, most] = Array.from({ length: 4 }, () => new Float64Array(plane.length));
  const add = (tap: number, value: number) => {
    dx[tap] += value;
    magnitude[tap] += Math.abs(value);
  };
  for (const [i, window] of windows.entries()) {
    for (const tap of window.taps) {
      over[tap]++;
      most[tap] = Math.max(most[tap], window.taps.length);
    }
    if (reduction === 'max') {
      if (window.taps.length > 0) add(firstMaximum(plane, window), dy[i]);
    } else if (reduction === 'average') for (const tap of window.taps) add(tap, dy[i] / window.cells);
    else {
      const y = pooled('lp', plane, window, norm);
      if (y === 0) continue;
      for (const tap of window.taps) add(tap, dy[i] * y ** (1 - norm) * Math.sign(plane[tap]) * Math.abs(plane[tap]) ** (norm - 1));
    }
  }
  return { dx, magnitude, windows: over, taps: most };
}
