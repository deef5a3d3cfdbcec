import { DisposedError, OutOfMemoryError } from '../errors.ts';
import { isHostStep, type Plan, type Value } from '../plan/plan.ts';
import { type AnyArray, type Backend, boundTo, type Call, MAX_MEMORY_BYTES } from '../runtime/backend.ts';
import type { Family, Twin } from '../runtime/family.ts';
import { newFloats } from '../tensor/tensor.ts';
import { bufferOf, byteOffsetOf, lengthOfArray } from '../tensor/typed-array.ts';
import { twins as coreTwins } from './generated/twins.ts';

type Twins = Readonly<Record<string, Twin>>;
const NOTHING = new Float32Array(0);

class JsCall implements Call<Float32Array> {
  readonly #steps: { twin: Twin; params: Record<string, unknown>; taskCount: number }[];
  /** By the numbers of values. */
  readonly #places: { params: Record<string, unknown>; field: string }[][] = [];

  constructor(twins: Twins, { steps }: Plan, buffers: readonly (Float32Array | undefined)[]) {
    this.#steps = steps.map((step) => {
      const params: Record<string, unknown> = {};
      if (isHostStep(step)) {
        for (const [field, value] of Object.entries(step.buffers)) this.#place(params, field, value, buffers);
        return { twin: step.run as Twin, params, taskCount: 1 };
      }
      const { kernel, descriptor, buffers: operands, values, taskCount, scratchLength } = step;
      for (const [field, kind] of Object.entries(descriptor.block)) {
        if (kind !== 'buffer') params[field] = kind === 'f32' ? Math.fround(values[field]) : values[field];
        else if (field === 'scratch') params.scratch = new Float32Array(scratchLength);
        else {
          params[field] = NOTHING;
          const value = operands[field];
          if (value !== null) this.#place(params, field, value, buffers);
        }
      }
      return { twin: twins[kernel], params, taskCount };
    });
  }

  #place(params: Record<string, unknown>, field: string, value: Value, buffers: readonly (Float32Array | undefined)[]): void {
    params[field] = boundTo(value, buffers);
    const places = this.#places[value.id];
    if (places === undefined) this.#places[value.id] = [{ params, field }];
    else places.push({ params, field });
  }

  set({ id }: Value, buffer: Float32Array): void {
    for (const { params, field } of this.#places[id] ?? []) params[field] = buffer;
  }

  run(begin: () => void): void {
    begin();
    for (const { twin, params, taskCount } of this.#steps) twin(params, 0, taskCount);
  }

  async runAsync(begin: () => void, finish: () => void): Promise<void> {
    this.run(begin);
    finish();
  }

  release(): void {}
}

/** Kernels in JavaScript; a buffer is an array. */
export class JsBackend implements Backend<Float32Array> {
  readonly variant = 'js';
  readonly threads = 1;
  disposed = false;
  #twins = coreTwins as unknown as Twins;
  /** Memory of tensors that have been disposed of. */
  #gone: WeakSet<ArrayBufferLike> | undefined;

  allocate(length: number): Float32Array {
    if (length * 4 > MAX_MEMORY_BYTES) throw new OutOfMemoryError(length * 4, 'a buffer is 4 GiB at most, as in WebAssembly');
    return newFloats(length);
  }

  free(): void {}

  part(buffer: Float32Array, begin: number, length: number): Float32Array {
    return buffer.subarray(begin, begin + length);
  }

  allocateTensor(length: number): Float32Array {
    return this.allocate(length);
  }

  freeTensor(buffer: Float32Array): void {
    this.#gone ??= new WeakSet();
    this.#gone.add(buffer.buffer);
  }

  view(buffer: Float32Array, length: number): Float32Array {
    return buffer.length === length ? buffer : buffer.subarray(0, length);
  }

  holds(): boolean {
    return false;
  }

  locate(argument: string, data: AnyArray): undefined {
    if (this.#gone?.has(bufferOf(data))) throw new DisposedError(`the tensor whose memory ${argument} is a view of`);
  }

  /** An array of our own class over the caller's memory: theirs may be a subclass with other ideas of its length. */
  borrow(data: Float32Array, length: number): Float32Array {
    return new Float32Array(bufferOf(data), byteOffsetOf(data), length);
  }

  read(_buffer: Float32Array, data: Float32Array, length: number): void {
    if (lengthOfArray(data) !== length) throw new RangeError('the array has changed its length');
  }

  giveBack(): void {}

  link({ twins }: Family): void {
    this.#twins = { ...this.#twins, ...twins };
  }

  bind(plan: Plan, buffers: readonly (Float32Array | undefined)[]): Call<Float32Array> {
    return new JsCall(this.#twins, plan, buffers);
  }

  settle(): void {}

  dispose(): void {
    this.disposed = true;
  }
}
