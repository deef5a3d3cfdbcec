/// <reference lib="esnext.disposable" preserve="true" />
import type { Backend, Call } from './backend.ts';
import { DisposedError } from './errors.ts';
import { reads, withOperands, withResult } from './execute.ts';
import { type Conv2dPlan, planPack, planRun } from './plan/conv.ts';
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
 * A convolution whose filter has been checked and packed once. Made by `engine.prepareConv2d`; it keeps the packed
 * filter, and the workspaces of the last input shape, in the engine's memory until `dispose()`.
 */
export class PreparedConv2d<B = unknown> {
  readonly #backend: Backend<B>;
  readonly #filter: Conv2dFilterSpec;
  #packed: B | undefined;
  #bound: Bound<B> | undefined;

  /** @internal */
  constructor(backend: Backend<B>, filter: Tensor, options: PrepareConv2dOptions | undefined) {
    const spec = conv2dFilter(filter, options);
    const pack = planPack(spec);
    this.#backend = backend;
    this.#filter = spec;
    withOperands(backend, { filter: reads(filter), ...(spec.bias && { bias: reads(spec.bias) }) }, (buffers) => {
      const packed = backend.allocate(pack.packedLength);
      try {
        const call = backend.bind(pack.steps, buffers.set('packed', packed));
        call.run();
        call.release();
      } catch (error) {
        backend.free(packed);
        throw error;
      }
      this.#packed = packed;
    });
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
    if (this.#packed === undefined) throw new DisposedError('the prepared convolution');
    if (backend.disposed) throw new DisposedError('the engine of the prepared convolution');
    const spec = conv2dInput(x, this.#filter);
    checkOut(out, spec.outShape, { x });
    const from = x instanceof KernelTensor ? x.bufferIn(backend) : undefined;
    const to = out instanceof KernelTensor ? out.bufferIn(backend) : undefined;
    if (out !== undefined && from !== undefined && to !== undefined) {
      const call = this.#bind(x.shape, spec, this.#packed);
      call.set('x', from);
      call.set('out', to);
      call.run();
      return out;
    }
    const packed = this.#packed;
    return withResult(backend, x, spec.outShape, out, {}, (buffers) => {
      const call = this.#bind(x.shape, spec, packed);
      for (const [name, buffer] of buffers) call.set(name, buffer);
      call.run();
    });
  }

  /** Gives the packed filter and the workspaces back. A second call does nothing. */
  dispose(): void {
    this.#unbind();
    if (this.#packed !== undefined) this.#backend.free(this.#packed);
    this.#packed = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #bind(shape: readonly number[], spec: Conv2dSpec, packed: B): Call<B> {
    const last = this.#bound;
    if (last?.shape.every((extent, axis) => extent === shape[axis])) return last.call;
    this.#unbind();
    const { steps, workspaces, describe } = planRun(spec);
    const buffers = new Map<string, B>([['packed', packed]]);
    const held: B[] = [];
    try {
      for (const [name, length] of Object.entries(workspaces)) {
        const buffer = this.#backend.allocate(length);
        held.push(buffer);
        buffers.set(name, buffer);
      }
      const call = this.#backend.bind(steps, buffers);
      this.#bound = { shape: [...shape], call, workspaces: held, plan: describe };
      return call;
    } catch (error) {
      for (const buffer of held) this.#backend.free(buffer);
      throw error;
    }
  }

  #unbind(): void {
    const bound = this.#bound;
    if (bound === undefined) return;
    bound.call.release();
    for (const buffer of bound.workspaces) this.#backend.free(buffer);
    this.#bound = undefined;
  }
}
