import { type Step, step } from '../backend.ts';
import type { Wanted } from '../shape/gradients.ts';
import type { BatchNormGradient, BatchNormSpec } from '../shape/norm.ts';
import { sumRows } from './pool.ts';
import { planPower } from './power.ts';

/** Floats of a task: few enough to share among threads, and still a microsecond of work at the least. */
const TASK_LENGTH = 16384;
/** Rows of fewer floats are not worth a loop each: the table is spread over them. */
const LONG_ROW_LENGTH = 16;
/** Floats that a run under such a table has at least, so that its loop outweighs what surrounds it. */
const RUN_LENGTH = 256;

const lengthOf = ({ images, outer, channels, inner }: BatchNormSpec) => images * outer * channels * inner;

interface Planned {
  readonly steps: readonly Step[];
  readonly workspaces: Readonly<Record<string, number>>;
}

function table(
  spec: BatchNormSpec,
  mean: string | null,
  bias: string | null,
  scale: string | null,
  output: string,
  repeat: number,
  length: number,
) {
  const { channels, epsilon } = spec;
  return step(
    'batchNormTable',
    { mean, variance: 'variance', scale, bias, output },
    { channels, repeat, tableLength: length, epsilon },
    length,
  );
}

/** From `input` to `output` by a table of its own. */
function normalise(spec: BatchNormSpec, input: string, output: string, mean: string | null, bias: string | null): Planned {
  const { channels, inner } = spec;
  const length = lengthOf(spec);
  if (length === 0) return { steps: [], workspaces: {} };
  const period = channels * inner;
  const columns = inner === 1 || (inner < LONG_ROW_LENGTH && period <= TASK_LENGTH);
  const copies = period < RUN_LENGTH ? 4 * Math.ceil(RUN_LENGTH / 4 / period) : 1;
  const tableLength = columns ? period * Math.min(copies, Math.ceil(length / period)) : channels;
  return {
    steps: [
      table(spec, mean, bias, spec.scale ? 'scale' : null, 'table', columns ? inner : 1, tableLength),
      step(
        'batchNorm',
        { input, table: 'table', output },
        { length, taskLength: TASK_LENGTH, rowLength: columns ? 0 : inner, tableLength },
        Math.ceil(length / TASK_LENGTH),
      ),
    ],
    workspaces: { table: 3 * tableLength },
  };
}

export function planBatchNorm(spec: BatchNormSpec): Planned {
  return normalise(spec, 'x', 'out', 'mean', spec.bias ? 'bias' : null);
}

export function planBatchNormBackward(spec: BatchNormSpec, wanted: Wanted<BatchNormGradient>): Planned {
  const { images, outer, channels, inner } = spec;
  const sums = (other: string | null, output: string): Step =>
    step(
      'batchNormSums',
      { input: 'dy', other, mean: other && 'mean', output },
      { outer, channels, inner },
      images * Math.ceil(channels / 4),
    );
  const steps: Step[] = [];
  const workspaces: Record<string, number> = {};
  if (wanted.dx) {
    const planned = normalise(spec, 'dy', 'dx', null, null);
    steps.push(...planned.steps);
    Object.assign(workspaces, planned.workspaces);
  }
  if (channels === 0) return { steps, workspaces };
  if (wanted.dBias) {
    steps.push(sums(null, 'sums'), sumRows('sums', 'dBias', images, channels));
    workspaces.sums = images * channels;
  }
  if (wanted.dScale) {
    steps.push(
      sums('x', 'products'),
      sumRows('products', 'total', images, channels),
      table(spec, null, null, null, 'factors', 1, channels),
      planPower('total', 'factors', 'dScale', channels, 1),
    );
    Object.assign(workspaces, { products: images * channels, total: channels, factors: 3 * channels });
  }
  return { steps, workspaces };
}
