import { Finish, Reduction } from '../kernels/reduce.ts';
import type { Wanted } from '../spec/gradients.ts';
import type { Run } from '../spec/reduce.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { TASK_LENGTH } from './activation.ts';
import type { Plan, Value } from './plan.ts';
import { sumNeighbours } from './pool.ts';
import { planPower } from './power.ts';
import { planReduce, type Reducing, reducedCount, takesMeans } from './reduce.ts';

/** A local response normalisation, checked: the input seen as [outer][channels][inner]. A window has so many channels before and after its own. */
export interface LocalResponseSpec {
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
  readonly size: number;
  readonly before: number;
  readonly after: number;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
}

/** One dimension of the input, or several that are treated alike. */
export interface NormDimension {
  readonly count: number;
  /** Whether statistics are over it. */
  readonly isReduced: boolean;
  /** Whether `scale` and `bias` have it. */
  readonly isAffine: boolean;
}

/** A normalisation by moments of its input, checked. */
export interface NormalizationSpec {
  /** From the outermost on, none of a count of 1. */
  readonly dimensions: readonly NormDimension[];
  /** Statistics begin with the outermost dimension, so that both layouts have one order. */
  readonly outermostFirst: boolean;
  readonly epsilon: number;
  readonly scale: Tensor | undefined;
  readonly bias: Tensor | undefined;
}

/** Statistics of an input, and what they are for: `1 / √(variance + epsilon)`. */
export interface Statistics {
  /** Null where nothing is taken off, as in `rmsNorm`. */
  readonly mean: Value | null;
  readonly factor: Value;
}

interface Stride {
  readonly count: number;
  readonly statistic: number;
  readonly affine: number;
}

const product = (dimensions: readonly NormDimension[], isPart: (dimension: NormDimension) => boolean = () => true) =>
  dimensions.reduce((all, each) => (isPart(each) ? all * each.count : all), 1);
const lengthOf = ({ dimensions }: Pick<NormalizationSpec, 'dimensions'>) => product(dimensions);
const statisticsOf = ({ dimensions }: NormalizationSpec) => product(dimensions, ({ isReduced }) => !isReduced);

/** Strides in dense tables of the dimensions that have them, as few dimensions as possible, and six of them. */
function lattice(dimensions: readonly NormDimension[], isAffine: boolean): Stride[] {
  const strides: Stride[] = [];
  let statistic = 1;
  let affine = 1;
  for (const each of dimensions.toReversed()) {
    const next = { count: each.count, statistic: each.isReduced ? 0 : statistic, affine: isAffine && each.isAffine ? affine : 0 };
    if (!each.isReduced) statistic *= each.count;
    if (each.isAffine) affine *= each.count;
    const after = strides[0];
    const isOne = after !== undefined && next.statistic === after.statistic * after.count && next.affine === after.affine * after.count;
    if (isOne) strides[0] = { ...after, count: next.count * after.count };
    else strides.unshift(next);
  }
  while (strides.length < 6) strides.unshift({ count: 1, statistic: 0, affine: 0 });
  return strides;
}

interface Normalizing {
  readonly input: Value;
  readonly output: Value;
  readonly other?: Value;
  readonly mean?: Value | null;
  readonly slope?: Value;
  readonly factor?: Value;
  readonly scale?: Value | null;
  readonly bias?: Value | null;
}

/** `((x − mean) − other · slope) · factor · scale + bias`. */
function normalize(plan: Plan, spec: Pick<NormalizationSpec, 'dimensions'>, given: Normalizing): void {
  const length = lengthOf(spec);
  if (length === 0) return;
  const { input, output, other = null, mean = null, slope = null, factor = null, scale = null, bias = null } = given;
  const [d0, d1, d2, d3, d4, d5] = lattice(spec.dimensions, scale !== null || bias !== null);
  plan.step(
    'normalize',
    { input, other, mean, slope, factor, scale, bias, output },
    {
      length,
      taskLength: TASK_LENGTH,
      count0: d0.count,
      count1: d1.count,
      count2: d2.count,
      count3: d3.count,
      count4: d4.count,
      count5: d5.count,
      statistic0: d0.statistic,
      statistic1: d1.statistic,
      statistic2: d2.statistic,
      statistic3: d3.statistic,
      statistic4: d4.statistic,
      statistic5: d5.statistic,
      affine0: d0.affine,
      affine1: d1.affine,
      affine2: d2.affine,
      affine3: d3.affine,
      affine4: d4.affine,
      affine5: d5.affine,
    },
  );
}

