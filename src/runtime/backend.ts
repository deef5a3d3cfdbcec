import type { Plan, Value } from '../plan/plan.ts';
import type { DType, TensorData } from '../tensor/dtype.ts';
import type { TensorMemory } from '../tensor/memory.ts';
import type { Family } from './family.ts';

/** Any view of a buffer. */
export type AnyArray = ArrayBufferView<ArrayBufferLike>;

/** What kernels are made of: 128-bit SIMD, SIMD with fused multiply-add where the processor has it, or JavaScript. */
export type Variant = 'simd' | 'relaxed-simd' | 'js';

/** What a 32-bit address reaches, less the last page, so that the end of memory is an address too. */
export const MAX_MEMORY_BYTES = 65535 * 65536;

/** The buffer of a value that a step uses. There is always one: address 0 would be a buffer that nobody has. */
export function boundTo<B>({ id, name }: Value, buffers: readonly (B | undefined)[]): B {
  const buffer = buffers[id];
  if (buffer === undefined) throw new Error(`the value ${name ?? id} of a plan is bound to nothing`);
  return buffer;
}

/** A plan bound to buffers, ready to run any number of times. */
export interface Call<B> {
  /** Puts another buffer in the place of a value: to be called by `begin`, while no run of this call is under way. */
  set(value: Value, buffer: B): void;
  /** Calls `begin` and runs, after all asynchronous calls before. */
  run(begin: () => void): void;
  /**
   * Calls `begin`, runs, and calls `finish`, after all calls before. Where there are workers they do it, and the caller's thread is
   * free meanwhile.
   */
  runAsync(begin: () => void, finish: () => void): Promise<void>;
  release(): void;
}

/**
 * Where kernels run. `B` is how a backend names a run of bytes: an address in kernel memory, or an array.
 */
export interface Backend<B = unknown> extends TensorMemory<B> {
  readonly variant: Variant;
  readonly threads: number;
  /** Ends an `allocate`. */
  free(buffer: B): void;
  /** So many bytes of a buffer from the one at `beginBytes` on, where any element may begin. They last as long as the buffer does. */
  part(buffer: B, beginBytes: number, byteLength: number): B;
  /** Is `data` a view of the memory that buffers lie in? */
  holds(data: AnyArray): boolean;
  /**
   * The buffer that `data` is a view of, if it is one. To be asked before anything is allocated: growth empties views.
   *
   * @throws DisposedError for a view of memory that no tensor has any more
   */
  locate(argument: string, data: AnyArray): B | undefined;
  /** A buffer for a caller's own array of `length` elements. */
  borrow(data: TensorData, dtype: DType, length: number): B;
  /** What is in the array, into its buffer. Throws if the array has changed its length, be it that its buffer was transferred. */
  read(buffer: B, data: TensorData, dtype: DType, length: number): void;
  /** Ends a `borrow`; what was written goes back into the array when `written`. Throws as `read` does, and then has ended it. */
  giveBack(buffer: B, data: TensorData, dtype: DType, length: number, written: boolean): void;
  /**
   * Adds the kernels of a family to those that plans may use, unless they are there.
   *
   * @throws UnsupportedError where the host refuses to compile them synchronously, or they are of another version
   */
  link(family: Family): void;
  /** `buffers` by the numbers of their values: each that a step uses has to be there. */
  bind(plan: Plan, buffers: readonly (B | undefined)[]): Call<B>;
  /** Finishes all asynchronous calls. */
  settle(): void;
  /** Lets go of everything. Whatever lives in the backend is refused afterwards. */
  dispose(): void;
}
