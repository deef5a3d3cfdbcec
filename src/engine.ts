/// <reference lib="esnext.disposable" preserve="true" />
import type { Backend, Step, Variant } from './backend.ts';
import { DisposedError } from './errors.ts';
import { type Operand, reads, runOnce, type Workspaces, withResult } from './execute.ts';
import { planPack, planRun } from './plan/conv.ts';
import { PreparedConv2d } from './prepared-conv.ts';
import { checkShape, floats } from './shape/check.ts';
import { type Conv2dOptions, conv2d, type PrepareConv2dOptions } from './shape/conv.ts';
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
   * @param data numbers to start from, as many as `shape` says; zeros unless given
   * @throws ShapeError, OutOfMemoryError
   */
  tensor(shape: readonly number[], data?: ArrayLike<number>): KernelTensor {
    checkShape('shape', shape, undefined, true);
    const from = data === undefined ? undefined : floats('data', data, shape);
    const backend = this.#live();
    const inMemory = from && backend.locate(from);
    const made = new KernelTensor(backend, shape);
    const to = made.data;
    if (from === undefined) to.fill(0);
    else to.set(inMemory === undefined ? from : backend.view(inMemory, to.length));
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
    const pack = planPack(spec);
    const run = planRun(spec);
    return this.#run(
      x,
      spec.outShape,
      out,
      [...pack.steps, ...run.steps],
      { ...run.workspaces, packed: pack.packedLength },
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
    return withResult(backend, x, shape, out, operands, (buffers) => {
      if (steps.length > 0) runOnce(backend, steps, workspaces, buffers);
    });
  }
}
