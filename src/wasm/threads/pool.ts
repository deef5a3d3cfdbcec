import { type Report, type Start, State, stateOf } from './control.ts';
import { spawn, type Thread } from './spawn.ts';

/** How long a worker may take to start. */
const START_MS = 10000;

/** A worker that has started and has not ended. */
export interface Live {
  readonly thread: Thread;
  /** The word of its state. */
  readonly state: number;
}

/** What the pool tells the queue. */
export interface PoolEvents {
  /** The workers finished a job that asked for a message. */
  done(job: number): void;
  /** The pool lost a worker. */
  lost(): void;
}

/** The workers of an engine, from their start to their end. */
export class Pool {
  readonly #words: Int32Array;
  readonly #notes: string[];
  readonly #events: PoolEvents;
  readonly #live: Live[] = [];

  constructor(words: Int32Array, notes: string[], events: PoolEvents) {
    this.#words = words;
    this.#notes = notes;
    this.#events = events;
  }

  get live(): readonly Live[] {
    return this.#live;
  }

  /** Starts a worker. Rejects, with the reason, if it does not start. */
  async add(start: Start): Promise<void> {
    let live: Live | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let thread: Thread | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const end = (reason: string) => {
          if (live === undefined) reject(new Error(reason));
          else this.bury(live, reason);
        };
        const report = (said: Report) => {
          if ('ready' in said) resolve();
          else if ('failure' in said) end(said.failure);
          else this.#events.done(said.job);
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

  /** Gives a worker up. A second call does nothing. */
  bury(lost: Live, reason: string): void {
    const at = this.#live.indexOf(lost);
    if (at < 0) return;
    this.#live.splice(at, 1);
    lost.thread.terminate();
    const threads = 1 + this.#live.length;
    this.#notes.push(`a worker ended (${reason}): ${threads === 1 ? 'one thread goes' : `${threads} threads go`} on`);
    this.#events.lost();
  }

  isBusy({ state }: Live): boolean {
    return Atomics.load(this.#words, state) === State.Busy;
  }

  /** Is any worker busy? */
  get busy(): boolean {
    return this.#live.some((live) => this.isBusy(live));
  }

  /** Whether workers keep the process alive. */
  keepAlive(alive: boolean): void {
    for (const { thread } of this.#live) thread.keepAlive(alive);
  }

  terminate(): void {
    for (const { thread } of this.#live.splice(0)) thread.terminate();
  }
}
