import { Finish, REDUCE_BLOCK, Reduction } from '../kernels/reduce.ts';
import type { Run } from '../spec/reduce.ts';
import type { SoftmaxSpec } from '../spec/softmax.ts';
import { TASK_LENGTH } from './activation.ts';
import { roundUp } from './blocks.ts';
import type { Plan, Value } from './plan.ts';

/** What is computed of each row, and what becomes of the result. */
export interface Reducing {
  readonly kind: number;
  /** The second factor of products; the input itself where it is absent. */
  readonly other?: Value;
  /** What is taken off both factors, an entry for each result. The rows must be as `hasMeans` says. */
  readonly mean?: Value | null;
  readonly divisor?: number;
  readonly finish?: number;
  readonly epsilon?: number;
}

/** What partial results are reduced by. */
const combining = (kind: number) => (kind === Reduction.SumOfAbsolutes || kind === Reduction.SumOfProducts ? Reduction.Sum : kind);

const product = (runs: readonly Run[], isReduced?: boolean) =>
  runs.reduce((all, run) => (isReduced === undefined || run.isReduced === isReduced ? all * run.count : all), 1);

/** Whether means can be taken off while rows are read: what precedes the innermost rows is reduced first and then kept. */
export function hasMeans(runs: readonly Run[]): boolean {
  const before = runs.slice(
    0,
    Math.max(
      0,
      runs.findLastIndex(({ isReduced }) => isReduced),
    ),
  );
  const kept = before.findIndex(({ isReduced }) => !isReduced);
  return kept < 0 || !before.slice(kept).some(({ isReduced }) => isReduced);
}

/** How much work a task is: rows, or columns of one row. */
function taskLengthOf(extent: number, inner: number): number {
  const most = Math.max(1, Math.floor(TASK_LENGTH / Math.max(1, extent)));
  return roundUp(inner === 1 ? most : Math.min(most, inner), 4);
}

/**
 * Reduces the runs that say so, the innermost first. Rows longer than a block leave a result for each of their blocks, and those are
 * rows again.
 */
export function planReduce(plan: Plan, runs: readonly Run[], input: Value, output: Value, reducing: Reducing): void {
  const { mean = null, divisor = 1, finish = Finish.None, epsilon = 0 } = reducing;
  let { kind } = reducing;
  if (product(runs, false) === 0) return;
  // Nothing is left of what is empty but one empty row for each result.
  let left =
    product(runs, true) === 0
      ? [
          { count: product(runs, false), isReduced: false },
          { count: 0, isReduced: true },
        ]
      : [...runs];
  if (!left.some(({ isReduced }) => isReduced)) left.push({ count: 1, isReduced: true });
  let from = input;
  for (;;) {
    const at = left.findLastIndex(({ isReduced }) => isReduced);
    const extent = left[at].count;
    const before = left.slice(0, at);
    const outer = product(before);
    const inner = product(left.slice(at + 1));
    const blocks = Math.max(1, Math.ceil(extent / REDUCE_BLOCK));
    const isLast = blocks === 1 && !before.some(({ isReduced }) => isReduced);
    const to = isLast ? output : plan.temp(outer * blocks * inner);
    const isProduct = kind === Reduction.SumOfProducts;
    plan.step(
      'reduce',
      { input: from, other: isProduct ? (reducing.other ?? from) : null, mean: isProduct ? mean : null, output: to },
      {
        outer,
        extent,
        inner,
        meanPeriod: product(before, false),
        isCentred: +(reducing.other === undefined),
        taskLength: taskLengthOf(Math.min(extent, REDUCE_BLOCK), inner),
        kind,
        finish: isLast ? finish : Finish.None,
        divisor: isLast ? divisor : 1,
        epsilon,
      },
    );
    if (isLast) return;
    left = [...before, ...(blocks > 1 ? [{ count: blocks, isReduced: true }] : []), ...left.slice(at + 1)];
    kind = combining(kind);
    from = to;
  }
}

export function planArgExtreme(plan: Plan, spec: SoftmaxSpec, isMin: boolean, isOneHot: boolean, input: Value, output: Value): void {
  const { outer, extent, inner } = spec;
  if (outer * extent * inner === 0) return;
  const values = { outer, extent, inner, taskLength: taskLengthOf(extent, inner), isMin: +isMin, isOneHot: +isOneHot };
  plan.step('argExtreme', { input, output }, values);
}

/** How many elements each result is of. */
export const reducedCount = (runs: readonly Run[]): number => product(runs, true);
