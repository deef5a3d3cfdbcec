import { BLOCK_LENGTH } from '../kernels/layout.ts';
import { type HostStep, isHostStep, type Plan, type Step, type Value } from '../plan/plan.ts';
import { boundTo, type Call } from '../runtime/backend.ts';
import { viewOf } from '../tensor/dtype.ts';
import { type Form, formOf, writeValues } from './abi.ts';
import type { BoundStep, Run, ScratchPieces } from './bound-step.ts';
import type { Instance } from './instance.ts';
import type { KernelMemory } from './memory.ts';
import { MAX_CHUNKS } from './threads/control.ts';
import type { Threads } from './threads/index.ts';

/**
 * Of two threads the chunks are then 7, 5, 3 and 1 sixteenths of the whole: see `taskOf`. More of them cost Winograd a sixth, since
 * each transforms its input anew, and gain nothing where the threads are equally fast.
 */
const CHUNKS_PER_THREAD = 2;

/** Nanoseconds. Below it, waking a worker and waiting for it takes a good part of what it saves. */
const SMALL = 20000;

/** A cache line. */
const LINE_BYTES = 64;

/** Of a step that no worker knows. */
const HOST_FORM: Form = { buffers: [], integers: [], floats: [], scratchWord: -1 };

/**
 * The scratch that every call of an engine shares, for each thread as large as the largest call bound so far. The old one is given
 * back when the new one is had: calls that are bound already go on with it if there is no memory for another.
 */
export class Scratch implements ScratchPieces {
  readonly #memory: KernelMemory;
  readonly #threads: Threads | undefined;
  address = 0;
  strideBytes = 0;

  constructor(memory: KernelMemory, threads: Threads | undefined) {
    this.#memory = memory;
    this.#threads = threads;
  }

  reserve(byteLength: number): void {
    if (byteLength <= this.strideBytes) return;
    const count = this.#threads?.count ?? 1;
    // Of several threads each has whole cache lines, and one between it and the next.
    const stride = count === 1 ? byteLength : Math.ceil(byteLength / LINE_BYTES) * LINE_BYTES + LINE_BYTES;
    const address = this.#memory.allocate(stride * count);
    this.giveUp(this.address);
    this.address = address;
    this.strideBytes = stride;
  }

  /** Gives any buffer back, once no asynchronous call can use it. */
  giveUp(address: number): void {
    if (this.#threads === undefined) this.#memory.free(address);
    else this.#threads.free(address);
  }
}

export class WasmCall implements Call<number>, Run {
  readonly steps: readonly BoundStep[];
  readonly scratch: Scratch;
  readonly #memory: KernelMemory;
  readonly #threads: Threads | undefined;
  readonly #blocks: number;
  /** The words that hold the address of each value, by its number. */
  readonly #places: number[][] = [];

  constructor(
    instance: Instance,
    threads: Threads | undefined,
    scratch: Scratch,
    { steps }: Plan,
    buffers: readonly (number | undefined)[],
  ) {
    this.#memory = instance.memory;
    this.#threads = threads;
    this.scratch = scratch;
    let scratchBytes = 0;
    for (const step of steps) if (!isHostStep(step)) scratchBytes = Math.max(scratchBytes, step.scratchBytes);
    scratch.reserve(scratchBytes);
    this.#blocks = this.#memory.allocate(4 * steps.length * BLOCK_LENGTH);
    const bound: BoundStep[] = [];
    for (let i = 0; i < steps.length; i++) {
      const address = this.#blocks + i * BLOCK_LENGTH * 4;
      const step = steps[i];
      bound.push(isHostStep(step) ? this.#bindHost(step, address, buffers) : this.#bind(step, address, instance, buffers));
    }
    this.steps = bound;
  }

  #bind(step: Step, block: number, { kernels, functions }: Instance, buffers: readonly (number | undefined)[]): BoundStep {
    const { words } = this.#memory;
    const kernel = kernels[step.kernel];
    const form = formOf(step.descriptor.block);
    const word = block / 4;
    writeValues(words, word, step);
    for (let i = 0; i < form.buffers.length; i++) {
      const field = form.buffers[i];
      const value = step.buffers[field.name];
      words[word + field.word] = 0;
      if (value != null) this.#place(value, word + field.word, buffers);
    }
    const { taskCount } = step;
    const threads = this.#threads;
    if (threads === undefined) return { form, kernel, number: -1, block, taskCount, chunkCount: 1, small: true, reads: [], writes: [] };
    const { idempotent, cost, writes } = step.descriptor;
    const small = cost(step.values) < SMALL;
    const chunkCount = small ? 1 : Math.min(taskCount, MAX_CHUNKS, CHUNKS_PER_THREAD * threads.count);
    const wordsOf = (isWanted: (field: string) => boolean) =>
      idempotent ? [] : form.buffers.filter(({ name }) => name !== 'scratch' && isWanted(name)).map((field) => word + field.word);
    return {
      form,
      kernel,
      number: small ? -1 : functions.lastIndexOf(step.kernel),
      block,
      taskCount,
      chunkCount,
      small,
      reads: wordsOf((field) => !writes.includes(field)),
      writes: wordsOf((field) => writes.includes(field)),
    };
  }

