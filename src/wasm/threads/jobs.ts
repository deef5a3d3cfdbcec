import { BLOCK_LENGTH } from '../../kernels/layout.ts';
import type { BoundStep, ScratchPieces } from '../bound-step.ts';
import type { KernelMemory } from '../memory.ts';
import {
  BLOCK,
  CHUNKS,
  DONE,
  JOB,
  KERNEL,
  LEFT,
  MESSAGE,
  PENDING,
  SCRATCH,
  SCRATCH_STRIDE,
  SCRATCH_WORD,
  SLEEPERS,
  TASKS,
  taskOf,
  WAKE,
} from './control.ts';
import type { Pool } from './pool.ts';
import { Waiting } from './wait.ts';

/** The caller's side of sharing a step: it puts up one job at a time (control.ts), takes chunks of it, and waits for the others. */
export class Jobs {
  readonly #memory: KernelMemory;
  readonly #words: Int32Array;
  readonly #waiting: Waiting;
  #job = 0;

  constructor(memory: KernelMemory, words: Int32Array, pool: Pool) {
    this.#memory = memory;
    this.#words = words;
    this.#waiting = new Waiting(words, pool);
  }

  /** The number of the job that was put up last. */
  get current(): number {
    return this.#job;
  }

  /** Are all chunks of the job taken? */
  get isTaken(): boolean {
    return Atomics.load(this.#words, LEFT) <= 0;
  }

  /** Puts up a job of which the chunks from `chunkCount - left` on can be taken. */
  open(step: BoundStep, scratch: ScratchPieces, left: number, message: boolean): void {
    const words = this.#words;
    const memory = this.#memory.words;
    const block = step.block / 4;
    this.#job = (this.#job + 1) | 0;
    words[JOB] = this.#job;
    words[KERNEL] = step.number;
    words[TASKS] = step.taskCount;
    words[CHUNKS] = step.chunkCount;
    words[SCRATCH_WORD] = step.form.scratchWord;
    words[SCRATCH] = scratch.address;
    words[SCRATCH_STRIDE] = scratch.strideBytes;
    words[MESSAGE] = message ? 1 : 0;
    for (let i = 0; i < BLOCK_LENGTH; i++) words[BLOCK + i] = memory[block + i];
    Atomics.store(words, PENDING, step.chunkCount);
    Atomics.store(words, LEFT, left);
    Atomics.add(words, WAKE, 1);
    if (Atomics.load(words, SLEEPERS) > 0) Atomics.notify(words, WAKE, left);
  }

  /** The next chunk of the job, or `chunkCount` when all are taken. */
  take({ chunkCount }: BoundStep): number {
    return chunkCount - Math.max(0, Atomics.sub(this.#words, LEFT, 1));
  }

  /** Runs the caller's share of the job, which is `chunk` and what else it gets, and waits until all of the job is done. */
  finish(step: BoundStep, scratch: ScratchPieces, chunk: number): void {
    const words = this.#words;
    const began = performance.now();
    const { scratchWord } = step.form;
    if (scratchWord >= 0) this.#memory.words[step.block / 4 + scratchWord] = scratch.address;
    try {
      for (let own = chunk; own < step.chunkCount; own = this.take(step)) {
        this.#runChunk(step, own);
        Atomics.sub(words, PENDING, 1);
      }
      if (!this.#waiting.untilDone(began)) this.#redo(step);
    } catch (error) {
      // Nothing that kernels do throws, but a stack can be full. Nobody may have the job when the next is put up.
      Atomics.store(words, LEFT, 0);
      this.#waiting.untilIdle();
      throw error;
    }
  }

  #runChunk({ kernel, block, taskCount, chunkCount }: BoundStep, chunk: number): void {
    kernel(block, taskOf(chunk, taskCount, chunkCount), taskOf(chunk + 1, taskCount, chunkCount));
    this.#words[DONE + chunk] = this.#job;
  }

  /** Runs what lost workers had taken. To be called when no other has anything. */
  #redo(step: BoundStep): void {
    for (let chunk = 0; chunk < step.chunkCount; chunk++) {
      if (this.#words[DONE + chunk] !== this.#job) this.#runChunk(step, chunk);
    }
    Atomics.store(this.#words, PENDING, 0);
  }
}
