import { ShapeError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ActivationOptions } from './activation.ts';
import { known, out, sameShape, show, tensor } from './check.ts';

/** Two tensors of one shape, any rank and any size. The result may take the place of the first. */
export function add(a: Tensor, b: Tensor, given: ActivationOptions | undefined): { shape: readonly number[]; out: Tensor | undefined } {
  const options = known('options', given, ['out']);
  tensor('a', a, undefined, true);
  tensor('b', b, undefined, true);
  if (!sameShape(a.shape, b.shape)) throw new ShapeError('b.shape', show(b.shape), `${show(a.shape)}, the shape of a`);
  return { shape: [...a.shape], out: out(options.out, a.shape, { a, b }, true) };
}
