import type { AnyStep, Backend } from './backend.ts';
import { KernelTensor, lengthOf, newFloats, type Tensor } from './tensor.ts';

/** What a plan needs besides its operands: buffers by name, in floats. */
export type Workspaces = Readonly<Record<string, number>>;

export type Operands = Readonly<Record<string, Tensor>>;

/** A result: the caller's `out`, or a new tensor of that shape. */
export interface Result {
  readonly shape: readonly number[];
  readonly out: Tensor | undefined;
}

/** Everything that steps read and write, by the names that they know it by. */
export interface Placing {
  /** New results live where this operand lives. */
  readonly beside: Tensor;
  readonly operands: Operands;
  readonly results: Readonly<Record<string, Result>>;
  readonly workspaces: Workspaces;
}

interface Borrowed<B> {
  readonly name: string;
  readonly tensor: Tensor;
  buffer: B | undefined;
}

/** One call's operands, results and workspaces, where a backend reaches them, until they are released. */
export class Placed<B> {
  readonly results: Readonly<Record<string, Tensor>>;
  readonly buffers: Record<string, B> = {};
  readonly #backend: Backend<B>;
  /** Results that are not the caller's. */
  readonly #made: KernelTensor[] = [];
  readonly #borrowed: Borrowed<B>[] = [];
  readonly #held: B[] = [];
  #released = false;

  constructor(backend: Backend<B>, { beside, operands, results, workspaces }: Placing) {
    this.#backend = backend;
    // Views of kernel memory are looked for before anything is allocated, since growth empties them.
    for (const name in operands) this.#find(name, operands[name]);
    for (const name in results) if (results[name].out !== undefined) this.#find(name, results[name].out);
    const all: Record<string, Tensor> = {};
    this.results = all;
    try {
      for (const name in results) {
        const { shape, out } = results[name];
        all[name] = out ?? this.#make(name, beside, shape);
      }
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
    for (const { name, tensor, buffer } of this.#borrowed) if (!(name in this.results)) this.#backend.read(buffer!, tensor.data);
  }

  /** Gives everything back, plain results with what was written when `done`. A second call does nothing. */
  release(done: boolean): void {
    if (this.#released) return;
    this.#released = true;
    try {
      for (const { name, tensor, buffer } of this.#borrowed) {
        if (buffer !== undefined) this.#backend.giveBack(buffer, tensor.data, done && name in this.results);
      }
    } finally {
      for (const buffer of this.#held) this.#backend.free(buffer);
      if (!done) for (const tensor of this.#made) tensor.dispose();
    }
  }

  #find(name: string, tensor: Tensor): void {
    const buffer = tensor instanceof KernelTensor ? tensor.bufferIn(this.#backend) : this.#backend.locate(tensor.data);
    if (buffer === undefined) this.#borrowed.push({ name, tensor, buffer });
    else this.buffers[name] = buffer;
  }

  /** A new tensor of `shape` that lives where `beside` lives. */
  #make(name: string, beside: Tensor, shape: readonly number[]): Tensor {
    if (!(beside instanceof KernelTensor) || beside.bufferIn(this.#backend) === undefined) {
      const tensor = { shape: [...shape], data: newFloats(lengthOf(shape)) };
      this.#borrowed.push({ name, tensor, buffer: undefined });
      return tensor;
    }
    const tensor = new KernelTensor(this.#backend, shape);
    this.#made.push(tensor as KernelTensor);
    this.buffers[name] = tensor.bufferIn(this.#backend)!;
    return tensor;
  }
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
export function runOnce<B>(backend: Backend<B>, steps: readonly AnyStep[], placed: Placed<B>): void {
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

export async function runOnceAsync<B>(backend: Backend<B>, steps: readonly AnyStep[], placed: Placed<B>): Promise<void> {
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
