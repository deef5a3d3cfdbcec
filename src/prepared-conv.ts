import type { Backend, Call } from './backend.ts';
import { DisposedError } from './errors.ts';
import { reads, withOperands, writes } from './execute.ts';
import { type Conv2dPlan, planPack, planRun } from './plan/conv.ts';
import { out as checkOut } from './shape/check.ts';
import { type Conv2dFilterSpec, conv2dFilter, conv2dInput, type PrepareConv2dOptions } from './shape/conv.ts';
import { KernelTensor, type Tensor } from './tensor.ts';

/** Everything that depends on the input's shape, kept until another shape comes. */
interface Bound<B> {
  readonly shape: readonly number[];
  readonly outShape: readonly number[];
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
    const packed = backend.allocate(pack.packedLength);
    try {
      withOperands(backend, { filter: reads(filter), ...(spec.bias && { bias: reads(spec.bias) }) }, (buffers) => {
        const call = backend.bind(pack.steps, buffers.set('packed', packed));
        call.run();
        call.release();
      });
    } catch (error) {
      backend.free(packed);
      throw error;
    }
    this.#backend = backend;
    this.#filter = spec;
    this.#packed = packed;
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

  /** Gives the packed filter and the workspaces back. A second call does nothing. */
  dispose(): void {
    this.#unbind();
    if (this.#packed !== undefined) this.#backend.free(this.#packed);
    this.#packed = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #bind(x: Tensor): Bound<B> {
    if (this.#packed === undefined) throw new DisposedError('the prepared convolution');
    const spec = conv2dInput(x, this.#filter);
    const last = this.#bound;
    if (last?.shape.every((extent, axis) => extent === x.shape[axis])) return last;
    this.#unbind();
    const { steps, workspaces, describe } = planRun(spec);
    const buffers = new Map<string, B>([['packed', this.#packed]]);
    const held: B[] = [];
    try {
      for (const [name, length] of Object.entries(workspaces)) {
        const buffer = this.#backend.allocate(length);
        held.push(buffer);
        buffers.set(name, buffer);
      }
      const call = this.#backend.bind(steps, buffers);
      this.#bound = { shape: [...x.shape], outShape: spec.outShape, call, workspaces: held, plan: describe };
    } catch (error) {
      for (const buffer of held) this.#backend.free(buffer);
      throw error;
    }
    return this.#bound;
  }

  #unbind(): void {
    const bound = this.#bound;
    if (bound === undefined) return;
    bound.call.release();
    for (const buffer of bound.workspaces) this.#backend.free(buffer);
    this.#bound = undefined;
  }
}

/** A new tensor of `shape` that lives where `x` lives. */
export function newOutput<B>(backend: Backend<B>, x: Tensor, shape: readonly number[]): Tensor {
  if (x instanceof KernelTensor && x.bufferIn(backend) !== undefined) return new KernelTensor(backend, shape);
  let length = 1;
  for (const extent of shape) length *= extent;
  return { shape, data: new Float32Array(length) };
}
