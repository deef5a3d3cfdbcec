import { K1, K2, kept, LOG2E, MINUS_LN2_HIGH, MINUS_LN2_LOW, ROUNDING, sigmoidVector, TINY, zeroOf } from '../math';
import { ActivationParams } from '../generated/abi';
import { storeUpTo4 } from '../simd';

/** The logistic function, 1 / (1 + e^−x). A task is `taskLength` floats. Tasks lie side by side, so that any range of them is one run. */
export function sigmoid(p: ActivationParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const zero = zeroOf(changetype<usize>(p));
  const least = kept(-104, zero), most = kept(25, zero), log2e = kept(-LOG2E, zero), rounding = kept(ROUNDING - 24, zero);
  const high = kept(-MINUS_LN2_HIGH, zero), low = kept(-MINUS_LN2_LOW, zero), k1 = kept(K1, zero), k2 = kept(K2, zero);
  const two = kept(2, zero), one = kept(TINY, zero);
  let input = p.input + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  for (let left = min(taskEnd * p.taskLength, p.length) - begin; left > 0; left -= 16) {
    const x0 = v128.load(input), x1 = v128.load(input, 16), x2 = v128.load(input, 32), x3 = v128.load(input, 48);
    storeUpTo4(
      output,
      sigmoidVector(x0, least, most, log2e, rounding, high, low, k1, k2, two, one),
      sigmoidVector(x1, least, most, log2e, rounding, high, low, k1, k2, two, one),
      sigmoidVector(x2, least, most, log2e, rounding, high, low, k1, k2, two, one),
      sigmoidVector(x3, least, most, log2e, rounding, high, low, k1, k2, two, one),
      left,
    );
    input += 64;
    output += 64;
  }
}
