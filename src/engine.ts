/// <reference lib="esnext.disposable" preserve="true" />
import type { Backend, Variant } from './backend.ts';
import { DisposedError } from './errors.ts';
import { copies, Placed, runOnce, runOnceAsync } from './execute.ts';
import { activate, conv2d, type Operation, pool, prelu } from './operation.ts';
import { PreparedConv2d } from './prepared-conv.ts';
import {
  type ActivationOptions,
  activation,
  type ClampOptions,
  type LeakyReluOptions,
  type ThresholdedReluOptions,
} from './shape/activation.ts';
import { checkShape, floats } from './shape/check.ts';
import type { Conv2dOptions, PrepareConv2dOptions } from './shape/conv.ts';
import type { AveragePool2dOptions, Pool2dOptions } from './shape/pool.ts';
import type { PreluOptions } from './shape/prelu.ts';
import { type RreluOptions, rrelu } from './shape/rrelu.ts';
import { KernelTensor, type Tensor } from './tensor.ts';

/** What `load` returns: the operators, bound to one backend. */
export class Engine {
  readonly #backend: Backend;
  #disposed = false;

  /** Why this variant and not a faster one, what else the host lacked, and which workers were lost since: one sentence each. */
  readonly notes: readonly string[];

  /** @internal */
  constructor(backend: Backend, notes: readonly string[]) {
    this.#backend = backend;
    this.notes = notes;
  }

  get variant(): Variant {
    return this.#backend.variant;
  }

  /** Threads that share the work, the caller's among them: fewer than were asked for when workers did not start, or ended. */
  get threads(): number {
    return this.#backend.threads;
  }

  /**
   * A tensor in the engine's own memory. Operators use it without a copy, and give such tensors back.
   *
   * @param data numbers to start from, as many as `shape` says; zeros unless given
   * @throws ShapeError, OutOfMemoryError
   */
  tensor(shape: readonly number[], data?: ArrayLike<number>): KernelTensor {
    checkShape('shape', shape, undefined, true);
    const from = data === undefined ? undefined : floats('data', data, shape);
    const backend = this.#live();
    if (from !== undefined) return copies(backend, [{ shape, data: from }])[0];
    const made = new KernelTensor(backend, shape);
    made.data.fill(0);
    return made;
  }

  /**
   * Two-dimensional convolution (cross-correlation, as in every neural-network library).
   *
   * @param x [batch, channels, height, width], or [batch, height, width, channels] with `inputLayout: 'nhwc'`
   * @param filter [outChannels, channels / groups, height, width], or as `filterLayout` says
   * @returns [batch, outChannels, outHeight, outWidth] in the layout of the input, where
   *   out = floor((in + padding − dilation · (kernel − 1) − 1) / stride) + 1
   * @throws ShapeError, LayoutError, OptionError before anything is written
   */
  conv2d(x: Tensor, filter: Tensor, options?: Conv2dOptions): Tensor {
    return this.#run(conv2d(x, filter, options));
  }

