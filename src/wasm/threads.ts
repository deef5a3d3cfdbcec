import { DisposedError } from '../errors.ts';
import { BLOCK_LENGTH } from './abi.ts';
import type { BoundStep, Scratch } from './call.ts';
import {
  BLOCK,
  CHUNKS,
  controlLength,
  DONE,
  JOB,
  KERNEL,
  LEFT,
  MESSAGE,
  PENDING,
  type Report,
  SCRATCH,
  SCRATCH_STRIDE,
  SCRATCH_WORD,
  SLEEPERS,
  SPINS,
  type Start,
  State,
  stateOf,
  TASKS,
  taskOf,
  WAITING,
  WAKE,
} from './control.ts';
import { canSleep } from './host.ts';
import type { KernelMemory } from './memory.ts';
import { spawn, type Thread } from './spawn.ts';

/** Steps that a queue can run: see WasmCall. */
export interface Run {
  readonly steps: readonly BoundStep[];
  readonly scratch: Scratch;
  runAlone(step: BoundStep): void;
  /** May a worker do it? */
  leaves(step: BoundStep): boolean;
}

interface Queued {
  readonly run: Run;
  readonly begin: () => void;
  readonly finish: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Buffers that were given up while this or an earlier run could still use them. */
  readonly freed: number[];
  next: number;
}

interface Live {
  readonly thread: Thread;
  /** Word of its state. */
  readonly state: number;
}

/** For a worker to start. */
const START_MS = 10000;
/**
 * A worker that is ended from outside while it has a chunk says nothing, and a thread that sleeps gets no events. Where the host
 * cannot tell, it is given up when nothing has got done for so long, and for ten times as long as the caller took for its share.
 */
const LOST_MS = 10000;
/** One sleep: many of them have to pass, so that a process that was stopped for a while loses no worker. */
const NAP_MS = 20;

/**
 * The workers of an engine. The caller's thread puts up one job at a time (control.ts) and takes its share, or, for an
 * asynchronous call, leaves it all to the workers.
 *
 * Asynchronous calls are queued. A synchronous one first finishes those before it, with the caller's help, so that calls take
 * effect in the order in which they were made.
 */
export class Threads {
  readonly #memory: KernelMemory;
  readonly #notes: string[];
  /** The control area. A view of a shared memory stays good when memory grows. */
  readonly #words: Int32Array;
  readonly #live: Live[] = [];
  readonly #queue: Queued[] = [];
  readonly #sleeps = canSleep();
  #job = 0;
  /** Is there a job whose end a message will tell? */
  #posted = false;
  #watching: ReturnType<typeof setTimeout> | undefined;
  /** Threads that there were to be: steps are cut for so many. */
  readonly count: number;

  private constructor(memory: KernelMemory, workers: number, notes: string[]) {
    const length = controlLength(workers);
    this.#memory = memory;
    this.#notes = notes;
    this.#words = new Int32Array(memory.words.buffer, memory.allocate(length), length).fill(0);
    this.count = 1 + workers;
  }

  /** As many workers as start, up to `workers`; undefined where none does. What went wrong is added to `notes`. */
  static async start(module: WebAssembly.Module, memory: KernelMemory, workers: number, notes: string[]): Promise<Threads | undefined> {
    const threads = new Threads(memory, workers, notes);
    const control = threads.#words.byteOffset / 4;
    const failures = new Set<string>();
    const starting = Array.from({ length: workers }, async (_, i) => {
      try {
        await threads.#add({ module, memory: memory.memory, control, index: i + 1 });
      } catch (error) {
        failures.add((error as Error).message);
      }
    });
    await Promise.all(starting);
    const missing = workers - threads.#live.length;
    if (missing > 0) notes.push(`${missing} of ${workers} workers did not start (${[...failures].join('; ')})`);
    return threads.#live.length > 0 ? threads : undefined;
  }

  /** Threads that there are, the caller's among them. */
  get live(): number {
    return 1 + this.#live.length;
  }

  /** Steps that were shared or left to workers so far. */
  get jobs(): number {
    return this.#job;
  }

