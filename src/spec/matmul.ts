import { ShapeError } from '../errors.ts';
import { lengthOf, type Tensor } from '../tensor/tensor.ts';
import { checkLength, known, out, show, tensor } from './check.ts';

/** What `matmul` takes besides its operands. */
export interface MatmulOptions {
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** A batched product, checked. Batch dimensions of both operands have the rank of the result's: 1 where an operand repeats. */
export interface MatmulSpec {
  readonly batch: readonly number[];
  readonly aBatch: readonly number[];
  readonly bBatch: readonly number[];
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

export function matmul(a: Tensor, b: Tensor, given: MatmulOptions | undefined) {
  const options = known('options', given, ['out']);
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
  return { spec, outShape, out: out(options.out, outShape, { a, b }) };
}
