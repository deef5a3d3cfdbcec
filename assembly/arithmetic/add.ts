import { BinaryParams } from '../generated/abi';
import { storeUpTo } from '../simd';

/** `y = a + b`, element by element. A task is `taskLength` floats; any range of tasks is one run. */
export function add(p: BinaryParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const length = min(taskEnd * p.taskLength, p.length) - begin;
  let a = p.input + (<usize>begin << 2);
  let b = p.other + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  for (let k = length >> 4; k > 0; k--) {
    const s0 = f32x4.add(v128.load(a), v128.load(b)), s1 = f32x4.add(v128.load(a, 16), v128.load(b, 16));
    const s2 = f32x4.add(v128.load(a, 32), v128.load(b, 32)), s3 = f32x4.add(v128.load(a, 48), v128.load(b, 48));
    v128.store(output, s0);
    v128.store(output, s1, 16);
    v128.store(output, s2, 32);
    v128.store(output, s3, 48);
    a += 64;
    b += 64;
    output += 64;
  }
  for (let left = length & 15; left > 0; left -= 4) {
    storeUpTo(output, f32x4.add(v128.load(a), v128.load(b)), left);
    a += 16;
    b += 16;
    output += 16;
  }
}