  /** Runs a step on all threads. */
  run(step: BoundStep, scratch: Scratch): void {
    this.#open(step, scratch, step.chunkCount - 1, false);
    this.#finish(step, scratch, 0);
  }

  /**
   * Leaves the steps of `run` to the workers, after those that wait already. `begin` is called before the first of them, `finish`
   * after the last, then the promise settles.
   */
  queue(run: Run, begin: () => void, finish: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ run, begin, finish, resolve, reject, freed: [], next: -1 });
      if (this.#queue.length > 1) return;
      this.#keepAlive(true);
      this.#advance();
    });
  }

  /** Finishes what is queued, now. */
  settle(): void {
    while (this.#queue.length > 0) {
      if (this.#posted) this.#join();
      this.#advance();
    }
  }

  /** Gives a buffer back as soon as nothing that is queued can use it. */
  free(address: number): void {
    const last = this.#queue.at(-1);
    if (last === undefined) this.#memory.free(address);
    else last.freed.push(address);
  }

  dispose(): void {
    clearTimeout(this.#watching);
    this.#posted = false;
    for (const { thread } of this.#live.splice(0)) thread.terminate();
    for (const { reject } of this.#queue.splice(0)) reject(new DisposedError('the engine'));
  }

  async #add(start: Start): Promise<void> {
    let live: Live | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let thread: Thread | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const end = (reason: string) => {
          if (live === undefined) reject(new Error(reason));
          else this.#bury(live, reason);
        };
        const report = (said: Report) => {
          if ('ready' in said) resolve();
          else if ('failure' in said) end(said.failure);
          else if (this.#posted && said.job === this.#job) this.#proceed();
        };
        timer = setTimeout(reject, START_MS, new Error(`no answer within ${START_MS / 1000} s`));
        spawn({ report, end }).then((spawned) => {
          thread = spawned;
          thread.start(start);
        }, reject);
      });
      live = { thread: thread!, state: stateOf(start.index) };
      live.thread.keepAlive(false);
      this.#live.push(live);
    } catch (error) {
      thread?.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #bury(lost: Live, reason: string): void {
    const at = this.#live.indexOf(lost);
    if (at < 0) return;
    this.#live.splice(at, 1);
    lost.thread.terminate();
    this.#notes.push(`a worker ended (${reason}): ${this.live === 1 ? 'one thread goes' : `${this.live} threads go`} on`);
    this.#look();
  }

  #keepAlive(alive: boolean): void {
    for (const { thread } of this.#live) thread.keepAlive(alive);
  }

  /** Puts up a job of which the chunks from `chunkCount - left` on can be taken. */
  #open(step: BoundStep, scratch: Scratch, left: number, message: boolean): void {
    const words = this.#words;
    const memory = this.#memory.words;
    const block = step.block / 4;
    this.#job = (this.#job + 1) | 0;
    words[JOB] = this.#job;
    words[KERNEL] = step.form.number;
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

  /** The caller's share of the job: `chunk`, and what else it gets; then waits for the others. */
  #finish(step: BoundStep, scratch: Scratch, chunk: number): void {
    const words = this.#words;
    const began = performance.now();
    const { scratchWord } = step.form;
    if (scratchWord >= 0) this.#memory.words[step.block / 4 + scratchWord] = scratch.address;
    try {
      for (let own = chunk; own < step.chunkCount; own = this.#take(step)) {
        this.#runChunk(step, own);
        Atomics.sub(words, PENDING, 1);
      }
      this.#wait(step, began);
    } catch (error) {
      // Nothing that kernels do throws, but a stack can be full. Nobody may have the job when the next is put up.
      Atomics.store(words, LEFT, 0);
      for (let naps = 0; this.#isBusy() && naps * NAP_MS < LOST_MS; naps++) this.#nap(Atomics.load(words, PENDING));
      throw error;
    }
  }

  /** The next chunk, or `chunkCount` when there is none. */
  #take({ chunkCount }: BoundStep): number {
    return chunkCount - Math.max(0, Atomics.sub(this.#words, LEFT, 1));
  }

  #runChunk({ kernel, block, taskCount, chunkCount }: BoundStep, chunk: number): void {
    kernel(block, taskOf(chunk, taskCount, chunkCount), taskOf(chunk + 1, taskCount, chunkCount));
    this.#words[DONE + chunk] = this.#job;
  }

  /** Until every chunk is done. There is none left to take. */
  #wait(step: BoundStep, began: number): void {
    const words = this.#words;
    for (let i = 0; i < SPINS; i++) if (Atomics.load(words, PENDING) === 0) return;
    const patience = Math.max(LOST_MS, 10 * (performance.now() - began)) / NAP_MS;
    Atomics.store(words, WAITING, 1);
    let naps = 0;
    for (let pending = Atomics.load(words, PENDING); pending > 0; ) {
      if (!this.#isBusy()) {
        this.#redo(step);
        break;
      }
      this.#nap(pending);
      const now = Atomics.load(words, PENDING);
      naps = now === pending ? naps + 1 : 0;
      pending = now;
      if (naps === 0) continue;
      for (const live of [...this.#live]) {
        if (this.#isBusy(live) && (live.thread.isGone() || naps > patience)) this.#bury(live, 'it no longer answers');
      }
    }
    Atomics.store(words, WAITING, 0);
  }

  #isBusy(live?: Live): boolean {
    if (live !== undefined) return Atomics.load(this.#words, live.state) === State.Busy;
    return this.#live.some((each) => this.#isBusy(each));
  }

  /** Until `PENDING` is no longer `pending`, and not for long. */
  #nap(pending: number): void {
    if (this.#sleeps) {
      Atomics.wait(this.#words, PENDING, pending, NAP_MS);
      return;
    }
    const end = performance.now() + NAP_MS;
    while (performance.now() < end) for (let i = 0; i < SPINS; i++) if (Atomics.load(this.#words, PENDING) !== pending) return;
  }

  /** What lost workers had taken. To be called when no other has anything. */
  #redo(step: BoundStep): void {
    for (let chunk = 0; chunk < step.chunkCount; chunk++) {
      if (this.#words[DONE + chunk] !== this.#job) this.#runChunk(step, chunk);
    }
    Atomics.store(this.#words, PENDING, 0);
  }

  /** The next step of the queue, and so on, until there is one that workers do. */
  #advance(): void {
    while (!this.#posted && this.#queue.length > 0) {
      const first = this.#queue[0];
      const { run } = first;
      try {
        if (first.next < 0) first.begin();
        first.next = Math.max(0, first.next);
        if (first.next < run.steps.length) {
          const step = run.steps[first.next++];
          if (this.#live.length > 0 && run.leaves(step)) {
            this.#posted = true;
            this.#open(step, run.scratch, step.chunkCount, true);
          } else run.runAlone(step);
          continue;
        }
        this.#queue.shift();
        first.finish();
        first.resolve();
      } catch (error) {
        if (this.#queue[0] === first) this.#queue.shift();
        first.reject(error);
      }
      for (const address of first.freed) this.#memory.free(address);
      if (this.#queue.length === 0) this.#keepAlive(false);
    }
  }

  /** The job of the queue is done. */
  #proceed(): void {
    this.#posted = false;
    this.#advance();
  }

  /** The caller helps with the job of the queue, until it is done. */
  #join(): void {
    const { run, next } = this.#queue[0];
    const step = run.steps[next - 1];
    this.#posted = false;
    this.#finish(step, run.scratch, this.#take(step));
  }

  /** A worker was lost: what it had of a queued job has to be done again, once the others have nothing left of it. */
  #look(): void {
    clearTimeout(this.#watching);
    if (!this.#posted) return;
    if (this.#live.length === 0) {
      this.settle();
    } else if (Atomics.load(this.#words, LEFT) <= 0 && !this.#isBusy()) {
      this.#join();
      this.#advance();
    } else {
      this.#watching = setTimeout(() => this.#look(), NAP_MS);
    }
  }
}
