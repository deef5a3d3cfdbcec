import { ShapeError } from '../errors.ts';
import { type MatmulSpec, planMatmul } from '../plan/matmul.ts';
import { Plan } from '../plan/plan.ts';
import { checkLength, known, out, show, tensor } from '../spec/check.ts';
import { lengthOf, type Out, type ResidentLike, type Tensor } from '../tensor/tensor.ts';
import { type Operations, one } from './operation.ts';

/** What `matmul` takes besides its operands. */
export interface MatmulOptions {
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

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

/** The product that a call asks for. */
function matmulSpec(a: Tensor, b: Tensor) {
  tensor('a', a, undefined, true);
  tensor('b', b, undefined, true);
  if (a.shape.length === 0) throw new ShapeError('a.shape', show(a.shape), 'at least one dimension');
  if (b.shape.length === 0) throw new ShapeError('b.shape', show(b.shape), 'at least one dimension');
  const [left, right] = [a.shape.length === 1 ? [1, ...a.shape] : a.shape, b.shape.length === 1 ? [...b.shape, 1] : b.shape];
  const [rows, inner] = left.slice(-2);
  const [innerB, columns] = right.slice(-2);
  if (innerB !== inner) throw new ShapeError('b.shape', show(b.shape), `${inner} rows, as many as a has columns`);
  const rank = Math.max(left.length, right.length) - 2;
  const padded = (shape: readonly number[]) => [...Array.from({ length: rank + 2 - shape.length }, () => 1), ...shape.slice(0, -2)];
  const [aBatch, bBatch] = [padded(left), padded(right)];
  const batch = aBatch.map((extent, axis) => {
    const other = bBatch[axis];
    if (extent !== other && extent !== 1 && other !== 1) {
      throw new ShapeError('b.shape', show(b.shape), `batch dimensions that broadcast with those of a, ${show(a.shape)}`);
    }
    return extent === 1 ? other : extent;
  });
  const outShape = [...batch, ...(a.shape.length === 1 ? [] : [rows]), ...(b.shape.length === 1 ? [] : [columns])];
  checkLength('out.shape', outShape);
  checkLength('a.shape', [lengthOf(batch), rows, inner]);
  checkLength('b.shape', [lengthOf(batch), inner, columns]);
  const spec: MatmulSpec = { batch, aBatch, bBatch, rows, inner, columns };
  return { spec, outShape };
}

export const matmul: Operations<MatmulOperators> = {
  matmul(a, b, options) {
    const own = known('options', options, ['out']);
    const { spec, outShape } = matmulSpec(a, b);
    const target = out(own.out, outShape, { a, b });
    const plan = new Plan();
    planMatmul(plan, spec, plan.named('a'), plan.named('b'), plan.named('out'));
    return one(a, { a, b }, outShape, target, plan);
  },
};
