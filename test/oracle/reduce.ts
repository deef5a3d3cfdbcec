import type { Tensor } from '../../src/index.ts';

/** ε: what rounding to a 32-bit float changes at most, relatively; and δ, what it changes at most below 2⁻¹²⁶. */
export const EPSILON = 2 ** -24;
export const DELTA = 2 ** -150;

const BLOCK = 256;

/** Additions that an element goes through, at most, in a row of so many: docs/numerics.md. */
export function additions(extent: number): number {
  const inBlock = Math.ceil(Math.min(extent, BLOCK) / 4) + 2;
  return extent > BLOCK ? inBlock + additions(Math.ceil(extent / BLOCK)) : inBlock;
}

/** For each element of x the number of the result that it belongs to, and how many results there are. */
export function resultsOf(shape: readonly number[], axes: readonly number[]): { index: Int32Array; length: number } {
  const length = shape.reduce((product, extent, axis) => (axes.includes(axis) ? product : product * extent), 1);
  const index = new Int32Array(shape.reduce((product, extent) => product * extent, 1));
  for (let i = 0; i < index.length; i++) {
    let rest = i;
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const at = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
      if (axes.includes(axis)) continue;
      index[i] += at * stride;
      stride *= shape[axis];
    }
  }
  return { index, length };
}

/** Additions of a result of several axes: neighbours that are all reduced count as one. */
export function additionsOver(shape: readonly number[], axes: readonly number[]): number {
  let total = 0;
  let run = 1;
  for (let axis = 0; axis <= shape.length; axis++) {
    if (shape[axis] === 1) continue;
    if (axes.includes(axis)) run *= shape[axis];
    else {
      if (run > 1) total += additions(run);
      run = 1;
    }
  }
  return total;
}

/** Each result's elements in float64. */
export function rowsOf({ shape, data }: Tensor, axes: readonly number[]): number[][] {
  const { index, length } = resultsOf(shape, axes);
  const rows: number[][] = Array.from({ length }, () => []);
  for (const [i, value] of data.entries()) rows[index[i]].push(value);
  return rows;
}
