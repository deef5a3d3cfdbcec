import { planAdd } from '../plan/arithmetic.ts';
import { Plan } from '../plan/plan.ts';
import type { ActivationOptions } from '../spec/activation.ts';
import { add as check } from '../spec/arithmetic.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { type Operations, one } from './operation.ts';

/** Arithmetic, element by element. */
export interface ArithmeticOperators {
  /**
   * `a + b`, element by element: what a residual connection does (He, Zhang, Ren and Sun, "Deep Residual Learning", 2015).
   *
   * @param a any shape, empty too
   * @param b the same shape
   * @returns a tensor of that shape; `out`, which may be `a` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.add(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  add<T extends Tensor, O extends Tensor = ResidentLike<T>>(a: T, b: Tensor, options?: ActivationOptions & Out<O>): O;
}

export const arithmetic: Operations<ArithmeticOperators> = {
  add(a, b, options) {
    const { shape, out } = check(a, b, options);
    const plan = new Plan();
    planAdd(plan, plan.named('a'), plan.named('b'), plan.named('out'), shape);
    return one(a, { a, b }, shape, out, plan);
  },
};
