import { K1, K2, kept, LOG2E, MINUS_LN2, ROUNDING, tanhVector, zeroOf } from '../math';
import { ActivationParams } from '../params';
import { storeUpTo4 } from '../simd';

/** The hyperbolic tangent. A task is `taskLength` floats. Tasks lie side by side, so that any range of them is one run. */
export function tanh(p: ActivationParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const zero = zeroOf(changetype<usize>(p));
  const minusTwo = kept(-2, zero), least = kept(-20, zero), log2e = kept(LOG2E, zero), rounding = kept(ROUNDING, zero);
  const ln2 = kept(MINUS_LN2, zero), k1 = kept(K1, zero), k2 = kept(K2, zero), two = kept(2, zero), one = kept(1, zero);
  const sign = kept(-0.0, zero);
  let input = p.input + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  for (let left = min(taskEnd * p.taskLength, p.length) - begin; left > 0; left -= 16) {
    const x0 = v128.load(input), x1 = v128.load(input, 16), x2 = v128.load(input, 32), x3 = v128.load(input, 48);
    storeUpTo4(
      output,
      tanhVector(x0, minusTwo, least, log2e, rounding, ln2, k1, k2, two, one, sign),
      tanhVector(x1, minusTwo, least, log2e, rounding, ln2, k1, k2, two, one, sign),
      tanhVector(x2, minusTwo, least, log2e, rounding, ln2, k1, k2, two, one, sign),
      tanhVector(x3, minusTwo, least, log2e, rounding, ln2, k1, k2, two, one, sign),
      left,
    );
    input += 64;
    output += 64;
  }
}
