import type { ActivationParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';
import { choice } from '../choice.ts';

/**
 * `y = x <= alpha ? 0 : x`, which is `x > alpha ? x : 0` but for a NaN: it stays a NaN. A task is `taskLength` floats.
 */
export function thresholdedRelu(p: Block<typeof ActivationParams>, taskBegin: number, taskEnd: number): void {
  const { input, output, alpha } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  choice[1] = 0;
  for (let i = taskBegin * p.taskLength; i < end; i++) {
    const x = input[i];
    choice[0] = x;
    output[i] = choice[+(x <= alpha)];
  }
}
