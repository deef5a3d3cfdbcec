import { ShapeError } from '../errors.ts';
import { Finish, Reduction } from '../kernels/reduce.ts';
import { Plan } from '../plan/plan.ts';
import { planArgExtreme, planReduce, type Reducing, reducedCount } from '../plan/reduce.ts';
import type { ActivationOptions } from '../spec/activation.ts';
import { boolean, known, out, show, tensor } from '../spec/check.ts';
import { checkAxes, type Run, runsOf } from '../spec/reduce.ts';
import { along, type SoftmaxOptions, type SoftmaxSpec, softmax } from '../spec/softmax.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { type Operation, type Operations, one } from './operation.ts';

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

/** Reductions. */
export interface ReduceOperators {
  /**
   * The mean of x along some axes, or along all of them: the sum, divided by the number of elements. The mean of nothing is
   * NaN. Over the height and the width it is global average pooling.
   *
   * @param x any shape, empty too
   * @returns a tensor of the axes that remain; `out`, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.reduceMean(tensor([2, 7, 61, 47]), { axes: [2, 3] })
   */
  reduceMean<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ReduceOptions & Out<O>): O;

  /**
   * The sum along some axes, or along all of them; 0 for nothing. Its order, and so its bits, depend on the shape and the axes only:
   * docs/numerics.md states it.
   *
   * @example engine.reduceSum(tensor([2, 7, 61, 47]), { axes: [0, 2], keepDimensions: true })
   */
  reduceSum<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ReduceOptions & Out<O>): O;

  /**
   * The greatest element along some axes, or along all of them; −∞ for nothing. A NaN wins, and +0 is greater than −0.
   *
   * @example engine.reduceMax(tensor([2, 7, 61, 47]), { axes: [1] })
   */
  reduceMax<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ReduceOptions & Out<O>): O;

  /**
   * The least element along some axes, or along all of them; +∞ for nothing. A NaN wins, and −0 is less than +0.
   *
   * @example engine.reduceMin(tensor([2, 7, 61, 47]), { axes: [0, 2] })
   */
  reduceMin<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ReduceOptions & Out<O>): O;

  /**
   * The product along some axes, or along all of them; 1 for nothing.
   *
   * @example engine.reduceProduct(tensor([2, 7, 61, 47]), { axes: [0] })
   */
  reduceProduct<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ReduceOptions & Out<O>): O;

  /**
   * The sum of absolute values along some axes, or along all of them; 0 for nothing.
   *
   * @example engine.reduceL1(tensor([2, 7, 61, 47]), { axes: [-1] })
   */
  reduceL1<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ReduceOptions & Out<O>): O;

  /**
   * The square root of the sum of squares along some axes, or along all of them; 0 for nothing. Squares overflow from 2⁶⁴ on.
   *
   * @example engine.reduceL2(tensor([2, 7, 61, 47]), { axes: [0, 2] })
   */
  reduceL2<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ReduceOptions & Out<O>): O;

  /**
   * The sum of squares along some axes, or along all of them; 0 for nothing.
   *
   * @example engine.reduceSumSquare(tensor([2, 7, 61, 47]), { axes: [-1] })
   */
  reduceSumSquare<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ReduceOptions & Out<O>): O;

  /**
   * Where along an axis the greatest element is: the first of equals, and a NaN before any number.
   *
   * @param x any shape with at least one element along the axis
   * @param axis counted from the end where it is negative
   * @returns the indices, in a tensor of the other axes; `out`, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.argMax(tensor([2, 7, 61, 47]), 1)
   */
  argMax<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, axis: number, options?: ArgMaxOptions & Out<O>): O;

  /**
   * Where along an axis the least element is: the first of equals, and a NaN before any number.
   *
   * @param axis counted from the end where it is negative
   * @example engine.argMin(tensor([2, 7, 61, 47]), -1)
   */
  argMin<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, axis: number, options?: ArgMaxOptions & Out<O>): O;

  /**
   * 1 where `argMax` is along an axis, and 0 elsewhere.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @example engine.hardmax(tensor([2, 7, 61, 47]), { axis: 1 })
   */
  hardmax<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: SoftmaxOptions & Out<O>): O;
}

