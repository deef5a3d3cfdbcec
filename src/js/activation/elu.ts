import type { ActivationParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';
import { expm1Negative } from '../math.ts';

/**
 * `y = x < 0 ? alpha * (e^(lower * x) - 1) : upper * x`: elu, celu and selu. A task is `taskLength` floats.
 */
export function elu(p: Block<typeof ActivationParams>, taskBegin: number, taskEnd: number): void {
  const { input, output, alpha, lower: inner, upper: outer } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  for (let i = taskBegin * p.taskLength; i < end; i++) {
    const x = input[i];
    output[i] = x < 0 ? alpha * expm1Negative(Math.fround(inner * x)) : outer * x;
  }
}
