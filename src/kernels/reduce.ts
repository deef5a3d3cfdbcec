import { kernel, type Layout, PER_NANOSECOND } from './layout.ts';

/** What becomes of the elements of a row. */
export const Reduction = {
  Sum: 0,
  /** The sum of absolute values. */
  SumOfAbsolutes: 1,
  /** The sum of products with `other`. */
  SumOfProducts: 2,
  Product: 3,
  Max: 4,
  Min: 5,
} as const;

/** What becomes of a row's result. */
export const Finish = {
  None: 0,
  /** Its square root. */
  Root: 1,
  /** `1 / √(result + epsilon)`. */
  InverseRoot: 2,
  /** `result + epsilon`. */
  Offset: 3,
} as const;

/** Elements of a row that are reduced together. Longer rows leave one result a block, for another step to reduce. */
export const REDUCE_BLOCK = 256;

/** The input seen as [outer][extent][inner], the output as [outer][blocks][inner]. */
export const ReduceParams = {
  input: 'f32*',
  /** The second factor of products. */
  other: 'f32*',
  /** What is taken off `other` before it is multiplied, [meanPeriod][inner]; 0 for nothing. */
  mean: 'f32*',
  output: 'f32*',
  outer: 'i32',
  extent: 'i32',
  inner: 'i32',
  /** Row `o` of `outer` has the means of row `⌊o / meanRepeat⌋ % meanPeriod`. */
  meanRepeat: 'i32',
  meanPeriod: 'i32',
  /** Whether the mean is taken off `input` too. */
  isCentred: 'i32',
  /** Blocks a task where `inner` is 1, else columns of one block: a multiple of 4. */
  taskLength: 'i32',
  /** Of `Reduction`. */
  kind: 'i32',
  /** Of `Finish`. */
  finish: 'i32',
  /** What results are divided by. */
  divisor: 'f32',
  epsilon: 'f32',
} as const satisfies Layout;

/** Over one axis of [outer][extent][inner]. */
export const ArgExtremeParams = {
  input: 'f32*',
  output: 'f32*',
  outer: 'i32',
  extent: 'i32',
  inner: 'i32',
  /** Rows a task where `inner` is 1, else columns of one of `outer`: a multiple of 4. */
  taskLength: 'i32',
  /** The least instead of the greatest. */
  isMin: 'i32',
  /** 1 at the index and 0 elsewhere, in the shape of the input, instead of the index. */
  isOneHot: 'i32',
} as const satisfies Layout;

const blocksOf = (extent: number) => Math.max(1, Math.ceil(extent / REDUCE_BLOCK));

/** A task is `taskLength` rows where `inner` is 1, else so many columns of one row. */
const tasks = (rows: number, inner: number, taskLength: number) =>
  inner === 1 ? Math.ceil(rows / taskLength) : rows * Math.ceil(inner / taskLength);

export const reduceKernels = {
  /** A row is a block. */
  reduce: kernel(
    ReduceParams,
    (v) => tasks(v.outer * blocksOf(v.extent), v.inner, v.taskLength),
    (v) => (v.outer * v.extent * v.inner) / PER_NANOSECOND.floats,
  ),
  argExtreme: kernel(
    ArgExtremeParams,
    (v) => tasks(v.outer, v.inner, v.taskLength),
    (v) => (v.outer * v.extent * v.inner) / PER_NANOSECOND.points,
    { inPlace: ['input'] },
  ),
};
