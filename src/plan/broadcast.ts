import { Reduction } from '../kernels/reduce.ts';
import { lengthOf } from '../tensor/tensor.ts';
import { TASK_LENGTH } from './activation.ts';
import { copy, copyRun, type Dimension, zeros } from './move.ts';
import type { Plan, Value } from './plan.ts';
import { planReduce } from './reduce.ts';

/** Neighbouring dimensions of a result that each operand has in full, or in which it has one element only. */
export interface Extent {
  readonly count: number;
  /** For each operand whether it has them. */
  readonly has: readonly boolean[];
}

/** An operand of a step, and its shape. */
export interface Broadcast {
  readonly value: Value;
  readonly shape: readonly number[];
}

/** The parameters of a kernel on two operands that are broadcast. */
interface Rows {
  readonly operands: readonly [first: Value, second: Value];
  readonly rowLength: number;
  readonly steps: readonly number[];
  readonly counts: readonly number[];
  readonly strides: readonly (readonly number[])[];
  readonly scratchBytes: number;
}

/** Rows of fewer floats are not worth a loop each. */
const LONG_ROW_LENGTH = 16;
/** Floats that a row has at least, so that its loop outweighs what surrounds it. */
const WORTHY_ROW_LENGTH = 256;
/** Dimensions that a lattice has besides one for its copies. */
const MAX_LATTICE = 5;

/** As few dimensions as there can be; at least one. */
export function extentsOf(shape: readonly number[], operands: readonly (readonly number[])[]): Extent[] {
  const extents: Extent[] = [];
  for (const [axis, count] of shape.entries()) {
    if (count === 1) continue;
    const has = operands.map((own) => (own[axis - shape.length + own.length] ?? 1) !== 1);
    const last = extents.at(-1);
    if (last?.has.every((value, i) => value === has[i])) extents[extents.length - 1] = { count: last.count * count, has };
    else extents.push({ count, has });
  }
  return extents.length > 0 ? extents : [{ count: 1, has: operands.map(() => true) }];
}

const product = (extents: readonly Extent[]) => extents.reduce((length, { count }) => length * count, 1);

/** The strides of an operand, 0 where it has one element only. */
function stridesOf(extents: readonly Extent[], operand: number): number[] {
  const strides = extents.map(() => 0);
  let stride = 1;
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    if (!extents[axis].has[operand]) continue;
    strides[axis] = stride;
    stride *= extents[axis].count;
  }
  return strides;
}

/**
 * Makes short rows long: an operand that repeats itself in the inner dimensions, and beyond them, is written out over these once, and over
 * several rows side by side if they are still short. The last row may then be cut short.
 */
function lengthen(plan: Plan, extents: readonly Extent[], operands: readonly Value[]): { extents: readonly Extent[]; values: Value[] } {
  const values = [...operands];
  for (let from = 1; from < extents.length; from++) {
    const [outer, inner] = [extents.slice(0, from), extents.slice(from)];
    const rowLength = product(inner);
    const repeats = values.map((_, i) => outer.every(({ has }) => !has[i]));
    const isDense = values.map((_, i) => inner.every(({ has }) => has[i]));
    if (rowLength > TASK_LENGTH || inner.length > MAX_LATTICE || !values.every((_, i) => repeats[i] || isDense[i])) continue;
    const wanted = from > 1 || rowLength >= WORTHY_ROW_LENGTH ? 1 : 4 * Math.ceil(WORTHY_ROW_LENGTH / 4 / rowLength);
    const copies = Math.min(wanted, outer[0].count);
    for (const [i, value] of values.entries()) {
      if (!repeats[i] || (isDense[i] && copies === 1)) continue;
      const written = plan.temp(copies * rowLength);
      const inStrides = stridesOf(inner, i);
      const outStrides = stridesOf(
        inner.map(({ count }) => ({ count, has: [true] })),
        0,
      );
      const dimensions: Dimension[] = [[copies, 0, rowLength]];
      for (const [axis, { count }] of inner.entries()) dimensions.push([count, inStrides[axis], outStrides[axis]]);
      copy(plan, { input: value, output: written, dimensions: dimensions.length === 1 ? [...dimensions, [1, 0, 0]] : dimensions });
      values[i] = written;
    }
    const rows = [{ ...outer[0], count: Math.ceil(outer[0].count / copies) }, ...outer.slice(1)];
    return { extents: [...rows, { count: copies * rowLength, has: values.map(() => true) }], values };
  }
  return { extents, values };
}

export function rowsOf(plan: Plan, shape: readonly number[], first: Broadcast, second: Broadcast): Rows {
  const found = extentsOf(shape, [first.shape, second.shape]);
  const isShort = found.length > 1 && found.at(-1)!.count < LONG_ROW_LENGTH;
  const given = [first.value, second.value];
  const { extents, values } = isShort ? lengthen(plan, found, given) : { extents: found, values: given };
  const strides = values.map((_, i) => stridesOf(extents, i));
  const steps = strides.map((own) => own.at(-1)!);
  const axes = extents.length - 1;
  return {
    operands: [values[0], values[1]],
    rowLength: extents[axes].count,
    steps,
    counts: extents.slice(0, axes).map(({ count }) => count),
    strides: strides.map((own) => own.slice(0, axes)),
    scratchBytes: steps.every((step) => step === 1) ? 0 : 128,
  };
}

/**
 * The sum, in the order of `reduceSum`, over the axes that `target` does not have in full: of a value, or of what `make` writes. Without
 * such axes it writes the result itself.
 */
export function planSum(
  plan: Plan,
  shape: readonly number[],
  target: readonly number[],
  output: Value,
  make: Value | ((to: Value) => void),
): void {
  const length = lengthOf(shape);
  const outLength = lengthOf(target);
  if (length === 0) {
    if (outLength > 0) zeros(plan, output, outLength);
    return;
  }
  const runs = extentsOf(shape, [target]).map(({ count, has }) => ({ count, isReduced: !has[0] }));
  const isWhole = !runs.some(({ isReduced }) => isReduced);
  if (isWhole) {
    if (typeof make === 'function') make(output);
    else copyRun(plan, make, output, length);
    return;
  }
  let input: Value;
  if (typeof make === 'function') {
    input = plan.temp(length);
    make(input);
  } else input = make;
  planReduce(plan, runs, input, output, { kind: Reduction.Sum });
}
