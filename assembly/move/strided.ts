import { StridedParams } from '../generated/abi';
import { copyFloats } from '../simd';

/**
 * A lattice of floats, each dimension with a stride in the input and one in the output, the last running fastest. Layouts are
 * changed, windows unrolled and phases of a result interleaved by it, which only differ in their strides.
 *
 *   copy   output = input, over all six dimensions
 *   sum    output = +0, then output ⊕ input for one point after another: where several meet, in that order
 *
 * A task is a point of the first two dimensions. Those of a sum write apart: each clears its own `clearLength` floats.
 */
function run(p: StridedParams, taskBegin: i32, taskEnd: i32, sums: bool): void {
  const in4 = <usize>p.in4 << 2, in5 = <usize>p.in5 << 2;
  const out4 = <usize>p.out4 << 2, out5 = <usize>p.out5 << 2;
  const isRun = in5 == 4 && out5 == 4;
  for (let task = taskBegin; task < taskEnd; task++) {
    const outer = task / p.count1;
    const inner = task - outer * p.count1;
    const input = p.input + (<usize>(p.inOffset + outer * p.in0 + inner * p.in1) << 2);
    const output = p.output + (<usize>(p.outOffset + outer * p.out0 + inner * p.out1) << 2);
    if (sums) memory.fill(output, 0, <usize>p.clearLength << 2);
    for (let i = 0; i < p.count2; i++) {
      for (let j = 0; j < p.count3; j++) {
        let from = input + (<usize>(i * p.in2 + j * p.in3) << 2);
        let to = output + (<usize>(i * p.out2 + j * p.out3) << 2);
        for (let k = p.count4; k > 0; k--) {
          if (sums) addPoints(from, to, in5, out5, p.count5);
          else if (isRun) copyFloats(to, from, p.count5);
          else copyPoints(from, to, in5, out5, p.count5);
          from += in4;
          to += out4;
        }
      }
    }
  }
}

function copyPoints(from: usize, to: usize, inBytes: usize, outBytes: usize, count: i32): void {
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(from));
    from += inBytes;
    to += outBytes;
  }
}

function addPoints(from: usize, to: usize, inBytes: usize, outBytes: usize, count: i32): void {
  if (inBytes == 4 && outBytes == 4) {
    for (; count >= 4; count -= 4) {
      v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
      from += 16;
      to += 16;
    }
  }
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    from += inBytes;
    to += outBytes;
  }
}

export function stridedCopy(p: StridedParams, taskBegin: i32, taskEnd: i32): void {
  run(p, taskBegin, taskEnd, false);
}

export function stridedSum(p: StridedParams, taskBegin: i32, taskEnd: i32): void {
  run(p, taskBegin, taskEnd, true);
}
