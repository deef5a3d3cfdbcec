import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { BackendValues, DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { Engine } from '../engine.ts';
import type { PrepareConv2dOptions } from '../ops/conv/options.ts';
import type { PreparedConv2d } from '../program/prepared-conv.ts';
import { sameShape } from '../spec/check.ts';
import { KernelTensor } from '../tensor/tensor.ts';

/** What a call asks for: numbers, words, and lists and records of them. */
type Asked = number | string | boolean | undefined | null | readonly Asked[] | { readonly [name: string]: Asked };

/** A call of a convolution: what was asked for, and what was found out about it. */
export interface Convolution {
  readonly asked: Asked;
  readonly bias: number | undefined;
  readonly conv: PreparedConv2d;
  readonly outShape: readonly number[];
}

/** The data of a tensor: an array until the engine uses it, from then on kernel memory. */
class Data {
  static #count = 0;
  readonly identity = Data.#count++;
  readonly dtype: DataType;
  refCount: number;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  /** Convolutions that have packed this filter, by everything else that they were made of. */
  readonly prepared = new Map<string, PreparedConv2d>();
  /** The last convolution by this filter. */
  convolution: Convolution | undefined;
  #values: BackendValues | undefined;
  #tensor: KernelTensor | undefined;

  constructor(values: BackendValues | KernelTensor | undefined, dtype: DataType, refCount: number) {
    this.dtype = dtype;
    this.refCount = refCount;
    if (KernelTensor.is(values)) this.#tensor = values;
    else this.#values = values;
  }

  /** What kernels of TensorFlow.js read: of kernel memory a view, as it is now. */
  get values(): BackendValues {
    return this.#tensor?.data ?? (this.#values as BackendValues);
  }

  get isView(): boolean {
    return this.#tensor !== undefined;
  }

  tensor(engine: Engine): KernelTensor {
    this.#tensor ??= engine.tensor([this.values.length], this.#values as Float32Array);
    this.#values = undefined;
    return this.#tensor;
  }

  dispose(): void {
    for (const conv of this.prepared.values()) conv.dispose();
    this.#tensor?.dispose();
  }
}

function same(a: Asked, b: Asked): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]));
  const [one, other] = [a, b] as { readonly [name: string]: Asked }[];
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => same(one[name], other[name]));
}

/**
 * TensorFlow.js's CPU backend, but for the tensors that an engine has a kernel for: these move into its memory when they are
 * first used, and stay there.
 */
export class SimdconvBackend extends MathBackendCPU {
  readonly engine: Engine;
  /** Tells kernel memory from the rest. */
  readonly #somewhere: KernelTensor;

  constructor(engine: Engine) {
    super();
    this.engine = engine;
    this.#somewhere = engine.tensor([1]);
  }

  override write(values: BackendValues, _shape: number[], dtype: DataType): object {
    // A kernel of TensorFlow.js may give a part of its input as its result.
    const isView = values instanceof Float32Array && values.buffer === this.#somewhere.data.buffer;
    const dataId = {};
    this.data.set(dataId, new Data(isView ? values.slice() : values, dtype, 1));
    return dataId;
  }

  override move(dataId: object, values: BackendValues, _shape: number[], dtype: DataType, refCount: number): void {
    this.data.set(dataId, new Data(values, dtype, refCount));
  }

  override readSync(dataId: object): BackendValues {
    const values = super.readSync(dataId);
    return this.#data(dataId).isView ? values.slice() : values;
  }

  override disposeData(dataId: object, force = false): boolean {
    const data = this.data.has(dataId) ? this.#data(dataId) : undefined;
    const gone = super.disposeData(dataId, force);
    if (gone) data?.dispose();
    return gone;
  }

  override dispose(): void {
    this.engine.dispose();
  }

  /** A tensor of floats, as an operand of the engine. */
  operand({ dataId, shape }: TensorInfo): KernelTensor {
    const tensor = this.#data(dataId).tensor(this.engine);
    return sameShape(tensor.shape, shape) ? tensor : tensor.view(shape);
  }

  /** A result of the engine, as TensorFlow.js knows it. */
  result(tensor: KernelTensor, shape: readonly number[] = tensor.shape): TensorInfo {
    const dataId = {};
    this.data.set(dataId, new Data(tensor, 'float32', 1));
    return { dataId, shape: [...shape], dtype: 'float32' };
  }

  /** A convolution by `filter`. If the last one was asked for in the same words, nothing is asked again. */
  convolution(
    filter: TensorInfo,
    bias: TensorInfo | undefined,
    asked: Asked,
    make: () => Pick<Convolution, 'conv' | 'outShape'>,
  ): Convolution {
    const data = this.#data(filter.dataId);
    const identity = bias && this.#data(bias.dataId).identity;
    const last = data.convolution;
    if (last !== undefined && last.bias === identity && same(last.asked, asked)) return last;
    // A caller's lists may have other numbers in them the next time.
    data.convolution = { asked: structuredClone(asked), bias: identity, ...make() };
    return data.convolution;
  }

  /** The convolution by a filter of `shape`, packed at its first use and kept until the filter goes. */
  prepared(filter: TensorInfo, shape: readonly number[], options: PrepareConv2dOptions, bias: TensorInfo | undefined): PreparedConv2d {
    const { prepared } = this.#data(filter.dataId);
    const key = JSON.stringify([shape, options, bias && this.#data(bias.dataId).identity]);
    let conv = prepared.get(key);
    if (conv === undefined) {
      const { data } = this.operand(filter);
      conv = this.engine.prepareConv2d({ shape, data }, bias === undefined ? options : { ...options, bias: this.operand(bias) });
      prepared.set(key, conv);
    }
    return conv;
  }

  #data(dataId: object): Data {
    return this.data.get(dataId) as Data;
  }
}
