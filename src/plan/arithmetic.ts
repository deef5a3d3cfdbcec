import { Binary, Gradient, Unary } from '../kernels/arithmetic.ts';
import type { BinarySpec } from '../spec/broadcast.ts';
import type { Wanted } from '../spec/gradients.ts';
import { lengthOf } from '../tensor/tensor.ts';
import { TASK_LENGTH } from './activation.ts';
import { type Broadcast, planSum, rowsOf } from './broadcast.ts';
import type { Plan, Value } from './plan.ts';

/** Operators on two tensors that have gradients. */
export type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'pow';

export function planUnary(plan: Plan, kind: number, input: Value, output: Value, shape: readonly number[]): void {
  const length = lengthOf(shape);
  if (length > 0) plan.step('unary', { input, output }, { length, taskLength: TASK_LENGTH, kind });
}

/** Words that a block has for each list, whatever the number of dimensions. */
const seven = (list: readonly number[]) => [...list, 0, 0, 0, 0, 0, 0, 0];

export function planBinary(plan: Plan, kind: number, a: Broadcast, b: Broadcast, output: Value, shape: readonly number[]): void {
  const length = lengthOf(shape);
  if (length === 0) return;
  const { operands, rowLength, steps, counts, strides, scratchBytes } = rowsOf(plan, shape, a, b);
  const [n, i, o] = [seven(counts), seven(strides[0]), seven(strides[1])];
  plan.step(
    'binary',
    { input: operands[0], other: operands[1], output },
    {
      length,
      taskLength: TASK_LENGTH,
      kind,
      rowLength,
      inputStep: steps[0],
      otherStep: steps[1],
      axes: counts.length,
      count0: n[0],
      count1: n[1],
      count2: n[2],
      count3: n[3],
      count4: n[4],
      count5: n[5],
      count6: n[6],
      inputStride0: i[0],
      inputStride1: i[1],
      inputStride2: i[2],
      inputStride3: i[3],
      inputStride4: i[4],
      inputStride5: i[5],
      inputStride6: i[6],
      otherStride0: o[0],
      otherStride1: o[1],
      otherStride2: o[2],
      otherStride3: o[3],
      otherStride4: o[4],
      otherStride5: o[5],
      otherStride6: o[6],
    },
    { scratchBytes },
  );
}

function planGradient(plan: Plan, kind: number, dy: Value, a: Broadcast, b: Broadcast, output: Value, shape: readonly number[]): void {
  const length = lengthOf(shape);
  if (length === 0) return;
  const { operands, rowLength, steps, counts, strides, scratchBytes } = rowsOf(plan, shape, a, b);
  const [n, i, o] = [seven(counts), seven(strides[0]), seven(strides[1])];
  plan.step(
    'gradient',
    { input: dy, a: operands[0], b: operands[1], output },
    {
      length,
      taskLength: TASK_LENGTH,
      kind,
      rowLength,
      aStep: steps[0],
      bStep: steps[1],
      axes: counts.length,
      count0: n[0],
      count1: n[1],
      count2: n[2],
      count3: n[3],
      count4: n[4],
      count5: n[5],
      count6: n[6],
      aStride0: i[0],
      aStride1: i[1],
      aStride2: i[2],
      aStride3: i[3],
      aStride4: i[4],
      aStride5: i[5],
      aStride6: i[6],
      bStride0: o[0],
      bStride1: o[1],
      bStride2: o[2],
      bStride3: o[3],
      bStride4: o[4],
      bStride5: o[5],
      bStride6: o[6],
    },
    { scratchBytes },
  );
}

/** The gradient of a function of one float. */
export function planUnaryGradient(plan: Plan, kind: number, dy: Value, x: Value, output: Value, shape: readonly number[]): void {
  const operand = { value: x, shape };
  planGradient(plan, kind, dy, operand, operand, output, shape);
}

type Make = (plan: Plan, dy: Broadcast, a: Broadcast, b: Broadcast, to: Value, shape: readonly number[]) => void;

const binary =
  (kind: number, of: 'a' | 'b'): Make =>
  (plan, dy, a, b, to, shape) =>
    planBinary(plan, kind, dy, of === 'a' ? a : b, to, shape);
const gradient =
  (kind: number): Make =>
  (plan, dy, a, b, to, shape) =>
    planGradient(plan, kind, dy.value, a, b, to, shape);
const turned =
  (kind: number): Make =>
  (plan, dy, a, b, to, shape) =>
    planGradient(plan, kind, dy.value, b, a, to, shape);

/** What is summed for either operand: `dy` itself, its negative, or what one step makes of it. */
const GRADIENTS: Readonly<Record<BinaryName | 'prelu', Readonly<Record<'da' | 'db', 'dy' | '-dy' | Make>>>> = {
  add: { da: 'dy', db: 'dy' },
  sub: { da: 'dy', db: '-dy' },
  mul: { da: binary(Binary.Mul, 'b'), db: binary(Binary.Mul, 'a') },
  div: { da: binary(Binary.Div, 'b'), db: gradient(Gradient.Divisor) },
  maximum: { da: gradient(Gradient.Maximum), db: turned(Gradient.Maximum) },
  minimum: { da: gradient(Gradient.Minimum), db: turned(Gradient.Minimum) },
  pow: { da: gradient(Gradient.Base), db: gradient(Gradient.Exponent) },
  prelu: { da: gradient(Gradient.PreluInput), db: gradient(Gradient.PreluSlope) },
};

/** Values by the names of an operator's operands and results. */
interface Names {
  readonly a: string;
  readonly b: string;
  readonly da: string;
  readonly db: string;
}

const NAMES: Names = { a: 'a', b: 'b', da: 'da', db: 'db' };

export function planBinaryBackward(
  plan: Plan,
  name: BinaryName | 'prelu',
  { a, b, shape }: BinarySpec,
  wanted: Wanted<'da' | 'db'>,
  names = NAMES,
): void {
  const dy = { value: plan.named('dy'), shape };
  const first = { value: plan.named(names.a), shape: a };
  const second = { value: plan.named(names.b), shape: b };
  // What a and dy hold is read before da may take the place of dy.
  for (const result of ['db', 'da'] as const) {
    if (wanted[result] === undefined) continue;
    const make = GRADIENTS[name][result];
    const output = plan.named(names[result]);
    const target = result === 'da' ? a : b;
    if (typeof make === 'function') planSum(plan, shape, target, output, (to) => make(plan, dy, first, second, to, shape));
    else if (make === 'dy') planSum(plan, shape, target, output, dy.value);
    else if (lengthOf(target) === lengthOf(shape)) planUnary(plan, Unary.Neg, dy.value, output, shape);
    else {
      const total = plan.temp(lengthOf(target));
      planSum(plan, shape, target, total, dy.value);
      planUnary(plan, Unary.Neg, total, output, target);
    }
  }
}
