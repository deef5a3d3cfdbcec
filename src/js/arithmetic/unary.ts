import { Unary, type UnaryParams } from '../../kernels/arithmetic.ts';
import type { Block } from '../../kernels/layout.ts';
import { erfOf, exponentialOf, logarithmOf } from '../math.ts';

const { fround } = Math;

/** 2²³: a float of this size has no fraction. */
const WHOLE = 8388608;

/** To the nearest whole number, of two the even one; −0 for what is negative and rounds to 0. */
function roundEven(x: number): number {
  const size = Math.abs(x);
  if (!(size < WHOLE)) return x;
  const rounded = fround(fround(size + WHOLE) - WHOLE);
  return x < 0 || Object.is(x, -0) ? -rounded : rounded;
}

function chosen(kind: number): (x: number) => number {
  switch (kind) {
    case Unary.Abs:
      return Math.abs;
    case Unary.Neg:
      return (x) => -x;
    case Unary.Sqrt:
      return Math.sqrt;
    case Unary.Reciprocal:
      return (x) => 1 / x;
    case Unary.Floor:
      return Math.floor;
    case Unary.Ceil:
      return Math.ceil;
    case Unary.RoundEven:
      return roundEven;
    case Unary.Sign:
      return Math.sign;
    case Unary.Exp:
      return exponentialOf;
    case Unary.Log:
      return logarithmOf;
    default:
      return erfOf;
  }
}

/** `output = f(input)`, element by element. A task is `taskLength` floats. */
export function unary(p: Block<typeof UnaryParams>, taskBegin: number, taskEnd: number): void {
  const { input, output } = p;
  const f = chosen(p.kind);
  const end = Math.min(taskEnd * p.taskLength, p.length);
  for (let i = taskBegin * p.taskLength; i < end; i++) output[i] = f(input[i]);
}
