/** What a tensor needs of the memory that it lives in. Every backend is one; `B` is how it names a buffer. */
export interface TensorMemory<B = unknown> {
  /** Whether the memory has been given back, and with it every tensor in it. */
  readonly disposed: boolean;
  /** A buffer of `length` floats with anything in them. */
  allocate(length: number): B;
  /** A buffer of which its owner may hand out views. */
  allocateTensor(length: number): B;
  /** Ends an `allocateTensor`: views of the buffer are refused from now on. */
  freeTensor(buffer: B): void;
  /** The floats of a buffer, as they are now: never kept across a call that may allocate. */
  view(buffer: B, length: number): Float32Array;
}
