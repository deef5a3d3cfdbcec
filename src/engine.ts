/// <reference lib="esnext.disposable" preserve="true" />

import { DisposedError } from './errors.ts';
import type { PrepareConv2dOptions } from './ops/conv/options.ts';
import type { AsyncOperators } from './ops/generated/async.ts';
import { PARAMETERS } from './ops/generated/parameters.ts';
import { type Operators, operators } from './ops/index.ts';
import { PreparedConv2d } from './program/prepared-conv.ts';
import type { Backend, Variant } from './runtime/backend.ts';
import { copies, Placed, runOnce, runOnceAsync } from './runtime/execute.ts';
import type { Family } from './runtime/family.ts';
import type { Operation } from './runtime/operation.ts';
import { Plans, signatureOf } from './runtime/signature.ts';
import { checkShape, elements, known, oneOf } from './spec/check.ts';
import { quantization } from './spec/quantization.ts';
import { type ArrayOf, DTYPES, type DType, type TensorData } from './tensor/dtype.ts';
import { type Reading, type ReadOther, read } from './tensor/read.ts';
import { KernelTensor, PlainTensor, type Quantization, type Tensor } from './tensor/tensor.ts';

/** An operator: how its arguments are called in messages, and how they become an operation. */
export interface Planned<R> {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly plan: (...args: unknown[]) => Operation<R>;
  /** Objects that its family takes besides tensors. */
  readonly readOther?: ReadOther;
}

/** What a tensor of the engine holds. */
export interface TensorOptions<D extends DType> extends Partial<Quantization> {
  /** @defaultValue 'float32' */
  readonly dtype?: D;
}

/** A class with a method for every operator, and another for its asynchronous form: `Engine` fills them in. */
const Operating = class {} as unknown as abstract new () => Operators & AsyncOperators;

/**
 * What `load` returns: the operators, bound to one backend. Each has an `…Async` form that takes the same and promises the same:
 * the workers do it, and the caller's thread is free. Operands must stay as they are until the promise settles. Calls take effect
 * in the order in which they are made, and a synchronous one waits for those before it; errors reject the promise.
 */
export class Engine extends Operating {
  readonly #backend: Backend;
  readonly #plans = new Plans();
  #disposed = false;

  /** Why this variant and not a faster one, what else the host lacked, and which workers were lost since: one sentence each. */
  readonly notes: readonly string[];

  /** @internal */
  constructor(backend: Backend, notes: readonly string[]) {
    super();
    this.#backend = backend;
    this.notes = notes;
  }

  /** What its kernels are. */
  get variant(): Variant {
    return this.#backend.variant;
  }

  /** Threads that share the work, the caller's among them: fewer than were asked for when workers did not start, or ended. */
  get threads(): number {
    return this.#backend.threads;
  }

  /**
   * A tensor of elements of any type, in the engine's own memory.
   *
   * @param data numbers to start from, as many as `shape` says; zeros where it is undefined. Whole numbers have to fit their type
   * @throws ShapeError, OptionError, OutOfMemoryError
   * @example
   * const bytes = engine.tensor([2, 2], [0, 127, 128, 255], { dtype: 'uint8', scale: 1 / 255, zeroPoint: 0 });
   */
  tensor<D extends DType = 'float32'>(
    shape: readonly number[],
    data: ArrayLike<number> | undefined,
    options: TensorOptions<D> | undefined,
  ): KernelTensor<ArrayOf[D]>;
  /**
   * A tensor in the engine's own memory. Operators use it without a copy, and give such tensors back.
   *
   * @param data numbers to start from, as many as `shape` says; zeros unless given
   * @throws ShapeError, OutOfMemoryError
   */
  tensor(shape: readonly number[], data?: ArrayLike<number>): KernelTensor;
  tensor(shape: readonly number[], data?: ArrayLike<number>, given?: TensorOptions<DType>): KernelTensor<TensorData> {
    const own = read(shape, 'shape') as readonly number[];
    const options = known('options', read(given, 'options') as TensorOptions<DType> | undefined, ['dtype', 'scale', 'zeroPoint']);
    const dtype = oneOf('options.dtype', options.dtype, 'float32', DTYPES);
    checkShape('shape', own, undefined, true, dtype);
    const meaning = quantization('options', dtype, options.scale, options.zeroPoint);
    const from = data === undefined ? undefined : elements('data', data, own, dtype);
    const backend = this.#live();
    if (from !== undefined) return copies(backend, { data: new PlainTensor<TensorData>(own, from, undefined, meaning) }, false)[0];
    const made = new KernelTensor<TensorData>(backend, own, { dtype, quantization: meaning });
    made.data.fill(0);
    return made;
  }