  /** A block of nothing but addresses, which become views when it runs: growth empties them. */
  #bindHost({ buffers: values, lengths, run }: HostStep, block: number, buffers: readonly (number | undefined)[]): BoundStep {
    const fields = Object.keys(values);
    for (const [i, field] of fields.entries()) this.#place(values[field], block / 4 + i, buffers);
    const kernel = () => {
      const { words } = this.#memory;
      const view = (field: string, i: number) => viewOf(values[field].dtype, words.buffer, words[block / 4 + i] >>> 0, lengths[field]);
      run(Object.fromEntries(fields.map((field, i) => [field, view(field, i)])));
    };
    return { form: HOST_FORM, kernel, number: -1, block, taskCount: 1, chunkCount: 1, small: true, reads: [], writes: [] };
  }

  #place(value: Value, word: number, buffers: readonly (number | undefined)[]): void {
    this.#memory.words[word] = boundTo(value, buffers);
    const places = this.#places[value.id];
    if (places === undefined) this.#places[value.id] = [word];
    else places.push(word);
  }

  set({ id }: Value, buffer: number): void {
    const places = this.#places[id];
    if (places === undefined) return;
    const { words } = this.#memory;
    for (let i = 0; i < places.length; i++) words[places[i]] = buffer;
  }

  run(begin: () => void): void {
    const threads = this.#threads;
    threads?.settle();
    begin();
    const { steps } = this;
    for (let i = 0; i < steps.length; i++) {
      if (threads !== undefined && threads.live > 1 && this.#splits(steps[i])) threads.run(steps[i], this.scratch);
      else this.runAlone(steps[i]);
    }
  }

  async runAsync(begin: () => void, finish: () => void): Promise<void> {
    if (this.#threads !== undefined) return this.#threads.queue(this, begin, finish);
    this.run(begin);
    finish();
  }

  release(): void {
    this.scratch.giveUp(this.#blocks);
  }

  /** On the caller's thread. */
  runAlone({ form, kernel, block, taskCount }: BoundStep): void {
    if (form.scratchWord >= 0) this.#memory.words[block / 4 + form.scratchWord] = this.scratch.address;
    kernel(block, 0, taskCount);
  }

  /** May a worker do it, be it alone? */
  leaves(step: BoundStep): boolean {
    return !step.small && this.#repeats(step);
  }

  #splits(step: BoundStep): boolean {
    return step.chunkCount > 1 && this.#repeats(step);
  }

  /** Can what a lost worker had be done again? Otherwise the caller's thread does all of it. */
  #repeats({ reads, writes }: BoundStep): boolean {
    const { words } = this.#memory;
    for (let i = 0; i < writes.length; i++) {
      const written = words[writes[i]];
      for (let j = 0; j < reads.length; j++) if (words[reads[j]] === written) return false;
    }
    return true;
  }
}
