import type { ArrayOf, DType } from './dtype.ts';

/** What a tensor needs of the memory that it lives in. Every backend is one; `B` is how it names a buffer. */
export interface TensorMemory<B = unknown> {
  /** Whether the memory has been given back, and with it every tensor in it. */
  readonly disposed: boolean;
  /** A buffer of so many bytes with anything in them. It begins where any element may. */
  allocate(byteLength: number): B;
  /** A buffer of which its owner may hand out views. */
  allocateTensor(byteLength: number): B;
  /** Ends an `allocateTensor`: views of the buffer are refused from now on. */
  freeTensor(buffer: B): void;
  /** The elements of a buffer, as they are now: never kept across a call that may allocate. */
  view<D extends DType>(buffer: B, dtype: D, length: number): ArrayOf[D];
}
