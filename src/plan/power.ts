import type { Plan, Value } from './plan.ts';

/** Floats of a task: few enough to share among threads, and still a microsecond of work at the least. */
const TASK_LENGTH = 16384;

/** `factor · sign(base) · |base|^(exponent / root)`, or without a factor `|base|^(exponent / root)`. */
export function planPower(plan: Plan, factor: Value | null, base: Value, output: Value, length: number, exponent: number, root = 1): void {
  const values = { length, taskLength: TASK_LENGTH, exponent, root };
  plan.step('timesPower', { factor, base, output }, values);
}
