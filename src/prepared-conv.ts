/// <reference lib="esnext.disposable" preserve="true" />
import type { Backend, Call } from './backend.ts';
import { DisposedError } from './errors.ts';
import { copies, reads, runOnce, withOperands, withResult } from './execute.ts';
import { type Conv2dPlan, type ConvKernel, type ConvSteps, chooseConvKernel, planConv2d } from './plan/conv.ts';
import { out as checkOut } from './shape/check.ts';
import { type Conv2dFilterSpec, type Conv2dSpec, conv2dFilter, conv2dInput, type PrepareConv2dOptions } from './shape/conv.ts';
import { KernelTensor, type Tensor } from './tensor.ts';

/** Everything that depends on the input's shape, kept until another shape comes. */
interface Bound<B> {
  readonly shape: readonly number[];
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
    const spec = conv2dFilter(filter, options);
    const [rawFilter, rawBias] = copies(backend, spec.bias === undefined ? [filter] : [filter, spec.bias]);
    this.#backend = backend;
    this.#filter = spec;
    this.#raw = { filter: rawFilter, bias: rawBias };
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
    if (this.#packed === undefined && this.#raw === undefined) throw new DisposedError('the prepared convolution');
    if (backend.disposed) throw new DisposedError('the engine of the prepared convolution');
    const spec = conv2dInput(x, this.#filter);
    checkOut(out, spec.outShape, { x });
    const from = x instanceof KernelTensor ? x.bufferIn(backend) : undefined;
    const to = out instanceof KernelTensor ? out.bufferIn(backend) : undefined;
    if (out !== undefined && from !== undefined && to !== undefined) {
      const call = this.#bind(x.shape, spec);
      call.set('x', from);
      call.set('out', to);
      call.run();
      return out;
    }
    return withResult(backend, x, spec.outShape, out, {}, (buffers) => {
      const call = this.#bind(x.shape, spec);
      for (const [name, buffer] of buffers) call.set(name, buffer);
      call.run();
    });
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

  #bind(shape: readonly number[], spec: Conv2dSpec): Call<B> {
    const last = this.#bound;
    if (last?.shape.every((extent, axis) => extent === shape[axis])) return last.call;
    this.#unbind();
    const kernel = this.#packed?.kernel ?? chooseConvKernel(spec);
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
      this.#bound = { shape: [...shape], call, workspaces: held, plan: steps.plan };
      return call;
    } catch (error) {
      for (const buffer of held) this.#backend.free(buffer);
      throw error;
    }
  }

  #pack({ pack, packedLength }: ConvSteps): B {
    const { filter, bias } = this.#raw!;
    const packed = this.#backend.allocate(packedLength);
    try {
      withOperands(this.#backend, { filter: reads(filter), ...(bias && { bias: reads(bias) }) }, (buffers) =>
        runOnce(this.#backend, pack, {}, buffers.set('packed', packed)),
      );
    } catch (error) {
      this.#backend.free(packed);
      throw error;
    }
    this.#disposeRaw();
    return packed;
  }

  #unbind(): void {
    const bound = this.#bound;
    if (bound === undefined) return;
    bound.call.release();
    for (const buffer of bound.workspaces) this.#backend.free(buffer);
    this.#bound = undefined;
  }
}
