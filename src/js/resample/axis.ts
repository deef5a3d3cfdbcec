import type { Block } from '../../kernels/layout.ts';
import type { ResampleParams } from '../../kernels/resample.ts';

type Params = Block<typeof ResampleParams>;

/**
 * Each cell of the result is a weighted sum of cells of the axis, in the order of the table:
 *
 *   y = w₀ ⊗ x₀, then y ⊕ wₜ ⊗ xₜ
 *
 * The gradient adds w ⊗ dy to every cell that the sum was made of: from +0 on, result by result, tap by tap.
 */
export function resampleAxis(p: Params, taskBegin: number, taskEnd: number): void {
  const { input, table, output, length, outLength, inner, taps } = p;
  const cells = outLength * taps;
  for (let task = taskBegin; task < taskEnd; task++) {
    for (let i = 0; i < outLength; i++) {
      for (let j = 0; j < inner; j++) {
        const from = task * length * inner + j;
        let sum = Math.fround(table[i * taps] * input[from + table[cells + i * taps] * inner]);
        for (let tap = 1; tap < taps; tap++) {
          const at = i * taps + tap;
          sum = Math.fround(sum + Math.fround(table[at] * input[from + table[cells + at] * inner]));
        }
        output[(task * outLength + i) * inner + j] = sum;
      }
    }
  }
}

export function resampleAxisBackward(p: Params, taskBegin: number, taskEnd: number): void {
  const { input, table, output, length, outLength, inner, taps } = p;
  const cells = outLength * taps;
  for (let task = taskBegin; task < taskEnd; task++) {
    output.fill(0, task * length * inner, (task + 1) * length * inner);
    for (let i = 0; i < outLength; i++) {
      for (let at = i * taps; at < (i + 1) * taps; at++) {
        const to = (task * length + table[cells + at]) * inner;
        const from = (task * outLength + i) * inner;
        for (let j = 0; j < inner; j++) output[to + j] = Math.fround(output[to + j] + Math.fround(table[at] * input[from + j]));
      }
    }
  }
}
