import { expm1Negative } from '../math';
import { ActivationParams } from '../params';
import { storeUpTo2 } from '../simd';

@inline
function eluVector(x: v128, alpha: v128, inner: v128, outer: v128): v128 {
  const below = f32x4.mul(alpha, expm1Negative(f32x4.mul(inner, x)));
  return v128.bitselect(below, f32x4.mul(outer, x), f32x4.lt(x, f32x4.splat(0)));
}

/**
 * `y = x < 0 ? alpha * (e^(lower * x) - 1) : upper * x`:
 *
 *           alpha        lower      upper
 *   elu     alpha        1          1
 *   celu    alpha        1 / alpha  1
 *   selu    lambda alpha 1          lambda
 *
 * A task is `taskLength` floats. Tasks lie side by side, so that any range of them is one run.
 */
export function elu(p: ActivationParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const alpha = f32x4.splat(p.alpha);
  const inner = f32x4.splat(p.lower);
  const outer = f32x4.splat(p.upper);
  let input = p.input + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  for (let left = min(taskEnd * p.taskLength, p.length) - begin; left > 0; left -= 8) {
    const x0 = v128.load(input), x1 = v128.load(input, 16);
    storeUpTo2(output, eluVector(x0, alpha, inner, outer), eluVector(x1, alpha, inner, outer), left);
    input += 32;
    output += 32;
  }
}
