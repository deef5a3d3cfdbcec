import { expNegative, expOf, logOf } from '../math';
import { SoftmaxParams } from '../params';
import { maxVector, storeUpTo } from '../simd';

/**
 * Over one axis of [outer][extent][inner], in three passes:
 *
 *   softmax       m = the greatest,  e = exp(x - m),  y = e * (1 / sum of e)
 *   log softmax                                       y = (x - m) - log(sum of e)
 *
 * A sum goes in turn to four, by the remainder of the index along the axis, which are added in pairs: these are the lanes where
 * the axis is the last (`inner` is 1), and four vectors of columns where it is not. A NaN, or +∞, makes all of its row NaN.
 *
 * A task is `taskLength` rows, or that many columns of one `outer`.
 */
@inline
function pairs(s: v128): v128 {
  const swapped = f32x4.add(s, i8x16.shuffle(s, s, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  return f32x4.add(swapped, i8x16.shuffle(swapped, swapped, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
}

@inline
function most(m: v128): v128 {
  m = maxVector(m, i8x16.shuffle(m, m, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  return maxVector(m, i8x16.shuffle(m, m, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
}

/** Lanes below `left`. */
@inline
function among(left: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left));
}

function softmaxRow(input: usize, output: usize, extent: i32, log: i32): void {
  const bytes = <usize>extent << 2;
  let m = f32x4.splat(-Infinity);
  for (let left = extent, at = input; left > 0; left -= 4, at += 16) {
    m = maxVector(m, v128.bitselect(v128.load(at), f32x4.splat(-Infinity), among(left)));
  }
  m = most(m);
  let sum = f32x4.splat(0);
  for (let left = extent, at: usize = 0; at < bytes; left -= 4, at += 16) {
    const e = v128.and(expNegative(f32x4.sub(v128.load(input + at), m)), among(left));
    sum = f32x4.add(sum, e);
    if (!log) storeUpTo(output + at, e, left);
  }
  sum = pairs(sum);
  const last = log ? logOf(sum) : f32x4.div(f32x4.splat(1), sum);
  for (let left = extent, at: usize = 0; at < bytes; left -= 4, at += 16) {
    if (log) storeUpTo(output + at, f32x4.sub(f32x4.sub(v128.load(input + at), m), last), left);
    else storeUpTo(output + at, f32x4.mul(v128.load(output + at), last), left);
  }
}

/** Four columns, or the `count` that are left. */
function softmaxColumns(input: usize, output: usize, extent: i32, stride: usize, count: i32, log: i32): void {
  const bytes = <usize>extent * stride;
  let m = f32x4.splat(-Infinity);
  for (let at: usize = 0; at < bytes; at += stride) m = maxVector(m, v128.load(input + at));
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += stride) {
    const e = expOf(f32x4.sub(v128.load(input + at), m));
    if (!log) storeUpTo(output + at, e, count);
    const next = f32x4.add(s0, e);
    s0 = s1;
    s1 = s2;
    s2 = s3;
    s3 = next;
  }
  const sum = turned(s0, s1, s2, s3, extent);
  const last = log ? logOf(sum) : f32x4.div(f32x4.splat(1), sum);
  for (let at: usize = 0; at < bytes; at += stride) {
    if (log) storeUpTo(output + at, f32x4.sub(f32x4.sub(v128.load(input + at), m), last), count);
    else storeUpTo(output + at, f32x4.mul(v128.load(output + at), last), count);
  }
}

/** Of four sums that took turns `count` times, 0 and 1, and 2 and 3, are added in pairs: after an odd number, s0 is that of 1 or 3. */
@inline
function turned(s0: v128, s1: v128, s2: v128, s3: v128, count: i32): v128 {
  if (count & 1) return f32x4.add(f32x4.add(s3, s0), f32x4.add(s1, s2));
  return f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
}

export function softmax(p: SoftmaxParams, taskBegin: i32, taskEnd: i32): void {
  if (p.inner == 1) {
    const end = min(taskEnd * p.taskLength, p.outer);
    for (let row = taskBegin * p.taskLength; row < end; row++) {
      const at = <usize>(row * p.extent) << 2;
      softmaxRow(p.input + at, p.output + at, p.extent, p.log);
    }
    return;
  }
  const tasks = (p.inner + p.taskLength - 1) / p.taskLength;
  for (let task = taskBegin; task < taskEnd; task++) {
    const begin = task % tasks * p.taskLength;
    const end = min(begin + p.taskLength, p.inner);
    for (let column = begin; column < end; column += 4) {
      const at = <usize>(task / tasks * p.extent * p.inner + column) << 2;
      softmaxColumns(p.input + at, p.output + at, p.extent, <usize>p.inner << 2, min(4, end - column), p.log);
    }
  }
}

/** What is summed, over `dy` and the softmax: their products, or of the logarithm `dy` alone. */
@inline
function term(dy: v128, y: v128, log: i32): v128 {
  return log ? dy : f32x4.mul(dy, y);
}

@inline
function slope(dy: v128, y: v128, sum: v128, log: i32): v128 {
  return log ? f32x4.sub(dy, f32x4.mul(y, sum)) : f32x4.mul(y, f32x4.sub(dy, sum));
}

function backwardRow(input: usize, y: usize, output: usize, extent: i32, log: i32): void {
  const bytes = <usize>extent << 2;
  let sum = f32x4.splat(0);
  for (let left = extent, at: usize = 0; at < bytes; left -= 4, at += 16) {
    sum = f32x4.add(sum, v128.and(term(v128.load(input + at), v128.load(y + at), log), among(left)));
  }
  sum = pairs(sum);
  for (let left = extent, at: usize = 0; at < bytes; left -= 4, at += 16) {
    storeUpTo(output + at, slope(v128.load(input + at), v128.load(y + at), sum, log), left);
  }
}

function backwardColumns(input: usize, y: usize, output: usize, extent: i32, stride: usize, count: i32, log: i32): void {
  const bytes = <usize>extent * stride;
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += stride) {
    const next = f32x4.add(s0, term(v128.load(input + at), v128.load(y + at), log));
    s0 = s1;
    s1 = s2;
    s2 = s3;
    s3 = next;
  }
  const sum = turned(s0, s1, s2, s3, extent);
  for (let at: usize = 0; at < bytes; at += stride) {
    storeUpTo(output + at, slope(v128.load(input + at), v128.load(y + at), sum, log), count);
  }
}

/**
 * From y, the softmax, whichever the operator:
 *
 *   softmax       dx = y * (dy - sum of dy * y)
 *   log softmax   dx = dy - y * sum of dy
 */
export function softmaxBackward(p: SoftmaxParams, taskBegin: i32, taskEnd: i32): void {
  if (p.inner == 1) {
    const end = min(taskEnd * p.taskLength, p.outer);
    for (let row = taskBegin * p.taskLength; row < end; row++) {
      const at = <usize>(row * p.extent) << 2;
      backwardRow(p.input + at, p.y + at, p.output + at, p.extent, p.log);
    }
    return;
  }
  const tasks = (p.inner + p.taskLength - 1) / p.taskLength;
  for (let task = taskBegin; task < taskEnd; task++) {
    const begin = task % tasks * p.taskLength;
    const end = min(begin + p.taskLength, p.inner);
    for (let column = begin; column < end; column += 4) {
      const at = <usize>(task / tasks * p.extent * p.inner + column) << 2;
      backwardColumns(p.input + at, p.y + at, p.output + at, p.extent, <usize>p.inner << 2, min(4, end - column), p.log);
    }
  }
}
