import { DisposedError } from '../../errors.ts';
import type { Run } from '../bound-step.ts';
import type { KernelMemory } from '../memory.ts';
import type { Jobs } from './jobs.ts';
import type { Pool } from './pool.ts';
import { NAP_MS } from './wait.ts';

interface Queued {
  readonly run: Run;
  readonly begin: () => void;
  readonly finish: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Buffers that were given up while this or an earlier run could still use them. */
  readonly freed: number[];
  /** The step that comes next; −1 before `begin` was called. */
  next: number;
}

/** Asynchronous calls, in the order in which they were made. Workers run their steps, one after another. */
export class Queue {
  readonly #memory: KernelMemory;
  readonly #jobs: Jobs;
  readonly #pool: Pool;
  readonly #queued: Queued[] = [];
  /** Is a step with the workers, whose end a message will tell? */
  #posted = false;
  #watching: ReturnType<typeof setTimeout> | undefined;

  constructor(memory: KernelMemory, jobs: Jobs, pool: Pool) {
    this.#memory = memory;
    this.#jobs = jobs;
    this.#pool = pool;
  }

  /** Appends a call: see `Threads.queue`. */
  add(run: Run, begin: () => void, finish: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queued.push({ run, begin, finish, resolve, reject, freed: [], next: -1 });
      if (this.#queued.length > 1) return;
      this.#pool.keepAlive(true);
      this.#advance();
    });
  }

  /** Finishes every call, now. */
  settle(): void {
    while (this.#queued.length > 0) {
      if (this.#posted) this.#join();
      this.#advance();
    }
  }

  /** Gives a buffer back as soon as no call can use it. */
  free(address: number): void {
    const last = this.#queued.at(-1);
    if (last === undefined) this.#memory.free(address);
    else last.freed.push(address);
  }

  /** Workers finished a job. One that the caller finished with them meanwhile is no longer waited for. */
  done(job: number): void {
    if (!this.#posted || job !== this.#jobs.current) return;
    this.#posted = false;
    this.#advance();
  }

  /** A worker was lost: what it had of the job has to be done again, once the others have nothing left of it. */
  lost(): void {
    clearTimeout(this.#watching);
    if (!this.#posted) return;
    if (this.#pool.live.length === 0) {
      this.settle();
    } else if (this.#jobs.isTaken && !this.#pool.busy) {
      this.#join();
      this.#advance();
    } else {
      this.#watching = setTimeout(() => this.lost(), NAP_MS);
    }
  }

  /** Stops. No message and no lost worker starts another step. */
  stop(): void {
    clearTimeout(this.#watching);
    this.#posted = false;
  }

  /** Rejects every call. */
  dispose(): void {
    for (const { reject } of this.#queued.splice(0)) reject(new DisposedError('the engine'));
  }

  /** Runs steps until one is with the workers, or none is left. */
  #advance(): void {
    while (!this.#posted && this.#queued.length > 0) {
      const first = this.#queued[0];
      const { run } = first;
      try {
        if (first.next < 0) first.begin();
        first.next = Math.max(0, first.next);
        if (first.next < run.steps.length) {
          const step = run.steps[first.next++];
          if (this.#pool.live.length > 0 && run.leaves(step)) {
            this.#posted = true;
            this.#jobs.open(step, run.scratch, step.chunkCount, true);
          } else run.runAlone(step);
          continue;
        }
        this.#queued.shift();
        first.finish();
        first.resolve();
      } catch (error) {
        if (this.#queued[0] === first) this.#queued.shift();
        first.reject(error);
      }
      for (const address of first.freed) this.#memory.free(address);
      if (this.#queued.length === 0) this.#pool.keepAlive(false);
    }
  }

  /** The caller helps with the step that is with the workers, until it is done. */
  #join(): void {
    const { run, next } = this.#queued[0];
    const step = run.steps[next - 1];
    this.#posted = false;
    this.#jobs.finish(step, run.scratch, this.#jobs.take(step));
  }
}
