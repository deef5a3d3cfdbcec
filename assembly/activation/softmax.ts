import { expNegative, expOf, K1, K2, kept, LOG2E, logOf, MINUS_LN2_HIGH, MINUS_LN2_LOW, ROUNDING, TINY, zeroOf } from '../math';
import { SoftmaxParams } from '../generated/abi';
import { storeUpTo } from '../simd';

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
/** Lanes below `left`. */
@inline
function among(left: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left));
}

/**
 * The sum of four that took turns: 0 and 1, and 2 and 3, are added in pairs. Of columns they are four vectors, of which s0 is that of
 * 1 or 3 after an odd number of turns; of a row they are the lanes of one.
 */
function paired(s0: v128, s1: v128, s2: v128, s3: v128, extent: i32, isRow: bool): v128 {
  if (isRow) {
    const pairs = f32x4.add(s0, i8x16.shuffle(s0, s0, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
    return f32x4.add(pairs, i8x16.shuffle(pairs, pairs, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  }
  if (extent & 1) return f32x4.add(f32x4.add(s3, s0), f32x4.add(s1, s2));
  return f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
}

/** A row, vector after vector, or `count` columns (up to four), `stride` bytes apart. */
function forward(input: usize, output: usize, extent: i32, stride: usize, count: i32, log: i32, zero: i32): void {
  const isRow = stride == 0;
  const step = isRow ? 4 : 0;
  if (isRow) stride = 16;
  const bytes = isRow ? <usize>extent << 2 : <usize>extent * stride;
  // A NaN may be lost here: its exponential, and so the sum, is NaN again.
  let m = f32x4.splat(-Infinity);
  // Up to here vectors are whole, and four at a time: four columns, or a row but for its end.
  const whole = isRow ? bytes & ~63 : count < 4 ? 0 : <usize>(extent & ~3) * stride;
  let at: usize = 0;
  let left = count;
  for (; at < whole; at += 4 * stride) {
    const pair = input + at + 2 * stride;
    const first = f32x4.pmax(v128.load(input + at), v128.load(input + at + stride));
    m = f32x4.pmax(m, f32x4.pmax(first, f32x4.pmax(v128.load(pair), v128.load(pair + stride))));
  }
  if (isRow) left &= 15;
  for (; at < bytes; left -= step, at += stride) {
    m = f32x4.pmax(m, v128.bitselect(v128.load(input + at), f32x4.splat(-Infinity), among(left)));
  }
  if (isRow) {
    m = f32x4.pmax(m, i8x16.shuffle(m, m, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
    m = f32x4.pmax(m, i8x16.shuffle(m, m, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  }
  const least = kept(-104, zero), log2e = kept(LOG2E, zero), rounding = kept(ROUNDING + 24, zero), high = kept(MINUS_LN2_HIGH, zero);
  const low = kept(MINUS_LN2_LOW, zero), k1 = kept(K1, zero), k2 = kept(K2, zero), two = kept(2, zero), one = kept(1, zero);
  const tiny = kept(TINY, zero);
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (at = 0; at < whole; at += 4 * stride) {
    const at2 = at + 2 * stride;
    const x0 = f32x4.sub(v128.load(input + at), m), x1 = f32x4.sub(v128.load(input + at + stride), m);
    const x2 = f32x4.sub(v128.load(input + at2), m), x3 = f32x4.sub(v128.load(input + at2 + stride), m);
    const e0 = expNegative(x0, least, log2e, rounding, high, low, k1, k2, two, one, tiny);
    const e1 = expNegative(x1, least, log2e, rounding, high, low, k1, k2, two, one, tiny);
    const e2 = expNegative(x2, least, log2e, rounding, high, low, k1, k2, two, one, tiny);
    const e3 = expNegative(x3, least, log2e, rounding, high, low, k1, k2, two, one, tiny);
    if (!log) {
      v128.store(output + at, e0);
      v128.store(output + at + stride, e1);
      v128.store(output + at2, e2);
      v128.store(output + at2 + stride, e3);
    }
    s0 = f32x4.add(s0, e0);
    if (isRow) {
      s0 = f32x4.add(f32x4.add(f32x4.add(s0, e1), e2), e3);
    } else {
      s1 = f32x4.add(s1, e1);
      s2 = f32x4.add(s2, e2);
      s3 = f32x4.add(s3, e3);
    }
  }
  for (left = isRow ? count & 15 : count; at < bytes; left -= step, at += stride) {
    const e = v128.and(expOf(f32x4.sub(v128.load(input + at), m)), among(left));
    if (!log) storeUpTo(output + at, e, left);
    const next = f32x4.add(s0, e);
    if (isRow) {
      s0 = next;
    } else {
      s0 = s1;
      s1 = s2;
      s2 = s3;
      s3 = next;
    }
  }
  const sum = paired(s0, s1, s2, s3, extent, isRow);
  const last = log ? logOf(sum) : f32x4.div(f32x4.splat(1), sum);
  at = 0;
  if (!log) for (; at < whole; at += stride) v128.store(output + at, f32x4.mul(v128.load(output + at), last));
  for (left = !isRow || log ? count : count & 15; at < bytes; left -= step, at += stride) {
    if (log) storeUpTo(output + at, f32x4.sub(f32x4.sub(v128.load(input + at), m), last), left);
    else storeUpTo(output + at, f32x4.mul(v128.load(output + at), last), left);
  }
}

/**
 * From y, the softmax, whichever the operator:
 *
 *   softmax       dx = y * (dy - sum of dy * y)
 *   log softmax   dx = dy - y * sum of dy
 */
function backward(input: usize, y: usize, output: usize, extent: i32, stride: usize, count: i32, log: i32): void {
  const isRow = stride == 0;
  const step = isRow ? 4 : 0;
  if (isRow) stride = 16;
  const bytes = isRow ? <usize>extent << 2 : <usize>extent * stride;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let left = count, at: usize = 0; at < bytes; left -= step, at += stride) {
    const dy = v128.load(input + at);
    const next = f32x4.add(s0, v128.and(log ? dy : f32x4.mul(dy, v128.load(y + at)), among(left)));
    if (isRow) {
      s0 = next;
    } else {
      s0 = s1;
      s1 = s2;
      s2 = s3;
      s3 = next;
    }
  }
  const sum = paired(s0, s1, s2, s3, extent, isRow);
  for (let left = count, at: usize = 0; at < bytes; left -= step, at += stride) {
    const dy = v128.load(input + at), softmax = v128.load(y + at);
    storeUpTo(output + at, log ? f32x4.sub(dy, f32x4.mul(softmax, sum)) : f32x4.mul(softmax, f32x4.sub(dy, sum)), left);
  }
}

/** Forward where there is no `y` yet. */
export function softmax(p: SoftmaxParams, taskBegin: i32, taskEnd: i32): void {
  const zero = zeroOf(changetype<usize>(p));
  const isRow = p.inner == 1;
  // A task is rows, or columns of one `outer`, which are taken four at a time.
  const tasks = isRow ? 1 : (p.inner + p.taskLength - 1) / p.taskLength;
  for (let task = taskBegin; task < taskEnd; task++) {
    const begin = (isRow ? task : task % tasks) * p.taskLength;
    const end = min(begin + p.taskLength, isRow ? p.outer : p.inner);
    for (let i = begin; i < end; i += isRow ? 1 : 4) {
      const at = <usize>(isRow ? i * p.extent : task / tasks * p.extent * p.inner + i) << 2;
      const stride = isRow ? <usize>0 : <usize>p.inner << 2;
      const count = isRow ? p.extent : min(4, end - i);
      if (p.y == 0) forward(p.input + at, p.output + at, p.extent, stride, count, p.log, zero);
      else backward(p.input + at, p.y + at, p.output + at, p.extent, stride, count, p.log);
    }
  }
}
