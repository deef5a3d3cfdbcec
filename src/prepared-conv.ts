import type { Backend, Call } from './backend.ts';
import { DisposedError } from './errors.ts';
import { reads, runOnce, withOperands, writes } from './execute.ts';
import { type Conv2dPlan, type ConvKernel, type ConvSteps, chooseConvKernel, planConv2d } from './plan/conv.ts';
import { out as checkOut } from './shape/check.ts';
import { type Conv2dFilterSpec, conv2dFilter, conv2dInput, type PrepareConv2dOptions } from './shape/conv.ts';
import { KernelTensor, lengthOf, type Tensor } from './tensor.ts';

/** Everything that depends on the input's shape, kept until another shape comes. */
interface Bound<B> {
  readonly shape: readonly number[];
  readonly outShape: readonly number[];
  readonly call: Call<B>;
  readonly workspaces: readonly B[];
  readonly plan: Conv2dPlan;
}

/**
 * A convolution whose filter is checked and packed once. Made by `engine.prepareConv2d`. It keeps the packed filter, and
 * the workspaces of the last input shape, in the engine's memory until `dispose()`.
 *
 * The first input decides the algorithm: until it comes, the filter is kept as it is, later only as that algorithm reads it.
 */
export class PreparedConv2d<B = unknown> {
  readonly #backend: Backend<B>;
  readonly #filter: Conv2dFilterSpec;
  #raw: { filter: KernelTensor<B>; bias: KernelTensor<B> | undefined } | undefined;
  #packed: { kernel: ConvKernel; buffer: B } | undefined;
  #bound: Bound<B> | undefined;

  /** @internal */
  constructor(backend: Backend<B>, filter: Tensor, options: PrepareConv2dOptions | undefined) {
    this.#filter = conv2dFilter(filter, options);
    this.#backend = backend;
    this.#raw = { filter: copy(backend, filter), bias: this.#filter.bias && copy(backend, this.#filter.bias) };
  }

  /** What the last `run` did; undefined before the first. */
  get plan(): Conv2dPlan | undefined {
    return this.#bound?.plan;
  }

  /**
   * Convolves `x` of shape [batch, channels, height, width], or [batch, height, width, channels] in the layout 'nhwc'.
   * The result lives where `x` does, or is `out`.
   */
  run(x: Tensor, out?: Tensor): Tensor {
    const backend = this.#backend;
    const { call, outShape } = this.#bind(x);
    const target = checkOut(out, outShape, { x }) ?? newOutput(backend, x, outShape);
    const from = x instanceof KernelTensor ? x.bufferIn(backend) : undefined;
    const to = target instanceof KernelTensor ? target.bufferIn(backend) : undefined;
    if (from !== undefined && to !== undefined) {
      call.set('x', from);
      call.set('out', to);
      call.run();
    } else {
      withOperands(backend, { x: reads(x), out: writes(target) }, (buffers) => {
        for (const [name, buffer] of buffers) call.set(name, buffer);
        call.run();
      });
    }
    return target;
  }

  /** Gives the filter and the workspaces back. A second call does nothing. */
  dispose(): void {
    this.#unbind();
    this.#disposeRaw();
    if (this.#packed !== undefined) this.#backend.free(this.#packed.buffer);
    this.#packed = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #disposeRaw(): void {
    this.#raw?.filter.dispose();
    this.#raw?.bias?.dispose();
    this.#raw = undefined;
  }

  #bind(x: Tensor): Bound<B> {
    if (this.#packed === undefined && this.#raw === undefined) throw new DisposedError('the prepared convolution');
    const spec = conv2dInput(x, this.#filter);
    const last = this.#bound;
    if (last?.shape.every((extent, axis) => extent === x.shape[axis])) return last;
    this.#unbind();
    const kernel = this.#packed?.kernel ?? chooseConvKernel(spec, false);
    const steps = planConv2d(spec, kernel);
    this.#packed ??= { kernel, buffer: this.#pack(steps) };
    const buffers = new Map<string, B>([['packed', this.#packed.buffer]]);
    const held: B[] = [];
    try {
      for (const [name, length] of Object.entries(steps.workspaces)) {
        const buffer = this.#backend.allocate(length);
        held.push(buffer);
        buffers.set(name, buffer);
      }
      const call = this.#backend.bind(steps.run, buffers);
      this.#bound = { shape: [...x.shape], outShape: spec.outShape, call, workspaces: held, plan: steps.plan };
    } catch (error) {
      for (const buffer of held) this.#backend.free(buffer);
      throw error;
    }
    return this.#bound;
  }

  #pack({ pack, packedLength }: ConvSteps): B {
    const { filter, bias } = this.#raw!;
    const packed = new KernelTensor(this.#backend, [packedLength]);
    try {
      runOnce(this.#backend, pack, {}, { filter: reads(filter), ...(bias && { bias: reads(bias) }), packed: writes(packed) });
    } catch (error) {
      packed.dispose();
      throw error;
    }
    this.#disposeRaw();
    return packed.bufferIn(this.#backend)!;
  }

  #unbind(): void {
    const bound = this.#bound;
    if (bound === undefined) return;
    bound.call.release();
    for (const buffer of bound.workspaces) this.#backend.free(buffer);
    this.#bound = undefined;
  }
}

function copy<B>(backend: Backend<B>, tensor: Tensor): KernelTensor<B> {
  const made = new KernelTensor(backend, tensor.shape);
  // Not before: to allocate may detach the view of a tensor in kernel memory.
  made.data.set(tensor.data);
  return made;
}

/** A new tensor of `shape` that lives where `x` lives. */
export function newOutput<B>(backend: Backend<B>, x: Tensor, shape: readonly number[]): Tensor {
  if (x instanceof KernelTensor && x.bufferIn(backend) !== undefined) return new KernelTensor(backend, shape);
  return { shape, data: new Float32Array(lengthOf(shape)) };
}