/** Kept neighbours are one run. Those that are reduced stay apart, in the order of their sums. */
function keptTogether(runs: readonly Run[]): readonly Run[] {
  const made: Run[] = [];
  for (const run of runs) {
    const last = made.at(-1);
    if (last !== undefined && !run.isReduced && !last.isReduced) made[made.length - 1] = { ...run, count: last.count * run.count };
    else made.push(run);
  }
  return made;
}

/** Over what statistics are. */
const statisticRuns = ({ dimensions }: NormalizationSpec) => keptTogether(dimensions);
/** Over what gradients of `scale` and `bias` are. */
const affineRuns = ({ dimensions }: NormalizationSpec) =>
  keptTogether(dimensions.map(({ count, isAffine }) => ({ count, isReduced: !isAffine })));

/** Of each row of statistics the mean, or another sum that is divided by the count. */
function average(plan: Plan, spec: NormalizationSpec, input: Value, output: Value, reducing: Reducing): void {
  const runs = statisticRuns(spec);
  planReduce(plan, runs, input, output, { ...reducing, divisor: reducedCount(runs), outermostFirst: spec.outermostFirst });
}

/** The mean of squares, less the mean if there is one; with a finish, what that makes of it. */
function meanOfSquares(plan: Plan, spec: NormalizationSpec, x: Value, mean: Value | null, output: Value, finish: number): void {
  const squares = { kind: Reduction.SumOfProducts, finish, epsilon: spec.epsilon };
  if (mean === null || takesMeans(statisticRuns(spec), spec.outermostFirst)) {
    average(plan, spec, x, output, { ...squares, mean });
    return;
  }
  const centred = plan.temp(lengthOf(spec));
  normalize(plan, spec, { input: x, output: centred, mean });
  average(plan, spec, centred, output, squares);
}

/** Two passes: the mean, then the squares of what is left when it is taken off. */
export function planMoments(plan: Plan, spec: NormalizationSpec, x: Value, mean: Value, variance: Value): void {
  average(plan, spec, x, mean, { kind: Reduction.Sum });
  meanOfSquares(plan, spec, x, mean, variance, Finish.None);
}

/** `1 / √(variance + epsilon)` of variances that are given. */
export function planFactor(plan: Plan, spec: NormalizationSpec, variance: Value): Value {
  const factor = plan.temp(statisticsOf(spec));
  const each = [{ count: statisticsOf(spec), isReduced: false }];
  planReduce(plan, each, variance, factor, { kind: Reduction.Sum, finish: Finish.InverseRoot, epsilon: spec.epsilon });
  return factor;
}

function statistics(plan: Plan, spec: NormalizationSpec, x: Value, isCentred: boolean): Statistics {
  const mean = isCentred ? plan.temp(statisticsOf(spec)) : null;
  const factor = plan.temp(statisticsOf(spec));
  if (mean !== null) average(plan, spec, x, mean, { kind: Reduction.Sum });
  meanOfSquares(plan, spec, x, mean, factor, Finish.InverseRoot);
  return { mean, factor };
}

/** `isCentred` unless the mean stays where it is. */
export function planNormalization(plan: Plan, spec: NormalizationSpec, isCentred: boolean): void {
  if (lengthOf(spec) === 0) return;
  const x = plan.named('x');
  const scale = spec.scale ? plan.named('scale') : null;
  const bias = spec.bias ? plan.named('bias') : null;
  normalize(plan, spec, { input: x, output: plan.named('out'), ...statistics(plan, spec, x, isCentred), scale, bias });
}

