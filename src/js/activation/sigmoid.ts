import type { ActivationParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';
import { sigmoidVector } from '../math.ts';

/** The logistic function, 1 / (1 + e^−x). A task is `taskLength` floats. */
export function sigmoid(p: Block<typeof ActivationParams>, taskBegin: number, taskEnd: number): void {
  const { input, output } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  for (let i = taskBegin * p.taskLength; i < end; i++) output[i] = sigmoidVector(input[i]);
}
