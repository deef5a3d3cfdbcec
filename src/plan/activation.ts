import { type Step, step } from '../backend.ts';
import { Activation } from '../params.ts';
import type { ActivationSpec } from '../shape/activation.ts';
import type { PreluSpec } from '../shape/prelu.ts';
import type { RreluSpec } from '../shape/rrelu.ts';
import { lengthOf } from '../tensor.ts';

/** How the kernels of other operators name an activation that they apply themselves. */
export const FUSED = {
  none: Activation.None,
  clamp: Activation.Clamp,
  leakyRelu: Activation.LeakyRelu,
  thresholdedRelu: Activation.ThresholdedRelu,
} as const satisfies Record<ActivationSpec['kind'], number>;

/** Floats of a task: few enough to share among threads, and still a microsecond of work at the least. */
export const TASK_LENGTH = 16384;
/** Rows of fewer floats are not worth a loop each: slopes are spread over them. */
const LONG_ROW_LENGTH = 16;
/** Floats that a run under many slopes has at least, so that its loop outweighs what surrounds it. */
const SLOPE_RUN_LENGTH = 256;

export function planActivation(spec: ActivationSpec | RreluSpec, shape: readonly number[]): readonly Step[] {
  const length = lengthOf(shape);
  if (length === 0 || spec.kind === 'none') return [];
  const buffers = { input: 'x', output: 'out' };
  const taskCount = Math.ceil(length / TASK_LENGTH);
  if (spec.kind === 'rrelu') {
    const { seed, lower, step: stride } = spec;
    return [step('rrelu', buffers, { length, taskLength: TASK_LENGTH, seed, lower, step: stride }, taskCount)];
  }
  const { kind, lower, upper, alpha } = spec;
  return [step(kind, buffers, { length, taskLength: TASK_LENGTH, lower, upper, alpha }, taskCount)];
}

export function planPrelu({ channels, rowLength }: PreluSpec, shape: readonly number[]): readonly Step[] {
  const length = lengthOf(shape);
  if (length === 0) return [];
  // Spread slopes are at most as many as the floats of a task, so that they stay in cache.
  const columns = rowLength === 1 || (rowLength < LONG_ROW_LENGTH && channels * rowLength <= TASK_LENGTH);
  const period = channels * rowLength;
  // Four times anything is whole vectors; more than the floats there are is a waste.
  const fewCopies = period < SLOPE_RUN_LENGTH ? 4 * Math.ceil(SLOPE_RUN_LENGTH / 4 / period) : 1;
  const slopeCopies = columns ? Math.min(fewCopies, Math.ceil(length / period)) : 1;
  return [
    step(
      columns ? 'preluColumns' : 'preluRows',
      { input: 'x', slope: 'slope', output: 'out' },
      { length, taskLength: TASK_LENGTH, channels, rowLength, slopeCopies },
      Math.ceil(length / TASK_LENGTH),
      columns && rowLength * slopeCopies > 1 ? period * slopeCopies : 0,
    ),
  ];
}
