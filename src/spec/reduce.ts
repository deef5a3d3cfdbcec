import { OptionError, ShapeError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ActivationOptions } from './activation.ts';
import { boolean, known, out, show, tensor } from './check.ts';
import { along, type SoftmaxSpec } from './softmax.ts';

/** What every reduction takes besides its input. */
export interface ReduceOptions extends ActivationOptions {
  /**
   * The axes that are reduced, counted from the end where they are negative. An empty list reduces none.
   *
   * @defaultValue all of them
   */
  readonly axes?: readonly number[];
  /**
   * Whether reduced axes stay, with an extent of 1.
   *
   * @defaultValue false
   */
  readonly keepDimensions?: boolean;
}

/** What `argMax` and `argMin` take besides the input and its axis. */
export interface ArgMaxOptions extends ActivationOptions {
  /**
   * Whether the axis stays, with an extent of 1.
   *
   * @defaultValue false
   */
  readonly keepDimensions?: boolean;
}

/** Neighbouring axes of which all are reduced, or none. */
export interface Run {
  readonly count: number;
  readonly isReduced: boolean;
}

export interface ReduceSpec {
  /** Neighbours differ, and no count is 1. */
  readonly runs: readonly Run[];
  readonly shape: readonly number[];
  readonly out: Tensor | undefined;
}

/** A list of different axes, counted from the front and in the caller's order. */
export function checkAxes(argument: string, value: unknown, rank: number): readonly number[] {
  const expected = `an array of different whole numbers from ${-rank} to ${rank - 1}, for the ${rank} dimensions of x`;
  if (!Array.isArray(value)) throw new OptionError(argument, show(value), expected);
  const axes = Array.from(value, (axis: unknown) => {
    if (typeof axis !== 'number' || !Number.isInteger(axis) || axis < -rank || axis >= rank)
      throw new OptionError(argument, show(value), expected);
    return axis < 0 ? axis + rank : axis;
  });
  if (new Set(axes).size < axes.length) throw new OptionError(argument, show(value), expected);
  return axes;
}

/** Axes as runs of those that are reduced and those that are not. */
export function runsOf(shape: readonly number[], axes: readonly number[]): readonly Run[] {
  const runs: Run[] = [];
  for (const [axis, extent] of shape.entries()) {
    if (extent === 1) continue;
    const isReduced = axes.includes(axis);
    const last = runs.at(-1);
    if (last?.isReduced === isReduced) runs[runs.length - 1] = { count: last.count * extent, isReduced };
    else runs.push({ count: extent, isReduced });
  }
  return runs;
}

const withoutAxes = (shape: readonly number[], axes: readonly number[], keepDimensions: boolean) =>
  keepDimensions ? shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)) : shape.filter((_, axis) => !axes.includes(axis));

export function reduce(x: Tensor, given: ReduceOptions | undefined): ReduceSpec {
  const options = known('options', given, ['axes', 'keepDimensions', 'out']);
  tensor('x', x, undefined, true);
  const axes = options.axes === undefined ? [...x.shape.keys()] : checkAxes('options.axes', options.axes, x.shape.length);
  const shape = withoutAxes(x.shape, axes, boolean('options.keepDimensions', options.keepDimensions, false));
  return { runs: runsOf(x.shape, axes), shape, out: out(options.out, shape, { x }) };
}

export function argExtreme(x: Tensor, axis: unknown, given: ArgMaxOptions | undefined) {
  const options = known('options', given, ['keepDimensions', 'out']);
  tensor('x', x, undefined, true);
  const spec: SoftmaxSpec & { readonly axis: number } = along('axis', axis, x.shape);
  if (spec.extent === 0) throw new ShapeError('x.shape', show(x.shape), `at least one element along axis ${spec.axis}`);
  const shape = withoutAxes(x.shape, [spec.axis], boolean('options.keepDimensions', options.keepDimensions, false));
  return { spec, shape, out: out(options.out, shape, { x }) };
}
