import type { Call, Step } from '../backend.ts';
import { isSmall, workOf } from '../plan/work.ts';
import { BLOCK_LENGTH, fieldsOf, wordOf, writeValues } from './abi.ts';
import { kernelNames, MAX_CHUNKS } from './control.ts';
import type { Instance, Kernel } from './instance.ts';
import type { KernelMemory } from './memory.ts';
import type { Run, Threads } from './threads.ts';

/** A step whose parameter block is written. Words are counted from the beginning of memory. */
export interface BoundStep {
  readonly kernel: Kernel;
  /** The number by which workers know the kernel. */
  readonly kernelNumber: number;
  readonly block: number;
  readonly taskCount: number;
  /** Into how many pieces threads cut the tasks; 1 where that is not worth it. */
  readonly chunkCount: number;
  /** Not worth a worker's while. */
  readonly small: boolean;
  /** Word of the block that holds the scratch pointer, or −1. */
  readonly scratchWord: number;
  /** Where the result may take the place of the input, and doing a task again would spoil it: words that hold their addresses. */
  readonly once: { readonly input: number; readonly output: number } | undefined;
}

/** Chunks a thread: enough that one which is late costs little. */
const CHUNKS_PER_THREAD = 16;

/** Kernels that may write over their input, and of whose result they would make something else. */
const NOT_TWICE: ReadonlySet<string> = new Set(['leakyRelu', 'preluRows', 'preluColumns', 'rrelu']);

/** The scratch that every call of an engine shares, for each thread as large as the largest call bound so far. */
export class Scratch {
  readonly #memory: KernelMemory;
  readonly #threads: number;
  readonly #free: (address: number) => void;
  /** The caller's; that of worker `i` lies `i` strides behind. */
  address = 0;
  strideBytes = 0;

  constructor(memory: KernelMemory, threads: number, free: (address: number) => void) {
    this.#memory = memory;
    this.#threads = threads;
    this.#free = free;
  }

  reserve(length: number): void {
    if (length * 4 <= this.strideBytes) return;
    if (this.address) this.#free(this.address);
    this.address = 0;
    this.strideBytes = 0;
    // Whole cache lines, and one between two threads.
    const stride = Math.ceil(length / 16) * 16 + 16;
    this.address = this.#memory.allocate(stride * this.#threads);
    this.strideBytes = stride * 4;
  }
}

export class WasmCall implements Call<number>, Run {
  readonly steps: readonly BoundStep[];
  readonly scratch: Scratch;
  readonly #memory: KernelMemory;
  readonly #threads: Threads | undefined;
  readonly #free: (address: number) => void;
  readonly #blocks: number;
  /** The words that hold the addresses of buffers, and whose. */
  readonly #places: number[] = [];
  readonly #names: string[] = [];

  constructor(
    instance: Instance,
    threads: Threads | undefined,
    scratch: Scratch,
    free: (address: number) => void,
    steps: readonly Step[],
    buffers: Readonly<Record<string, number>>,
  ) {
    this.#memory = instance.memory;
    this.#threads = threads;
    this.#free = free;
    this.scratch = scratch;
    let scratchLength = 0;
    for (const step of steps) scratchLength = Math.max(scratchLength, step.scratchLength);
    scratch.reserve(scratchLength);
    this.#blocks = this.#memory.allocate(steps.length * BLOCK_LENGTH);
    const { words } = this.#memory;
    const most = threads === undefined ? 1 : Math.min(MAX_CHUNKS, CHUNKS_PER_THREAD * threads.count);
    this.steps = steps.map((step, index) => {
      const block = this.#blocks + index * BLOCK_LENGTH * 4;
      const word = block / 4;
      writeValues(words, word, step);
      for (const { name: field, word: place } of fieldsOf(step.kernel).buffers) {
        const name = step.buffers[field];
        words[word + place] = 0;
        if (typeof name !== 'string') continue;
        words[word + place] = buffers[name] ?? 0;
        this.#names.push(name);
        this.#places.push(word + place);
      }
      const small = threads === undefined || isSmall(workOf(step));
      return {
        kernel: instance.kernels[step.kernel],
        kernelNumber: kernelNames.indexOf(step.kernel),
        block,
        taskCount: step.taskCount,
        chunkCount: small ? 1 : Math.min(step.taskCount, most),
        small,
        scratchWord: wordOf(step.kernel, 'scratch'),
        once: NOT_TWICE.has(step.kernel)
          ? { input: word + wordOf(step.kernel, 'input'), output: word + wordOf(step.kernel, 'output') }
          : undefined,
      };
    });
  }

  set(name: string, buffer: number): void {
    const { words } = this.#memory;
    for (let i = 0; i < this.#names.length; i++) if (this.#names[i] === name) words[this.#places[i]] = buffer;
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
    this.#free(this.#blocks);
  }

  /** On the caller's thread. */
  runAlone(step: BoundStep): void {
    if (step.scratchWord >= 0) this.#memory.words[step.block / 4 + step.scratchWord] = this.scratch.address;
    step.kernel(step.block, 0, step.taskCount);
  }

  /** Can a chunk be done again when the worker that had it is lost? Otherwise the caller's thread does all of them. */
  #splits({ chunkCount, once }: BoundStep): boolean {
    return chunkCount > 1 && (once === undefined || !this.#overwrites(once));
  }

  /** May a worker do it, be it alone? */
  leaves({ small, once }: BoundStep): boolean {
    return !small && (once === undefined || !this.#overwrites(once));
  }

  #overwrites({ input, output }: { input: number; output: number }): boolean {
    const { words } = this.#memory;
    return words[input] === words[output];
  }
}
