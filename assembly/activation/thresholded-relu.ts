import { ActivationParams } from '../generated/abi';
import { storeUpTo, thresholdVector } from '../simd';

/**
 * `y = x <= alpha ? 0 : x`, which is `x > alpha ? x : 0` but for a NaN: it stays a NaN.
 *
 * A task is `taskLength` floats. Tasks lie side by side, so that any range of them is one run.
 */
export function thresholdedRelu(p: ActivationParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const length = min(taskEnd * p.taskLength, p.length) - begin;
  const alpha = f32x4.splat(p.alpha);
  let input = p.input + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  for (let k = length >> 4; k > 0; k--) {
    const x0 = v128.load(input), x1 = v128.load(input, 16), x2 = v128.load(input, 32), x3 = v128.load(input, 48);
    v128.store(output, thresholdVector(x0, alpha));
    v128.store(output, thresholdVector(x1, alpha), 16);
    v128.store(output, thresholdVector(x2, alpha), 32);
    v128.store(output, thresholdVector(x3, alpha), 48);
    input += 64;
    output += 64;
  }
  for (let left = length & 15; left > 0; left -= 4) {
    storeUpTo(output, thresholdVector(v128.load(input), alpha), left);
    input += 16;
    output += 16;
  }
}
