import { Activation, Curve } from '../kernels/elementwise.ts';
import type { ActivationSpec } from '../spec/activation.ts';
import type { CurveSpec } from '../spec/curve.ts';
import type { Wanted } from '../spec/gradients.ts';
import type { PreluBackwardSpec, PreluGradient, PreluSpec } from '../spec/prelu.ts';
import type { RreluSpec } from '../spec/rrelu.ts';
import type { SoftmaxSpec } from '../spec/softmax.ts';
import { lengthOf } from '../tensor/tensor.ts';
import type { Plan, Value } from './plan.ts';

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

type AnySpec = ActivationSpec | CurveSpec | RreluSpec;

export function planActivation(plan: Plan, spec: AnySpec, input: Value, output: Value, shape: readonly number[]): void {
  const length = lengthOf(shape);
  if (length === 0 || spec.kind === 'none') return;
  const buffers = { input, output };
  if (spec.kind === 'rrelu') {
    const { seed, lower, step } = spec;
    plan.step('rrelu', buffers, { length, taskLength: TASK_LENGTH, seed, lower, step });
    return;
  }
  const { kind, lower, upper, alpha } = spec;
  const curve = 'curve' in spec ? spec.curve : 0;
  plan.step(kind, buffers, { length, taskLength: TASK_LENGTH, lower, upper, alpha, kind: curve });
}

export function planActivationBackward(plan: Plan, spec: AnySpec, dy: Value, x: Value, output: Value, shape: readonly number[]): void {
  const length = lengthOf(shape);
  if (length === 0) return;
  const buffers = { input: dy, x, output };
  if (spec.kind === 'rrelu') {
    const { seed, lower, step } = spec;
    plan.step('rreluBackward', buffers, { length, taskLength: TASK_LENGTH, seed, lower, step });
    return;
  }
  const { lower, upper, alpha } = spec;
  // A randomized ReLU at inference is a leaky one.
  const kind = 'curve' in spec ? spec.curve : Curve.LeakyRelu;
  plan.step('activationBackward', buffers, { length, taskLength: TASK_LENGTH, lower, upper, alpha, kind });
}

export function planPrelu(
  plan: Plan,
  { channels, rowLength }: PreluSpec,
  input: Value,
  slope: Value,
  output: Value,
  shape: readonly number[],
): void {
  const length = lengthOf(shape);
  if (length === 0) return;
  // Spread slopes are at most as many as the floats of a task, so that they stay in cache.
  const columns = rowLength === 1 || (rowLength < LONG_ROW_LENGTH && channels * rowLength <= TASK_LENGTH);
  const period = channels * rowLength;
  // Four times anything is whole vectors; more than the floats there are is a waste.
  const fewCopies = period < SLOPE_RUN_LENGTH ? 4 * Math.ceil(SLOPE_RUN_LENGTH / 4 / period) : 1;
  const slopeCopies = columns ? Math.min(fewCopies, Math.ceil(length / period)) : 1;
  plan.step(
    columns ? 'preluColumns' : 'preluRows',
    { input, slope, output },
    { length, taskLength: TASK_LENGTH, channels, rowLength, slopeCopies },
    { scratchBytes: columns && rowLength * slopeCopies > 1 ? 4 * period * slopeCopies : 0 },
  );
}

export function planPreluBackward(plan: Plan, spec: PreluBackwardSpec, wanted: Wanted<PreluGradient>): void {
  const { images, channels, pixels, channelsLast } = spec;
  const operands = { input: plan.named('dy'), x: plan.named('x'), slope: plan.named('slope') };
  const values = { images, channels, pixels, channelsLast: +channelsLast };
  const planes = pixels === 0 ? 0 : images * (channelsLast ? pixels : channels);
  // What x and dy hold is read before dx may take the place of dy.
  if (wanted.dSlope) plan.step('preluSlopeBackward', { ...operands, output: plan.named('dSlope') }, values);
  if (wanted.dx && planes > 0) plan.step('preluBackward', { ...operands, output: plan.named('dx') }, values);
}

function softmaxValues({ outer, extent, inner }: SoftmaxSpec, log: boolean) {
  const most = Math.max(1, Math.floor(TASK_LENGTH / extent));
  const taskLength = inner === 1 ? most : 4 * Math.ceil(Math.min(most, inner) / 4);
  return { outer, extent, inner, taskLength, log: +log };
}

export function planSoftmax(plan: Plan, spec: SoftmaxSpec, log: boolean, input: Value, output: Value): void {
  if (isEmpty(spec)) return;
  plan.step('softmax', { input, y: null, output }, softmaxValues(spec, log));
}

/** By way of the softmax. */
export function planSoftmaxBackward(plan: Plan, spec: SoftmaxSpec, log: boolean, dy: Value, x: Value, output: Value): void {
  if (isEmpty(spec)) return;
  const y = plan.temp(spec.outer * spec.extent * spec.inner);
  plan.step('softmax', { input: x, y: null, output: y }, softmaxValues(spec, false));
  plan.step('softmax', { input: dy, y, output }, softmaxValues(spec, log));
}

const isEmpty = ({ outer, extent, inner }: SoftmaxSpec) => outer * extent * inner === 0;
