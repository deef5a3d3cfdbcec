import type { Backend } from '../runtime/backend.ts';
import { copies } from '../runtime/execute.ts';
import type { TensorData } from '../tensor/dtype.ts';
import type { AnyTensor, KernelTensor } from '../tensor/tensor.ts';
import type { Partition } from './partition.ts';

/**
 * Constants of one or more bound plans: what a caller gave, copied, and what steps made of it. Plans that share them, such as those of one
 * prepared convolution for inputs of several shapes, fold each of them once.
 */
export class Constants<B> {
  readonly #backend: Backend<B>;
  /** As they were given, by the names of their values. */
  readonly #given = new Map<string, KernelTensor<TensorData, B>>();
  readonly #folded = new Map<string, B>();

  /** @throws OutOfMemoryError */
  constructor(backend: Backend<B>, tensors: Readonly<Record<string, AnyTensor>>) {
    this.#backend = backend;
    for (const [i, tensor] of copies(backend, tensors, true).entries()) this.#given.set(Object.keys(tensors)[i], tensor);
  }

  /** Is there anything left to fold? */
  get hasGiven(): boolean {
    return this.#given.size > 0;
  }

  get isEmpty(): boolean {
    return this.#given.size === 0 && this.#folded.size === 0;
  }

  /** The buffer of a constant as it was given. */
  given(name: string): B | undefined {
    return this.#given.get(name)?.bufferIn(this.#backend);
  }

  /** Runs the steps that depend on constants alone, unless their results are here already. Gives these by their keys. */
  fold({ prepare, folded }: Partition): ReadonlyMap<string, B> {
    if (!folded.every(({ key }) => this.#folded.has(key))) this.#run(prepare, folded);
    return this.#folded;
  }

  /** Gives the constants themselves back: plans bound from now on have to find all that they fold. */
  forgetGiven(): void {
    for (const tensor of this.#given.values()) tensor.dispose();
    this.#given.clear();
  }

  /** Gives back those that no plan reads as they were given. */
  forgetGivenBut(names: ReadonlySet<string>): void {
    for (const [name, tensor] of this.#given) {
      if (names.has(name)) continue;
      tensor.dispose();
      this.#given.delete(name);
    }
  }

  dispose(): void {
    this.forgetGiven();
    for (const buffer of this.#folded.values()) this.#backend.free(buffer);
    this.#folded.clear();
  }

  #run(plan: Partition['prepare'], folded: Partition['folded']): void {
    const backend = this.#backend;
    const buffers: (B | undefined)[] = [];
    const made: [key: string, buffer: B][] = [];
    const temps: B[] = [];
    try {
      for (const value of plan.used) buffers[value.id] = this.given(value.name!);
      for (const { key, byteLength, made: value } of folded) {
        const buffer = backend.allocate(byteLength);
        made.push([key, buffer]);
        buffers[value.id] = buffer;
      }
      for (const bytes of plan.slots.byteLengths) temps.push(backend.allocate(bytes));
      for (const [value, slot] of plan.slots.of) buffers[value.id] = temps[slot];
      const call = backend.bind(plan, buffers);
      try {
        call.run(() => {});
      } finally {
        call.release();
      }
    } catch (error) {
      for (const [, buffer] of made) backend.free(buffer);
      throw error;
    } finally {
      for (const buffer of temps) backend.free(buffer);
    }
    for (const [key, buffer] of made) {
      const known = this.#folded.get(key);
      if (known !== undefined) backend.free(known);
      this.#folded.set(key, buffer);
    }
  }
}
