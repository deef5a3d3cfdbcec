/// <reference lib="esnext.disposable" preserve="true" />
import type { Backend } from './backend.ts';
import { DisposedError, OutOfMemoryError, ShapeError } from './errors.ts';

/**
 * What operators take and give: a shape and its floats, the last dimension contiguous. Any object with these two
 * properties will do.
 */
export interface Tensor {
  /** Extents, the outermost first. */
  readonly shape: readonly number[];
  /** As many floats as the product of the extents, row by row. */
  readonly data: Float32Array;
}

export function lengthOf(shape: readonly number[]): number {
  let length = 1;
  for (let axis = 0; axis < shape.length; axis++) length *= shape[axis];
  return length;
}

/** An array of zeros outside kernel memory. */
export function newFloats(length: number): Float32Array {
  try {
    return new Float32Array(length);
  } catch {
    throw new OutOfMemoryError(length * 4, 'the host refused an array of that size');
  }
}

/**
 * A tensor that lives in an engine's own memory, so that operators use it without a copy. Made by `engine.tensor` and
 * by operators whose input is one. It holds its memory until `dispose()`.
 */
export class KernelTensor<B = unknown> implements Tensor {
  /** Extents, the outermost first; frozen. */
  readonly shape: readonly number[];
  readonly #backend: Backend<B>;
  readonly #length: number;
  #buffer: B | undefined;

  /** Whose memory this is: another's, of which this is a view. */
  readonly #owner: KernelTensor<B> | undefined;

  /** @internal */
  constructor(backend: Backend<B>, shape: readonly number[], owner?: KernelTensor<B>) {
    this.#backend = backend;
    this.shape = Object.freeze([...shape]);
    this.#length = lengthOf(shape);
    this.#owner = owner;
    if (owner === undefined) this.#buffer = backend.allocate(this.#length);
  }

  /**
   * The same memory under another shape. It lives as long as this tensor does, and need not be disposed.
   *
   * @throws ShapeError if the shape is of another number of elements
   */
  view(shape: readonly number[]): KernelTensor<B> {
    this.#held();
    if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0) || lengthOf(shape) !== this.#length) {
      throw new ShapeError('shape', `[${shape.join(', ')}]`, `the ${this.#length} elements of [${this.shape.join(', ')}]`);
    }
    return new KernelTensor(this.#backend, shape, this);
  }

  /** @internal The first floats of this memory under a shape of no more of them. */
  beginning(shape: readonly number[]): KernelTensor<B> {
    return new KernelTensor(this.#backend, shape, this);
  }

  /** A live view. Fetch it again after any call of the engine: kernel memory that grows leaves old views empty. */
  get data(): Float32Array {
    return this.#backend.view(this.#held(), this.#length);
  }

  /** Has it, or its engine, been given back? */
  get disposed(): boolean {
    return this.#owner?.disposed ?? (this.#buffer === undefined || this.#backend.disposed);
  }

  /** Gives the memory back. A second call does nothing, and neither does that of a view. */
  dispose(): void {
    if (this.#buffer !== undefined) this.#backend.free(this.#buffer);
    this.#buffer = undefined;
  }

  /** `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal Does it share memory with another? Views share that of their owner. */
  shares(other: KernelTensor): boolean {
    return (this.#root() as unknown) === other.#root();
  }

  /** @internal The buffer, if the tensor lives in `backend`. */
  bufferIn<C>(backend: Backend<C>): C | undefined {
    return (this.#backend as unknown) === backend ? (this.#held() as unknown as C) : undefined;
  }

  #root(): KernelTensor<B> {
    return this.#owner === undefined ? this : this.#owner.#root();
  }

  #held(): B {
    if (this.#owner !== undefined) return this.#owner.#held();
    if (this.#buffer === undefined) throw new DisposedError(`tensor of shape [${this.shape.join(', ')}]`);
    if (this.#backend.disposed) throw new DisposedError(`the engine of the tensor of shape [${this.shape.join(', ')}]`);
    return this.#buffer;
  }
}
