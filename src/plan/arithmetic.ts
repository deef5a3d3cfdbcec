import { lengthOf } from '../tensor/tensor.ts';
import { TASK_LENGTH } from './activation.ts';
import type { Plan, Value } from './plan.ts';

export function planAdd(plan: Plan, a: Value, b: Value, output: Value, shape: readonly number[]): void {
  const length = lengthOf(shape);
  if (length === 0) return;
  plan.step('add', { input: a, other: b, output }, { length, taskLength: TASK_LENGTH });
}
