import { Gradient, type GradientParams } from '../../kernels/arithmetic.ts';
import type { Block } from '../../kernels/layout.ts';
import { exponentialOf, logarithmOf } from '../math.ts';
import { pow, rowOffset } from './broadcast.ts';

const { fround } = Math;

const TWO_BY_ROOT_PI = fround(1.1283792);

function chosen(kind: number): (dy: number, a: number, b: number) => number {
  switch (kind) {
    case Gradient.Divisor:
      return (dy, a, b) => -fround(dy * fround(fround(a / b) / b));
    case Gradient.Maximum:
      return (dy, a, b) => (a < b ? 0 : a === b ? dy * 0.5 : dy);
    case Gradient.Minimum:
      return (dy, a, b) => (a > b ? 0 : a === b ? dy * 0.5 : dy);
    case Gradient.Base:
      return (dy, a, b) => (b === 0 ? 0 : dy * fround(b * pow(a, fround(b - 1))));
    case Gradient.Exponent:
      return (dy, a, b) => (a === 0 && b >= 0 ? 0 : dy * fround(pow(a, b) * logarithmOf(a)));
    case Gradient.PreluInput:
      return (dy, a, b) => (a > 0 ? dy : Number.isNaN(a) ? a : dy * b);
    case Gradient.PreluSlope:
      return (dy, a) => (a > 0 ? 0 : a * dy);
    case Gradient.Sqrt:
      return (dy, _, b) => {
        const root = fround(Math.sqrt(b));
        return dy / fround(root + root);
      };
    case Gradient.Exp:
      return (dy, _, b) => dy * exponentialOf(b);
    case Gradient.Abs:
      return (dy, _, b) => dy * Math.sign(b);
    case Gradient.Reciprocal:
      return (dy, _, b) => {
        const y = fround(1 / b);
        return -fround(dy * fround(y * y));
      };
    default:
      // 2 / √π · e^(−x²)
      return (dy, _, b) => dy * fround(TWO_BY_ROOT_PI * exponentialOf(-fround(b * b)));
  }
}

/** What flows back into an operand, before it is summed over the axes in which the operand was broadcast. Tasks are those of `binary`. */
export function gradient(p: Block<typeof GradientParams>, taskBegin: number, taskEnd: number): void {
  const { input, output, rowLength, aStep, bStep, axes } = p;
  const counts = [p.count0, p.count1, p.count2, p.count3, p.count4, p.count5, p.count6];
  const aStrides = [p.aStride0, p.aStride1, p.aStride2, p.aStride3, p.aStride4, p.aStride5, p.aStride6];
  const bStrides = [p.bStride0, p.bStride1, p.bStride2, p.bStride3, p.bStride4, p.bStride5, p.bStride6];
  const f = chosen(p.kind);
  const end = Math.min(taskEnd * p.taskLength, p.length);
  let at = taskBegin * p.taskLength;
  let row = Math.floor(at / rowLength);
  let skip = at % rowLength;
  while (at < end) {
    const rowEnd = Math.min(at + rowLength - skip, end);
    let a = rowOffset(row, axes, counts, aStrides) + skip * aStep;
    let b = rowOffset(row, axes, counts, bStrides) + skip * bStep;
    for (; at < rowEnd; at++) {
      output[at] = f(input[at], p.a[a], p.b[b]);
      a += aStep;
      b += bStep;
    }
    row++;
    skip = 0;
  }
}
