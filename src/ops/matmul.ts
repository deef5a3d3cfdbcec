import { planMatmul } from '../plan/matmul.ts';
import { Plan } from '../plan/plan.ts';
import { matmul as check, type MatmulOptions } from '../spec/matmul.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { type Operations, one } from './operation.ts';

/** Products of matrices. */
export interface MatmulOperators {
  /**
   * Products of matrices, whose batch dimensions broadcast as in NumPy. Each sum has the bits of `linear`.
   *
   * @param a [..., rows, inner], or [inner], which is one row that the result lacks
   * @param b [..., inner, columns], or [inner], which is one column that the result lacks
   * @returns [..., rows, columns]
   * @throws ShapeError, OptionError before anything is written
   * @example engine.matmul(tensor([3, 1, 37, 45]), tensor([5, 45, 29]))
   */
  matmul<T extends Tensor, O extends Tensor = ResidentLike<T>>(a: T, b: Tensor, options?: MatmulOptions & Out<O>): O;
}

export const matmul: Operations<MatmulOperators> = {
  matmul(a, b, options) {
    const { spec, outShape, out } = check(a, b, options);
    const plan = new Plan();
    planMatmul(plan, spec, plan.named('a'), plan.named('b'), plan.named('out'));
    return one(a, { a, b }, outShape, out, plan);
  },
};
