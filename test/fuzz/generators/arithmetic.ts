import { lengthOf } from '../../../src/tensor/tensor.ts';
import { broadcastShape } from '../../oracle/arithmetic.ts';
import type { Source } from '../source.ts';
import { skipped } from './conv.ts';
import { anyShape, floats, type Generator, given, isLarge } from './values.ts';

const over = { argument: 0, result: 'out' };

const LARGE: readonly (readonly [number[], number[]])[] = [
  [
    [3, 70001],
    [3, 70001],
  ],
  [[70001, 3], [3]],
  [
    [2, 64, 41, 41],
    [64, 1, 1],
  ],
  [[], [70001]],
];

/** Two shapes that broadcast: equal ones, or each with some dimensions of 1, and one of them without its first ones. */
function shapes(source: Source): readonly [number[], number[]] {
  if (isLarge(source)) return LARGE[source.int(0, LARGE.length - 1)];
  const shape = anyShape(source);
  if (source.oneIn(3)) return [shape, [...shape]];
  const of = () => shape.map((extent) => (source.oneIn(3) ? 1 : extent));
  const pair: [number[], number[]] = [of(), of()];
  const cut = source.int(0, 1);
  pair[cut] = pair[cut].slice(source.int(0, pair[cut].length));
  return pair;
}

const isWhole = (a: readonly number[], shape: readonly number[]) => lengthOf(a) === lengthOf(shape);

const binary: Generator = (source) => {
  const [a, b] = shapes(source);
  return { args: [floats(source, a), floats(source, b), {}], ...(isWhole(a, broadcastShape(a, b)) && a.length >= b.length && { over }) };
};

const binaryBackward: Generator = (source) => {
  const [a, b] = shapes(source);
  const shape = broadcastShape(a, b);
  const args = [floats(source, shape), floats(source, a), floats(source, b), given({ skip: skipped(source, 'da', 'db') })] as const;
  return { args, ...(isWhole(a, shape) && a.length >= b.length && { over: { argument: 0, result: 'da' } }) };
};

const unary: Generator = (source) => ({ args: [floats(source, isLarge(source) ? [3, 70001] : anyShape(source)), {}], over });

const unaryBackward: Generator = (source) => {
  const shape = isLarge(source) ? [3, 70001] : anyShape(source);
  return { args: [floats(source, shape), floats(source, shape), {}], over };
};

export const arithmetic = {
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  maximum: binary,
  minimum: binary,
  pow: binary,
  addBackward: binaryBackward,
  subBackward: binaryBackward,
  mulBackward: binaryBackward,
  divBackward: binaryBackward,
  maximumBackward: binaryBackward,
  minimumBackward: binaryBackward,
  powBackward: binaryBackward,
  abs: unary,
  neg: unary,
  sqrt: unary,
  exp: unary,
  log: unary,
  reciprocal: unary,
  floor: unary,
  ceil: unary,
  roundEven: unary,
  sign: unary,
  erf: unary,
  absBackward: unaryBackward,
  negBackward: unaryBackward,
  sqrtBackward: unaryBackward,
  expBackward: unaryBackward,
  logBackward: unaryBackward,
  reciprocalBackward: unaryBackward,
  erfBackward: unaryBackward,
} satisfies Record<string, Generator>;
