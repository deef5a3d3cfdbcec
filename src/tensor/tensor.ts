/// <reference lib="esnext.disposable" preserve="true" />

import { DisposedError, ShapeError } from '../errors.ts';
import { type ArrayOf, type DType, dtypeOf, elementBytes, newArray, type TensorData } from './dtype.ts';
import type { TensorMemory } from './memory.ts';

/**
 * What operators take and give: a shape and its elements, the last dimension contiguous. Any object with these two properties will do.
 * A `Tensor` holds floats, a `Tensor<Int32Array>` whole numbers, and so on.
 */
export interface Tensor<D extends TensorData = Float32Array> {
  /** Extents, the outermost first. */
  readonly shape: readonly number[];
  /** As many elements as the product of the extents, row by row. */
  readonly data: D;
  /** Of whole numbers that stand for real ones: see `Quantization`. */
  readonly scale?: Quantization['scale'] | undefined;
  /** The element that stands for 0. */
  readonly zeroPoint?: Quantization['zeroPoint'];
}

/** What whole numbers stand for: an element `q` is the real number `scale · (q − zeroPoint)`. */
export interface Quantization {
  /** Above 0; one number, or one for each channel. */
  readonly scale: number | Float32Array;
  /**
   * The element that stands for 0; one number, or one for each channel.
   *
   * @defaultValue 0
   */
  readonly zeroPoint?: number | TensorData | undefined;
}

/** A tensor of any elements. */
export type AnyTensor = Tensor<TensorData>;

/**
 * Results live where inputs live: in an engine's memory if the input is a tensor of one, else in an array. `D` is the array of the
 * result.
 */
export type ResidentLike<T extends AnyTensor, D extends TensorData = Float32Array> =
  T extends KernelTensor<TensorData> ? KernelTensor<D> : T extends Operand<TensorData> ? Operand<D> : Tensor<D>;

/** Where the result goes, instead of a new tensor: it is then what the operator returns. */
export interface Out<O extends AnyTensor> {
  /** Of the result's shape. */
  readonly out?: O;
}

export function lengthOf(shape: readonly number[]): number {
  let length = 1;
  for (let axis = 0; axis < shape.length; axis++) length *= shape[axis];
  return length;
}

/** An array of zeros outside kernel memory. */
export const newFloats = (length: number): Float32Array => newArray('float32', length);

/**
 * A caller's tensor as it was read, once: an own shape, the array, and what its elements stand for. `source` is the object that it was
 * read from, which a caller gets back who gave it as `out`. Made by `read` alone (read.ts), before anything is checked.
 */
export class PlainTensor<D extends TensorData = Float32Array> implements Tensor<D> {
  readonly shape: readonly number[];
  readonly data: D;
  readonly scale: Quantization['scale'] | undefined;
  readonly zeroPoint: Quantization['zeroPoint'];
  readonly #source: Tensor<D>;

  constructor(shape: readonly number[], data: D, source?: Tensor<D>, quantization?: Partial<Quantization>) {
    this.shape = shape;
    this.data = data;
    this.scale = quantization?.scale;
    this.zeroPoint = quantization?.zeroPoint;
    this.#source = source ?? this;
  }

  /** Asks nothing of the value, as `instanceof` would of a proxy. */
  static is(value: unknown): value is PlainTensor<TensorData> {
    return typeof value === 'object' && value !== null && #source in value;
  }

  get source(): Tensor<D> {
    return this.#source;
  }
}

/**
 * A tensor of a graph: it has a shape, and elements only while the program that is built of the graph runs. A `GraphBuilder` makes and takes
 * them (program/), with the operators that compute on any other tensor.
 */
export class Operand<D extends TensorData = Float32Array> implements Tensor<D> {
  readonly #shape: readonly number[];
  readonly #dtype: DType;

  constructor(shape: readonly number[], dtype: DType = 'float32') {
    this.#shape = Object.freeze([...shape]);
    this.#dtype = dtype;
    Object.freeze(this);
  }

  /** @internal Is it one, and no proxy of one? */
  static is(value: unknown): value is Operand<TensorData> {
    return typeof value === 'object' && value !== null && #shape in value;
  }

  get shape(): readonly number[] {
    return this.#shape;
  }

  /** What its elements are. */
  get dtype(): DType {
    return this.#dtype;
  }

  get data(): D {
    throw new ShapeError('data', 'an operand of a graph', 'a tensor that has data');
  }
}

/** An operand of any elements. */
export type AnyOperand = Operand<TensorData>;

/** How a tensor in an engine's memory is made. */
interface Making<B> {
  /** @defaultValue 'float32' */
  readonly dtype?: DType;
  readonly quantization?: Quantization | undefined;
  /** Whose memory it is a view of. */
  readonly owner?: KernelTensor<TensorData, B>;
  /** No caller has views of it, so that one that looks like a view of it is a stale view of another tensor. */
  readonly isPrivate?: boolean;
}

/**
 * A tensor that lives in an engine's own memory, so that operators use it without a copy. Made by `engine.tensor` and
 * by operators whose input is one. It holds its memory until `dispose()`.
 *
 * Nothing of it can be changed from outside but its elements: what an operator reads and writes follows from private fields.
 */
