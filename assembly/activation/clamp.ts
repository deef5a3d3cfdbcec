import { ActivationParams } from '../generated/abi';
import { clampVector, storeUpTo } from '../simd';

/**
 * Between `lower` and `upper`: relu (0, ∞), relu6 (0, 6), clamp.
 *
 *   raised = x < lower ? lower : x,   y = upper < raised ? upper : raised
 *
 * so that a NaN stays a NaN, and −0 stays −0 under a bound of 0. Four vectors an iteration: with one, V8 11 and 12 take
 * half as long again (docs/performance.md). A relu that leaves the upper bound out is no faster.
 *
 * A task is `taskLength` floats. Tasks lie side by side, so that any range of them is one run.
 */
export function clamp(p: ActivationParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const length = min(taskEnd * p.taskLength, p.length) - begin;
  const lower = f32x4.splat(p.lower);
  const upper = f32x4.splat(p.upper);
  let input = p.input + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  for (let k = length >> 4; k > 0; k--) {
    const x0 = v128.load(input), x1 = v128.load(input, 16), x2 = v128.load(input, 32), x3 = v128.load(input, 48);
    v128.store(output, clampVector(x0, lower, upper));
    v128.store(output, clampVector(x1, lower, upper), 16);
    v128.store(output, clampVector(x2, lower, upper), 32);
    v128.store(output, clampVector(x3, lower, upper), 48);
    input += 64;
    output += 64;
  }
  for (let left = length & 15; left > 0; left -= 4) {
    storeUpTo(output, clampVector(v128.load(input), lower, upper), left);
    input += 16;
    output += 16;
  }
}
