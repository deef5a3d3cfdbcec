import { RreluBackwardParams, RreluParams } from '../generated/abi';
import { leakyVector, storeUpTo } from '../simd';

/**
 * Randomized leaky ReLU in training: every negative float has a slope of its own, uniform between two bounds.
 *
 *   h = mix(mix(index) ^ seed)
 *   y = x < 0 ? (lower + step * (h >>> 8)) * x : x          step = (upper - lower) / 2²⁴
 *
 * The draw depends on the place in memory and on nothing else, so that tasks may run in any order, anywhere. `mix` is
 * lowbias32, the 32-bit finaliser that Chris Wellons' hash prospector found (nullprogram.com/blog/2018/07/31): a
 * bijection, two multiplications, bias 0.174. It is nested (as in Jarzynski and Olano, "Hash Functions for GPU Rendering",
 * JCGT 9(3), 2020) with the seed in the middle: around a single one, the draws of another seed would be the same
 * draws in other places.
 *
 * A task is `taskLength` floats. Tasks lie side by side, so that any range of them is one run.
 */
@inline
function mix(x: v128): v128 {
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x7feb352d));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 15)), i32x4.splat(0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

@inline
function drawnSlope(index: v128, seed: v128, lower: v128, step: v128): v128 {
  const draw = f32x4.convert_i32x4_s(i32x4.shr_u(mix(v128.xor(mix(index), seed)), 8));
  return f32x4.add(lower, f32x4.mul(step, draw));
}

@inline
function randomLeaky(x: v128, index: v128, seed: v128, lower: v128, step: v128): v128 {
  return leakyVector(x, drawnSlope(index, seed, lower, step));
}

export function rrelu(p: RreluParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const length = min(taskEnd * p.taskLength, p.length) - begin;
  const seed = i32x4.splat(p.seed);
  const lower = f32x4.splat(p.lower);
  const step = f32x4.splat(p.step);
  let input = p.input + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  let index = i32x4.add(i32x4.splat(begin), i32x4(0, 1, 2, 3));
  for (let k = length >> 3; k > 0; k--) {
    const x0 = v128.load(input), x1 = v128.load(input, 16);
    v128.store(output, randomLeaky(x0, index, seed, lower, step));
    v128.store(output, randomLeaky(x1, i32x4.add(index, i32x4.splat(4)), seed, lower, step), 16);
    input += 32;
    output += 32;
    index = i32x4.add(index, i32x4.splat(8));
  }
  for (let left = length & 7; left > 0; left -= 4) {
    storeUpTo(output, randomLeaky(v128.load(input), index, seed, lower, step), left);
    input += 16;
    output += 16;
    index = i32x4.add(index, i32x4.splat(4));
  }
}

/** `dx = x > 0 ? dy : slope * dy` with the slopes that `rrelu` drew from the same seed, and NaN where x is NaN. */
export function rreluBackward(p: RreluBackwardParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const seed = i32x4.splat(p.seed);
  const lower = f32x4.splat(p.lower);
  const step = f32x4.splat(p.step);
  let input = p.input + (<usize>begin << 2);
  let at = p.x + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  let index = i32x4.add(i32x4.splat(begin), i32x4(0, 1, 2, 3));
  for (let left = min(taskEnd * p.taskLength, p.length) - begin; left > 0; left -= 4) {
    const x = v128.load(at), dy = v128.load(input);
    const leaky = f32x4.mul(dy, drawnSlope(index, seed, lower, step));
    const dx = v128.bitselect(dy, leaky, f32x4.gt(x, f32x4.splat(0)));
    storeUpTo(output, v128.or(dx, f32x4.ne(x, x)), left);
    input += 16;
    at += 16;
    output += 16;
    index = i32x4.add(index, i32x4.splat(4));
  }
}
