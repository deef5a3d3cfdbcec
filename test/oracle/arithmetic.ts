import { lengthOf, type Tensor } from '../../src/tensor/tensor.ts';

/** Functions of one and of two floats, and their gradients, in float64; and what broadcasting is, one index at a time. */

/** C's pow, which is IEEE 754's: JavaScript's is NaN where the base is ±1 and the exponent is NaN or infinite. */
export function pow(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return x ** y;
}

export const binary = {
  add: (x: number, y: number) => x + y,
  sub: (x: number, y: number) => x - y,
  mul: (x: number, y: number) => x * y,
  div: (x: number, y: number) => x / y,
  maximum: Math.max,
  minimum: Math.min,
  pow,
};

const shared = (dy: number, mine: number, other: number, sign: number) => (sign * (mine - other) < 0 ? 0 : mine === other ? dy / 2 : dy);

export const binaryGradients: { readonly [K in keyof typeof binary]: (dy: number, a: number, b: number) => readonly [number, number] } = {
  add: (dy) => [dy, dy],
  sub: (dy) => [dy, -dy],
  mul: (dy, a, b) => [dy * b, dy * a],
  div: (dy, a, b) => [dy / b, (-dy * a) / b / b],
  maximum: (dy, a, b) => [shared(dy, a, b, 1), shared(dy, b, a, 1)],
  minimum: (dy, a, b) => [shared(dy, a, b, -1), shared(dy, b, a, -1)],
  pow: (dy, a, b) => [b === 0 ? 0 : dy * b * pow(a, Math.fround(b - 1)), a === 0 && b >= 0 ? 0 : dy * pow(a, b) * Math.log(a)],
};

function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rounded = x - floor < 0.5 || (x - floor === 0.5 && floor % 2 === 0) ? floor : floor + 1;
  return rounded === 0 ? 0 * Math.sign(x) : rounded;
}

/** By its series near 0, by the continued fraction of its complement beyond. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (!(size > 2)) {
    let [term, sum] = [x, x];
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 200; n > 0; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + fraction));
}

export const unary = {
  abs: Math.abs,
  neg: (x: number) => -x,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  reciprocal: (x: number) => 1 / x,
  floor: Math.floor,
  ceil: Math.ceil,
  roundEven,
  sign: Math.sign,
  erf,
};

export const slopes = {
  abs: Math.sign,
  neg: () => -1,
  sqrt: (x: number) => 0.5 / Math.sqrt(x),
  exp: Math.exp,
  log: (x: number) => 1 / x,
  reciprocal: (x: number) => -1 / (x * x),
  erf: (x: number) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x),
};

export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [n, m] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    return n === 1 ? m : n;
  });
}

/** For each element of `shape` the index in an operand. */
export function indices(shape: readonly number[], operand: readonly number[]): number[] {
  return Array.from({ length: lengthOf(shape) }, (_, i) => {
    let [left, index, stride] = [i, 0, 1];
    for (let back = 1; back <= shape.length; back++) {
      const at = left % shape[shape.length - back];
      left = Math.floor(left / shape[shape.length - back]);
      const extent = operand[operand.length - back] ?? 1;
      if (extent !== 1) index += at * stride;
      stride *= extent;
    }
    return index;
  });
}

/** `f` of two tensors in float64. */
export function broadcast(a: Tensor, b: Tensor, f: (x: number, y: number) => number): { shape: number[]; data: Float64Array } {
  const shape = broadcastShape(a.shape, b.shape);
  const [ofA, ofB] = [indices(shape, a.shape), indices(shape, b.shape)];
  return { shape, data: Float64Array.from(ofA, (at, i) => f(a.data[at], b.data[ofB[i]])) };
}