export class KernelTensor<D extends TensorData = Float32Array, B = unknown> implements Tensor<D> {
  readonly #shape: readonly number[];
  readonly #dtype: DType;
  readonly #quantization: Quantization | undefined;
  readonly #memory: TensorMemory<B>;
  readonly #length: number;
  #buffer: B | undefined;

  /** Whose memory this is: another's, of which this is a view. */
  readonly #owner: KernelTensor<TensorData, B> | undefined;

  /** @internal */
  constructor(memory: TensorMemory<B>, shape: readonly number[], making?: Making<B>) {
    this.#memory = memory;
    this.#shape = Object.freeze([...shape]);
    this.#dtype = making?.dtype ?? 'float32';
    this.#quantization = making?.quantization;
    this.#length = lengthOf(shape);
    this.#owner = making?.owner;
    if (this.#owner === undefined) {
      const byteLength = this.#length * elementBytes(this.#dtype);
      this.#buffer = making?.isPrivate ? memory.allocate(byteLength) : memory.allocateTensor(byteLength);
    }
    Object.freeze(this);
  }

  /** @internal Is it one of these, and neither a subclass, which may answer otherwise each time, nor a look-alike? */
  static is<D extends TensorData>(value: Tensor<D>): value is KernelTensor<D>;
  static is(value: unknown): value is KernelTensor<TensorData>;
  static is(value: unknown): value is KernelTensor<TensorData> {
    return typeof value === 'object' && value !== null && #buffer in value && Object.getPrototypeOf(value) === KernelTensor.prototype;
  }

  /** Extents, the outermost first; frozen. */
  get shape(): readonly number[] {
    return this.#shape;
  }

  /** What its elements are. */
  get dtype(): DType {
    return this.#dtype;
  }

  /** What an element stands for, times the difference from `zeroPoint`; undefined unless the tensor is quantised. */
  get scale(): number | Float32Array | undefined {
    const scale = this.#quantization?.scale;
    return typeof scale === 'object' ? scale.slice() : scale;
  }

  /** The element that stands for 0; undefined unless the tensor is quantised. */
  get zeroPoint(): number | TensorData | undefined {
    const zeroPoint = this.#quantization?.zeroPoint;
    return typeof zeroPoint === 'object' ? zeroPoint.slice() : zeroPoint;
  }

  /** @internal */
  get quantization(): Quantization | undefined {
    return this.#quantization;
  }

  /**
   * The same memory under another shape. It lives as long as this tensor does, and need not be disposed.
   *
   * @throws ShapeError if the shape is of another number of elements
   */
  view(shape: readonly number[]): KernelTensor<D, B> {
    this.#held();
    const own = extents(shape);
    if (own === undefined || lengthOf(own) !== this.#length) {
      const given = own === undefined ? 'no array of whole numbers' : `[${own.join(', ')}]`;
      throw new ShapeError('shape', given, `the ${this.#length} elements of [${this.#shape.join(', ')}]`);
    }
    return this.beginning(own);
  }

  /** @internal The first elements of this memory under a shape of no more of them. */
  beginning(shape: readonly number[]): KernelTensor<D, B> {
    return new KernelTensor(this.#memory, shape, { dtype: this.#dtype, quantization: this.#quantization, owner: this });
  }

  /** A live view. Fetch it again after any call of the engine: kernel memory that grows leaves old views empty. */
  get data(): D {
    return this.#memory.view(this.#held(), this.#dtype, this.#length) as ArrayOf[DType] as D;
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
  shares(other: KernelTensor<TensorData>): boolean {
    return (this.#root() as unknown) === other.#root();
  }

  /** @internal The buffer, if the tensor lives in `memory`. */
  bufferIn<C>(memory: TensorMemory<C>): C | undefined {
    return (this.#memory as unknown) === memory ? (this.#held() as unknown as C) : undefined;
  }

  #root(): KernelTensor<TensorData, B> {
    return this.#owner === undefined ? this : this.#owner.#root();
  }

  #held(): B {
    if (this.#owner !== undefined) return this.#owner.#held();
    if (this.#buffer === undefined) throw new DisposedError(`tensor of shape [${this.#shape.join(', ')}]`);
    if (this.#memory.disposed) throw new DisposedError(`the engine of the tensor of shape [${this.#shape.join(', ')}]`);
    return this.#buffer;
  }
}

/** What a tensor's elements are; undefined for an array that no tensor can have. */
export function dtypeOfTensor(tensor: AnyTensor): DType | undefined {
  return KernelTensor.is(tensor) || Operand.is(tensor) ? tensor.dtype : dtypeOf(tensor.data);
}

/** What a tensor's elements stand for, if it is quantised. */
export function quantizationOf(tensor: AnyTensor): Quantization | undefined {
  if (KernelTensor.is(tensor)) return tensor.quantization;
  const { scale, zeroPoint } = tensor;
  return scale === undefined ? undefined : { scale, zeroPoint };
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
