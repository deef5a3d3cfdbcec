import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { BackendValues, DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { Engine } from '../engine.ts';
import type { PreparedConv2d } from '../prepared-conv.ts';
import type { PrepareConv2dOptions } from '../shape/conv.ts';
import { KernelTensor } from '../tensor.ts';

/** A convolution whose filter is packed, and what it makes of one shape of input. */
export interface Convolution {
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
  readonly convolutions = new Map<string, Convolution>();
  #values: BackendValues | undefined;
  #tensor: KernelTensor | undefined;

  constructor(values: BackendValues | KernelTensor | undefined, dtype: DataType, refCount: number) {
    this.dtype = dtype;
    this.refCount = refCount;
    if (values instanceof KernelTensor) this.#tensor = values;
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
    return this.#data(dataId).tensor(this.engine).view(shape);
  }

  /** A result of the engine, as TensorFlow.js knows it. */
  result(tensor: KernelTensor, shape: readonly number[] = tensor.shape): TensorInfo {
    const dataId = {};
    this.data.set(dataId, new Data(tensor, 'float32', 1));
    return { dataId, shape: [...shape], dtype: 'float32' };
  }

  /** What `make` found out about a convolution by this filter, kept with it: at the next call with this `key` nothing is asked again. */
  convolution(filter: TensorInfo, key: string, bias: TensorInfo | undefined, make: () => Convolution): Convolution {
    const { convolutions } = this.#data(filter.dataId);
    const whole = bias === undefined ? key : `${key}|${this.#data(bias.dataId).identity}`;
    const found = convolutions.get(whole) ?? make();
    convolutions.set(whole, found);
    return found;
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
