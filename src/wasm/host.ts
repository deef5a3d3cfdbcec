/** What Node, and what claims to be it, has and browsers have not. */

/** Its modules are then asked for by `process.getBuiltinModule`, which no bundler follows. */
export const inNode = typeof process !== 'undefined' && typeof process.versions?.node === 'string';

/** Threads that can run at once. */
export function hardwareThreads(): number {
  if (typeof navigator !== 'undefined' && navigator.hardwareConcurrency > 0) return navigator.hardwareConcurrency;
  return inNode ? process.getBuiltinModule('node:os').availableParallelism() : 1;
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
