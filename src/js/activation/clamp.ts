import type { ActivationParams, Block } from '../../params.ts';

/**
 * Between `lower` and `upper`: relu (0, ∞), relu6 (0, 6), clamp.
 *
 *   raised = x < lower ? lower : x,   y = upper < raised ? upper : raised
 *
 * so that a NaN stays a NaN, and −0 stays −0 under a bound of 0. A task is `taskLength` floats.
 */
export function clamp(p: Block<typeof ActivationParams>, taskBegin: number, taskEnd: number): void {
  const { input, output, lower, upper } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  for (let i = taskBegin * p.taskLength; i < end; i++) {
    const x = input[i];
    const raised = x < lower ? lower : x;
    output[i] = upper < raised ? upper : raised;
  }
}
