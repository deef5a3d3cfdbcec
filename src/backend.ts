import type { KernelName, kernels, Layout } from './params.ts';

/** Any view of a buffer. */
export type AnyArray = ArrayBufferView<ArrayBufferLike>;

export type Variant = 'simd' | 'relaxed-simd' | 'js';

/** What a 32-bit address reaches, less the last page, so that the end of memory is an address too. */
export const MAX_MEMORY_BYTES = 65535 * 65536;

type Values<L extends Layout> = { readonly [F in keyof L as L[F] extends 'buffer' ? never : F]: number };
type Buffers<L extends Layout> = {
  readonly [F in keyof L as L[F] extends 'buffer' ? (F extends 'scratch' ? never : F) : never]: string | null;
};

/** One kernel call of a plan: which buffer goes where, by name, and everything else by value. */
export interface Step {
  readonly kernel: KernelName;
  /** Field of the parameter block → name of the buffer, or null for none. */
  readonly buffers: Readonly<Record<string, string | null>>;
  readonly values: Readonly<Record<string, number>>;
  /** Independent pieces of work; any split of `[0, taskCount)` gives the same bits. */
  readonly taskCount: number;
  /** Floats of scratch that each thread needs. */
  readonly scratchLength: number;
}

/** A step that no kernel does: JavaScript, on the caller's thread, the same on any backend. */
export interface HostStep {
  /** Field → name of the buffer, as in a `Step`; and how many floats `run` is to see of it. */
  readonly buffers: Readonly<Record<string, string>>;
  readonly lengths: Readonly<Record<string, number>>;
  /** Takes the buffers by field. */
  readonly run: (buffers: Readonly<Record<string, Float32Array>>) => void;
}

export type AnyStep = Step | HostStep;

export const isHostStep = (step: AnyStep): step is HostStep => 'run' in step;

export function step<K extends KernelName>(
  kernel: K,
  buffers: Buffers<(typeof kernels)[K]>,
  values: Values<(typeof kernels)[K]>,
  taskCount: number,
  scratchLength = 0,
): Step {
  return { kernel, buffers, values, taskCount, scratchLength };
}

/** Steps bound to buffers, ready to run any number of times. */
export interface Call<B> {
  /** Puts another buffer in every place that has this name: to be called by `begin`, while no run of this call is under way. */
  set(name: string, buffer: B): void;
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
 * Where kernels run. `B` is how a backend names a run of floats: an address in kernel memory, or an array.
 */
export interface Backend<B = unknown> {
  readonly variant: Variant;
  readonly threads: number;
  readonly disposed: boolean;
  /** `length` floats with anything in them. */
  allocate(length: number): B;
  free(buffer: B): void;
  /** The memory of a tensor, of which its owner may hand out views; and its end, from which on they are refused. */
  allocateTensor(length: number): B;
  freeTensor(buffer: B): void;
  /** The floats of a buffer, as they are now: never kept across a call that may allocate. */
  view(buffer: B, length: number): Float32Array;
  /** Is `data` a view of the memory that buffers lie in? */
  holds(data: AnyArray): boolean;
  /**
   * The buffer that `data` is a view of, if it is one. To be asked before anything is allocated: growth empties views.
   *
   * @throws DisposedError for a view of memory that no tensor has any more
   */
  locate(argument: string, data: AnyArray): B | undefined;
  /** A buffer for a caller's own array of `length` floats. */
  borrow(data: Float32Array, length: number): B;
  /** What is in the array, into its buffer. Throws if the array has changed its length, be it that its buffer was transferred. */
  read(buffer: B, data: Float32Array, length: number): void;
  /** Ends a `borrow`; what was written goes back into the array when `written`. Throws as `read` does, and then has ended it. */
  giveBack(buffer: B, data: Float32Array, length: number, written: boolean): void;
  bind(steps: readonly AnyStep[], buffers: Readonly<Record<string, B>>): Call<B>;
  /** Finishes all asynchronous calls. */
  settle(): void;
  /** Lets go of everything. Whatever lives in the backend is refused afterwards. */
  dispose(): void;
}
