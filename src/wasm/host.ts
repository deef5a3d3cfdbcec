/** What Node, and what claims to be it, has and browsers have not. */

/**
 * Nothing, if it is a browser. By the global object's name, for a bundler that meets a bare `process` puts a package for browsers in its
 * place; the modules of Node are asked of it by `getBuiltinModule`, which no bundler follows.
 */
const { process } = globalThis as { process?: NodeJS.Process };
export const node = typeof process?.versions?.node === 'string' ? process : undefined;

/** Threads that can run at once. */
export function hardwareThreads(): number {
  if (typeof navigator !== 'undefined' && navigator.hardwareConcurrency > 0) return navigator.hardwareConcurrency;
  return node?.getBuiltinModule('node:os').availableParallelism() ?? 1;
}

/** May this thread sleep? A page's main thread may not. */
export function canSleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
