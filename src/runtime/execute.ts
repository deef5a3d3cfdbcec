import { ShapeError } from '../errors.ts';
import type { Plan, Value } from '../plan/plan.ts';
import { type DType, newArray, nounOf, type TensorData } from '../tensor/dtype.ts';
import type { Result } from '../tensor/result.ts';
import { type AnyTensor, dtypeOfTensor, KernelTensor, lengthOf, PlainTensor, quantizationOf } from '../tensor/tensor.ts';
import { copyArray } from '../tensor/typed-array.ts';
import type { Backend } from './backend.ts';

export type Operands = Readonly<Record<string, AnyTensor>>;

/** A plan, and everything that it reads and writes by the names of its values. Tensors are as they were read and checked. */
export interface Placing {
  /** New results live where this operand lives. */
  readonly beside: AnyTensor;
  readonly operands: Operands;
  readonly results: Readonly<Record<string, Result>>;
  readonly plan: Pick<Plan, 'used' | 'slots' | 'valueCount' | 'named'>;
}

/** A caller's array for the time of a call. */
interface Borrowed<B> {
  readonly value: Value;
  readonly data: TensorData;
  readonly length: number;
  readonly isResult: boolean;
  buffer: B | undefined;
}

/** One call's operands, results and temporary values, where a backend reaches them, until they are released. */
export class Placed<B> {
  /** What the caller gets: the very objects that were given as `out`, and new tensors. */
  readonly results: Readonly<Record<string, AnyTensor>>;
  /** By the numbers of the plan's values. */
  readonly buffers: (B | undefined)[];
  readonly #backend: Backend<B>;
  /** Results that are not the caller's. */
  readonly #made: KernelTensor<TensorData, B>[] = [];
  readonly #borrowed: Borrowed<B>[] = [];
  readonly #held: B[] = [];
  #released = false;

  constructor(backend: Backend<B>, { beside, operands, results, plan }: Placing) {
    this.#backend = backend;
    this.buffers = new Array(plan.valueCount);
    // Views of kernel memory are looked for before anything is allocated, since growth empties them.
    for (const value of plan.used) {
      const name = value.name!;
      const result = results[name];
      const tensor = result === undefined ? operands[name] : result.out;
      if (tensor !== undefined) this.#find(value, tensor, result !== undefined);
    }
    const all: Record<string, AnyTensor> = {};
    this.results = all;
    try {
      for (const name in results) {
        const { shape, out } = results[name];
        all[name] = out === undefined ? this.#make(plan.named(name), beside, shape) : PlainTensor.is(out) ? out.source : out;
      }
      for (const borrowed of this.#borrowed) {
        borrowed.buffer = backend.borrow(borrowed.data, borrowed.value.dtype, borrowed.length);
        this.buffers[borrowed.value.id] = borrowed.buffer;
      }
      const { slots } = plan;
      for (const bytes of slots.byteLengths) this.#held.push(backend.allocate(bytes));
      for (const [value, slot] of slots.of) this.buffers[value.id] = this.#held[slot];
    } catch (error) {
      this.release(false);
      throw error;
    }
  }

