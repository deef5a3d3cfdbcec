import type { ActivationParams, Block } from '../../params.ts';

/**
 * `y = x <= alpha ? 0 : x`, which is `x > alpha ? x : 0` but for a NaN: it stays a NaN. A task is `taskLength` floats.
 */
export function thresholdedRelu(p: Block<typeof ActivationParams>, taskBegin: number, taskEnd: number): void {
  const { input, output, alpha } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  for (let i = taskBegin * p.taskLength; i < end; i++) {
    const x = input[i];
    output[i] = x <= alpha ? 0 : x;
  }
}
