import type { Backend, Call, Step } from './backend.ts';
import { KernelTensor, lengthOf, type Tensor } from './tensor.ts';

/** What a plan needs besides its operands: buffers by name, in floats. */
export type Workspaces = Readonly<Record<string, number>>;

export interface Operand {
  readonly tensor: Tensor;
  readonly written: boolean;
}

export type Operands = Readonly<Record<string, Operand>>;

export const reads = (tensor: Tensor): Operand => ({ tensor, written: false });
export const writes = (tensor: Tensor): Operand => ({ tensor, written: true });

/** Operands where a backend can reach them, once they are read, and workspaces: buffers by name, until they are released. */
export class Placed<B> {
  readonly buffers: Record<string, B> = {};
  readonly #backend: Backend<B>;
  #borrowed: { readonly buffer: B; readonly operand: Operand }[] = [];
  #held: B[] = [];

  constructor(backend: Backend<B>, operands: Operands, workspaces: Workspaces = {}) {
    this.#backend = backend;
    try {
      for (const name in operands) this.buffers[name] = this.#place(operands[name]);
      for (const name in workspaces) {
        this.buffers[name] = backend.allocate(workspaces[name]);
        this.#held.push(this.buffers[name]);
      }
    } catch (error) {
      this.release(false);
      throw error;
    }
  }

  /** The plain tensors as they are now. */
  readonly read = (): void => {
    for (const { buffer, operand } of this.#borrowed) if (!operand.written) this.#backend.read(buffer, operand.tensor.data);
  };

  /** Gives everything back, plain tensors with their results when `done`. A second call does nothing. */
  release(done: boolean): void {
    const borrowed = this.#borrowed;
    const held = this.#held;
    this.#borrowed = [];
    this.#held = [];
    try {
      for (const { buffer, operand } of borrowed) this.#backend.giveBack(buffer, operand.tensor.data, done && operand.written);
    } finally {
      for (const buffer of held) this.#backend.free(buffer);
    }
  }

  #place(operand: Operand): B {
    const { tensor } = operand;
    const own = tensor instanceof KernelTensor ? tensor.bufferIn(this.#backend) : undefined;
    if (own !== undefined) return own;
    const buffer = this.#backend.borrow(tensor.data);
    this.#borrowed.push({ buffer, operand });
    return buffer;
  }
}

/** Runs steps once: workspaces are had for the call and given back. */
export function runOnce<B>(backend: Backend<B>, steps: readonly Step[], workspaces: Workspaces, operands: Operands): void {
  const placed = new Placed(backend, operands, workspaces);
  let call: Call<B> | undefined;
  let done = false;
  try {
    call = backend.bind(steps, placed.buffers);
    call.run(placed.read);
    done = true;
  } finally {
    call?.release();
    placed.release(done);
  }
}

export async function runOnceAsync<B>(
  backend: Backend<B>,
  steps: readonly Step[],
  workspaces: Workspaces,
  operands: Operands,
): Promise<void> {
  const placed = new Placed(backend, operands, workspaces);
  let call: Call<B> | undefined;
  try {
    call = backend.bind(steps, placed.buffers);
    await call.runAsync(placed.read, () => placed.release(true));
  } finally {
    call?.release();
    placed.release(false);
  }
}

/** A new tensor of `shape` that lives where `x` lives. */
export function newOutput<B>(backend: Backend<B>, x: Tensor, shape: readonly number[]): Tensor {
  if (x instanceof KernelTensor && x.bufferIn(backend) !== undefined) return new KernelTensor(backend, shape);
  return { shape, data: new Float32Array(lengthOf(shape)) };
}
