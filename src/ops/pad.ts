import { OptionError } from '../errors.ts';
import { planBorder } from '../plan/border.ts';
import { Plan } from '../plan/plan.ts';
import { type PadModeName, refuseBorder } from '../spec/border.ts';
import { areCounts, checkLength, known, oneOf, out, show, tensor } from '../spec/check.ts';
import { checkGradient } from '../spec/gradients.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { type Operations, one } from './operation.ts';

/** What `padBackward` takes besides its operands: the mode of the forward call. */
export interface PadBackwardOptions {
  /** @defaultValue `'constant'` */
  readonly mode?: PadModeName;
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** What `pad` takes besides the input and its borders. */
export interface PadOptions extends PadBackwardOptions {
  /**
   * What a constant border holds.
   *
   * @defaultValue 0
   */
  readonly value?: number;
}

/** Padding. */
export interface PadOperators {
  /**
   * `x` with cells before and after each of its dimensions: a value, or its own cells mirrored, repeated, or from the other end.
   *
   * @param x any number of dimensions
   * @param beginningPadding cells before each dimension: less than its extent in the mode `'reflect'`, at most its extent in `'circular'`
   * @param endingPadding cells after each dimension, within these limits too
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

/** What a border is made of, checked. */
function padSpec(x: Tensor, beginning: readonly number[], ending: readonly number[], { mode, value = 0 }: PadOptions) {
  tensor('x', x, undefined, true);
  const checkedMode = oneOf<PadModeName>('options.mode', mode, 'constant', ['constant', 'reflect', 'replicate', 'circular']);
  if (typeof value !== 'number') throw new OptionError('options.value', show(value), 'a number');
  for (const [name, given] of Object.entries({ beginningPadding: beginning, endingPadding: ending })) {
    if (!areCounts(given) || given.length !== x.shape.length) {
      throw new OptionError(name, show(given), `${x.shape.length} whole numbers of at least 0, one for each dimension of x`);
    }
    for (const [axis, border] of given.entries()) refuseBorder(name, x.shape[axis], border, checkedMode);
  }
  return { shape: [...x.shape], before: [...beginning], after: [...ending], mode: checkedMode, value: Math.fround(value) };
}

const outShapeOf = ({ shape, before, after }: ReturnType<typeof padSpec>) =>
  shape.map((extent, axis) => extent + before[axis] + after[axis]);

export const pad: Operations<PadOperators> = {
  pad(x, beginningPadding, endingPadding, options) {
    const own = known('options', options, ['mode', 'value', 'out']);
    const spec = padSpec(x, beginningPadding, endingPadding, own);
    const outShape = outShapeOf(spec);
    checkLength('out.shape', outShape);
    const target = out(own.out, outShape, { x });
    const plan = new Plan();
    planBorder(plan, spec, plan.named('x'), plan.named('out'), false);
    return one(x, { x }, outShape, target, plan);
  },
  padBackward(dy, x, beginningPadding, endingPadding, options) {
    const own = known('options', options, ['mode', 'out']);
    const spec = padSpec(x, beginningPadding, endingPadding, own);
    checkGradient(dy, outShapeOf(spec));
    const target = out(own.out, x.shape, { dy });
    const plan = new Plan();
    planBorder(plan, spec, plan.named('dy'), plan.named('out'), true);
    return one(dy, { dy }, [...x.shape], target, plan);
  },
};
