import type { Backend, Call } from './backend.ts';
import { DisposedError } from './errors.ts';
import { newOutput, Placed, reads, runOnce, writes } from './execute.ts';
import { type Conv2dPlan, type ConvKernel, type ConvSteps, chooseConvKernel, planConv2d } from './plan/conv.ts';
import { out as checkOut, sameShape } from './shape/check.ts';
import { type Conv2dFilterSpec, conv2dFilter, conv2dInput, type PrepareConv2dOptions } from './shape/conv.ts';
import { KernelTensor, type Tensor } from './tensor.ts';

/** Everything that depends on the input's shape, kept until another shape comes. */
interface Bound<B> {
  readonly shape: readonly number[];
  readonly outShape: readonly number[];
  readonly call: Call<B>;
  readonly placed: Placed<B>;
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
  #packed: { algorithm: ConvKernel; buffer: B } | undefined;
  #bound: Bound<B> | undefined;
  /** Operands of `#runBound`. */
  #x: B | undefined;
  #out: B | undefined;

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
    if (this.#runBound(x, out)) return out!;
    const { call, target } = this.#prepare(x, out);
    const placed = new Placed(this.#backend, { x: reads(x), out: writes(target) });
    let done = false;
    try {
      call.run(() => enter(call, placed));
      done = true;
    } finally {
      placed.release(done);
    }
    return target;
  }

  /** As `run`, by the engine's workers: the caller's thread is free meanwhile. With one thread it is no different from `run`. */
  async runAsync(x: Tensor, out?: Tensor): Promise<Tensor> {
    const { call, target } = this.#prepare(x, out);
    const placed = new Placed(this.#backend, { x: reads(x), out: writes(target) });
    try {
      await call.runAsync(
        () => enter(call, placed),
        () => placed.release(true),
      );
    } finally {
      placed.release(false);
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

  /** The case that has to be fast: tensors of the engine with the shapes of the call before, which need no other check. */
  #runBound(x: Tensor, out: Tensor | undefined): boolean {
    const bound = this.#bound;
    if (bound === undefined || !(x instanceof KernelTensor) || !(out instanceof KernelTensor) || x.disposed || out.disposed) return false;
    const from = x.bufferIn(this.#backend);
    const to = out.bufferIn(this.#backend);
    if (from === undefined || to === undefined || from === to) return false;
    if (!sameShape(x.shape, bound.shape) || !sameShape(out.shape, bound.outShape)) return false;
    this.#x = from;
    this.#out = to;
    bound.call.run(this.#enter);
    return true;
  }

  readonly #enter = (): void => {
    this.#bound!.call.set('x', this.#x!);
    this.#bound!.call.set('out', this.#out!);
  };

  /** Checks, binds, and finds the result a place. */
  #prepare(x: Tensor, out: Tensor | undefined): { call: Call<B>; target: Tensor } {
    const { call, outShape } = this.#bind(x);
    return { call, target: checkOut(out, outShape, { x }) ?? newOutput(this.#backend, x, outShape) };
  }

  #disposeRaw(): void {
    this.#raw?.filter.dispose();
    this.#raw?.bias?.dispose();
    this.#raw = undefined;
  }

  #bind(x: Tensor): Bound<B> {
    if (this.#backend.disposed) throw new DisposedError('the engine');
    if (this.#packed === undefined && this.#raw === undefined) throw new DisposedError('the prepared convolution');
    const spec = conv2dInput(x, this.#filter);
    const last = this.#bound;
    if (last !== undefined && sameShape(last.shape, x.shape)) return last;
    this.#unbind();
    const algorithm = this.#packed?.algorithm ?? chooseConvKernel(spec);
    const steps = planConv2d(spec, algorithm);
    this.#packed ??= { algorithm, buffer: this.#pack(steps) };
    const placed = new Placed(this.#backend, {}, steps.workspaces);
    try {
      const call = this.#backend.bind(steps.run, { ...placed.buffers, packed: this.#packed.buffer });
      this.#bound = { shape: [...x.shape], outShape: spec.outShape, call, placed, plan: steps.plan };
    } catch (error) {
      placed.release(false);
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
    bound.placed.release(false);
    this.#bound = undefined;
  }
}

function enter<B>(call: Call<B>, placed: Placed<B>): void {
  placed.read();
  for (const name in placed.buffers) call.set(name, placed.buffers[name]);
}

function copy<B>(backend: Backend<B>, { shape, data }: Tensor): KernelTensor<B> {
  const made = new KernelTensor(backend, shape);
  made.data.set(data);
  return made;
}