interface ReduceSpec {
  /** Neighbours differ, and no count is 1. */
  readonly runs: readonly Run[];
  readonly shape: readonly number[];
  readonly out: Tensor | undefined;
}

const withoutAxes = (shape: readonly number[], axes: readonly number[], keepDimensions: boolean) =>
  keepDimensions ? shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)) : shape.filter((_, axis) => !axes.includes(axis));

function reduceSpec(x: Tensor, given: ReduceOptions | undefined): ReduceSpec {
  const options = known('options', given, ['axes', 'keepDimensions', 'out']);
  tensor('x', x, undefined, true);
  const axes = options.axes === undefined ? [...x.shape.keys()] : checkAxes('options.axes', options.axes, x.shape.length);
  const shape = withoutAxes(x.shape, axes, boolean('options.keepDimensions', options.keepDimensions, false));
  return { runs: runsOf(x.shape, axes), shape, out: out(options.out, shape, { x }) };
}

function argSpec(x: Tensor, axis: unknown, given: ArgMaxOptions | undefined) {
  const options = known('options', given, ['keepDimensions', 'out']);
  tensor('x', x, undefined, true);
  const spec: SoftmaxSpec & { readonly axis: number } = along('axis', axis, x.shape);
  if (spec.extent === 0) throw new ShapeError('x.shape', show(x.shape), `at least one element along axis ${spec.axis}`);
  const shape = withoutAxes(x.shape, [spec.axis], boolean('options.keepDimensions', options.keepDimensions, false));
  return { spec, shape, out: out(options.out, shape, { x }) };
}

function reduction(of: (spec: ReduceSpec) => Reducing, x: Tensor, options: ReduceOptions | undefined): Operation {
  const spec = reduceSpec(x, options);
  const plan = new Plan();
  planReduce(plan, spec.runs, plan.named('x'), plan.named('out'), of(spec));
  return one(x, { x }, spec.shape, spec.out, plan);
}

function extreme(isMin: boolean, x: Tensor, axis: number, options: ArgMaxOptions | undefined): Operation {
  const { spec, shape, out } = argSpec(x, axis, options);
  const plan = new Plan();
  planArgExtreme(plan, spec, isMin, false, plan.named('x'), plan.named('out'));
  return one(x, { x }, shape, out, plan);
}

export const reductions: Operations<ReduceOperators> = {
  reduceMean: (x, options) => reduction(({ runs }) => ({ kind: Reduction.Sum, divisor: reducedCount(runs) }), x, options),
  reduceSum: (x, options) => reduction(() => ({ kind: Reduction.Sum }), x, options),
  reduceMax: (x, options) => reduction(() => ({ kind: Reduction.Max }), x, options),
  reduceMin: (x, options) => reduction(() => ({ kind: Reduction.Min }), x, options),
  reduceProduct: (x, options) => reduction(() => ({ kind: Reduction.Product }), x, options),
  reduceL1: (x, options) => reduction(() => ({ kind: Reduction.SumOfAbsolutes }), x, options),
  reduceL2: (x, options) => reduction(() => ({ kind: Reduction.SumOfProducts, finish: Finish.Root }), x, options),
  reduceSumSquare: (x, options) => reduction(() => ({ kind: Reduction.SumOfProducts }), x, options),
  argMax: (x, axis, options) => extreme(false, x, axis, options),
  argMin: (x, axis, options) => extreme(true, x, axis, options),
  hardmax(x, options) {
    const { spec, shape, out } = softmax(x, options);
    const plan = new Plan();
    planArgExtreme(plan, spec, false, true, plan.named('x'), plan.named('out'));
    return one(x, { x }, shape, out, plan);
  },
};
