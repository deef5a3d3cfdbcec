/** A kernel in JavaScript, whose buffers are arrays. */
export type Twin = (params: Record<string, unknown>, taskBegin: number, taskEnd: number) => void;

/**
 * Kernels that are fetched apart from the core, by those who use them. A backend links them when they are asked for the first time, at once:
 * no function that takes an engine has to be awaited for them.
 */
export interface Family {
  /** By which messages call it. */
  readonly name: string;
  /** Of each of its kernels. */
  readonly twins: Readonly<Record<string, Twin>>;
  /** Its kernels as a WebAssembly module of the `simd` variant, which imports a memory that is or is not shared. */
  readonly module: (isShared: boolean) => Uint8Array<ArrayBuffer>;
}
