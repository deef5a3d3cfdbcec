import { type Step, step } from '../backend.ts';
import { lengthOf } from '../tensor.ts';
import { TASK_LENGTH } from './activation.ts';

export function planAdd(shape: readonly number[]): readonly Step[] {
  const length = lengthOf(shape);
  if (length === 0) return [];
  return [step('add', { input: 'x', other: 'other', output: 'out' }, { length, taskLength: TASK_LENGTH }, Math.ceil(length / TASK_LENGTH))];
}
