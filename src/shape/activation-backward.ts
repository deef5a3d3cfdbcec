import { ShapeError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { out, sameShape, show, tensor } from './check.ts';

/** What flows back, of the shape of what went forth; both may be of any rank and empty. */
export function gradient(dy: Tensor, x: Tensor): void {
  tensor('dy', dy, undefined, true);
  tensor('x', x, undefined, true);
  if (!sameShape(dy.shape, x.shape)) throw new ShapeError('dy.shape', show(dy.shape), `${show(x.shape)}, the shape of x`);
}

/** Where the gradient of x goes: it may be `dy` itself. */
export function outOver(value: unknown, dy: Tensor, x: Tensor, rest: Readonly<Record<string, Tensor>> = {}): Tensor | undefined {
  return out(value, x.shape, { dy, x, ...rest }, true);
}
