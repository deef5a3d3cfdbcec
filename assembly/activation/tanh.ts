import { K1, K2, kept, LOG2E, MINUS_LN2, ROUNDING, tanhVector, zeroOf } from '../math';
import { ActivationParams } from '../generated/abi';
import { storeUpTo } from '../simd';

/** The hyperbolic tangent. A task is `taskLength` floats. Tasks lie side by side, so that any range of them is one run. */
export function tanh(p: ActivationParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const zero = zeroOf(changetype<usize>(p));
  const minusTwo = kept(-2, zero), least = kept(-20, zero), log2e = kept(LOG2E, zero), rounding = kept(ROUNDING, zero);
  const ln2 = kept(MINUS_LN2, zero), k1 = kept(K1, zero), k2 = kept(K2, zero), two = kept(2, zero), one = kept(1, zero);
  const sign = kept(-0.0, zero);
  let input = p.input + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  // Two vectors at a time: four take seven tenths of the time, and 300 bytes more.
  for (let left = min(taskEnd * p.taskLength, p.length) - begin; left > 0; left -= 8) {
    const x0 = v128.load(input), x1 = v128.load(input, 16);
    const y0 = tanhVector(x0, minusTwo, least, log2e, rounding, ln2, k1, k2, two, one, sign);
    const y1 = tanhVector(x1, minusTwo, least, log2e, rounding, ln2, k1, k2, two, one, sign);
    storeUpTo(output, y0, left);
    if (left > 4) storeUpTo(output + 16, y1, left - 4);
    input += 32;
    output += 32;
  }
}
