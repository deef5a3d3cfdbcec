import type { Wanted } from '../spec/gradients.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Plan, Value } from './plan.ts';
import { sumRows } from './pool.ts';
import { planPower } from './power.ts';

/** A batch normalisation, checked: the input seen as [images][outer][channels][inner]; images are its first dimension, unless that is the channels. */
export interface BatchNormSpec {
  readonly images: number;
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
  readonly epsilon: number;
  readonly scale: Tensor | undefined;
  readonly bias: Tensor | undefined;
}

/** Floats of a task: few enough to share among threads, and still a microsecond of work at the least. */
const TASK_LENGTH = 16384;
/** Rows of fewer floats are not worth a loop each: the table is spread over them. */
const LONG_ROW_LENGTH = 16;
/** Floats that a run under such a table has at least, so that its loop outweighs what surrounds it. */
const RUN_LENGTH = 256;

const lengthOf = ({ images, outer, channels, inner }: BatchNormSpec) => images * outer * channels * inner;

/** The per-channel constants of a normalisation, `repeat` times each, `tableLength` in all. */
function makeTable(plan: Plan, spec: BatchNormSpec, mean: Value | null, bias: Value | null, repeat: number, tableLength: number): Value {
  const { channels, epsilon } = spec;
  const output = plan.temp(3 * tableLength);
  const scale = spec.scale ? plan.named('scale') : null;
  const buffers = { mean, variance: plan.named('variance'), scale, bias, output };
  plan.step('batchNormTable', buffers, { channels, repeat, tableLength, epsilon });
  return output;
}

/** From `input` to `output` by a table of its own. */
function normalise(plan: Plan, spec: BatchNormSpec, input: Value, output: Value, mean: Value | null, bias: Value | null): void {
  const { channels, inner } = spec;
  const length = lengthOf(spec);
  if (length === 0) return;
  const period = channels * inner;
  const columns = inner === 1 || (inner < LONG_ROW_LENGTH && period <= TASK_LENGTH);
  const copies = period < RUN_LENGTH ? 4 * Math.ceil(RUN_LENGTH / 4 / period) : 1;
  const tableLength = columns ? period * Math.min(copies, Math.ceil(length / period)) : channels;
  const table = makeTable(plan, spec, mean, bias, columns ? inner : 1, tableLength);
  plan.step('batchNorm', { input, table, output }, { length, taskLength: TASK_LENGTH, rowLength: columns ? 0 : inner, tableLength });
}

/** With the moments `mean` and `variance`. */
export function planBatchNorm(plan: Plan, spec: BatchNormSpec, output: Value): void {
  normalise(plan, spec, plan.named('x'), output, plan.named('mean'), spec.bias ? plan.named('bias') : null);
}

export function planBatchNormBackward(plan: Plan, spec: BatchNormSpec, wanted: Wanted<'dx' | 'dScale' | 'dBias'>): void {
  const { images, outer, channels, inner } = spec;
  const dy = plan.named('dy');
  /** Of each channel the sum of dy, or of dy · (other − mean): of each image by itself, then of all of them. */
  const sums = (other: Value | null, output: Value) => {
    const each = plan.temp(images * channels);
    const buffers = { input: dy, other, mean: other && plan.named('mean'), output: each };
    plan.step('batchNormSums', buffers, { images, outer, channels, inner });
    sumRows(plan, each, output, images, channels);
  };
  if (wanted.dx) normalise(plan, spec, dy, plan.named('dx'), null, null);
  if (channels === 0) return;
  if (wanted.dBias) sums(null, plan.named('dBias'));
  if (wanted.dScale) {
    const total = plan.temp(channels);
    sums(plan.named('x'), total);
    const factors = makeTable(plan, { ...spec, scale: undefined }, null, null, 1, channels);
    planPower(plan, total, factors, plan.named('dScale'), channels, 1);
  }
}
