import { planBorder } from '../plan/border.ts';
import { Plan } from '../plan/plan.ts';
import { pad as checkPad, padBackward as checkPadBackward, type PadBackwardOptions, type PadOptions } from '../spec/pad.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { type Operations, one } from './operation.ts';

/** Padding. */
export interface PadOperators {
  /**
   * `x` with cells before and after each of its dimensions: a value, or its own cells mirrored, repeated, or from the other end.
   *
   * @param x any number of dimensions
   * @param beginningPadding cells before each dimension: less than its extent in the mode `'reflect'`, at most its extent in `'circular'`
   * @param endingPadding the same after each dimension
   * @throws ShapeError, OptionError before anything is written
   * @example engine.pad(tensor([2, 7, 61, 47]), [0, 1, 2, 3], [1, 0, 3, 2], { mode: 'reflect' })
   */
  pad<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    x: T,
    beginningPadding: readonly number[],
    endingPadding: readonly number[],
    options?: PadOptions & Out<O>,
  ): O;

  /**
   * The gradient of `pad`: each cell of `x` has the sum of the gradients of its images.
   *
   * @param dy the gradient of the result, of its shape
   * @param x the operand of the forward call, of which only the shape counts
   * @example engine.padBackward(tensor([3, 8, 66, 52]), tensor([2, 7, 61, 47]), [0, 1, 2, 3], [1, 0, 3, 2], { mode: 'reflect' })
   */
  padBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    dy: T,
    x: Tensor,
    beginningPadding: readonly number[],
    endingPadding: readonly number[],
    options?: PadBackwardOptions & Out<O>,
  ): O;
}

export const pad: Operations<PadOperators> = {
  pad(x, beginningPadding, endingPadding, options) {
    const { spec, outShape, out } = checkPad(x, beginningPadding, endingPadding, options);
    const plan = new Plan();
    planBorder(plan, spec, plan.named('x'), plan.named('out'), false);
    return one(x, { x }, outShape, out, plan);
  },
  padBackward(dy, x, beginningPadding, endingPadding, options) {
    const { spec, outShape, out } = checkPadBackward(dy, x, beginningPadding, endingPadding, options);
    const plan = new Plan();
    planBorder(plan, spec, plan.named('dy'), plan.named('out'), true);
    return one(dy, { dy }, outShape, out, plan);
  },
};
