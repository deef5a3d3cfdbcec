import type { Block, SoftmaxParams } from '../../params.ts';
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

function softmaxOf({ input, output, extent, inner, log }: Params, begin: number): void {
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
function backwardOf({ input, y, output, extent, inner, log }: Params, begin: number): void {
  const end = begin + extent * inner;
  sums.fill(0);
  for (let at = begin, i = 0; at < end; at += inner, i++) sums[i & 3] += log ? input[at] : fround(input[at] * y[at]);
  const sum = total();
  for (let at = begin; at < end; at += inner) {
    output[at] = log ? input[at] - fround(y[at] * sum) : y[at] * fround(input[at] - sum);
  }
}

/** A task is `taskLength` rows, or that many columns of one `outer`. */
function run(p: Params, taskBegin: number, taskEnd: number, of: (p: Params, begin: number) => void): void {
  if (p.inner === 1) {
    const end = Math.min(taskEnd * p.taskLength, p.outer);
    for (let row = taskBegin * p.taskLength; row < end; row++) of(p, row * p.extent);
    return;
  }
  const tasks = Math.ceil(p.inner / p.taskLength);
  for (let task = taskBegin; task < taskEnd; task++) {
    const begin = (task % tasks) * p.taskLength;
    const end = Math.min(begin + p.taskLength, p.inner);
    for (let column = begin; column < end; column++) of(p, Math.trunc(task / tasks) * p.extent * p.inner + column);
  }
}

export function softmax(p: Params, taskBegin: number, taskEnd: number): void {
  run(p, taskBegin, taskEnd, softmaxOf);
}

export function softmaxBackward(p: Params, taskBegin: number, taskEnd: number): void {
  run(p, taskBegin, taskEnd, backwardOf);
}
