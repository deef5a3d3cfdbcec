import type { Backend, Call, Step, Variant } from '../backend.ts';
import { DisposedError } from '../errors.ts';
import { BLOCK_LENGTH, wordOf, writeValues } from './abi.ts';
import type { Instance, Kernel } from './instance.ts';
import type { KernelMemory } from './memory.ts';

interface BoundStep {
  readonly kernel: Kernel;
  readonly block: number;
  readonly taskCount: number;
  /** Word of the scratch pointer, or −1. */
  readonly scratchWord: number;
}

/**
 * The scratch that every call of an engine shares: as large as the largest call bound so far. The old one is given back
 * when the new one is had: calls that are bound already go on with it if there is no memory for another.
 */
class Scratch {
  readonly #memory: KernelMemory;
  address = 0;
  #length = 0;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  reserve(length: number): void {
    if (length <= this.#length) return;
    const address = this.#memory.allocate(length);
    this.#memory.free(this.address);
    this.address = address;
    this.#length = length;
  }
}

class WasmCall implements Call<number> {
  readonly #memory: KernelMemory;
  readonly #scratch: Scratch;
  readonly #blocks: number;
  readonly #steps: BoundStep[];
  /** Name of a buffer → the words that hold its address. */
  readonly #places = new Map<string, number[]>();

  constructor(instance: Instance, scratch: Scratch, steps: readonly Step[], buffers: ReadonlyMap<string, number>) {
    this.#memory = instance.memory;
    this.#scratch = scratch;
    scratch.reserve(Math.max(0, ...steps.map((step) => step.scratchLength)));
    this.#blocks = this.#memory.allocate(steps.length * BLOCK_LENGTH);
    const { words } = this.#memory;
    this.#steps = steps.map((step, index) => {
      const block = this.#blocks + index * BLOCK_LENGTH * 4;
      const word = block / 4;
      writeValues(words, word, step);
      for (const [field, name] of Object.entries(step.buffers)) {
        const place = word + wordOf(step.kernel, field);
        words[place] = 0;
        if (name !== null) this.#places.set(name, [...(this.#places.get(name) ?? []), place]);
      }
      const scratchWord = wordOf(step.kernel, 'scratch');
      return {
        kernel: instance.kernels[step.kernel],
        block,
        taskCount: step.taskCount,
        scratchWord: scratchWord < 0 ? -1 : word + scratchWord,
      };
    });
    for (const [name, buffer] of buffers) this.set(name, buffer);
  }

  set(name: string, buffer: number): void {
    const { words } = this.#memory;
    const places = this.#places.get(name);
    if (places !== undefined) for (let i = 0; i < places.length; i++) words[places[i]] = buffer;
  }

  run(): void {
    const { words } = this.#memory;
    for (const step of this.#steps) {
      if (step.scratchWord >= 0) words[step.scratchWord] = this.#scratch.address;
      step.kernel(step.block, 0, step.taskCount);
    }
  }

  release(): void {
    this.#memory.free(this.#blocks);
  }
}

/** Kernels in WebAssembly; a buffer is an address in kernel memory. */
export class WasmBackend implements Backend<number> {
  readonly variant: Variant;
  readonly threads = 1;
  /** What keeps kernel memory alive; gone after `dispose`. */
  #held: { readonly instance: Instance; readonly scratch: Scratch } | undefined;

  constructor(instance: Instance) {
    this.variant = instance.variant;
    this.#held = { instance, scratch: new Scratch(instance.memory) };
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
    this.#held?.instance.memory.free(buffer);
  }

  view(buffer: number, length: number): Float32Array {
    return new Float32Array(this.#memory.memory.buffer, buffer, length);
  }

  locate(data: Float32Array): number | undefined {
    return data.buffer === this.#memory.memory.buffer ? data.byteOffset : undefined;
  }

  borrow(data: Float32Array, read: boolean): number {
    const buffer = this.allocate(data.length);
    if (read) this.#memory.floats.set(data, buffer / 4);
    return buffer;
  }

  giveBack(buffer: number, data: Float32Array, written: boolean): void {
    if (written) data.set(this.view(buffer, data.length));
    this.free(buffer);
  }

  bind(steps: readonly Step[], buffers: ReadonlyMap<string, number>): Call<number> {
    if (this.#held === undefined) throw new DisposedError('the engine');
    return new WasmCall(this.#held.instance, this.#held.scratch, steps, buffers);
  }

  dispose(): void {
    this.#held = undefined;
  }
}
