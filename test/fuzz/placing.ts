import type { Tensor } from '../../src/index.ts';
import { dtypeOf } from '../../src/tensor/dtype.ts';
import { lengthOf } from '../../src/tensor/tensor.ts';
import type { Watched } from './compare.ts';
import { isKernelTensor, type Platform, takenBytesOf } from './engines.ts';
import { isTensor, type Operand, type Picture } from './generators/values.ts';

/** Where the tensors of a call are put: between guards, whose bytes are compared after it. */

type Disposable = { dispose(): void };

const GUARD_BYTE = 0xa5;
const GUARD_FLOATS = 8;

export class Placing {
  readonly watched: Watched[] = [];
  /** Of these, what no argument of the call is. */
  readonly guards: Watched[] = [];
  readonly #platform: Platform;
  readonly #held: Disposable[] = [];

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#guard();
  }

  /** A copy of an operand, in kernel memory or outside; with `writable` its floats may change, and nothing around them. */
  place(operand: Operand, inKernel: boolean, what: string, writable = false): Operand {
    const placed = isTensor(operand) ? this.#tensor(operand, inKernel) : this.#picture(operand, inKernel);
    const length = operand.data.byteLength;
    if (inKernel) {
      this.#watchKernel(placed as Operand & Disposable, what, writable ? length : 0);
      this.#guard();
    } else {
      const { buffer, byteOffset } = placed.data;
      const hole = writable ? { begin: byteOffset, end: byteOffset + length } : {};
      this.watched.push({ what, bytes: () => new Uint8Array(buffer), ...hole });
    }
    return placed;
  }

  /** Of a result that is to be written: something of its form, full of a pattern. */
  placeOut(like: Operand, inKernel: boolean, what: string): Operand {
    const data = new (like.data.constructor as new (length: number) => Picture['data'])(like.data.length);
    new Uint8Array(data.buffer).fill(0x5a);
    return this.place(isTensor(like) ? { shape: like.shape, data: data as Float32Array } : { ...like, data }, inKernel, what, true);
  }

  /** Gives a result of the call back with everything else. */
  hold(result: unknown): void {
    if (isKernelTensor(result)) this.#held.push(result);
  }

  dispose(): void {
    for (const each of this.#held) each.dispose();
  }

  #guard(): void {
    const guard = this.#platform.engine.tensor([GUARD_FLOATS]);
    new Uint8Array(guard.data.buffer, guard.data.byteOffset, 4 * GUARD_FLOATS).fill(GUARD_BYTE);
    this.#held.push(guard);
    this.#watchKernel(guard as never, 'a guard', 0);
    this.guards.push(this.watched[this.watched.length - 1]);
  }

  /** All that the allocator gave, what lies behind the elements too. */
  #watchKernel(placed: Operand, what: string, writableBytes: number): void {
    const { memory } = this.#platform;
    const address = placed.data.byteOffset;
    if (memory === undefined) {
      // The twin has an array for each, of its own.
      if (writableBytes === 0) this.watched.push({ what, bytes: () => bytesOf(placed) });
      return;
    }
    const bytes = () => memory.bytes.subarray(address, address + takenBytesOf(placed.data.byteLength));
    this.watched.push({ what, bytes, begin: 0, end: writableBytes });
  }

  #tensor({ shape, data }: Tensor, inKernel: boolean): Tensor {
    if (!inKernel) return { shape, data: embedded(data) as Float32Array };
    const tensor = this.#platform.engine.tensor(shape, data, { dtype: dtypeOf(data)! });
    this.#held.push(tensor);
    return tensor as unknown as Tensor;
  }

  #picture(picture: Picture, inKernel: boolean): Picture {
    if (!inKernel) return { ...picture, data: embedded(picture.data) };
    const { width, height, channels, data } = picture;
    const type = data instanceof Float32Array ? 'f32' : 'u8';
    const image = this.#platform.filters.image(width, height, channels, type) as Picture & Disposable;
    this.#held.push(image);
    image.data.set(data);
    return image;
  }
}

function bytesOf({ data }: Operand): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The same elements in the middle of a larger buffer; bytes at an odd place at times. */
function embedded(data: Picture['data']): Picture['data'] {
  const Kind = data.constructor as new (buffer: ArrayBuffer, at: number, length: number) => Picture['data'];
  const before = data.BYTES_PER_ELEMENT > 1 ? 64 : 64 + (data.length % 4);
  const bytes = new Uint8Array(before + data.byteLength + 67 - (data.byteLength % 4)).fill(GUARD_BYTE);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), before);
  return new Kind(bytes.buffer, before, data.length);
}

/** Every result by its name: one is called `out`. */
export function resultsOf(value: unknown): Readonly<Record<string, Operand>> {
  if (isTensor(value) || (typeof value === 'object' && value !== null && 'width' in value)) return { out: value as Operand };
  return Object.fromEntries(Object.entries(value as object).filter(([, result]) => result !== undefined)) as Record<string, Operand>;
}

/** A result as it is now, outside of kernel memory. */
export function copyOf(result: Operand): Operand {
  const data = result.data.slice();
  if (isTensor(result)) {
    if (lengthOf(result.shape) !== data.length) throw new Error(`a result of shape [${result.shape.join(', ')}] and ${data.length} floats`);
    return { shape: [...result.shape], data: data as Float32Array };
  }
  return { data, width: result.width, height: result.height, channels: result.channels };
}
