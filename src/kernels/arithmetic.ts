import { elementwise } from './elementwise.ts';
import { type KernelDescriptor, kernel, type Layout, type Numbers, PER_NANOSECOND } from './layout.ts';

/** Functions of two floats. */
export const Binary = {
  Add: 0,
  Sub: 1,
  Mul: 2,
  Div: 3,
  Maximum: 4,
  Minimum: 5,
  Pow: 6,
  /** `a < 0 ? b * a : a`. */
  Prelu: 7,
} as const;

/** Gradients that are no product or quotient of `dy` with an operand: of `dy`, `a` and `b`. Those of one operand read `b`. */
export const Gradient = {
  /** In the divisor, `b`. */
  Divisor: 0,
  /** In `a`. */
  Maximum: 1,
  /** In `a`. */
  Minimum: 2,
  /** In the base, `a`. */
  Base: 3,
  /** In the exponent, `b`. */
  Exponent: 4,
  /** In the input, `a`, of a parametric ReLU. */
  PreluInput: 5,
  /** In the slope, `b`, of a parametric ReLU. */
  PreluSlope: 6,
  Sqrt: 7,
  Exp: 8,
  Abs: 9,
  Reciprocal: 10,
  Erf: 11,
} as const;

/** Functions of one float. */
export const Unary = {
  Abs: 0,
  Neg: 1,
  Sqrt: 2,
  Reciprocal: 3,
  Floor: 4,
  Ceil: 5,
  RoundEven: 6,
  Sign: 7,
  Exp: 8,
  Log: 9,
  Erf: 10,
} as const;

export const UnaryParams = {
  input: 'f32*',
  output: 'f32*',
  length: 'i32',
  /** Floats a task. */
  taskLength: 'i32',
  /** Of `Unary`. */
  kind: 'i32',
} as const satisfies Layout;

/**
 * Two operands that are broadcast to the result, which is seen as rows of `rowLength` floats in `axes` dimensions. The last row may be
 * cut short. In a dimension where an operand has one element only, its stride is 0.
 */
export const BinaryParams = {
  input: 'f32*',
  other: 'f32*',
  output: 'f32*',
  /** Sixteen floats for each operand. */
  scratch: 'f32*',
  length: 'i32',
  /** Floats a task. */
  taskLength: 'i32',
  /** Of `Binary`. */
  kind: 'i32',
  rowLength: 'i32',
  /** 1 where a row of the operand has `rowLength` floats, 0 where it has one. */
  inputStep: 'i32',
  otherStep: 'i32',
  /** The number of dimensions of rows. */
  axes: 'i32',
  count0: 'i32',
  count1: 'i32',
  count2: 'i32',
  count3: 'i32',
  count4: 'i32',
  count5: 'i32',
  count6: 'i32',
  inputStride0: 'i32',
  inputStride1: 'i32',
  inputStride2: 'i32',
  inputStride3: 'i32',
  inputStride4: 'i32',
  inputStride5: 'i32',
  inputStride6: 'i32',
  otherStride0: 'i32',
  otherStride1: 'i32',
  otherStride2: 'i32',
  otherStride3: 'i32',
  otherStride4: 'i32',
  otherStride5: 'i32',
  otherStride6: 'i32',
} as const satisfies Layout;

/** The gradient of a function of two operands, which are broadcast to its result as in `BinaryParams`. */
export const GradientParams = {
  /** What flows back, of the length of the result: `dy`. */
  input: 'f32*',
  a: 'f32*',
  b: 'f32*',
  output: 'f32*',
  /** Sixteen floats for each operand. */
  scratch: 'f32*',
  length: 'i32',
  /** Floats a task. */
  taskLength: 'i32',
  /** Of `Gradient`. */
  kind: 'i32',
  rowLength: 'i32',
  /** 1 where a row of the operand has `rowLength` floats, 0 where it has one. */
  aStep: 'i32',
  bStep: 'i32',
  /** The number of dimensions of rows. */
  axes: 'i32',
  count0: 'i32',
  count1: 'i32',
  count2: 'i32',
  count3: 'i32',
  count4: 'i32',
  count5: 'i32',
  count6: 'i32',
  aStride0: 'i32',
  aStride1: 'i32',
  aStride2: 'i32',
  aStride3: 'i32',
  aStride4: 'i32',
  aStride5: 'i32',
  aStride6: 'i32',
  bStride0: 'i32',
  bStride1: 'i32',
  bStride2: 'i32',
  bStride3: 'i32',
  bStride4: 'i32',
  bStride5: 'i32',
  bStride6: 'i32',
} as const satisfies Layout;

/** A power of floats takes about as long as sixty-four other operations. */
const POWER_COST = 64;

function costly<L extends Layout & { length: 'i32'; taskLength: 'i32'; kind: 'i32' }>(
  block: L,
  inPlace: readonly (keyof L & string)[],
  kinds: readonly number[],
): KernelDescriptor<L> {
  const { tasks } = elementwise(block, inPlace);
  const cost = (numbers: Numbers<L>) => {
    const { length, kind } = numbers as unknown as { readonly length: number; readonly kind: number };
    return (length * (kinds.includes(kind) ? POWER_COST : 1)) / PER_NANOSECOND.floats;
  };
  return kernel(block, tasks, cost, { inPlace });
}

export const arithmeticKernels = {
  unary: elementwise(UnaryParams),
  binary: costly(BinaryParams, ['input', 'other'], [Binary.Pow]),
  gradient: costly(GradientParams, ['input', 'a', 'b'], [Gradient.Base, Gradient.Exponent]),
};
