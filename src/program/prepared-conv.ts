/// <reference lib="esnext.disposable" preserve="true" />

import { DisposedError } from '../errors.ts';
import { type Conv2dPlan, type ConvKernel, chooseConvKernel, choosesByInput, type PlannedConv, planConv2d } from '../plan/conv/conv.ts';
import { Plan, type Slots, type Value } from '../plan/plan.ts';
import type { Backend, Call } from '../runtime/backend.ts';
import { copies, Placed } from '../runtime/execute.ts';
import { out as checkOut, sameShape } from '../spec/check.ts';
import { type ConvFilterSpec, type ConvSpec, conv2dFilter, convInput, type PrepareConv2dOptions } from '../spec/conv.ts';
import { read } from '../tensor/read.ts';
import { KernelTensor, type ResidentLike, type Tensor } from '../tensor/tensor.ts';

/** Everything that depends on the input's shape, kept until another shape comes. */
interface Planned {
  readonly shape: readonly number[];
  readonly outShape: readonly number[];
  readonly kernel: ConvKernel;
  readonly conv: PlannedConv;
  readonly plan: Plan;
  readonly x: Value;
  readonly packed: Value;
  readonly out: Value;
}

interface Bound<B> {
  readonly planned: Planned;
  readonly call: Call<B>;
  readonly temps: readonly B[];
}

/**
 * A convolution whose filter is checked and packed once. Made by `engine.prepareConv2d`. It keeps the packed filter, and
 * the temporary values of the last input shape, in the engine's memory until `dispose()`.
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
    const planned = this.#bound?.planned;
    if (planned === undefined) return undefined;
    const { conv, plan } = planned;
    return {
      algorithm: conv.algorithm,
      flops: conv.flops,
      tile: conv.tile,
      scratchBytes: 4 * plan.scratchLength,
      packedBytes: 4 * conv.packedLength,
    };
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
    const { call, enter, placed } = this.#prepare(x, out);
    try {
      call.run(enter);
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
    const { call, enter, placed } = this.#prepare(x, out);
    try {
      await call.runAsync(enter, () => placed.release(true));
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
    if (bound === undefined || !KernelTensor.is(x) || x.disposed || !sameShape(x.shape, bound.planned.shape)) return undefined;
    const from = x.bufferIn(this.#backend);
    if (from === undefined) return undefined;
    if (out !== undefined) return this.#runInto(bound, from, out) ? out : undefined;
    const made = new KernelTensor(this.#backend, bound.planned.outShape);
    try {
      this.#runInto(bound, from, made);
      return made;
    } catch (error) {
      made.dispose();
      throw error;
    }
  }

  #runInto(bound: Bound<B>, from: B, out: Tensor): boolean {
    if (!KernelTensor.is(out) || out.disposed || !sameShape(out.shape, bound.planned.outShape)) return false;
    const to = out.bufferIn(this.#backend);
    if (to === undefined || from === to) return false;
    this.#x = from;
    this.#out = to;
    bound.call.run(this.#enter);
    return true;
  }

  readonly #enter = (): void => {
    const { call, planned } = this.#bound!;
    call.set(planned.x, this.#x!);
    call.set(planned.out, this.#out!);
  };

  /** Checks, places and binds. */
  #prepare(givenX: Tensor, givenOut: Tensor | undefined): { call: Call<B>; enter: () => void; placed: Placed<B> } {
    const backend = this.#backend;
    if (backend.disposed) throw new DisposedError('the engine of the prepared convolution');
    const x = read(givenX, 'x') as Tensor;
    const out = read(givenOut, 'out') as Tensor | undefined;
    if (this.#packed.size === 0 && this.#raw === undefined) throw new DisposedError('the prepared convolution');
    const spec = convInput(x, this.#filter);
    const target = checkOut(out, spec.outShape, { x });
    const planned = this.#plan(x.shape, spec);
    const placed = new Placed(backend, {
      beside: x,
      operands: { x },
      results: { out: { shape: spec.outShape, out: target } },
      // Everything else is bound already, or once for many runs.
      plan: {
        used: [planned.x, planned.out],
        slots: NO_SLOTS,
        valueCount: planned.plan.valueCount,
        named: (name) => planned.plan.named(name),
      },
    });
    const enter = () => {
      placed.read();
      call.set(planned.x, placed.buffers[planned.x.id]!);
      call.set(planned.out, placed.buffers[planned.out.id]!);
    };
    let call: Call<B>;
    try {
      call = this.#bind(planned, placed.buffers);
    } catch (error) {
      placed.release(false);
      throw error;
    }
    return { call, enter, placed };
  }

  #disposeRaw(): void {
    this.#raw?.filter.dispose();
    this.#raw?.bias?.dispose();
    this.#raw = undefined;
  }

  #plan(shape: readonly number[], spec: ConvSpec): Planned {
    const last = this.#bound?.planned;
    if (last !== undefined && sameShape(last.shape, shape)) return last;
    const kernel = this.#choose(spec);
    const conv = planConv2d(spec, kernel);
    const plan = new Plan();
    const [x, packed, out] = [plan.named('x'), plan.named('packed'), plan.named('out')];
    conv.run(plan, x, packed, out);
    return { shape: [...shape], outShape: spec.outShape, kernel, conv, plan, x, packed, out };
  }

  #bind(planned: Planned, operands: readonly (B | undefined)[]): Call<B> {
    if (this.#bound?.planned === planned) return this.#bound.call;
    this.#unbind();
    const { kernel, conv, plan, packed } = planned;
    const buffers = [...operands];
    buffers[packed.id] = this.#packed.get(kernel) ?? this.#pack(kernel, conv);
    const temps: B[] = [];
    try {
      for (const length of plan.slots.lengths) temps.push(this.#backend.allocate(length));
      for (const [value, slot] of plan.slots.of) buffers[value.id] = temps[slot];
      const call = this.#backend.bind(plan, buffers);
      this.#bound = { planned, call, temps };
      return call;
    } catch (error) {
      for (const buffer of temps) this.#backend.free(buffer);
      throw error;
    }
  }

  #choose(spec: ConvSpec): ConvKernel {
    if (this.#raw !== undefined) return chooseConvKernel(spec);
    const [only] = this.#packed.keys();
    return only;
  }

  #pack(kernel: ConvKernel, { pack, packedLength }: PlannedConv): B {
    const backend = this.#backend;
    const { filter, bias } = this.#raw!;
    const plan = new Plan();
    const values = { filter: plan.named('filter'), bias: bias ? plan.named('bias') : null, packed: plan.named('packed') };
    pack(plan, values.filter, values.bias, values.packed);
    const buffer = backend.allocate(packedLength);
    try {
      const buffers: B[] = [];
      buffers[values.filter.id] = filter.bufferIn(backend)!;
      if (values.bias !== null) buffers[values.bias.id] = bias!.bufferIn(backend)!;
      buffers[values.packed.id] = buffer;
      const call = backend.bind(plan, buffers);
      try {
        call.run(() => {});
      } finally {
        call.release();
      }
    } catch (error) {
      backend.free(buffer);
      throw error;
    }
    this.#packed.set(kernel, buffer);
    if (!choosesByInput(this.#filter)) this.#disposeRaw();
    return buffer;
  }

  #unbind(): void {
    const bound = this.#bound;
    if (bound === undefined) return;
    bound.call.release();
    for (const buffer of bound.temps) this.#backend.free(buffer);
    this.#bound = undefined;
  }
}

const NO_SLOTS: Slots = { lengths: [], of: new Map() };
