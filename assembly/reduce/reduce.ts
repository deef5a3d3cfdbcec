import { Finish, REDUCE_BLOCK, ReduceParams, Reduction } from '../generated/abi';
import { madd, storeUpTo } from '../simd';

/**
 * Sums, products and extremes along an axis of [outer][extent][inner], a block of it at a time.
 *
 * A block is reduced in turn by four, by the remainder of the index within the block, and these four in pairs: (0 and 1) and (2 and 3).
 * Where `inner` is 1 they are the lanes of one vector, and four blocks are reduced side by side, so that no addition waits for the one
 * before it. Elsewhere lanes are four columns, and the four are vectors. The order is thus that of the index alone.
 */

/** The element that changes nothing. */
function neutralOf(kind: i32): v128 {
  if (kind == Reduction.Max) return f32x4.splat(-Infinity);
  if (kind == Reduction.Min) return f32x4.splat(Infinity);
  return f32x4.splat(kind == Reduction.Product ? 1 : 0);
}

@inline
function combine(kind: i32, sum: v128, x: v128): v128 {
  if (kind == Reduction.Max) return f32x4.max(sum, x);
  if (kind == Reduction.Min) return f32x4.min(sum, x);
  if (kind == Reduction.Product) return f32x4.mul(sum, x);
  return f32x4.add(sum, x);
}

/** `sum` with the vector at `at`. `mean` is taken off `other`, and off `input` where `mask` is set. */
@inline
function include(kind: i32, sum: v128, at: usize, other: usize, mean: v128, mask: v128): v128 {
  const x = v128.load(at);
  if (kind == Reduction.SumOfProducts) return madd(f32x4.sub(x, v128.and(mean, mask)), f32x4.sub(v128.load(at + other), mean), sum);
  return combine(kind, sum, kind == Reduction.SumOfAbsolutes ? f32x4.abs(x) : x);
}

/** `include` for the last of a loop, in lanes below `left`. */
function includeLast(kind: i32, sum: v128, at: usize, other: usize, mean: v128, mask: v128, left: i32): v128 {
  const included = include(kind, sum, at, other, mean, mask);
  return v128.bitselect(included, sum, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left)));
}

/** `left` elements of a block from `at` on. */
function includeRest(kind: i32, sum: v128, at: usize, other: usize, mean: v128, mask: v128, left: i32): v128 {
  for (; left > 0; left -= 4) {
    sum = includeLast(kind, sum, at, other, mean, mask, left);
    at += 16;
  }
  return sum;
}

/** Combines in pairs and stores `count` results. */
function finish(p: ReduceParams, to: usize, t0: v128, t1: v128, t2: v128, t3: v128, count: i32): void {
  const kind = p.kind;
  let y = f32x4.div(combine(kind, combine(kind, t0, t1), combine(kind, t2, t3)), f32x4.splat(p.divisor));
  if (p.finish == Finish.Root) y = f32x4.sqrt(y);
  if (p.finish == Finish.InverseRoot) y = f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(y, f32x4.splat(p.epsilon))));
  if (p.finish == Finish.Offset) y = f32x4.add(y, f32x4.splat(p.epsilon));
  storeUpTo(to, y, count);
}

/** Up to four blocks, each a row of its own. */
@inline
function fourRows(kind: i32, p: ReduceParams, first: i32, count: i32, blocks: i32, mask: v128): void {
  const second = min(first + 1, first + count - 1), third = min(first + 2, first + count - 1), fourth = min(first + 3, first + count - 1);
  const other = p.other - p.input;
  let a0 = addressOf(p, first, blocks), a1 = addressOf(p, second, blocks), a2 = addressOf(p, third, blocks), a3 = addressOf(p, fourth, blocks);
  const l0 = lengthOf(p, first, blocks), l1 = lengthOf(p, second, blocks), l2 = lengthOf(p, third, blocks), l3 = lengthOf(p, fourth, blocks);
  const m0 = meanOf(p, first, blocks), m1 = meanOf(p, second, blocks), m2 = meanOf(p, third, blocks), m3 = meanOf(p, fourth, blocks);
  let s0 = neutralOf(kind), s1 = s0, s2 = s0, s3 = s0;
  const whole = min(min(l0, l1), min(l2, l3)) & ~3;
  for (let k = whole; k > 0; k -= 4) {
    s0 = include(kind, s0, a0, other, m0, mask);
    s1 = include(kind, s1, a1, other, m1, mask);
    s2 = include(kind, s2, a2, other, m2, mask);
    s3 = include(kind, s3, a3, other, m3, mask);
    a0 += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
  }
  s0 = includeRest(kind, s0, a0, other, m0, mask, l0 - whole);
  s1 = includeRest(kind, s1, a1, other, m1, mask, l1 - whole);
  s2 = includeRest(kind, s2, a2, other, m2, mask, l2 - whole);
  s3 = includeRest(kind, s3, a3, other, m3, mask, l3 - whole);
  finishRows(p, p.output + (<usize>first << 2), s0, s1, s2, s3, count);
}