  /** A convolution to be run often: checks, chooses and packs once. */
  prepareConv2d(filter: Tensor, options?: PrepareConv2dOptions): PreparedConv2d {
    return new PreparedConv2d(this.#live(), filter, options);
  }

  /**
   * The greatest of each window. A NaN in a window makes its result NaN; of −0 and +0 the first counts, column by
   * column. A dilated window whose taps all lie in the padding gives −Infinity.
   *
   * @param x [batch, channels, height, width], or [batch, height, width, channels] with `layout: 'nhwc'`
   * @returns [batch, channels, outHeight, outWidth] in the layout of the input, where
   *   out = floor((in + padding − dilation · (window − 1) − 1) / stride) + 1; with `roundingType: 'ceil'` rounded up, less
   *   a last window that would begin in the padding after the input
   * @throws ShapeError, LayoutError, OptionError before anything is written
   */
  maxPool2d(x: Tensor, options?: Pool2dOptions): Tensor {
    return this.#run(pool('max', x, options));
  }

  /**
   * The sum of each window divided by the number of its cells: those of the input, or with `countIncludePad` of the
   * padding too. A dilated window whose taps all lie in padding that does not count gives NaN, the average of nothing.
   * Shapes and errors as in `maxPool2d`.
   */
  averagePool2d(x: Tensor, options?: AveragePool2dOptions): Tensor {
    return this.#run(pool('average', x, options));
  }

  /**
   * The square root of the sum of squares of each window; padding adds nothing. Squares are summed as f32: beyond 1.8e19
   * they are Infinity, below 2.6e-23 they vanish. Shapes and errors as in `maxPool2d`.
   */
  l2Pool2d(x: Tensor, options?: Pool2dOptions): Tensor {
    return this.#run(pool('l2', x, options));
  }

  /**
   * `x < 0 ? 0 : x`. NaN and −0 stay what they are.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written, as do all of the family below
   */
  relu(x: Tensor, options?: ActivationOptions): Tensor {
    return this.#run(activate(x, activation('relu', x, options)));
  }

  /** `clamp` between 0 and 6. NaN and −0 stay what they are. */
  relu6(x: Tensor, options?: ActivationOptions): Tensor {
    return this.#run(activate(x, activation('relu6', x, options)));
  }

  /**
   * `minValue` where `x` is below it, `maxValue` where it is above, else `x`; no bound unless given. NaN stays NaN, and −0
   * stays −0 where a bound is 0.
   */
  clamp(x: Tensor, options?: ClampOptions): Tensor {
    return this.#run(activate(x, activation('clamp', x, options)));
  }

  /**
   * `x < 0 ? alpha · x : x`, with an `alpha` of 0.01 unless given. NaN and −0 stay what they are. With `alpha` of at most 1 it
   * is the textbook's max(alpha · x, x).
   * Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.
   */
  leakyRelu(x: Tensor, options?: LeakyReluOptions): Tensor {
    return this.#run(activate(x, activation('leakyRelu', x, options)));
  }

  /**
   * Leaky ReLU with learned slopes: `x < 0 ? slope · x : x`. NaN and −0 stay what they are.
   * He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", 2015.
   *
   * @param x any shape; channels are its axis 1, or its last one with `layout: 'nhwc'`. With fewer than two axes it has none
   * @param slope one slope for all, or one a channel: [channels], or the same with dimensions of 1 around it
   * @throws ShapeError if there are several slopes, but not as many as channels
   */
  prelu(x: Tensor, slope: Tensor, options?: PreluOptions): Tensor {
    return this.#run(prelu(x, slope, options));
  }

  /**
   * Randomized leaky ReLU. In training, `x < 0 ? a · x : x` with an `a` for each element, uniform in [lower, upper), 1/8 and
   * 1/3 unless given (rounding to a 32-bit float may give `upper`). The same seed and bounds draw the same `a` for the same
   * index, on every backend. Otherwise leaky ReLU with the mean of the bounds. NaN and −0 stay what they are.
   * Xu, Wang, Chen and Li, "Empirical Evaluation of Rectified Activations in Convolutional Network", 2015.
   */
  rrelu(x: Tensor, options?: RreluOptions): Tensor {
    return this.#run(activate(x, rrelu(x, options)));
  }

  /** `x > alpha ? x : 0` as in ONNX, with an `alpha` of 1 unless given; but NaN stays NaN. */
  thresholdedRelu(x: Tensor, options?: ThresholdedReluOptions): Tensor {
    return this.#run(activate(x, activation('thresholdedRelu', x, options)));
  }

  /**
   * `conv2d` by the engine's workers, so that the caller's thread is free: a page stays responsive. The operands must stay as they
   * are until the promise settles. Calls take effect in the order in which they are made, and a synchronous one waits for those
   * before it. With one thread, and for what is too little to hand over, the work is done before the promise is returned.
   *
   * The same holds for all of the forms below, which take and give what their namesakes do; errors reject the promise.
   */
  async conv2dAsync(x: Tensor, filter: Tensor, options?: Conv2dOptions): Promise<Tensor> {
    return this.#runAsync(conv2d(x, filter, options));
  }

  async maxPool2dAsync(x: Tensor, options?: Pool2dOptions): Promise<Tensor> {
    return this.#runAsync(pool('max', x, options));
  }

  async averagePool2dAsync(x: Tensor, options?: AveragePool2dOptions): Promise<Tensor> {
    return this.#runAsync(pool('average', x, options));
  }

  async l2Pool2dAsync(x: Tensor, options?: Pool2dOptions): Promise<Tensor> {
    return this.#runAsync(pool('l2', x, options));
  }

  async reluAsync(x: Tensor, options?: ActivationOptions): Promise<Tensor> {
    return this.#runAsync(activate(x, activation('relu', x, options)));
  }

  async relu6Async(x: Tensor, options?: ActivationOptions): Promise<Tensor> {
    return this.#runAsync(activate(x, activation('relu6', x, options)));
  }

  async clampAsync(x: Tensor, options?: ClampOptions): Promise<Tensor> {
    return this.#runAsync(activate(x, activation('clamp', x, options)));
  }

  async leakyReluAsync(x: Tensor, options?: LeakyReluOptions): Promise<Tensor> {
    return this.#runAsync(activate(x, activation('leakyRelu', x, options)));
  }

  async preluAsync(x: Tensor, slope: Tensor, options?: PreluOptions): Promise<Tensor> {
    return this.#runAsync(prelu(x, slope, options));
  }

  async rreluAsync(x: Tensor, options?: RreluOptions): Promise<Tensor> {
    return this.#runAsync(activate(x, rrelu(x, options)));
  }

  async thresholdedReluAsync(x: Tensor, options?: ThresholdedReluOptions): Promise<Tensor> {
    return this.#runAsync(activate(x, activation('thresholdedRelu', x, options)));
  }

  /** Ends the workers and gives everything back. Tensors and prepared operators of this engine cannot be used any more. */
  dispose(): void {
    if (!this.#disposed) this.#backend.dispose();
    this.#disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #live(): Backend {
    if (this.#disposed) throw new DisposedError('the engine');
    return this.#backend;
  }

  /** The one way of every operator from a plan to a result. */
  #run({ x, shape, out, steps, workspaces, operands }: Operation): Tensor {
    const backend = this.#live();
    const placed = new Placed(backend, x, shape, out, operands, workspaces);
    if (steps.length > 0) runOnce(backend, steps, placed);
    else placed.release(true);
    return placed.result;
  }

  /** The same by way of the workers' queue. */
  async #runAsync({ x, shape, out, steps, workspaces, operands }: Operation): Promise<Tensor> {
    const backend = this.#live();
    const placed = new Placed(backend, x, shape, out, operands, workspaces);
    if (steps.length > 0) await runOnceAsync(backend, steps, placed);
    else placed.release(true);
    return placed.result;
  }
}
