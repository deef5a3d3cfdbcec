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
  /** What is taken off both factors, an entry for each result. Only where it `takesMeans`. */
  readonly mean?: Value | null;
  readonly divisor?: number;
  readonly finish?: number;
  readonly epsilon?: number;
  /** Begins with the outermost run instead of the innermost. */
  readonly outermostFirst?: boolean;
}

/** What partial results are reduced by. */
const combining = (kind: number) => (kind === Reduction.SumOfAbsolutes || kind === Reduction.SumOfProducts ? Reduction.Sum : kind);

const product = (runs: readonly Run[], isReduced?: boolean) =>
  runs.reduce((all, run) => (isReduced === undefined || run.isReduced === isReduced ? all * run.count : all), 1);

/** Where reduction begins: with the innermost run of those that are reduced, or with the outermost. */
const startOf = (runs: readonly Run[], outermostFirst: boolean) =>
  outermostFirst ? runs.findIndex(({ isReduced }) => isReduced) : runs.findLastIndex(({ isReduced }) => isReduced);

/** Which rows share means: of the runs before them those that are kept lie side by side, or means cannot be taken off on the way. */
function meanRows(before: readonly Run[]): { readonly meanRepeat: number; readonly meanPeriod: number } | undefined {
  const first = before.findIndex(({ isReduced }) => !isReduced);
  if (first < 0) return { meanRepeat: 1, meanPeriod: 1 };
  const last = before.findLastIndex(({ isReduced }) => !isReduced);
  const kept = before.slice(first, last + 1);
  if (kept.some(({ isReduced }) => isReduced)) return undefined;
  return { meanRepeat: product(before.slice(last + 1)), meanPeriod: product(kept) };
}

/** Whether means can be taken off while rows are read. */
export function takesMeans(runs: readonly Run[], outermostFirst: boolean): boolean {
  const start = startOf(runs, outermostFirst);
  if (start < 0) return true;
  // Past a reduced run the columns are no longer those of the means.
  return !runs.slice(start + 1).some(({ isReduced }) => isReduced) && meanRows(runs.slice(0, start)) !== undefined;
}

/** How much work a task is: rows, or columns of one row. */
function taskLengthOf(extent: number, inner: number): number {
  const most = Math.max(1, Math.floor(TASK_LENGTH / Math.max(1, extent)));
  return roundUp(inner === 1 ? most : Math.min(most, inner), 4);
}

/**
 * Reduces the runs that say so, the innermost first unless asked otherwise. Rows longer than a block leave a result for each of their blocks, and those are
 * rows again.
 */
export function planReduce(plan: Plan, runs: readonly Run[], input: Value, output: Value, reducing: Reducing): void {
  const { mean = null, divisor = 1, finish = Finish.None, epsilon = 0, outermostFirst = false } = reducing;
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
    const at = startOf(left, outermostFirst);
    const extent = left[at].count;
    const before = left.slice(0, at);
    const after = left.slice(at + 1);
    const outer = product(before);
    const inner = product(after);
    const blocks = Math.max(1, Math.ceil(extent / REDUCE_BLOCK));
    const isLast = blocks === 1 && ![...before, ...after].some(({ isReduced }) => isReduced);
    const to = isLast ? output : plan.temp(outer * blocks * inner);
    const isProduct = kind === Reduction.SumOfProducts;
    plan.step(
      'reduce',
      { input: from, other: isProduct ? (reducing.other ?? from) : null, mean: isProduct ? mean : null, output: to },
      {
        outer,
        extent,
        inner,
        ...(meanRows(before) ?? { meanRepeat: 1, meanPeriod: 1 }),
        isCentred: +(reducing.other === undefined),
        taskLength: taskLengthOf(Math.min(extent, REDUCE_BLOCK), inner),
        kind,
        finish: isLast ? finish : Finish.None,
        divisor: isLast ? divisor : 1,
        epsilon,
      },
    );
    if (isLast) return;
    left = [...before, ...(blocks > 1 ? [{ count: blocks, isReduced: true }] : []), ...after];
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
