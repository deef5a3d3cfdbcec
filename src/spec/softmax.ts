import { OptionError } from '../errors.ts';
import { lengthOf, type Tensor } from '../tensor/tensor.ts';
import type { ActivationOptions, Elementwise } from './activation.ts';
import { known, out, show, tensor } from './check.ts';
import { checkGradient, outOver } from './gradients.ts';

export interface SoftmaxOptions extends ActivationOptions {
  /** The axis along which results add up to 1, from the end where it is negative; the last one unless given. */
  readonly axis?: number;
}

/** The input seen as [outer][extent][inner]. */
export interface SoftmaxSpec {
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
}

/** One axis of x, from the end where it is negative. */
export function along(argument: string, given: unknown, shape: readonly number[]): SoftmaxSpec & { readonly axis: number } {
  const rank = shape.length;
  // A scalar is a vector of one, as in PyTorch.
  const least = Math.max(rank, 1);
  if (typeof given !== 'number' || !Number.isInteger(given) || given < -least || given >= least) {
    throw new OptionError(argument, show(given), `a whole number from ${-least} to ${least - 1}, for the ${rank} dimensions of x`);
  }
  const at = given < 0 ? given + least : given;
  return { axis: at, outer: lengthOf(shape.slice(0, at)), extent: shape[at] ?? 1, inner: lengthOf(shape.slice(at + 1)) };
}

const lastUnlessGiven = (options: SoftmaxOptions) => (options.axis === undefined ? -1 : options.axis);

export function softmax(x: Tensor, given: SoftmaxOptions | undefined): Elementwise<SoftmaxSpec> {
  const options = known('options', given, ['axis', 'out']);
  tensor('x', x, undefined, true);
  return {
    spec: along('options.axis', lastUnlessGiven(options), x.shape),
    shape: [...x.shape],
    out: out(options.out, x.shape, { x }, true),
  };
}

export function softmaxBackward(dy: Tensor, x: Tensor, given: SoftmaxOptions | undefined): Elementwise<SoftmaxSpec> {
  const options = known('options', given, ['axis', 'out']);
  tensor('x', x, undefined, true);
  checkGradient(dy, x.shape);
  return { spec: along('options.axis', lastUnlessGiven(options), x.shape), shape: [...x.shape], out: outOver(options.out, dy, x) };
}
