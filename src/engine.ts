/// <reference lib="esnext.disposable" preserve="true" />
import type { Backend, Variant } from './backend.ts';
import { DisposedError } from './errors.ts';
import { copies, Placed, runOnce, runOnceAsync } from './execute.ts';
import { type AsyncOperators, type Operators, operators } from './operators/index.ts';
import type { Operation } from './operators/operation.ts';
import { PreparedConv2d } from './prepared-conv.ts';
import { checkShape, floats } from './shape/check.ts';
import type { PrepareConv2dOptions } from './shape/conv.ts';
import { KernelTensor, type Tensor } from './tensor.ts';

/** A class with a method for every operator, and another for its asynchronous form: `Engine` fills them in. */
const Operating = class {} as unknown as abstract new () => Operators & AsyncOperators;

/**
 * What `load` returns: the operators, bound to one backend. Each has an `…Async` form that takes the same and promises the same:
 * the workers do it, and the caller's thread is free. Operands must stay as they are until the promise settles. Calls take effect
 * in the order in which they are made, and a synchronous one waits for those before it; errors reject the promise.
 */
export class Engine extends Operating {
  readonly #backend: Backend;
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
   * A tensor in the engine's own memory. Operators use it without a copy, and give such tensors back.
   *
   * @param data numbers to start from, as many as `shape` says; zeros unless given
   * @throws ShapeError, OutOfMemoryError
   */
  tensor(shape: readonly number[], data?: ArrayLike<number>): KernelTensor {
    checkShape('shape', shape, undefined, true);
    const from = data === undefined ? undefined : floats('data', data, shape);
    const backend = this.#live();
    if (from !== undefined) return copies(backend, [{ shape, data: from }])[0];
    const made = new KernelTensor(backend, shape);
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
    return new PreparedConv2d(this.#live(), filter, options);
  }

  /** @internal Does the tensor live in this engine's memory? */
  holds(tensor: Tensor): tensor is KernelTensor {
    return tensor instanceof KernelTensor && tensor.bufferIn(this.#backend) !== undefined;
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

  /**
   * @internal The one way of every operator from a plan to a result, for families that are no part of the engine.
   */
  operate<R>(operation: Operation<R>): R {
    const backend = this.#live();
    const placed = new Placed(backend, operation);
    if (operation.steps.length > 0) runOnce(backend, operation.steps, placed);
    else placed.release(true);
    return operation.value(placed.results);
  }

  /** @internal The same by way of the workers' queue. */
  async operateAsync<R>(operation: Operation<R>): Promise<R> {
    const backend = this.#live();
    const placed = new Placed(backend, operation);
    if (operation.steps.length > 0) await runOnceAsync(backend, operation.steps, placed);
    else placed.release(true);
    return operation.value(placed.results);
  }

  #live(): Backend {
    if (this.#disposed) throw new DisposedError('the engine');
    return this.#backend;
  }

  static {
    const method = (name: string, value: unknown) =>
      Object.defineProperty(Engine.prototype, name, { value, configurable: true, writable: true });
    for (const [name, plan] of Object.entries(operators) as [string, (...args: unknown[]) => Operation<unknown>][]) {
      method(name, function (this: Engine, ...args: unknown[]) {
        return this.operate(plan(...args));
      });
      method(`${name}Async`, async function (this: Engine, ...args: unknown[]) {
        return this.operateAsync(plan(...args));
      });
    }
  }
}
