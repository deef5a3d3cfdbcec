import type { Block } from '../../kernels/layout.ts';
import { type PadAxisParams, PadMode } from '../../kernels/move.ts';

type Params = Block<typeof PadAxisParams>;

/**
 * One axis with cells before and after it that repeat its own, or have a value; and the gradient, in which every cell of the
 * axis is the sum of its images, in their order:
 *
 *   forward    [outer][length][inner] → [outer][before + length + after][inner]
 *   backward   s = +0, then s ⊕ dy … over the images, from the first
 *
 * A task is one of the outer.
 */

/** The cell of the axis whose image is at `i`, which counts from its first cell; −1 for the value. */
function cellAt(i: number, length: number, mode: number): number {
  if (i >= 0 && i < length) return i;
  if (mode === PadMode.Constant) return -1;
  if (mode === PadMode.Replicate) return i < 0 ? 0 : length - 1;
  if (mode === PadMode.Reflect) return i < 0 ? -i : 2 * (length - 1) - i;
  return i < 0 ? i + length : i - length;
}

export function padAxis(p: Params, taskBegin: number, taskEnd: number): void {
  const { input, output, length, inner, before, after } = p;
  for (let outer = taskBegin; outer < taskEnd; outer++) {
    let to = outer * (before + length + after) * inner;
    for (let i = -before; i < length + after; i++) {
      const cell = cellAt(i, length, p.mode);
      const from = (outer * length + cell) * inner;
      for (let k = 0; k < inner; k++) output[to + k] = cell < 0 ? p.value : input[from + k];
      to += inner;
    }
  }
}

export function padAxisBackward(p: Params, taskBegin: number, taskEnd: number): void {
  const { input, output, length, inner, before, after } = p;
  output.fill(0, taskBegin * length * inner, taskEnd * length * inner);
  for (let outer = taskBegin; outer < taskEnd; outer++) {
    let from = outer * (before + length + after) * inner;
    for (let i = -before; i < length + after; i++) {
      const cell = cellAt(i, length, p.mode);
      const to = (outer * length + cell) * inner;
      if (cell >= 0) for (let k = 0; k < inner; k++) output[to + k] += input[from + k];
      from += inner;
    }
  }
}
