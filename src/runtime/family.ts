/** A kernel in JavaScript, whose buffers are arrays. */
export type Twin = (params: Record<string, unknown>, taskBegin: number, taskEnd: number) => void;

/**
 * Kernels that an entry other than `simdconv` carries, so that only its users fetch them. An engine links them synchronously: an entry's
 * functions return at once.
 */
export interface Family {
  /** The name of its entry, for messages. */
  readonly name: string;
  /** The twin of each of its kernels, by the kernel's name. */
  readonly twins: Readonly<Record<string, Twin>>;
  /** Returns its kernels as a WebAssembly module of the `simd` variant. The memory that the module imports is shared or not, as asked. */
  readonly module: (isShared: boolean) => Uint8Array<ArrayBuffer>;
}
