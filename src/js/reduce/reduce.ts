import type { Block } from '../../kernels/layout.ts';
import { Finish, REDUCE_BLOCK, type ReduceParams, Reduction } from '../../kernels/reduce.ts';

type Params = Block<typeof ReduceParams>;

const { fround } = Math;
/** What is reduced in turn, by the remainder of the index within the block. */
const four = new Float32Array(4);

/** The element that changes nothing. */
function neutralOf(kind: number): number {
  if (kind === Reduction.Max) return -Infinity;
  if (kind === Reduction.Min) return Infinity;
  return kind === Reduction.Product ? 1 : 0;
}

function combine(kind: number, sum: number, x: number): number {
  if (kind === Reduction.Max) return Math.max(sum, x);
  if (kind === Reduction.Min) return Math.min(sum, x);
  return fround(kind === Reduction.Product ? sum * x : sum + x);
}

/** A block of a row: `length` elements from `at` on, `stride` apart. */
function reduced(p: Params, at: number, length: number, stride: number, mean: number): number {
  const { input, other, kind, isCentred } = p;
  const centre = isCentred ? mean : 0;
  four.fill(neutralOf(kind));
  for (let i = 0; i < length; i++, at += stride) {
    let x = input[at];
    if (kind === Reduction.SumOfProducts) x = fround(fround(x - centre) * fround(other[at] - mean));
    else if (kind === Reduction.SumOfAbsolutes) x = Math.abs(x);
    four[i & 3] = combine(kind, four[i & 3], x);
  }
  const pairs = [combine(kind, four[0], four[1]), combine(kind, four[2], four[3])];
  const y = fround(combine(kind, pairs[0], pairs[1]) / p.divisor);
  if (p.finish === Finish.Root) return Math.sqrt(y);
  if (p.finish === Finish.Offset) return y + p.epsilon;
  return p.finish === Finish.InverseRoot ? 1 / fround(Math.sqrt(fround(y + p.epsilon))) : y;
}

/**
 * Sums, products and extremes along an axis of [outer][extent][inner], a block of it at a time. A block is reduced in turn by four, by
 * the remainder of the index within the block, and these four in pairs: (0 and 1) and (2 and 3).
 *
 * A task is `taskLength` blocks where `inner` is 1, else so many columns of a block.
 */
export function reduce(p: Params, taskBegin: number, taskEnd: number): void {
  const { extent, inner, taskLength, mean, meanRepeat, meanPeriod } = p;
  const blocks = Math.max(1, Math.ceil(extent / REDUCE_BLOCK));
  const isRow = inner === 1;
  const tasks = isRow ? 1 : Math.ceil(inner / taskLength);
  for (let task = taskBegin; task < taskEnd; task++) {
    const begin = (isRow ? task : task % tasks) * taskLength;
    const end = Math.min(begin + taskLength, isRow ? p.outer * blocks : inner);
    for (let i = begin; i < end; i++) {
      const unit = isRow ? i : Math.trunc(task / tasks);
      const column = isRow ? 0 : i;
      const outer = Math.trunc(unit / blocks);
      const first = (unit - outer * blocks) * REDUCE_BLOCK;
      const centre = mean.length > 0 ? mean[(Math.trunc(outer / meanRepeat) % meanPeriod) * inner + column] : 0;
      const length = Math.min(REDUCE_BLOCK, extent - first);
      p.output[unit * inner + column] = reduced(p, (outer * extent + first) * inner + column, length, inner, centre);
    }
  }
}
