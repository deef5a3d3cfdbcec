import type { SoftmaxParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';
import { expNegative, logOf } from '../math.ts';

type Params = Block<typeof SoftmaxParams>;

const { fround } = Math;
const sums = new Float32Array(4);

/**
 * Over one axis of [outer][extent][inner], in three passes:
 *
 *   softmax       m = the greatest,  e = exp(x - m),  y = e * (1 / sum of e)
 *   log softmax                                       y = (x - m) - log(sum of e)
 *
 * A sum goes in turn to four, by the remainder of the index along the axis, which are added in pairs. A NaN, or +∞, makes all of
 * its row NaN.
 */
function total(): number {
  return fround(fround(sums[0] + sums[1]) + fround(sums[2] + sums[3]));
}

function forward({ input, output, extent, inner, log }: Params, begin: number): void {
  const end = begin + extent * inner;
  let m = -Infinity;
  for (let at = begin; at < end; at += inner) m = Math.max(m, input[at]);
  sums.fill(0);
  for (let at = begin, i = 0; at < end; at += inner, i++) {
    const e = expNegative(fround(input[at] - m));
    sums[i & 3] += e;
    if (!log) output[at] = e;
  }
  const last = log ? logOf(total()) : fround(1 / total());
  for (let at = begin; at < end; at += inner) output[at] = log ? fround(input[at] - m) - last : output[at] * last;
}

/**
 * From y, the softmax, whichever the operator:
 *
 *   softmax       dx = y * (dy - sum of dy * y)
 *   log softmax   dx = dy - y * sum of dy
 */
function backward({ input, y, output, extent, inner, log }: Params, begin: number): void {
  const end = begin + extent * inner;
  sums.fill(0);
  for (let at = begin, i = 0; at < end; at += inner, i++) sums[i & 3] += log ? input[at] : fround(input[at] * y[at]);
  const sum = total();
  for (let at = begin; at < end; at += inner) {
    output[at] = log ? input[at] - fround(y[at] * sum) : y[at] * fround(input[at] - sum);
  }
}

/** Forward where there is no `y` yet. A task is `taskLength` rows, or that many columns of one `outer`. */
export function softmax(p: Params, taskBegin: number, taskEnd: number): void {
  const of = p.y.length === 0 ? forward : backward;
  const isRow = p.inner === 1;
  const tasks = isRow ? 1 : Math.ceil(p.inner / p.taskLength);
  for (let task = taskBegin; task < taskEnd; task++) {
    const begin = (isRow ? task : task % tasks) * p.taskLength;
    const end = Math.min(begin + p.taskLength, isRow ? p.outer : p.inner);
    for (let i = begin; i < end; i++) of(p, isRow ? i * p.extent : Math.trunc(task / tasks) * p.extent * p.inner + i);
  }
}