  /**
   * A convolution to be run often: checks, chooses and packs once.
   *
   * @param filter as in `conv2d`. It is read now: what becomes of it later changes nothing
   * @throws ShapeError, LayoutError, OptionError, OutOfMemoryError
   */
  prepareConv2d(filter: Tensor, options?: PrepareConv2dOptions): PreparedConv2d {
    const own = read(options, 'options') as PrepareConv2dOptions | undefined;
    return new PreparedConv2d(this.#live(), read(filter, 'filter') as Tensor, own);
  }

  /** @internal What runs its plans, for those who bind plans of their own: graphs of operators (program/). */
  get backend(): Backend {
    return this.#live();
  }

  /** @internal Does the tensor live in this engine's memory? */
  holds<D extends TensorData>(tensor: Tensor<D>): tensor is KernelTensor<D> {
    return KernelTensor.is(tensor) && tensor.bufferIn(this.#backend) !== undefined;
  }

  /** Ends the workers and gives everything back. Tensors and prepared operators of this engine cannot be used any more. */
  dispose(): void {
    if (!this.#disposed) this.#backend.dispose();
    this.#disposed = true;
  }

  /** `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal Adds the kernels of a family, unless the engine has them or is disposed of. */
  link(family: Family): void {
    if (!this.#disposed) this.#backend.link(family);
  }

  /** @internal The one way of every operator from its arguments to a result, for families that are no part of the engine too. */
  operate<R>(planned: Planned<R>, args: readonly unknown[]): R {
    const operation = this.#plan(planned, args);
    const backend = this.#live();
    const placed = new Placed(backend, operation);
    if (operation.plan.steps.length > 0) runOnce(backend, operation.plan, placed);
    else placed.release(true);
    return operation.value(placed.results);
  }

  /** @internal The same by way of the workers' queue. */
  async operateAsync<R>(planned: Planned<R>, args: readonly unknown[]): Promise<R> {
    const operation = this.#plan(planned, args);
    const backend = this.#live();
    const placed = new Placed(backend, operation);
    if (operation.plan.steps.length > 0) await runOnceAsync(backend, operation.plan, placed);
    else placed.release(true);
    return operation.value(placed.results);
  }

  /** Reads the arguments, once, and plans the call unless the same was planned before. */
  #plan<R>({ name, parameters, plan, readOther }: Planned<R>, args: readonly unknown[]): Operation<R> {
    const backend = this.#live();
    const own: unknown[] = [];
    const reading: Reading = { other: readOther, live: (argument, data) => void backend.locate(argument, data) };
    for (let i = 0; i < args.length; i++) own.push(read(args[i], parameters[i] ?? 'arguments', reading));
    const signature = readOther === undefined ? signatureOf(backend, name, own) : undefined;
    if (signature === undefined) return plan(...own);
    const kept = this.#plans.find(signature);
    if (kept !== undefined) return kept as Operation<R>;
    const operation = plan(...own);
    this.#plans.keep(signature, operation);
    return operation;
  }

  #live(): Backend {
    if (this.#disposed) throw new DisposedError('the engine');
    return this.#backend;
  }

  static {
    const method = (name: string, value: unknown) =>
      Object.defineProperty(Engine.prototype, name, { value, configurable: true, writable: true });
    for (const [name, plan] of Object.entries(operators) as [string, (...args: unknown[]) => Operation<unknown>][]) {
      const planned = { name, parameters: PARAMETERS[name].split(' '), plan };
      method(name, function (this: Engine, ...args: unknown[]) {
        return this.operate(planned, args);
      });
      method(`${name}Async`, async function (this: Engine, ...args: unknown[]) {
        return this.operateAsync(planned, args);
      });
    }
  }
}
