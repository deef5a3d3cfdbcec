import type { Block } from '../../kernels/layout.ts';
import type { StridedParams } from '../../kernels/move.ts';

type Params = Block<typeof StridedParams>;

/**
 * A lattice of floats, each dimension with a stride in the input and one in the output, the last running fastest. Layouts are
 * changed, windows unrolled and phases of a result interleaved by it, which only differ in their strides.
 *
 *   copy   output = input, over all six dimensions
 *   sum    output = +0, then output ⊕ input for one point after another: where several meet, in that order
 *
 * A task is a point of the first two dimensions. Those of a sum write apart: each clears its own `clearLength` floats.
 */
function run(p: Params, taskBegin: number, taskEnd: number, sums: boolean): void {
  const { input, output } = p;
  for (let task = taskBegin; task < taskEnd; task++) {
    const outer = Math.trunc(task / p.count1);
    const inner = task - outer * p.count1;
    const inFirst = p.inOffset + outer * p.in0 + inner * p.in1;
    const outFirst = p.outOffset + outer * p.out0 + inner * p.out1;
    if (sums) output.fill(0, outFirst, outFirst + p.clearLength);
    for (let i = 0; i < p.count2; i++) {
      for (let j = 0; j < p.count3; j++) {
        for (let k = 0; k < p.count4; k++) {
          let from = inFirst + i * p.in2 + j * p.in3 + k * p.in4;
          let to = outFirst + i * p.out2 + j * p.out3 + k * p.out4;
          for (let l = p.count5; l > 0; l--) {
            if (sums) output[to] += input[from];
            else output[to] = input[from];
            from += p.in5;
            to += p.out5;
          }
        }
      }
    }
  }
}

export function stridedCopy(p: Params, taskBegin: number, taskEnd: number): void {
  run(p, taskBegin, taskEnd, false);
}

export function stridedSum(p: Params, taskBegin: number, taskEnd: number): void {
  run(p, taskBegin, taskEnd, true);
}
