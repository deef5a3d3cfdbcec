import { PadMode } from '../kernels/move.ts';
import { axesOf, convWindow, toTriple } from '../spec/axes.ts';
import type { PadModeName } from '../spec/border.ts';
import type { Correlation } from '../spec/correlation.ts';
import { lengthOf } from '../tensor/tensor.ts';
import { copyRun } from './move.ts';
import type { Plan, Value } from './plan.ts';

const MODES = { constant: PadMode.Constant, reflect: PadMode.Reflect, replicate: PadMode.Replicate, circular: PadMode.Circular };

/** A tensor with cells before and after each of its axes. */
export interface Border {
  readonly shape: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly mode: PadModeName;
  readonly value: number;
}

/** Steps from a bare tensor to a bordered one; or for the gradient the other way, which adds up. */
export function planBorder(plan: Plan, border: Border, input: Value, output: Value, isBackward: boolean): void {
  const { shape, before, after, mode, value } = border;
  const whole = shape.map((extent, axis) => extent + before[axis] + after[axis]);
  const axes = shape.map((_, axis) => axis).filter((axis) => before[axis] + after[axis] > 0);
  const length = lengthOf(shape);
  if (lengthOf(whole) === 0 || (isBackward && length === 0)) return;
  if (axes.length === 0) {
    copyRun(plan, input, output, length);
    return;
  }
  // One step an axis that has a border, from the first one on; or from the last, for the gradient.
  const order = isBackward ? axes.toReversed() : axes;
  let from = input;
  for (const [i, axis] of order.entries()) {
    // Axes before this one have their border already.
    const outer = lengthOf(whole.slice(0, axis));
    const inner = lengthOf(shape.slice(axis + 1));
    const values = { outer, length: shape[axis], inner, before: before[axis], after: after[axis], mode: MODES[mode], value };
    const extent = isBackward ? shape[axis] : whole[axis];
    const to = i === order.length - 1 ? output : plan.temp(outer * extent * inner);
    plan.step(isBackward ? 'padAxisBackward' : 'padAxis', { input: from, output: to }, values);
    from = to;
  }
}

/** A convolution whose padding is not zeros, as one without padding over `bordered`. */
export function withBorder(spec: Correlation): { readonly spec: Correlation; readonly border: Border | undefined } {
  const { window: w, paddingMode, layout, batch, groups, groupInChannels } = spec;
  const padding = [w.front, w.back, w.top, w.bottom, w.left, w.right];
  if (paddingMode === 'zeros' || padding.every((n) => n === 0)) return { spec: { ...spec, paddingMode: 'zeros' }, border: undefined };
  const { input, kernel, strides, dilations, out } = axesOf(w);
  const channels = groups * groupInChannels;
  const around = (extents: readonly number[], batch: number, channels: number) =>
    layout === 'nchw' ? [batch, channels, ...extents] : [batch, ...extents, channels];
  const before = [w.front, w.top, w.left];
  const after = [w.back, w.bottom, w.right];
  const extents = input.map((extent, axis) => extent + before[axis] + after[axis]);
  const inner = convWindow({ input: toTriple(extents, 1), kernel, strides, dilations, padding: [0, 0, 0, 0, 0, 0], out });
  return {
    spec: { ...spec, window: inner, paddingMode: 'zeros' },
    border: {
      shape: around(input, batch, channels),
      before: around(before, 0, 0),
      after: around(after, 0, 0),
      mode: paddingMode,
      value: 0,
    },
  };
}

/** Floats of a tensor inside its border. */
export function borderedLength({ shape, before, after }: Border): number {
  return lengthOf(shape.map((extent, axis) => extent + before[axis] + after[axis]));
}