/**
 * With n = (x − mean) · factor and t = dy · scale, over each row of statistics:
 *
 *   dx = (t − mean of t − n · mean of t · n) · factor       dScale = Σ dy · n       dBias = Σ dy
 */
export function planNormalizationBackward(
  plan: Plan,
  spec: NormalizationSpec,
  wanted: Wanted<'dx' | 'dScale' | 'dBias'>,
  isCentred: boolean,
  known?: Statistics,
): void {
  const [dy, x] = [plan.named('dy'), plan.named('x')];
  const length = lengthOf(spec);
  if (wanted.dBias) planReduce(plan, affineRuns(spec), dy, plan.named('dBias'), { kind: Reduction.Sum });
  if (length === 0) {
    // Zeros: sums of nothing.
    if (wanted.dScale) planReduce(plan, affineRuns(spec), dy, plan.named('dScale'), { kind: Reduction.Sum });
    return;
  }
  if (!wanted.dx && !wanted.dScale) return;
  const { mean, factor } = known ?? statistics(plan, spec, x, isCentred);
  const normal = plan.temp(length);
  normalize(plan, spec, { input: x, output: normal, mean, factor });
  const products = { kind: Reduction.SumOfProducts, other: normal };
  if (wanted.dScale) planReduce(plan, affineRuns(spec), dy, plan.named('dScale'), products);
  if (!wanted.dx) return;
  let t = dy;
  if (spec.scale) {
    t = plan.temp(length);
    normalize(plan, spec, { input: dy, output: t, scale: plan.named('scale') });
  }
  const slope = plan.temp(statisticsOf(spec));
  average(plan, spec, t, slope, products);
  const meanOfT = isCentred ? plan.temp(statisticsOf(spec)) : null;
  if (meanOfT !== null) average(plan, spec, t, meanOfT, { kind: Reduction.Sum });
  normalize(plan, spec, { input: t, output: plan.named('dx'), other: normal, mean: meanOfT, slope, factor });
}

const responses = ({ outer, channels, inner }: LocalResponseSpec) => outer * channels * inner;

/** Of each element `bias + alpha / size · Σx²` over its neighbours. */
function localBase(plan: Plan, spec: LocalResponseSpec, x: Value): Value {
  const length = responses(spec);
  const [squares, sums, base] = [plan.temp(length), plan.temp(length), plan.temp(length)];
  planPower(plan, null, x, squares, length, 2);
  sumNeighbours(plan, squares, sums, spec, [spec.before, spec.after], spec.size / spec.alpha);
  planReduce(plan, [{ count: length, isReduced: false }], sums, base, { kind: Reduction.Sum, finish: Finish.Offset, epsilon: spec.bias });
  return base;
}

export function planLocalResponseNorm(plan: Plan, spec: LocalResponseSpec): void {
  const length = responses(spec);
  if (length === 0) return;
  const x = plan.named('x');
  planPower(plan, x, localBase(plan, spec, x), plan.named('out'), length, -spec.beta);
}

/** dx = dy · base^−beta − x · 2 · alpha · beta / size · Σ(dy · x · base^(−beta − 1)), over those whose neighbour x is. */
export function planLocalResponseNormBackward(plan: Plan, spec: LocalResponseSpec): void {
  const length = responses(spec);
  if (length === 0) return;
  const [dy, x] = [plan.named('dy'), plan.named('x')];
  const base = localBase(plan, spec, x);
  const [direct, powers, products, sums] = [plan.temp(length), plan.temp(length), plan.temp(length), plan.temp(length)];
  planPower(plan, dy, base, powers, length, -spec.beta - 1);
  planPower(plan, powers, x, products, length, 1);
  sumNeighbours(plan, products, sums, spec, [spec.after, spec.before], spec.size / (2 * spec.alpha * spec.beta));
  planPower(plan, dy, base, direct, length, -spec.beta);
  const each = { dimensions: [{ count: length, isReduced: false, isAffine: false }] };
  normalize(plan, each, { input: direct, output: plan.named('out'), other: x, slope: sums });
}
