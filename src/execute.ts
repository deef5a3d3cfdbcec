import type { Backend, Step } from './backend.ts';
import { KernelTensor, lengthOf, newFloats, type Tensor } from './tensor.ts';

/** What a plan needs besides its operands: buffers by name, in floats. */
export type Workspaces = Readonly<Record<string, number>>;

export type Operands = Readonly<Record<string, Tensor>>;

interface Borrowed<B> {
  readonly name: string;
  readonly tensor: Tensor;
  buffer: B | undefined;
}

/** One call's operands, result and workspaces, where a backend reaches them, until they are released. */
export class Placed<B> {
  /** The caller's `out`, or a new tensor that lives where `x` lives. */
  readonly result: Tensor;
  /** By the names that steps know them by. */
  readonly buffers: Record<string, B> = {};
  readonly #backend: Backend<B>;
  readonly #made: boolean;
  #borrowed: Borrowed<B>[] = [];
  #held: B[] = [];
  #released = false;

  constructor(
    backend: Backend<B>,
    x: Tensor,
    shape: readonly number[],
    out: Tensor | undefined,
    operands: Operands = {},
    workspaces: Workspaces = {},
  ) {
    this.#backend = backend;
    // Views of kernel memory are looked for before anything is allocated, since growth empties them.
    this.#find('x', x);
    for (const name in operands) this.#find(name, operands[name]);
    if (out !== undefined) this.#find('out', out);
    this.#made = out === undefined;
    this.result = out ?? newOutput(backend, x, shape);
    try {
      if (out === undefined) this.#find('out', this.result);
      for (const borrowed of this.#borrowed) {
        borrowed.buffer = backend.borrow(borrowed.tensor.data);
        this.buffers[borrowed.name] = borrowed.buffer;
      }
      for (const name in workspaces) {
        this.buffers[name] = backend.allocate(workspaces[name]);
        this.#held.push(this.buffers[name]);
      }
    } catch (error) {
      this.release(false);
      throw error;
    }
  }

  /** Takes plain tensors as they are now. To be called when nothing else is under way. */
  read(): void {
    for (const { name, tensor, buffer } of this.#borrowed) if (name !== 'out') this.#backend.read(buffer!, tensor.data);
  }

  /** Gives everything back, a plain result with what was written when `done`. A second call does nothing. */
  release(done: boolean): void {
    if (this.#released) return;
    this.#released = true;
    try {
      for (const { name, tensor, buffer } of this.#borrowed) {
        if (buffer !== undefined) this.#backend.giveBack(buffer, tensor.data, done && name === 'out');
      }
    } finally {
      for (const buffer of this.#held) this.#backend.free(buffer);
      if (!done && this.#made && this.result instanceof KernelTensor) this.result.dispose();
    }
  }

  #find(name: string, tensor: Tensor): void {
    const buffer = tensor instanceof KernelTensor ? tensor.bufferIn(this.#backend) : this.#backend.locate(tensor.data);
    if (buffer === undefined) this.#borrowed.push({ name, tensor, buffer });
    else this.buffers[name] = buffer;
  }
}

/** A new tensor of `shape` that lives where `x` lives. */
function newOutput<B>(backend: Backend<B>, x: Tensor, shape: readonly number[]): Tensor {
  if (x instanceof KernelTensor && x.bufferIn(backend) !== undefined) return new KernelTensor(backend, shape);
  return { shape: [...shape], data: newFloats(lengthOf(shape)) };
}

/** Copies in kernel memory, of plain tensors or of views of its own: all of them, or none. */
export function copies<B>(backend: Backend<B>, tensors: readonly Tensor[]): KernelTensor<B>[] {
  const places = tensors.map(({ data }) => backend.locate(data));
  // What an asynchronous call is still to write there has to be there.
  if (places.some((place) => place !== undefined)) backend.settle();
  const made: KernelTensor<B>[] = [];
  try {
    for (const [i, { shape, data }] of tensors.entries()) {
      made.push(new KernelTensor(backend, shape));
      const to = made[i].data;
      const place = places[i];
      to.set(place === undefined ? data : backend.view(place, to.length));
    }
    return made;
  } catch (error) {
    for (const tensor of made) tensor.dispose();
    throw error;
  }
}

/** Runs steps once on what is placed. */
export function runOnce<B>(backend: Backend<B>, steps: readonly Step[], placed: Placed<B>): void {
  try {
    const call = backend.bind(steps, placed.buffers);
    try {
      call.run(() => placed.read());
    } finally {
      call.release();
    }
    placed.release(true);
  } finally {
    placed.release(false);
  }
}

export async function runOnceAsync<B>(backend: Backend<B>, steps: readonly Step[], placed: Placed<B>): Promise<void> {
  try {
    const call = backend.bind(steps, placed.buffers);
    try {
      await call.runAsync(
        () => placed.read(),
        () => placed.release(true),
      );
    } finally {
      call.release();
    }
  } finally {
    placed.release(false);
  }
}
