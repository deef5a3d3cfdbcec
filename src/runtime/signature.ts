import { dtypeOf, type TensorData } from '../tensor/dtype.ts';
import { type AnyTensor, KernelTensor, lengthOf, PlainTensor } from '../tensor/tensor.ts';
import { bufferOf, lengthOfArray } from '../tensor/typed-array.ts';
import type { Backend } from './backend.ts';
import type { Operation } from './operation.ts';

/**
 * What a call's checks and its plan depend on, as a key, so that the same call need not be checked and planned again: the operator, every
 * option, the shapes of tensors, which of them lie in the engine's memory, and which in the same. Tensors whose memory may overlap
 * otherwise have no signature, and neither has anything that would be refused.
 */
export interface Signature {
  readonly key: string;
  /** In the order in which the arguments name them. */
  readonly tensors: readonly AnyTensor[];
}

/** Lists that are longer, the weights of a filter, cost more to write down than to plan anew. */
const MAX_ITEMS = 32;

class Writer {
  key: string;
  readonly tensors: AnyTensor[] = [];
  readonly #backend: Backend;
  /** A plain result, which could overlap an operand. */
  #hasPlainOut = false;

  constructor(backend: Backend, name: string) {
    this.#backend = backend;
    this.key = name;
  }

  /** False if there is no signature. Each kind begins with a letter of its own, and texts say how long they are. */
  write(value: unknown, isOut: boolean): boolean {
    switch (typeof value) {
      case 'number':
        this.key += value === 0 && 1 / value < 0 ? ',-0' : `,${value}`;
        return true;
      case 'string':
        this.key += `s${value.length}:${value}`;
        return true;
      case 'boolean':
        this.key += value ? 't' : 'f';
        return true;
      case 'undefined':
        this.key += 'u';
        return true;
      case 'object':
        return this.#writeObject(value, isOut);
      default:
        return false;
    }
  }

  #writeObject(value: object | null, isOut: boolean): boolean {
    if (value === null) return false;
    if (KernelTensor.is(value)) return this.#writeKernelTensor(value);
    if (PlainTensor.is(value)) return this.#writePlainTensor(value, isOut);
    if (ArrayBuffer.isView(value)) return false;
    if (Array.isArray(value)) {
      if (value.length > MAX_ITEMS) return false;
      this.key += `[${value.length}`;
      for (let i = 0; i < value.length; i++) if (!this.write(value[i], isOut)) return false;
      return true;
    }
    this.key += '{';
    for (const name in value) {
      this.key += `${name.length}:${name}`;
      if (!this.write((value as Record<string, unknown>)[name], isOut || name === 'out')) return false;
    }
    this.key += '}';
    return true;
  }

  #writeKernelTensor(tensor: KernelTensor<TensorData>): boolean {
    // A plan may depend on what the elements stand for.
    if (tensor.disposed || tensor.quantization !== undefined || tensor.bufferIn(this.#backend) === undefined) return false;
    let first = 0;
    for (; first < this.tensors.length; first++) {
      const other = this.tensors[first];
      if (KernelTensor.is(other) && other.shares(tensor)) break;
    }
    this.key += tensor.dtype === 'float32' ? `K${first}` : `K${tensor.dtype}${first}`;
    for (const extent of tensor.shape) this.key += `,${extent}`;
    this.key += ';';
    this.tensors.push(tensor);
    return true;
  }

  #writePlainTensor(tensor: PlainTensor<TensorData>, isOut: boolean): boolean {
    const { shape, data } = tensor;
    const dtype = dtypeOf(data);
    if (!Array.isArray(shape) || dtype === undefined || tensor.scale !== undefined) return false;
    this.key += dtype === 'float32' ? 'P' : `P${dtype}`;
    for (const extent of shape) {
      if (typeof extent !== 'number') return false;
      this.key += `,${extent}`;
    }
    this.key += ';';
    const length = lengthOfArray(data);
    if (length === 0 || length !== lengthOf(shape) || this.#backend.holds(data)) return false;
    this.tensors.push(tensor);
    this.#hasPlainOut ||= isOut;
    return true;
  }

  /** A plain result has memory of its own where no two plain tensors have a buffer in common. */
  get isApart(): boolean {
    if (!this.#hasPlainOut) return true;
    const buffers = this.tensors.filter((tensor) => PlainTensor.is(tensor)).map(({ data }) => bufferOf(data));
    return new Set(buffers).size === buffers.length;
  }
}

export function signatureOf(backend: Backend, name: string, args: readonly unknown[]): Signature | undefined {
  const writer = new Writer(backend, name);
  for (const arg of args) {
    writer.key += '|';
    if (!writer.write(arg, false)) return undefined;
  }
  return writer.isApart ? writer : undefined;
}

/** A planned operation without its tensors: what takes their place says which of the signature's they are. */
interface Kept {
  readonly operation: Operation<unknown>;
  readonly beside: number;
  readonly operands: readonly (readonly [name: string, tensor: number])[];
  readonly results: readonly (readonly [name: string, tensor: number])[];
}

/** Of calls that differ from each other, so that a network's find theirs again. */
const MAX_KEPT = 512;

/** The plans of recent calls. They hold no tensors and no kernel memory. */
export class Plans {
  readonly #kept = new Map<string, Kept>();

  /** The operation that a call of this signature was, with the tensors that it has now. */
  find({ key, tensors }: Signature): Operation<unknown> | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    const { operation } = kept;
    const operands: Record<string, AnyTensor> = {};
    for (const [name, at] of kept.operands) operands[name] = tensors[at];
    let results = operation.results;
    if (kept.results.length > 0) {
      const own = { ...results };
      for (const [name, at] of kept.results) own[name] = { shape: results[name].shape, out: tensors[at] };
      results = own;
    }
    const { plan, value } = operation;
    return { beside: tensors[kept.beside], operands, results, plan, value };
  }

  /** Nothing is kept of an operation with a tensor that its caller did not name, nor of one that the same arguments do not make again. */
  keep({ key, tensors }: Signature, operation: Operation<unknown>): void {
    if (operation.isDrawn) return;
    const at = (tensor: AnyTensor) => tensors.indexOf(tensor);
    const operands = Object.entries(operation.operands).map(([name, tensor]) => [name, at(tensor)] as const);
    const given = Object.entries(operation.results).filter(([, { out }]) => out !== undefined);
    const results = given.map(([name, { out }]) => [name, at(out!)] as const);
    const beside = at(operation.beside);
    if (beside < 0 || [...operands, ...results].some(([, tensor]) => tensor < 0)) return;
    const oldest = this.#kept.size >= MAX_KEPT ? this.#kept.keys().next() : undefined;
    if (oldest?.done === false) this.#kept.delete(oldest.value);
    const made = Object.entries(operation.results).map(([name, { shape }]) => [name, { shape, out: undefined }]);
    this.#kept.set(key, {
      operation: { ...operation, beside: NOTHING, operands: {}, results: Object.fromEntries(made) },
      beside,
      operands,
      results,
    });
  }
}

const NOTHING = new PlainTensor([0], new Float32Array(0));
