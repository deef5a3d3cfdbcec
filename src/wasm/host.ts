/** What Node, and what claims to be it, has and browsers have not. */

export const inNode = typeof process !== 'undefined' && typeof process.versions?.node === 'string';

/** A module of Node, by a name that bundlers do not follow: a page never gets here. */
export function nodeModule<T>(name: string): Promise<T> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ name) as Promise<T>;
}

/** Threads that can run at once. */
export async function hardwareThreads(): Promise<number> {
  if (typeof navigator !== 'undefined' && navigator.hardwareConcurrency > 0) return navigator.hardwareConcurrency;
  return inNode ? (await nodeModule<typeof import('node:os')>('node:os')).availableParallelism() : 1;
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
