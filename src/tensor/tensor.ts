/// <reference lib="esnext.disposable" preserve="true" />

import { DisposedError, OutOfMemoryError, ShapeError } from '../errors.ts';
import type { TensorMemory } from './memory.ts';

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

/** Results live where inputs live: in an engine's memory if the input is a tensor of one, else in an array. */
export type ResidentLike<T extends Tensor> = T extends KernelTensor ? KernelTensor : T extends Operand ? Operand : Tensor;

/** Where the result goes, instead of a new tensor: it is then what the operator returns. */
export interface Out<O extends Tensor> {
  /** Of the result's shape. */
  readonly out?: O;
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
 * A caller's tensor as it was read, once: an own shape, and the array. `source` is the object that it was read from, which a caller
 * gets back who gave it as `out`. Made by `read` alone (read.ts), before anything is checked.
 */
export class PlainTensor implements Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly #source: Tensor;

  constructor(shape: readonly number[], data: Float32Array, source?: Tensor) {
    this.shape = shape;
    this.data = data;
    this.#source = source ?? this;
  }

  /** Asks nothing of the value, as `instanceof` would of a proxy. */
  static is(value: unknown): value is PlainTensor {
    return typeof value === 'object' && value !== null && #source in value;
  }

  get source(): Tensor {
    return this.#source;
  }
}

/**
 * A tensor of a graph: it has a shape, and elements only while the program that is built of the graph runs. A `GraphBuilder` makes and takes
 * them (program/), with the operators that compute on any other tensor.
 */
export class Operand implements Tensor {
  readonly #shape: readonly number[];

  constructor(shape: readonly number[]) {
    this.#shape = Object.freeze([...shape]);
    Object.freeze(this);
  }

  /** @internal Is it one, and no proxy of one? */
  static is(value: unknown): value is Operand {
    return typeof value === 'object' && value !== null && #shape in value;
  }

  get shape(): readonly number[] {
    return this.#shape;
  }

  get data(): Float32Array {
    throw new ShapeError('data', 'an operand of a graph', 'a tensor that has data');
  }
}

/**
 * A tensor that lives in an engine's own memory, so that operators use it without a copy. Made by `engine.tensor` and
 * by operators whose input is one. It holds its memory until `dispose()`.
 *
 * Nothing of it can be changed from outside but its floats: what an operator reads and writes follows from private fields.
 */
export class KernelTensor<B = unknown> implements Tensor {
  readonly #shape: readonly number[];
  readonly #memory: TensorMemory<B>;
  readonly #length: number;
  #buffer: B | undefined;

  /** Whose memory this is: another's, of which this is a view. */
  readonly #owner: KernelTensor<B> | undefined;

  /** @internal `isPrivate`: no caller has views of it, so that one that looks like a view of it is a stale view of another tensor. */
  constructor(memory: TensorMemory<B>, shape: readonly number[], owner?: KernelTensor<B>, isPrivate = false) {
    this.#memory = memory;
    this.#shape = Object.freeze([...shape]);
    this.#length = lengthOf(shape);
    this.#owner = owner;
    if (owner === undefined) this.#buffer = isPrivate ? memory.allocate(this.#length) : memory.allocateTensor(this.#length);
    Object.freeze(this);
  }

  /** @internal Is it one of these, and neither a subclass, which may answer otherwise each time, nor a look-alike? */
  static is(value: unknown): value is KernelTensor {
    return typeof value === 'object' && value !== null && #buffer in value && Object.getPrototypeOf(value) === KernelTensor.prototype;
  }

  /** Extents, the outermost first; frozen. */
  get shape(): readonly number[] {
    return this.#shape;
  }

  /**
   * The same memory under another shape. It lives as long as this tensor does, and need not be disposed.
   *
   * @throws ShapeError if the shape is of another number of elements
   */
  view(shape: readonly number[]): KernelTensor<B> {
    this.#held();
    const own = extents(shape);
    if (own === undefined || lengthOf(own) !== this.#length) {
      const given = own === undefined ? 'no array of whole numbers' : `[${own.join(', ')}]`;
      throw new ShapeError('shape', given, `the ${this.#length} elements of [${this.#shape.join(', ')}]`);
    }
    return new KernelTensor(this.#memory, own, this);
  }

  /** @internal The first floats of this memory under a shape of no more of them. */
  beginning(shape: readonly number[]): KernelTensor<B> {
    return new KernelTensor(this.#memory, shape, this);
  }

  /** A live view. Fetch it again after any call of the engine: kernel memory that grows leaves old views empty. */
  get data(): Float32Array {
    return this.#memory.view(this.#held(), this.#length);
  }

  /** Has it, or its engine, been given back? */
  get disposed(): boolean {
    return this.#owner?.disposed ?? (this.#buffer === undefined || this.#memory.disposed);
  }

  /** Gives the memory back. A second call does nothing, and neither does that of a view. */
  dispose(): void {
    if (this.#buffer !== undefined) this.#memory.freeTensor(this.#buffer);
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

  /** @internal The buffer, if the tensor lives in `memory`. */
  bufferIn<C>(memory: TensorMemory<C>): C | undefined {
    return (this.#memory as unknown) === memory ? (this.#held() as unknown as C) : undefined;
  }

  #root(): KernelTensor<B> {
    return this.#owner === undefined ? this : this.#owner.#root();
  }

  #held(): B {
    if (this.#owner !== undefined) return this.#owner.#held();
    if (this.#buffer === undefined) throw new DisposedError(`tensor of shape [${this.#shape.join(', ')}]`);
    if (this.#memory.disposed) throw new DisposedError(`the engine of the tensor of shape [${this.#shape.join(', ')}]`);
    return this.#buffer;
  }
}

/** More dimensions than any tensor has; a longer list is no shape. */
const MAX_RANK = 64;

/** A caller's list of extents, read once. */
function extents(shape: unknown): number[] | undefined {
  try {
    if (!Array.isArray(shape)) return undefined;
    const { length } = shape;
    if (!(length <= MAX_RANK)) return undefined;
    const own = Array.from({ length }, (_, i) => shape[i] as unknown);
    return own.every((extent) => Number.isSafeInteger(extent) && (extent as number) >= 0) ? (own as number[]) : undefined;
  } catch {
    return undefined;
  }
}
