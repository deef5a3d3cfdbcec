import type { ResampleSpec, ResampleTable } from '../spec/resample.ts';
import { lengthOf } from '../tensor/tensor.ts';
import { copyRun } from './move.ts';
import type { Plan, Value } from './plan.ts';

/** Axis by axis, from `shape` to `outShape`; the gradient the other way, from the last axis to the first. */
export function planResample(
  plan: Plan,
  { shape, outShape, tables }: ResampleSpec,
  input: Value,
  output: Value,
  isBackward: boolean,
): void {
  if (lengthOf(shape) === 0 && !isBackward) return;
  if (tables.length === 0) {
    if (lengthOf(shape) > 0) copyRun(plan, input, output, lengthOf(shape));
    return;
  }
  const current = isBackward ? [...outShape] : [...shape];
  let from = input;
  const order = isBackward ? tables.toReversed() : tables;
  for (const [i, table] of order.entries()) {
    const { axis, length, outLength, taps } = table;
    current[axis] = isBackward ? length : outLength;
    const to = i === order.length - 1 ? output : plan.temp(lengthOf(current));
    const outer = lengthOf(current.slice(0, axis));
    const inner = lengthOf(current.slice(axis + 1));
    const buffers = { input: from, table: tableOf(plan, table), output: to };
    if (outer * inner > 0) {
      plan.step(isBackward ? 'resampleAxisBackward' : 'resampleAxis', buffers, { outer, length, outLength, inner, taps });
    }
    from = to;
  }
}

/** The host fills the table in: it depends on nothing but the sizes. */
function tableOf(plan: Plan, { data }: ResampleTable): Value {
  const table = plan.temp(data.length);
  plan.hostStep({ buffers: { table }, lengths: { table: data.length }, run: ({ table }) => table.set(data) });
  return table;
}
