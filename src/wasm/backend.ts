import type { AnyStep, Backend, Call, Variant } from '../backend.ts';
import { DisposedError } from '../errors.ts';
import { Scratch, WasmCall } from './call.ts';
import type { Instance } from './instance.ts';
import type { KernelMemory } from './memory.ts';
import type { Threads } from './threads.ts';

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

  allocate(length: number): number {
    return this.#memory.allocate(length);
  }

  free(buffer: number): void {
    this.#held?.scratch.giveUp(buffer);
  }

  view(buffer: number, length: number): Float32Array {
    return new Float32Array(this.#memory.floats.buffer, buffer, length);
  }

  locate(data: Float32Array): number | undefined {
    // Nothing lies at 0; most arrays do, and a small one that is asked for its buffer has first to be given one.
    return data.byteOffset > 0 && data.buffer === this.#memory.floats.buffer ? data.byteOffset : undefined;
  }

  borrow(data: Float32Array): number {
    return this.allocate(data.length);
  }

  read(buffer: number, data: Float32Array): void {
    this.#memory.floats.set(data, buffer / 4);
  }

  giveBack(buffer: number, data: Float32Array, written: boolean): void {
    if (written) data.set(this.view(buffer, data.length));
    this.free(buffer);
  }

  bind(steps: readonly AnyStep[], buffers: Readonly<Record<string, number>>): Call<number> {
    if (this.#held === undefined) throw new DisposedError('the engine');
    return new WasmCall(this.#held.instance, this.#threads, this.#held.scratch, steps, buffers);
  }

  settle(): void {
    this.#threads?.settle();
  }

  dispose(): void {
    this.#held = undefined;
    this.#threads?.dispose();
  }
}
