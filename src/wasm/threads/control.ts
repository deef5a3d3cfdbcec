import { BLOCK_LENGTH } from '../../kernels/layout.ts';

/**
 * What an engine's threads share besides the operands: one run of words in kernel memory, which begins within its first page,
 * so that a worker's view of that page serves for ever, however memory grows. What different threads write lies on different
 * cache lines.
 *
 *   line 0      the job: what is being computed. Written by the caller while no chunk is open
 *   line 1      LEFT      chunks that nobody has taken. Taken by `sub`: what is left over counts from the end
 *   line 2      PENDING   chunks that are not done;  WAITING  whether the caller sleeps until there are none
 *   line 3      WAKE      changes when there is a job;  SLEEPERS  workers that sleep until it does
 *   line 4      MODULES   modules that were linked after the first: the address of each in kernel memory, and its length in bytes.
 *                       There is room for eight
 *   BLOCK       parameter block of the job
 *   DONE        for each chunk the last job in which it was done
 *   then        for each worker a line with its state, and a parameter block of its own
 *
 * A job is a kernel and a range of tasks, cut into chunks. Whoever has taken a chunk holds the job: it cannot change until that
 * chunk is done, so that a worker that comes late takes a chunk of whatever job there is, or none, and nothing else can happen.
 */
const LINE = 16;

export const JOB = 0;
export const KERNEL = 1;
export const TASKS = 2;
export const CHUNKS = 3;
/** Word of the block that holds the scratch pointer, or −1. */
export const SCRATCH_WORD = 4;
/** Scratch of the caller's thread, in bytes; that of worker `i` lies `i` strides behind. */
export const SCRATCH = 5;
export const SCRATCH_STRIDE = 6;
/** 1: the caller does not wait, and wants a message. */
export const MESSAGE = 7;
export const LEFT = LINE;
export const PENDING = 2 * LINE;
export const WAITING = 2 * LINE + 1;
export const WAKE = 3 * LINE;
export const SLEEPERS = 3 * LINE + 1;
export const MODULES = 4 * LINE;
export const BLOCK = 5 * LINE;
export const DONE = BLOCK + Math.ceil(BLOCK_LENGTH / LINE) * LINE;

export const MAX_CHUNKS = 256;
export const MAX_WORKERS = 63;

const WORKERS = DONE + MAX_CHUNKS;
const WORKER_LENGTH = LINE + Math.ceil(BLOCK_LENGTH / LINE) * LINE;

/** Where worker `index`, from 1 on, has its state; its block is a line further. */
export const stateOf = (index: number): number => WORKERS + (index - 1) * WORKER_LENGTH;
export const blockOf = (index: number): number => stateOf(index) + LINE;

/** Words for that many workers. */
export const controlLength = (workers: number): number => stateOf(workers + 1);

export const State = { Idle: 0, Busy: 1, Dead: 2 } as const;

/**
 * First task of a chunk; the next one's first is its end. Chunks become smaller: the first ones are long, since some kernels do for
 * neighbours once what they need of the input, the last ones short, so that all threads end together.
 */
export function taskOf(chunk: number, tasks: number, chunks: number): number {
  if (tasks === chunks) return chunk;
  const left = (chunks - chunk) / chunks;
  return Math.floor(tasks * (1 - left * left));
}

/** How often a thread looks again before it sleeps: for a tenth of a millisecond, in which the next step of a network mostly comes. */
export const SPINS = 20000;

/** The first message to a worker. */
export interface Start {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** First word of the control area. */
  readonly control: number;
  /** From 1 on. */
  readonly index: number;
}

/** What a worker says: that it is ready, that a job is done whose caller does not wait, or why it ends. */
export type Report = { readonly ready: true } | { readonly job: number } | { readonly failure: string };
