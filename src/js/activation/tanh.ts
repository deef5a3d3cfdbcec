import type { ActivationParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';
import { tanhVector } from '../math.ts';

/** The hyperbolic tangent. A task is `taskLength` floats. */
export function tanh(p: Block<typeof ActivationParams>, taskBegin: number, taskEnd: number): void {
  const { input, output } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  for (let i = taskBegin * p.taskLength; i < end; i++) output[i] = tanhVector(input[i]);
}
