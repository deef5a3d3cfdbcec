import { DisposedError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { AnyArray, Backend, Call, Variant } from '../runtime/backend.ts';
import type { Family } from '../runtime/family.ts';
import { type ArrayOf, type DType, elementBytes, type TensorData, viewOf } from '../tensor/dtype.ts';
import { bufferOf, byteLengthOf, byteOffsetOf, copyArray, lengthOfArray } from '../tensor/typed-array.ts';
import { Scratch, WasmCall } from './call.ts';
import { hasFamily, type Instance, linkFamily } from './instance.ts';
import type { KernelMemory } from './memory.ts';
import type { Threads } from './threads/index.ts';

/** What keeps kernel memory alive. */
interface Held {
  readonly instance: Instance;
  readonly scratch: Scratch;
}

/** Kernels in WebAssembly; a buffer is an address in kernel memory. */
export class WasmBackend implements Backend<number> {
  readonly variant: Variant;
  readonly #threads: Threads | undefined;
  /** Gone after `dispose`. */
  #held: Held | undefined;

  constructor(instance: Instance, threads?: Threads) {
    this.variant = instance.variant;
    this.#threads = threads;
    this.#held = { instance, scratch: new Scratch(instance.memory, threads) };
  }

  get threads(): number {
    return this.#threads?.live ?? 1;
  }

  get disposed(): boolean {
    return this.#held === undefined;
  }

  get #memory(): KernelMemory {
    if (this.#held === undefined) throw new DisposedError('the engine');
    return this.#held.instance.memory;
  }

  allocate(byteLength: number): number {
    return this.#memory.allocate(byteLength);
  }

  free(buffer: number): void {
    this.#held?.scratch.giveUp(buffer);
  }

  part(buffer: number, beginBytes: number, _byteLength: number): number {
    return buffer + beginBytes;
  }

  allocateTensor(byteLength: number): number {
    const buffer = this.#memory.allocate(byteLength);
    this.#memory.own(buffer, byteLength);
    return buffer;
  }

  freeTensor(buffer: number): void {
    this.#held?.instance.memory.disown(buffer);
    this.free(buffer);
  }

  view<D extends DType>(buffer: number, dtype: D, length: number): ArrayOf[D] {
    return viewOf(dtype, this.#memory.words.buffer, buffer, length);
  }

  holds(data: AnyArray): boolean {
    // Nothing lies at 0; most arrays do, and a small one that is asked for its buffer has first to be given one.
    return byteOffsetOf(data) > 0 && this.#memory.holds(bufferOf(data));
  }

  locate(argument: string, data: AnyArray): number | undefined {
    if (!this.holds(data)) return undefined;
    const address = byteOffsetOf(data);
    if (!this.#memory.isOwned(address, byteLengthOf(data))) throw new DisposedError(`the tensor whose memory ${argument} is a view of`);
    // Whether it overlaps another operand is asked by its buffer, which a shared memory that grew has several of: then it is copied.
    return bufferOf(data) === this.#memory.words.buffer ? address : undefined;
  }

  borrow(_data: TensorData, dtype: DType, length: number): number {
    return this.allocate(length * elementBytes(dtype));
  }

  read(buffer: number, data: TensorData, dtype: DType, length: number): void {
    if (lengthOfArray(data) !== length) throw new RangeError('the array has changed its length');
    copyArray(this.view(buffer, dtype, length), data);
  }

  giveBack(buffer: number, data: TensorData, dtype: DType, length: number, written: boolean): void {
    try {
      if (written) copyArray(data, this.view(buffer, dtype, length));
    } finally {
      this.free(buffer);
    }
  }

  link(family: Family): void {
    if (this.#held === undefined) throw new DisposedError('the engine');
    const { instance } = this.#held;
    if (hasFamily(instance, family)) return;
    const bytes = family.module(instance.memory.shared);
    const { kernels, functions } = linkFamily(instance.memory, family, bytes);
    this.#threads?.addModule(bytes);
    Object.assign(instance.kernels, kernels);
    instance.functions.push(...functions);
  }

  bind(plan: Plan, buffers: readonly (number | undefined)[]): Call<number> {
    if (this.#held === undefined) throw new DisposedError('the engine');
    return new WasmCall(this.#held.instance, this.#threads, this.#held.scratch, plan, buffers);
  }

  settle(): void {
    this.#threads?.settle();
  }

  dispose(): void {
    this.#held = undefined;
    this.#threads?.dispose();
  }
}
