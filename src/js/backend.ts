import { DisposedError, OutOfMemoryError } from '../errors.ts';
import { ELEMENTS, isBuffer } from '../kernels/layout.ts';
import { isHostStep, type Plan, type Value } from '../plan/plan.ts';
import { type AnyArray, type Backend, boundTo, type Call, MAX_MEMORY_BYTES } from '../runtime/backend.ts';
import type { Family, Twin } from '../runtime/family.ts';
import { type ArrayOf, type DType, dtypeOf, elementBytes, type TensorData, viewOf } from '../tensor/dtype.ts';
import { newFloats } from '../tensor/tensor.ts';
import { bufferOf, byteOffsetOf, lengthOfArray } from '../tensor/typed-array.ts';
import { twins as coreTwins } from './generated/twins.ts';

type Twins = Readonly<Record<string, Twin>>;
const NOTHING = new Float32Array(0);

/** Where a buffer goes in the parameters of a step: as elements of this type, or, if there is none, as the array that it is. */
interface Place {
  readonly params: Record<string, unknown>;
  readonly field: string;
  readonly dtype: DType | undefined;
  /** Of a view, which is else as long as the buffer. */
  readonly length?: number;
}

/** Temporary values of several types may share a buffer: each is seen as what it is. */
function put({ params, field, dtype, length }: Place, buffer: TensorData): void {
  const isSeen = dtype === undefined || (length === undefined && dtypeOf(buffer) === dtype);
  const { byteOffset, byteLength } = buffer;
  params[field] = isSeen
    ? buffer
    : viewOf(dtype, buffer.buffer, byteOffset, length ?? Math.floor(byteLength / elementBytes(dtype)));
}

class JsCall implements Call<TensorData> {
  readonly #steps: { twin: Twin; params: Record<string, unknown>; taskCount: number }[];
  /** By the numbers of values. */
  readonly #places: Place[][] = [];

  constructor(twins: Twins, { steps }: Plan, buffers: readonly (TensorData | undefined)[]) {
    this.#steps = steps.map((step) => {
      const params: Record<string, unknown> = {};
      if (isHostStep(step)) {
        for (const [field, value] of Object.entries(step.buffers)) {
          this.#place(value, { params, field, dtype: value.dtype, length: step.lengths[field] }, buffers);
        }
        return { twin: step.run as unknown as Twin, params, taskCount: 1 };
      }
      const { kernel, descriptor, buffers: operands, values, taskCount, scratchBytes } = step;
      for (const [field, kind] of Object.entries(descriptor.block)) {
        if (!isBuffer(kind)) params[field] = kind === 'f32' ? Math.fround(values[field]) : values[field];
        else if (field === 'scratch') params.scratch = newFloats(Math.ceil(scratchBytes / 4));
        else {
          params[field] = NOTHING;
          const value = operands[field];
          if (value !== null) this.#place(value, { params, field, dtype: ELEMENTS[kind] }, buffers);
        }
      }
      return { twin: twins[kernel], params, taskCount };
    });
  }

  #place(value: Value, place: Place, buffers: readonly (TensorData | undefined)[]): void {
    put(place, boundTo(value, buffers));
    const places = this.#places[value.id];
    if (places === undefined) this.#places[value.id] = [place];
    else places.push(place);
  }

  set({ id }: Value, buffer: TensorData): void {
    for (const place of this.#places[id] ?? []) put(place, buffer);
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
export class JsBackend implements Backend<TensorData> {
  readonly variant = 'js';
  readonly threads = 1;
  disposed = false;
  #twins = coreTwins as unknown as Twins;
  /** Memory of tensors that have been disposed of. */
  #gone: WeakSet<ArrayBufferLike> | undefined;

  allocate(byteLength: number): TensorData {
    if (byteLength > MAX_MEMORY_BYTES) throw new OutOfMemoryError(byteLength, 'a buffer is 4 GiB at most, as in WebAssembly');
    return newFloats(Math.ceil(byteLength / 4));
  }

  free(): void {}

  part(buffer: TensorData, beginBytes: number, byteLength: number): TensorData {
    return viewOf('float32', buffer.buffer, buffer.byteOffset + beginBytes, Math.ceil(byteLength / 4));
  }

  allocateTensor(byteLength: number): TensorData {
    return this.allocate(byteLength);
  }

  freeTensor(buffer: TensorData): void {
    this.#gone ??= new WeakSet();
    this.#gone.add(buffer.buffer);
  }

  view<D extends DType>(buffer: TensorData, dtype: D, length: number): ArrayOf[D] {
    if (buffer.length === length && dtypeOf(buffer) === dtype) return buffer as ArrayOf[D];
    return viewOf(dtype, buffer.buffer, buffer.byteOffset, length);
  }

  holds(): boolean {
    return false;
  }

  locate(argument: string, data: AnyArray): undefined {
    if (this.#gone?.has(bufferOf(data))) throw new DisposedError(`the tensor whose memory ${argument} is a view of`);
  }

  /** An array of our own class over the caller's memory: theirs may be a subclass with other ideas of its length. */
  borrow(data: TensorData, dtype: DType, length: number): TensorData {
    return viewOf(dtype, bufferOf(data), byteOffsetOf(data), length);
  }

  read(_buffer: TensorData, data: TensorData, _dtype: DType, length: number): void {
    if (lengthOfArray(data) !== length) throw new RangeError('the array has changed its length');
  }

  giveBack(): void {}

  link({ twins }: Family): void {
    this.#twins = { ...this.#twins, ...twins };
  }

  bind(plan: Plan, buffers: readonly (TensorData | undefined)[]): Call<TensorData> {
    return new JsCall(this.#twins, plan, buffers);
  }

  settle(): void {}

  dispose(): void {
    this.disposed = true;
  }
}
