import type { ActivationParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';
import { choice } from '../choice.ts';

/**
 * Between `lower` and `upper`: relu (0, ∞), relu6 (0, 6), clamp.
 *
 *   raised = x < lower ? lower : x,   y = upper < raised ? upper : raised
 *
 * so that a NaN stays a NaN, and −0 stays −0 under a bound of 0. Of bounds out of order all becomes the upper one. A task is
 * `taskLength` floats.
 */
export function clamp(p: Block<typeof ActivationParams>, taskBegin: number, taskEnd: number): void {
  const { input, output, lower, upper } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  choice[1] = upper < lower ? upper : lower;
  choice[2] = upper;
  choice[3] = upper;
  for (let i = taskBegin * p.taskLength; i < end; i++) {
    const x = input[i];
    choice[0] = x;
    output[i] = choice[+(x < lower) + 2 * +(upper < x)];
  }
}