/** Lanes become vectors: one result a lane. */
function finishRows(p: ReduceParams, to: usize, s0: v128, s1: v128, s2: v128, s3: v128, count: i32): void {
  const low01 = v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(s0, s1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(s2, s3, 2, 6, 3, 7);
  finish(
    p, to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), v128.shuffle<f32>(low01, low23, 2, 3, 6, 7),
    v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), count,
  );
}

function addressOf(p: ReduceParams, unit: i32, blocks: i32): usize {
  const row = unit / blocks;
  return p.input + (<usize>(row * p.extent + (unit - row * blocks) * REDUCE_BLOCK) << 2);
}

function lengthOf(p: ReduceParams, unit: i32, blocks: i32): i32 {
  return min(REDUCE_BLOCK, p.extent - unit % blocks * REDUCE_BLOCK);
}

function meanOf(p: ReduceParams, unit: i32, blocks: i32): v128 {
  if (!p.mean) return f32x4.splat(0);
  return v128.load_splat<f32>(p.mean + (<usize>(unit / blocks / p.meanRepeat % p.meanPeriod) << 2));
}

/** Up to four columns of a block: lanes are columns. */
@inline
function fourColumns(kind: i32, p: ReduceParams, unit: i32, column: i32, count: i32, blocks: i32, mask: v128): void {
  const outer = unit / blocks;
  const block = unit - outer * blocks;
  const other = p.other - p.input;
  const stride = <usize>p.inner << 2;
  const length = min(REDUCE_BLOCK, p.extent - block * REDUCE_BLOCK);
  let at = p.input + (<usize>((outer * p.extent + block * REDUCE_BLOCK) * p.inner + column) << 2);
  const mean = p.mean ? v128.load(p.mean + (<usize>(outer / p.meanRepeat % p.meanPeriod * p.inner + column) << 2)) : f32x4.splat(0);
  let s0 = neutralOf(kind), s1 = s0, s2 = s0, s3 = s0;
  for (let k = length >> 2; k > 0; k--) {
    const at2 = at + 2 * stride;
    s0 = include(kind, s0, at, other, mean, mask);
    s1 = include(kind, s1, at + stride, other, mean, mask);
    s2 = include(kind, s2, at2, other, mean, mask);
    s3 = include(kind, s3, at2 + stride, other, mean, mask);
    at += 4 * stride;
  }
  const left = length & 3;
  if (left > 0) s0 = includeLast(kind, s0, at, other, mean, mask, 4);
  if (left > 1) s1 = includeLast(kind, s1, at + stride, other, mean, mask, 4);
  if (left > 2) s2 = includeLast(kind, s2, at + 2 * stride, other, mean, mask, 4);
  finish(p, p.output + (<usize>(unit * p.inner + column) << 2), s0, s1, s2, s3, count);
}

@inline
function run(kind: i32, p: ReduceParams, taskBegin: i32, taskEnd: i32): void {
  const blocks = max(1, (p.extent + REDUCE_BLOCK - 1) / REDUCE_BLOCK);
  const isRow = p.inner == 1;
  const tasks = isRow ? 1 : (p.inner + p.taskLength - 1) / p.taskLength;
  const mask = i32x4.splat(p.isCentred ? -1 : 0);
  for (let task = taskBegin; task < taskEnd; task++) {
    const begin = (isRow ? task : task % tasks) * p.taskLength;
    const end = min(begin + p.taskLength, isRow ? p.outer * blocks : p.inner);
    for (let i = begin; i < end; i += 4) {
      if (isRow) fourRows(kind, p, i, min(4, end - i), blocks, mask);
      else fourColumns(kind, p, task / tasks, i, min(4, end - i), blocks, mask);
    }
  }
}

/** A task is `taskLength` blocks where `inner` is 1, else so many columns of a block. */
export function reduce(p: ReduceParams, taskBegin: i32, taskEnd: i32): void {
  switch (p.kind) {
    case Reduction.Sum: return run(Reduction.Sum, p, taskBegin, taskEnd);
    case Reduction.SumOfProducts: return run(Reduction.SumOfProducts, p, taskBegin, taskEnd);
    case Reduction.Max: return run(Reduction.Max, p, taskBegin, taskEnd);
    case Reduction.Min: return run(Reduction.Min, p, taskBegin, taskEnd);
    // Products and sums of absolute values are rare: they take their branches in the loop.
    default: run(p.kind, p, taskBegin, taskEnd);
  }
}
