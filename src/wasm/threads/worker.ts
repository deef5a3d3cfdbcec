/** A worker: takes chunks of the job that the caller has put up (control.ts), and sleeps while there is none. */
import { BLOCK_LENGTH } from '../../kernels/layout.ts';
import { functionsOf } from '../functions.ts';
import { node } from '../host.ts';
import type { Kernel } from '../instance.ts';
import {
  BLOCK,
  blockOf,
  CHUNKS,
  DONE,
  JOB,
  KERNEL,
  LEFT,
  MESSAGE,
  MODULES,
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

type Post = (report: Report) => void;

function work({ module, memory, control, index }: Start, post: Post): never {
  const kernels: Kernel[] = [];
  const link = (module: WebAssembly.Module): void => {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    for (const name of functionsOf(module)) kernels.push(exports[name] as unknown as Kernel);
  };
  link(module);
  const words = new Int32Array(memory.buffer, control * 4);
  const own = blockOf(index);
  const block = (control + own) * 4;
  const state = stateOf(index);
  let job = 0;
  /** The number of modules linked after the first. */
  let linked = 0;

  /** The job's block, with this thread's scratch in it. */
  const read = (): void => {
    job = words[JOB];
    for (let i = 0; i < BLOCK_LENGTH; i++) words[own + i] = words[BLOCK + i];
    if (words[SCRATCH_WORD] >= 0) words[own + words[SCRATCH_WORD]] = words[SCRATCH] + index * words[SCRATCH_STRIDE];
  };

  /** The kernel of a number. Links the modules that this thread has not seen yet: see `Threads.addModule`. */
  const kernelOf = (number: number): Kernel => {
    for (; number >= kernels.length; linked++) {
      const [address, length] = words.subarray(MODULES + 2 * linked);
      // Modules can't be compiled from shared memory, so this copies.
      link(new WebAssembly.Module(new Uint8Array(memory.buffer, address >>> 0, length).slice()));
    }
    return kernels[number];
  };

  const runChunk = (left: number): void => {
    if (words[JOB] !== job) read();
    const tasks = words[TASKS];
    const chunks = words[CHUNKS];
    const chunk = chunks - left;
    // Once the last chunk is done the words are the next job's.
    const message = words[MESSAGE] === 1;
    kernelOf(words[KERNEL])(block, taskOf(chunk, tasks, chunks), taskOf(chunk + 1, tasks, chunks));
    words[DONE + chunk] = job;
    if (Atomics.sub(words, PENDING, 1) > 1) return;
    if (message) post({ job });
    if (Atomics.load(words, WAITING) === 1) Atomics.notify(words, PENDING);
  };

  const sleep = (seen: number): void => {
    for (let i = 0; i < SPINS; i++) if (Atomics.load(words, WAKE) !== seen) return;
    Atomics.add(words, SLEEPERS, 1);
    Atomics.wait(words, WAKE, seen);
    Atomics.sub(words, SLEEPERS, 1);
  };

  post({ ready: true });
  try {
    for (;;) {
      const seen = Atomics.load(words, WAKE);
      Atomics.store(words, state, State.Busy);
      for (let left = Atomics.sub(words, LEFT, 1); left > 0; left = Atomics.sub(words, LEFT, 1)) runChunk(left);
      Atomics.store(words, state, State.Idle);
      sleep(seen);
    }
  } catch (error) {
    Atomics.store(words, state, State.Dead);
    Atomics.notify(words, PENDING);
    throw error;
  }
}

function begin(start: Start, post: Post): void {
  try {
    work(start, post);
  } catch (error) {
    post({ failure: (error as Error).message });
  }
}

if (node) {
  const { parentPort } = node.getBuiltinModule('node:worker_threads');
  parentPort!.once('message', (start: Start) => begin(start, (report) => parentPort!.postMessage(report)));
} else {
  self.onmessage = ({ data }: MessageEvent<Start>) => begin(data, (report) => self.postMessage(report));
}
