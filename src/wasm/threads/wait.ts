import { canSleep } from '../host.ts';
import { PENDING, SPINS, WAITING } from './control.ts';
import type { Pool } from './pool.ts';

/**
 * A worker that is ended from outside while it has a chunk says nothing, and a thread that sleeps gets no events. Where the host
 * cannot tell, the worker is given up when nothing was finished for this long, and for ten times as long as the caller took for its
 * share.
 */
const LOST_MS = 10000;
/** One sleep. A worker is given up after many of them, so that a process that was stopped for a while loses none. */
export const NAP_MS = 20;

/** How the caller's thread waits for workers, and finds out that one of them is lost. */
export class Waiting {
  readonly #words: Int32Array;
  readonly #pool: Pool;
  readonly #sleeps = canSleep();

  constructor(words: Int32Array, pool: Pool) {
    this.#words = words;
    this.#pool = pool;
  }

  /**
   * Waits until every chunk of the job is done, once there is none left to take. Returns false if lost workers had some of them, and no
   * other worker has any.
   *
   * @param began when the caller began its share, as `performance.now()` said
   */
  untilDone(began: number): boolean {
    const words = this.#words;
    for (let i = 0; i < SPINS; i++) if (Atomics.load(words, PENDING) === 0) return true;
    const patience = Math.max(LOST_MS, 10 * (performance.now() - began)) / NAP_MS;
    Atomics.store(words, WAITING, 1);
    let naps = 0;
    let pending = Atomics.load(words, PENDING);
    while (pending > 0 && this.#pool.busy) {
      this.#nap(pending);
      const now = Atomics.load(words, PENDING);
      naps = now === pending ? naps + 1 : 0;
      pending = now;
      if (naps > 0) this.#buryLost(naps > patience);
    }
    Atomics.store(words, WAITING, 0);
    return pending === 0;
  }

  /** Waits until no worker has a chunk, but not for ever. */
  untilIdle(): void {
    for (let naps = 0; this.#pool.busy && naps * NAP_MS < LOST_MS; naps++) this.#nap(Atomics.load(this.#words, PENDING));
  }

  /** Gives up the workers that have a chunk and are known to have ended, or `all` that have one. */
  #buryLost(all: boolean): void {
    const pool = this.#pool;
    for (const live of [...pool.live]) {
      if (pool.isBusy(live) && (live.thread.isGone() || all)) pool.bury(live, 'it no longer answers');
    }
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
}
