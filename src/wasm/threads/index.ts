import type { BoundStep, Run, ScratchPieces } from '../bound-step.ts';
import type { KernelMemory } from '../memory.ts';
import { controlLength, MODULES } from './control.ts';
import { Jobs } from './jobs.ts';
import { Pool } from './pool.ts';
import { Queue } from './queue.ts';

/**
 * The threads of an engine. The caller's thread puts up one job at a time and takes its share, or, for an asynchronous call, leaves
 * it all to the workers.
 *
 * Asynchronous calls are queued. A synchronous one first finishes those before it, with the caller's help, so that calls take
 * effect in the order in which they were made.
 */
export class Threads {
  readonly #memory: KernelMemory;
  readonly #words: Int32Array;
  readonly #pool: Pool;
  readonly #jobs: Jobs;
  readonly #queue: Queue;
  #modules = 0;
  /** Threads that there were to be: steps are cut for so many. */
  readonly count: number;

  private constructor(memory: KernelMemory, words: Int32Array, workers: number, notes: string[]) {
    this.#memory = memory;
    this.#words = words;
    this.#pool = new Pool(words, notes, {
      done: (job) => this.#queue.done(job),
      lost: () => this.#queue.lost(),
    });
    this.#jobs = new Jobs(memory, words, this.#pool);
    this.#queue = new Queue(memory, this.#jobs, this.#pool);
    this.count = 1 + workers;
  }

  /** As many workers as start, up to `workers`; undefined where none does. What went wrong is added to `notes`. */
  static async start(module: WebAssembly.Module, memory: KernelMemory, workers: number, notes: string[]): Promise<Threads | undefined> {
    const length = controlLength(workers);
    // A view of a shared memory stays good when memory grows.
    const words = new Int32Array(memory.words.buffer, memory.allocate(4 * length), length).fill(0);
    const threads = new Threads(memory, words, workers, notes);
    const control = words.byteOffset / 4;
    const failures = new Set<string>();
    const starting = Array.from({ length: workers }, async (_, i) => {
      try {
        await threads.#pool.add({ module, memory: memory.memory, control, index: i + 1 });
      } catch (error) {
        failures.add((error as Error).message);
      }
    });
    await Promise.all(starting);
    const missing = 1 + workers - threads.live;
    if (missing > 0) notes.push(`${missing} of ${workers} workers did not start (${[...failures].join('; ')})`);
    return threads.live > 1 ? threads : undefined;
  }

  /** Threads that there are, the caller's among them. */
  get live(): number {
    return 1 + this.#pool.live.length;
  }

  /** Steps that were shared or left to workers so far. */
  get jobs(): number {
    return this.#jobs.current;
  }

  /**
   * Copies a module into kernel memory, where a worker finds it when it first needs one of its functions. A message would not do: workers
   * never return to their event loop. The copy stays as long as the engine.
   */
  addModule(bytes: Uint8Array): void {
    const address = this.#memory.allocate(bytes.length);
    new Uint8Array(this.#memory.words.buffer).set(bytes, address);
    this.#words.set([address, bytes.length], MODULES + 2 * this.#modules++);
  }

  /** Runs a step on all threads. */
  run(step: BoundStep, scratch: ScratchPieces): void {
    this.#jobs.open(step, scratch, step.chunkCount - 1, false);
    this.#jobs.finish(step, scratch, 0);
  }

  /**
   * Leaves the steps of `run` to the workers, after those that wait already. `begin` is called before the first of them, `finish`
   * after the last, then the promise settles.
   */
  queue(run: Run, begin: () => void, finish: () => void): Promise<void> {
    return this.#queue.add(run, begin, finish);
  }

  /** Finishes what is queued, now. */
  settle(): void {
    this.#queue.settle();
  }

  /** Gives a buffer back as soon as nothing that is queued can use it. */
  free(address: number): void {
    this.#queue.free(address);
  }

  dispose(): void {
    this.#queue.stop();
    this.#pool.terminate();
    this.#queue.dispose();
  }
}