  /** Takes plain tensors as they are now. To be called when nothing else is under way. */
  read(): void {
    for (const { value, data, length, isResult, buffer } of this.#borrowed) {
      if (!isResult) unlessGone(value.name!, value.dtype, length, () => this.#backend.read(buffer!, data, value.dtype, length));
    }
  }

  /**
   * Gives everything back, plain results with what was written when `done`. A second call does nothing. All of it is given back even
   * if an array has gone, in which case it throws.
   */
  release(done: boolean): void {
    if (this.#released) return;
    this.#released = true;
    const failures: unknown[] = [];
    for (const { value, data, length, isResult, buffer } of this.#borrowed) {
      if (buffer === undefined) continue;
      try {
        unlessGone(value.name!, value.dtype, length, () => this.#backend.giveBack(buffer, data, value.dtype, length, done && isResult));
      } catch (error) {
        failures.push(error);
      }
    }
    for (const buffer of this.#held) this.#backend.free(buffer);
    if (!done || failures.length > 0) for (const tensor of this.#made) tensor.dispose();
    if (failures.length > 0) throw failures[0];
  }

  #find(value: Value, tensor: AnyTensor, isResult: boolean): void {
    const isOurs = KernelTensor.is(tensor);
    const own = isOurs ? tensor.bufferIn(this.#backend) : undefined;
    if (own !== undefined) {
      this.buffers[value.id] = own;
      return;
    }
    const { data } = tensor;
    const place = isOurs ? undefined : this.#backend.locate(`${value.name}.data`, data);
    if (place === undefined) this.#borrowed.push({ value, data, length: lengthOf(tensor.shape), isResult, buffer: undefined });
    else this.buffers[value.id] = place;
  }

  /** A new tensor of `shape`: of the engine if `beside` is a tensor of one, be it another, else a plain one. */
  #make(value: Value, beside: AnyTensor, shape: readonly number[]): AnyTensor {
    if (!KernelTensor.is(beside)) {
      const data = newArray(value.dtype, lengthOf(shape));
      this.#borrowed.push({ value, data, length: data.length, isResult: true, buffer: undefined });
      return { shape: [...shape], data };
    }
    const tensor = new KernelTensor<TensorData, B>(this.#backend, shape, value);
    this.#made.push(tensor);
    this.buffers[value.id] = tensor.bufferIn(this.#backend)!;
    return tensor;
  }
}

/** Copies of a caller's array, which may have been transferred or cut since it was checked. */
function unlessGone(name: string, dtype: DType, length: number, copy: () => void): void {
  try {
    copy();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    const given = 'an array whose buffer was transferred or resized during the call';
    throw new ShapeError(`${name}.data`, given, `the ${length} ${nounOf(dtype)} that it had`);
  }
}

/** Copies in kernel memory, of plain tensors or of views of its own: all of them, or none. */
export function copies<B>(
  backend: Backend<B>,
  tensors: Readonly<Record<string, AnyTensor>>,
  isPrivate: boolean,
): KernelTensor<TensorData, B>[] {
  const names = Object.keys(tensors);
  const arrays = names.map((name) => tensors[name].data);
  const places = arrays.map((data, i) => backend.locate(`${names[i]}.data`, data));
  // What an asynchronous call is still to write there has to be there.
  if (places.some((place) => place !== undefined)) backend.settle();
  const made: KernelTensor<TensorData, B>[] = [];
  try {
    for (const [i, name] of names.entries()) {
      const { shape } = tensors[name];
      const dtype = dtypeOfTensor(tensors[name])!;
      const tensor = new KernelTensor<TensorData, B>(backend, shape, { dtype, quantization: quantizationOf(tensors[name]), isPrivate });
      made.push(tensor);
      const to = tensor.data;
      const place = places[i];
      unlessGone(name, dtype, to.length, () => copyArray(to, place === undefined ? arrays[i] : backend.view(place, dtype, to.length)));
    }
    return made;
  } catch (error) {
    for (const tensor of made) tensor.dispose();
    throw error;
  }
}

/** Runs a plan once on what is placed. */
export function runOnce<B>(backend: Backend<B>, plan: Plan, placed: Placed<B>): void {
  try {
    const call = backend.bind(plan, placed.buffers);
    try {
      call.run(() => placed.read());
    } finally {
      call.release();
    }
    placed.release(true);
  } finally {
    placed.release(false);
  }
}

export async function runOnceAsync<B>(backend: Backend<B>, plan: Plan, placed: Placed<B>): Promise<void> {
  try {
    const call = backend.bind(plan, placed.buffers);
    try {
      await call.runAsync(
        () => placed.read(),
        () => placed.release(true),
      );
    } finally {
      call.release();
    }
  } finally {
    placed.release(false);
  }
}
