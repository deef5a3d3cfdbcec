import { planSoftmax, planSoftmaxBackward } from '../plan/activation.ts';
import { Plan } from '../plan/plan.ts';
import { softmax as check, softmaxBackward as checkBackward, type SoftmaxOptions } from '../spec/softmax.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { type Operation, type Operations, one } from './operation.ts';

/** Softmax. */
export interface SoftmaxOperators {
  /**
   * e^x divided by the sum of e^x along an axis; the greatest x is taken off before, so that nothing overflows. A NaN or a +∞ makes
   * its whole row NaN, and so does a row of nothing but −∞.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.softmax(tensor([2, 7, 61, 47]), { axis: 1 })
   */
  softmax<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: SoftmaxOptions & Out<O>): O;

  /**
   * The logarithm of `softmax`, without taking one of small numbers.
   *
   * @example engine.logSoftmax(tensor([2, 7, 61, 47]))
   */
  logSoftmax<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: SoftmaxOptions & Out<O>): O;

  /**
   * y · (dy − the sum of dy · y), y the softmax of x.
   *
   * @param dy the gradient of the result
   * @param x what the forward call was given, of the same shape
   * @returns the gradient of x; `out`, which may be `dy` itself, if it is given
   * @example engine.softmaxBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { axis: 1 })
   */
  softmaxBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: SoftmaxOptions & Out<O>): O;

  /**
   * dy − y · the sum of dy, y the softmax of x.
   *
   * @example engine.logSoftmaxBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  logSoftmaxBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: SoftmaxOptions & Out<O>): O;
}

function forward(log: boolean, x: Tensor, options: SoftmaxOptions | undefined): Operation {
  const { spec, shape, out } = check(x, options);
  const plan = new Plan();
  planSoftmax(plan, spec, log, plan.named('x'), plan.named('out'));
  return one(x, { x }, shape, out, plan);
}

function backward(log: boolean, dy: Tensor, x: Tensor, options: SoftmaxOptions | undefined): Operation {
  const { spec, shape, out } = checkBackward(dy, x, options);
  const plan = new Plan();
  planSoftmaxBackward(plan, spec, log, plan.named('dy'), plan.named('x'), plan.named('out'));
  return one(x, { dy, x }, shape, out, plan);
}

export const softmax: Operations<SoftmaxOperators> = {
  softmax: (x, options) => forward(false, x, options),
  logSoftmax: (x, options) => forward(true, x, options),
  softmaxBackward: (dy, x, options) => backward(false, dy, x, options),
  logSoftmaxBackward: (dy, x, options) => backward(true, dy, x, options),
};
