import { ActivationParams } from '../generated/abi';
import { isLeakyMax, leakyMaxVector, leakyVector, storeUpTo } from '../simd';

/**
 * `y = x < 0 ? alpha * x : x`: a NaN stays a NaN, −0 stays −0. Leaky ReLU, randomized leaky ReLU at inference, and each row
 * of a parametric one.
 */
@inline
function leaky(x: v128, alpha: v128, isMax: bool): v128 {
  return isMax ? leakyMaxVector(x, alpha) : leakyVector(x, alpha);
}

@inline
function run(input: usize, output: usize, length: i32, alpha: v128, isMax: bool): void {
  for (let k = length >> 4; k > 0; k--) {
    const x0 = v128.load(input), x1 = v128.load(input, 16), x2 = v128.load(input, 32), x3 = v128.load(input, 48);
    v128.store(output, leaky(x0, alpha, isMax));
    v128.store(output, leaky(x1, alpha, isMax), 16);
    v128.store(output, leaky(x2, alpha, isMax), 32);
    v128.store(output, leaky(x3, alpha, isMax), 48);
    input += 64;
    output += 64;
  }
  for (let left = length & 15; left > 0; left -= 4) {
    storeUpTo(output, leaky(v128.load(input), alpha, isMax), left);
    input += 16;
    output += 16;
  }
}

/** `length` floats under one slope. */
export function leakyRun(input: usize, output: usize, length: i32, alpha: f32): void {
  if (isLeakyMax(alpha)) run(input, output, length, f32x4.splat(alpha), true);
  else run(input, output, length, f32x4.splat(alpha), false);
}

/** A task is `taskLength` floats. Tasks lie side by side, so that any range of them is one run. */
export function leakyRelu(p: ActivationParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const length = min(taskEnd * p.taskLength, p.length) - begin;
  leakyRun(p.input + (<usize>begin << 2), p.output + (<usize>begin << 2), length, p.alpha);
}
