import type { BinaryParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';

/** `y = a + b`, element by element. A task is `taskLength` floats. */
export function add(p: Block<typeof BinaryParams>, taskBegin: number, taskEnd: number): void {
  const { input, other, output } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  for (let i = taskBegin * p.taskLength; i < end; i++) output[i] = input[i] + other[i];
}
