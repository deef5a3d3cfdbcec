import type { ActivationParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';
import { choice } from '../choice.ts';

/**
 * `y = x < 0 ? alpha * x : x`: a NaN stays a NaN, −0 stays −0. Leaky ReLU, randomized leaky ReLU at inference, and each row
 * of a parametric one.
 */
export function leakyRun(input: Float32Array, output: Float32Array, begin: number, end: number, alpha: number): void {
  choice[0] = 1;
  choice[1] = alpha;
  for (let i = begin; i < end; i++) {
    const x = input[i];
    output[i] = x * choice[+(x < 0)];
  }
}

/** A task is `taskLength` floats. */
export function leakyRelu(p: Block<typeof ActivationParams>, taskBegin: number, taskEnd: number): void {
  leakyRun(p.input, p.output, taskBegin * p.taskLength, Math.min(taskEnd * p.taskLength, p.length), p.alpha);
}
