import { type Step, step } from '../backend.ts';

/** Floats of a task: few enough to share among threads, and still a microsecond of work at the least. */
const TASK_LENGTH = 16384;

/** `factor · sign(base) · |base|^(exponent / root)`, or without a factor `|base|^(exponent / root)`. */
export function planPower(factor: string | null, base: string, output: string, length: number, exponent: number, root = 1): Step {
  return step('timesPower', { factor, base, output }, { length, taskLength: TASK_LENGTH, exponent, root }, Math.ceil(length / TASK_LENGTH));
}
