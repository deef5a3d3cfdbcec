/// <reference lib="esnext.disposable" preserve="true" />
import type { Backend, Call } from './backend.ts';
import { DisposedError } from './errors.ts';
import { copies, Placed } from './execute.ts';
import { type Conv2dPlan, type ConvKernel, type ConvSteps, chooseConvKernel, choosesByInput, planConv2d } from './plan/conv.ts';
import { read } from './read.ts';
import { out as checkOut, sameShape } from './shape/check.ts';
import { type ConvFilterSpec, type ConvSpec, conv2dFilter, convInput, type PrepareConv2dOptions } from './shape/conv.ts';
import { KernelTensor, type ResidentLike, type Tensor } from './tensor.ts';

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
 * Each input has the algorithm that `conv2d` has for it, and with it the same bits. Where that depends on the input's size (3×3 filters
 * by Winograd), the filter is kept as it is too; everywhere else only as its one algorithm reads it.
 */
export class PreparedConv2d<B = unknown> {
  readonly #backend: Backend<B>;
  readonly #filter: ConvFilterSpec;
  /** As they were given: gone when nothing can be packed any more that is not packed yet. */
  #raw: { filter: KernelTensor<B>; bias: KernelTensor<B> | undefined } | undefined;
  readonly #packed = new Map<ConvKernel, B>();
  #bound: Bound<B> | undefined;
  /** Operands of `#runBound`. */
  #x: B | undefined;
  #out: B | undefined;

  /** @internal */
  constructor(backend: Backend<B>, filter: Tensor, options: PrepareConv2dOptions | undefined) {
    const spec = conv2dFilter(filter, options);
    const [rawFilter, rawBias] = copies(backend, spec.bias === undefined ? { filter } : { filter, 'options.bias': spec.bias }, true);
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
   *
   * @throws ShapeError, OptionError, DisposedError before anything is written; OutOfMemoryError
   */
  run<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, out?: O): O {
    const result = this.#runBound(x, out);
    if (result !== undefined) return result as O;
    const { call, placed } = this.#prepare(x, out);
    try {
      call.run(() => enter(call, placed));
      placed.release(true);
    } finally {
      placed.release(false);
    }
    return placed.results.out as O;
  }

  /**
   * `run` by the engine's workers, so that the caller's thread is free: see `engine.conv2dAsync`. The filter is packed, at the first
   * input, on the caller's thread.
   */
  async runAsync<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, out?: O): Promise<O> {
    const { call, placed } = this.#prepare(x, out);
    try {
      await call.runAsync(
        () => enter(call, placed),
        () => placed.release(true),
      );
    } finally {
      placed.release(false);
    }
    return placed.results.out as O;
  }

  /** Gives the filter and the workspaces back. A second call does nothing. */
  dispose(): void {
    this.#unbind();
    this.#disposeRaw();
    for (const buffer of this.#packed.values()) this.#backend.free(buffer);
    this.#packed.clear();
  }

  /** `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The case that has to be fast: tensors of the engine with the shapes of the call before, which need no other check. */
  #runBound(x: Tensor, out: Tensor | undefined): Tensor | undefined {
    const bound = this.#bound;
    if (bound === undefined || !KernelTensor.is(x) || x.disposed || !sameShape(x.shape, bound.shape)) return undefined;
    const from = x.bufferIn(this.#backend);
    if (from === undefined) return undefined;
    if (out !== undefined) return this.#runInto(bound, from, out) ? out : undefined;
    const made = new KernelTensor(this.#backend, bound.outShape);
    try {
      this.#runInto(bound, from, made);
      return made;
    } catch (error) {
      made.dispose();
      throw error;
    }
  }

  #runInto(bound: Bound<B>, from: B, out: Tensor): boolean {
    if (!KernelTensor.is(out) || out.disposed || !sameShape(out.shape, bound.outShape)) return false;
    const to = out.bufferIn(this.#backend);
    if (to === undefined || from === to) return false;
    this.#x = from;
    this.#out = to;
    bound.call.run(this.#enter);
    return true;
  }

  readonly #enter = (): void => {
    this.#bound!.call.set('x', this.#x!);
    this.#bound!.call.set('out', this.#out!);
  };

  /** Checks, places and binds. */
  #prepare(givenX: Tensor, givenOut: Tensor | undefined): { call: Call<B>; placed: Placed<B> } {
    const backend = this.#backend;
    if (backend.disposed) throw new DisposedError('the engine of the prepared convolution');
    const x = read(givenX, 'x') as Tensor;
    const out = read(givenOut, 'out') as Tensor | undefined;
    if (this.#packed.size === 0 && this.#raw === undefined) throw new DisposedError('the prepared convolution');
    const spec = convInput(x, this.#filter);
    const placed = new Placed(backend, {
      beside: x,
      operands: { x },
      results: { out: { shape: spec.outShape, out: checkOut(out, spec.outShape, { x }) } },
      workspaces: {},
    });
    try {
      return { call: this.#bind(x.shape, spec), placed };
    } catch (error) {
      placed.release(false);
      throw error;
    }
  }

  #disposeRaw(): void {
    this.#raw?.filter.dispose();
    this.#raw?.bias?.dispose();
    this.#raw = undefined;
  }

  #bind(shape: readonly number[], spec: ConvSpec): Call<B> {
    const last = this.#bound;
    if (last !== undefined && sameShape(last.shape, shape)) return last.call;
    this.#unbind();
    const kernel = this.#choose(spec);
    const steps = planConv2d(spec, kernel);
    const buffers: Record<string, B> = { packed: this.#packed.get(kernel) ?? this.#pack(kernel, steps) };
    const held: B[] = [];
    try {
      for (const [name, length] of Object.entries(steps.workspaces)) {
        const buffer = this.#backend.allocate(length);
        held.push(buffer);
        buffers[name] = buffer;
      }
      const call = this.#backend.bind(steps.run, buffers);
      this.#bound = { shape: [...shape], outShape: spec.outShape, call, workspaces: held, plan: steps.plan };
      return call;
    } catch (error) {
      for (const buffer of held) this.#backend.free(buffer);
      throw error;
    }
  }

  #choose(spec: ConvSpec): ConvKernel {
    if (this.#raw !== undefined) return chooseConvKernel(spec);
    const [only] = this.#packed.keys();
    return only;
  }

  #pack(kernel: ConvKernel, { pack, packedLength }: ConvSteps): B {
    const backend = this.#backend;
    const { filter, bias } = this.#raw!;
    const buffers: Record<string, B> = { filter: filter.bufferIn(backend)! };
    if (bias !== undefined) buffers.bias = bias.bufferIn(backend)!;
    const packed = backend.allocate(packedLength);
    try {
      const call = backend.bind(pack, { ...buffers, packed });
      try {
        call.run(() => {});
      } finally {
        call.release();
      }
    } catch (error) {
      backend.free(packed);
      throw error;
    }
    this.#packed.set(kernel, packed);
    if (!choosesByInput(this.#filter)) this.#disposeRaw();
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

function enter<B>(call: Call<B>, placed: Placed<B>): void {
  placed.read();
  for (const name in placed.buffers) call.set(name, placed.buffers[name]);
}
