import { expm1Negative, K1, K2, kept, LOG2E, MINUS_LN2, ROUNDING, zeroOf } from '../math';
import { ActivationParams } from '../generated/abi';
import { storeUpTo4 } from '../simd';

@inline
function eluVector(
  x: v128, alpha: v128, inner: v128, outer: v128, least: v128, log2e: v128, rounding: v128, ln2: v128, k1: v128, k2: v128, two: v128, one: v128,
): v128 {
  const below = f32x4.mul(alpha, expm1Negative(f32x4.mul(inner, x), least, log2e, rounding, ln2, k1, k2, two, one));
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
  const zero = zeroOf(changetype<usize>(p));
  const alpha = f32x4.splat(p.alpha), inner = f32x4.splat(p.lower), outer = f32x4.splat(p.upper);
  const least = kept(-25, zero), log2e = kept(LOG2E, zero), rounding = kept(ROUNDING, zero), ln2 = kept(MINUS_LN2, zero);
  const k1 = kept(K1, zero), k2 = kept(K2, zero), two = kept(2, zero), one = kept(1, zero);
  let input = p.input + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  for (let left = min(taskEnd * p.taskLength, p.length) - begin; left > 0; left -= 16) {
    const x0 = v128.load(input), x1 = v128.load(input, 16), x2 = v128.load(input, 32), x3 = v128.load(input, 48);
    storeUpTo4(
      output,
      eluVector(x0, alpha, inner, outer, least, log2e, rounding, ln2, k1, k2, two, one),
      eluVector(x1, alpha, inner, outer, least, log2e, rounding, ln2, k1, k2, two, one),
      eluVector(x2, alpha, inner, outer, least, log2e, rounding, ln2, k1, k2, two, one),
      eluVector(x3, alpha, inner, outer, least, log2e, rounding, ln2, k1, k2, two, one),
      left,
    );
    input += 64;
    output += 64;
  }
}
