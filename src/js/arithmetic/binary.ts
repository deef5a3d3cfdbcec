import { Binary, type BinaryParams } from '../../kernels/arithmetic.ts';
import type { Block } from '../../kernels/layout.ts';
import { pow, rowOffset } from './broadcast.ts';

const { fround } = Math;

function chosen(kind: number): (x: number, y: number) => number {
  switch (kind) {
    case Binary.Add:
      return (x, y) => x + y;
    case Binary.Sub:
      return (x, y) => x - y;
    case Binary.Mul:
      return (x, y) => x * y;
    case Binary.Div:
      return (x, y) => x / y;
    case Binary.Maximum:
      return Math.max;
    case Binary.Minimum:
      return Math.min;
    case Binary.Pow:
      return pow;
    default:
      return (x, y) => (x < 0 ? fround(x * y) : x);
  }
}

/** `output = f(input, other)`, element by element, both broadcast to the result. A task is `taskLength` floats of the result. */
export function binary(p: Block<typeof BinaryParams>, taskBegin: number, taskEnd: number): void {
  const { input, other, output, rowLength, inputStep, otherStep, axes } = p;
  const counts = [p.count0, p.count1, p.count2, p.count3, p.count4, p.count5, p.count6];
  const inputStrides = [
    p.inputStride0,
    p.inputStride1,
    p.inputStride2,
    p.inputStride3,
    p.inputStride4,
    p.inputStride5,
    p.inputStride6,
  ];
  const otherStrides = [
    p.otherStride0,
    p.otherStride1,
    p.otherStride2,
    p.otherStride3,
    p.otherStride4,
    p.otherStride5,
    p.otherStride6,
  ];
  const f = chosen(p.kind);
  const end = Math.min(taskEnd * p.taskLength, p.length);
  let at = taskBegin * p.taskLength;
  let row = Math.floor(at / rowLength);
  let skip = at % rowLength;
  while (at < end) {
    const rowEnd = Math.min(at + rowLength - skip, end);
    let a = rowOffset(row, axes, counts, inputStrides) + skip * inputStep;
    let b = rowOffset(row, axes, counts, otherStrides) + skip * otherStep;
    for (; at < rowEnd; at++) {
      output[at] = f(input[a], other[b]);
      a += inputStep;
      b += otherStep;
    }
    row++;
    skip = 0;
  }
}
