import type { Backend, Call, Step, Variant } from '../backend.ts';
import { Scratch, WasmCall } from './call.ts';
import type { Instance } from './instance.ts';
import type { Threads } from './threads.ts';

/** Kernels in WebAssembly; a buffer is an address in kernel memory. */
export class WasmBackend implements Backend<number> {
  readonly #instance: Instance;
  readonly #threads: Threads | undefined;
  readonly #scratch: Scratch;
  disposed = false;

  constructor(instance: Instance, threads?: Threads) {
    this.#instance = instance;
    this.#threads = threads;
    this.#scratch = new Scratch(instance.memory, threads?.count ?? 1, this.#giveUp);
  }

  get variant(): Variant {
    return this.#instance.variant;
  }

  get threads(): number {
    return this.#threads?.live ?? 1;
  }

  allocate(length: number): number {
    return this.#instance.memory.allocate(length);
  }

  free(buffer: number): void {
    this.#giveUp(buffer);
  }

  view(buffer: number, length: number): Float32Array {
    return new Float32Array(this.#instance.memory.floats.buffer, buffer, length);
  }

  borrow(data: Float32Array): number {
    return this.allocate(data.length);
  }

  read(buffer: number, data: Float32Array): void {
    this.#instance.memory.floats.set(data, buffer / 4);
  }

  giveBack(buffer: number, data: Float32Array, written: boolean): void {
    if (written) data.set(this.view(buffer, data.length));
    this.free(buffer);
  }

  bind(steps: readonly Step[], buffers: Readonly<Record<string, number>>): Call<number> {
    return new WasmCall(this.#instance, this.#threads, this.#scratch, this.#giveUp, steps, buffers);
  }

  dispose(): void {
    this.disposed = true;
    this.#threads?.dispose();
  }

  readonly #giveUp = (buffer: number): void => {
    if (this.#threads === undefined) this.#instance.memory.free(buffer);
    else this.#threads.free(buffer);
  };
}
