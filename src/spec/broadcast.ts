import { ShapeError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkLength, sameShape, show, tensor } from './check.ts';

/** Two shapes, and that to which both are broadcast. */
export interface BinarySpec {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly shape: readonly number[];
}

/** Groups of neighbouring dimensions in which one operand, the other, or both have more than one element: what a kernel has words for. */
const MAX_GROUPS = 8;

/** The shape to which both are broadcast, or undefined: dimensions are aligned from the last, and equal, or one of them is 1. */
function broadcast(a: readonly number[], b: readonly number[]): number[] | undefined {
  const shape: number[] = [];
  for (let back = Math.max(a.length, b.length); back > 0; back--) {
    const [n, m] = [a[a.length - back] ?? 1, b[b.length - back] ?? 1];
    if (n !== m && n !== 1 && m !== 1) return undefined;
    shape.push(n === 1 ? m : n);
  }
  return shape;
}

/** Whether `b` is broadcast to `shape`, and is no reason for another one, in no more groups than kernels know. */
export function isBroadcastTo(shape: readonly number[], b: readonly number[]): boolean {
  const result = broadcast(shape, b);
  return result !== undefined && sameShape(result, shape) && groups(shape, shape, b) <= MAX_GROUPS;
}

function groups(shape: readonly number[], a: readonly number[], b: readonly number[]): number {
  let count = 0;
  let last = '';
  for (let back = shape.length; back > 0; back--) {
    if (shape[shape.length - back] === 1) continue;
    const kind = `${(a[a.length - back] ?? 1) !== 1},${(b[b.length - back] ?? 1) !== 1}`;
    if (kind !== last) count++;
    last = kind;
  }
  return count;
}

/** The shapes of two operands, checked. */
export function checkOperands(a: Tensor, b: Tensor): BinarySpec {
  tensor('a', a, undefined, true);
  tensor('b', b, undefined, true);
  const shape = broadcast(a.shape, b.shape);
  if (shape === undefined) throw new ShapeError('b.shape', show(b.shape), `a shape that broadcasts with ${show(a.shape)}, the shape of a`);
  if (groups(shape, a.shape, b.shape) > MAX_GROUPS) {
    const given = `${show(b.shape)}, which changes between broadcast and whole more than ${MAX_GROUPS - 1} times`;
    throw new ShapeError('b.shape', given, `a shape that broadcasts with ${show(a.shape)} in at most ${MAX_GROUPS} groups of dimensions`);
  }
  checkLength('a and b', shape);
  return { a: [...a.shape], b: [...b.shape], shape };
}
