import type { Backend, Step, Variant } from './backend.ts';
import { DisposedError } from './errors.ts';
import { type Operand, reads, runOnce, type Workspaces, writes } from './execute.ts';
import { planActivation, planPrelu } from './plan/activation.ts';
import { chooseConvKernel, planConv2d } from './plan/conv.ts';
import { planPool } from './plan/pool.ts';
import { newOutput, PreparedConv2d } from './prepared-conv.ts';
import {
  type ActivationOptions,
  type ActivationSpec,
  activation,
  type ClampOptions,
  type Elementwise,
  type LeakyReluOptions,
  type ThresholdedReluOptions,
} from './shape/activation.ts';
import { checkShape, tensor } from './shape/check.ts';
import { type Conv2dOptions, conv2d, type PrepareConv2dOptions } from './shape/conv.ts';
import { type AveragePool2dOptions, type Pool2dOptions, type PoolReduction, pool2d } from './shape/pool.ts';
import { type PreluOptions, prelu } from './shape/prelu.ts';
import { type RreluOptions, type RreluSpec, rrelu } from './shape/rrelu.ts';
import { KernelTensor, type Tensor } from './tensor.ts';

/** What `load` returns: the operators, bound to one backend. */
export class Engine {
  readonly #backend: Backend;
  #disposed = false;

  /** Why this variant and not a faster one, and anything else that the host lacked: one sentence each. */
  readonly notes: readonly string[];

  /** @internal */
  constructor(backend: Backend, notes: readonly string[]) {
    this.#backend = backend;
    this.notes = notes;
  }

  get variant(): Variant {
    return this.#backend.variant;
  }

  get threads(): number {
    return this.#backend.threads;
  }

  /**
   * A tensor in the engine's own memory. Operators use it without a copy, and give such tensors back.
   *
   * @param data floats to start from, as many as `shape` says; zeros unless given
   */
  tensor(shape: readonly number[], data?: ArrayLike<number>): KernelTensor {
    checkShape('shape', shape, undefined, true);
    if (data !== undefined) tensor('data', { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) }, undefined, true);
    const made = new KernelTensor(this.#live(), shape);
    if (data === undefined) made.data.fill(0);
    else made.data.set(data);
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
    const { spec, out } = conv2d(x, filter, options);
    const { pack, run, workspaces, packedLength } = planConv2d(spec, chooseConvKernel(spec, true));
    return this.#run(
      x,
      spec.outShape,
      out,
      [...pack, ...run],
      { ...workspaces, packed: packedLength },
      {
        filter: reads(filter),
        ...(spec.bias && { bias: reads(spec.bias) }),
      },
    );
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
    return this.#pool('max', x, options);
  }

  /**
   * The sum of each window divided by the number of its cells: those of the input, or with `countIncludePad` of the
   * padding too. A dilated window whose taps all lie in padding that does not count gives NaN, the average of nothing.
   * Shapes and errors as in `maxPool2d`.
   */
  averagePool2d(x: Tensor, options?: AveragePool2dOptions): Tensor {
    return this.#pool('average', x, options);
  }

  /**
   * The square root of the sum of squares of each window; padding adds nothing. Squares are summed as f32: beyond 1.8e19
   * they are Infinity, below 2.6e-23 they vanish. Shapes and errors as in `maxPool2d`.
   */
  l2Pool2d(x: Tensor, options?: Pool2dOptions): Tensor {
    return this.#pool('l2', x, options);
  }

  /**
   * `x < 0 ? 0 : x`. NaN and −0 stay what they are.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written, as do all of the family below
   */
  relu(x: Tensor, options?: ActivationOptions): Tensor {
    return this.#activate(x, activation('relu', x, options));
  }

  /** `clamp` between 0 and 6. NaN and −0 stay what they are. */
  relu6(x: Tensor, options?: ActivationOptions): Tensor {
    return this.#activate(x, activation('relu6', x, options));
  }

  /**
   * `minValue` where `x` is below it, `maxValue` where it is above, else `x`; no bound unless given. NaN stays NaN, and −0
   * stays −0 where a bound is 0.
   */
  clamp(x: Tensor, options?: ClampOptions): Tensor {
    return this.#activate(x, activation('clamp', x, options));
  }

  /**
   * `x < 0 ? alpha · x : x`, with an `alpha` of 0.01 unless given. NaN and −0 stay what they are. With `alpha` of at most 1 it
   * is the textbook's max(alpha · x, x).
   * Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.
   */
  leakyRelu(x: Tensor, options?: LeakyReluOptions): Tensor {
    return this.#activate(x, activation('leakyRelu', x, options));
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
    const { spec, shape, out } = prelu(x, slope, options);
    return this.#run(x, shape, out, planPrelu(spec, shape), {}, { slope: reads(slope) });
  }

  /**
   * Randomized leaky ReLU. In training, `x < 0 ? a · x : x` with an `a` for each element, uniform in [lower, upper), 1/8 and
   * 1/3 unless given (rounding to a 32-bit float may give `upper`). The same seed and bounds draw the same `a` for the same
   * index, on every backend. Otherwise leaky ReLU with the mean of the bounds. NaN and −0 stay what they are.
   * Xu, Wang, Chen and Li, "Empirical Evaluation of Rectified Activations in Convolutional Network", 2015.
   */
  rrelu(x: Tensor, options?: RreluOptions): Tensor {
    return this.#activate(x, rrelu(x, options));
  }

  /** `x > alpha ? x : 0` as in ONNX, with an `alpha` of 1 unless given; but NaN stays NaN. */
  thresholdedRelu(x: Tensor, options?: ThresholdedReluOptions): Tensor {
    return this.#activate(x, activation('thresholdedRelu', x, options));
  }

  /** Gives everything back. Tensors and prepared operators of this engine cannot be used any more. */
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

  #pool(reduction: PoolReduction, x: Tensor, options: AveragePool2dOptions | undefined): Tensor {
    const { spec, out } = pool2d(reduction, x, options);
    return this.#run(x, spec.outShape, out, planPool(spec), {}, {});
  }

  #activate(x: Tensor, { spec, shape, out }: Elementwise<ActivationSpec | RreluSpec>): Tensor {
    return this.#run(x, shape, out, planActivation(spec, shape), {}, {});
  }

  /** The one way of every operator from a plan to a result. */
  #run(
    x: Tensor,
    shape: readonly number[],
    out: Tensor | undefined,
    steps: readonly Step[],
    workspaces: Workspaces,
    operands: Readonly<Record<string, Operand>>,
  ): Tensor {
    const backend = this.#live();
    const target = out ?? newOutput(backend, x, shape);
    if (steps.length > 0) runOnce(backend, steps, workspaces, { x: reads(x), ...operands, out: writes(target) });
    return target;
  }
}
