import { sigmoidVector } from '../math';
import { ActivationParams } from '../params';
import { storeUpTo2 } from '../simd';

/** The logistic function, 1 / (1 + e^−x). A task is `taskLength` floats. Tasks lie side by side, so that any range of them is one run. */
export function sigmoid(p: ActivationParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  let input = p.input + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  for (let left = min(taskEnd * p.taskLength, p.length) - begin; left > 0; left -= 8) {
    const x0 = v128.load(input), x1 = v128.load(input, 16);
    storeUpTo2(output, sigmoidVector(x0), sigmoidVector(x1), left);
    input += 32;
    output += 32;
  }
}
