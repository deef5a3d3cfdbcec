/// <reference lib="esnext.disposable" preserve="true" />
import { DisposedError } from '../errors.ts';
import { conv2dFilter, convInput } from '../ops/conv/check.ts';
import type { PrepareConv2dOptions } from '../ops/conv/options.ts';
import { type Conv2dPlan, type ConvKernel, chooseConvKernel, choosesByInput, type PlannedConv, planConv2d } from '../plan/conv/conv.ts';
import { Plan } from '../plan/plan.ts';
import type { Backend } from '../runtime/backend.ts';
import type { ConvFilterSpec } from '../spec/correlation.ts';
import { read } from '../tensor/read.ts';
import type { ResidentLike, Tensor } from '../tensor/tensor.ts';
import { BoundPlan } from './bound-plan.ts';
import { Constants } from './constants.ts';

/** The convolution of inputs of one shape. */
interface Prepared<B> {
  readonly conv: PlannedConv;
  readonly bound: BoundPlan<B>;
}

/**
 * A convolution whose filter is checked and packed once: a plan that is bound for one input shape, and anew when another comes.
 * Made by `engine.prepareConv2d`. It keeps the packed filter, and the arena of the last input shape, in the engine's memory until
 * `dispose()`.
 *
 * Each input has the algorithm that `conv2d` has for it, and with it the same bits. Where that depends on the input's size (3×3 filters
 * by Winograd), the filter is kept as it is too; everywhere else only as its one algorithm reads it.
 */
export class PreparedConv2d<B = unknown> {
  readonly #backend: Backend<B>;
  readonly #filter: ConvFilterSpec;
  readonly #constants: Constants<B>;
  /** The only algorithm whose packed filter is left. */
  #only: ConvKernel | undefined;
  #prepared: Prepared<B> | undefined;

  /** @internal */
  constructor(backend: Backend<B>, filter: Tensor, options: PrepareConv2dOptions | undefined) {
    const spec = conv2dFilter(filter, options);
    this.#constants = new Constants(backend, { filter, ...(spec.bias && { 'options.bias': spec.bias }) });
    this.#backend = backend;
    this.#filter = spec;
  }

  /** What the last `run` did; undefined before the first. */
  get plan(): Conv2dPlan | undefined {
    if (this.#prepared === undefined) return undefined;
    const { conv, bound } = this.#prepared;
    return {
      algorithm: conv.algorithm,
      flops: conv.flops,
      tile: conv.tile,
      scratchBytes: bound.scratchBytes,
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
    const result = this.#prepared?.bound.runOneResident(x, out);
    if (result !== undefined) return result as O;
    const operands = this.#read(x, out);
    return this.#prepare(operands[0]).run([operands[0]], [operands[1]])[0] as O;
  }

  /**
   * `run` by the engine's workers, so that the caller's thread is free: see `engine.conv2dAsync`. The filter is packed, at the first
   * input, on the caller's thread.
   */
  async runAsync<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, out?: O): Promise<O> {
    const operands = this.#read(x, out);
    const [result] = await this.#prepare(operands[0]).runAsync([operands[0]], [operands[1]]);
    return result as O;
  }

  /** Gives the filter and the arena back. A second call does nothing. */
  dispose(): void {
    this.#prepared?.bound.dispose();
    this.#prepared = undefined;
    this.#constants.dispose();
  }

  /** `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #read(x: Tensor, out: Tensor | undefined): [x: Tensor, out: Tensor | undefined] {
    if (this.#backend.disposed) throw new DisposedError('the engine of the prepared convolution');
    const operands: [Tensor, Tensor | undefined] = [read(x, 'x') as Tensor, read(out, 'out') as Tensor | undefined];
    if (this.#constants.isEmpty) throw new DisposedError('the prepared convolution');
    return operands;
  }

  /** The convolution of inputs like `x`, its filter packed. */
  #prepare(x: Tensor): BoundPlan<B> {
    const spec = convInput(x, this.#filter);
    if (this.#prepared?.bound.fits([x])) return this.#prepared.bound;
    const kernel = this.#only ?? chooseConvKernel(spec);
    const conv = planConv2d(spec, kernel);
    const plan = new Plan();
    const packed = plan.temp(conv.packedLength);
    conv.pack(plan, plan.named('filter'), spec.bias ? plan.named('options.bias') : null, packed);
    conv.run(plan, plan.named('x'), packed, plan.named('out'));
    const bound = new BoundPlan(this.#backend, {
      plan,
      inputs: [{ name: 'x', shape: [...x.shape] }],
      outputs: [{ name: 'out', shape: spec.outShape }],
      constants: this.#constants,
    });
    this.#prepared?.bound.dispose();
    this.#prepared = { conv, bound };
    // An empty batch packs nothing.
    if (this.#only === undefined && spec.batch > 0 && !choosesByInput(this.#filter)) {
      this.#only = kernel;
      this.#constants.forgetGiven();
    }
    return bound;
  }
}
