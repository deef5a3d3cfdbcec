/// <reference lib="esnext.disposable" preserve="true" />
import { DisposedError, OptionError, ShapeError } from '../errors.ts';
import type { Backend } from '../runtime/backend.ts';
import { sameShape, show, tensorOf } from '../spec/check.ts';
import type { TensorData } from '../tensor/dtype.ts';
import { read } from '../tensor/read.ts';
import type { AnyTensor, KernelTensor, ResidentLike } from '../tensor/tensor.ts';
import { BoundPlan } from './bound-plan.ts';
import { Constants } from './constants.ts';
import type { Graph } from './graph.ts';
import { lower } from './lower.ts';
import { foldBatchNorms } from './passes/fold.ts';
import { fuseActivations } from './passes/fuse.ts';
import { foldPadding } from './passes/pad.ts';
import { removeUnused } from './passes/unused.ts';

/** How a program is compiled. */
export interface CompileOptions {
  /**
   * Whether batch normalisations are folded into convolutions, the one thing that changes bits.
   *
   * @defaultValue true
   */
  readonly fold?: boolean;
}

/** What a program does, after all passes. */
export interface ProgramPlan {
  /** Operators in the order in which they run. */
  readonly nodes: readonly { readonly operator: string; readonly outputShapes: readonly (readonly number[])[] }[];
  /** Kernel calls of a run. */
  readonly stepCount: number;
  /** Memory that all intermediate results share, in bytes. */
  readonly arenaBytes: number;
}

/** A graph, compiled for an engine: checked, planned, placed and bound once, to be run any number of times. Made by `GraphBuilder.build`. */
export class Program<B = unknown> {
  readonly #backend: Backend<B>;
  readonly #graph: Graph;
  readonly #bound: BoundPlan<B>;
  readonly #constants: Constants<B>;
  readonly #inputNames: readonly string[];
  readonly #outputNames: readonly string[];
  #disposed = false;

  /** @internal */
  constructor(backend: Backend<B>, graph: Graph, { fold = true }: CompileOptions) {
    const bare = removeUnused(graph);
    const passed = removeUnused(fuseActivations(foldPadding(fold ? foldBatchNorms(bare) : bare)));
    const { plan, inputs, outputs, constants, variables } = lower(passed);
    this.#backend = backend;
    this.#graph = passed;
    this.#inputNames = Object.keys(graph.inputs);
    this.#outputNames = Object.keys(graph.outputs);
    this.#constants = new Constants(backend, constants);
    try {
      const held = [...variables].map(([name, operand]) => [name, passed.variables.get(operand) as KernelTensor<TensorData, B>] as const);
      this.#bound = new BoundPlan(backend, { plan, inputs, outputs, constants: this.#constants, variables: new Map(held) });
      this.#constants.forgetGivenBut(this.#bound.usedNames);
    } catch (error) {
      this.#constants.dispose();
      throw error;
    }
  }

  get plan(): ProgramPlan {
    const nodes = this.#graph.nodes.map(({ operator, outputs }) => ({
      operator,
      outputShapes: Object.values(outputs).map(({ shape }) => shape),
    }));
    return { nodes, stepCount: this.#bound.plan.steps.length, arenaBytes: this.#bound.arenaBytes };
  }

  /**
   * Runs the program.
   *
   * @param inputs by their names, each of its shape
   * @param outputs where results go; those that are not given are new tensors, which live where the first input lives
   * @returns every output by its name
   * @throws ShapeError, OptionError, DisposedError before anything is written; OutOfMemoryError
   */
  run<T extends AnyTensor>(
    inputs: Readonly<Record<string, T>>,
    outputs?: Readonly<Record<string, AnyTensor>>,
  ): Record<string, ResidentLike<T>> {
    const given = this.#inputNames.map((name) => inputs[name]);
    const out = this.#outputNames.map((name) => outputs?.[name]);
    const results = this.#bound.runResident(given, out) ?? this.#bound.run(this.#read(given), this.#readOutputs(out));
    return this.#named(results) as Record<string, ResidentLike<T>>;
  }

  /** `run` by the engine's workers, so that the caller's thread is free. */
  async runAsync<T extends AnyTensor>(
    inputs: Readonly<Record<string, T>>,
    outputs?: Readonly<Record<string, AnyTensor>>,
  ): Promise<Record<string, ResidentLike<T>>> {
    const given = this.#read(this.#inputNames.map((name) => inputs[name]));
    const out = this.#readOutputs(this.#outputNames.map((name) => outputs?.[name]));
    return this.#named(await this.#bound.runAsync(given, out)) as Record<string, ResidentLike<T>>;
  }

  /** @internal `run` by position, into tensors of the engine that are known to fit. */
  runInto(inputs: readonly KernelTensor<TensorData>[], outputs: readonly KernelTensor<TensorData>[]): void {
    if (this.#bound.runResident(inputs, outputs) === undefined) this.#bound.run(this.#read(inputs), this.#readOutputs(outputs));
  }

  /** Gives constants and arena back. A second call does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#bound.dispose();
    this.#constants.dispose();
  }

  /** `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #read(given: readonly AnyTensor[]): AnyTensor[] {
    if (this.#disposed) throw new DisposedError('the program');
    if (this.#backend.disposed) throw new DisposedError('the engine of the program');
    return given.map((value, i) => {
      const name = this.#inputNames[i];
      if (value === undefined) throw new OptionError(`inputs.${name}`, 'undefined', 'a tensor');
      const { shape, dtype } = this.#graph.inputs[name];
      const own = tensorOf([dtype], `inputs.${name}`, read(value, `inputs.${name}`), undefined, true);
      if (!sameShape(own.shape, shape)) throw new ShapeError(`inputs.${name}.shape`, show(own.shape), show(shape));
      return own;
    });
  }

  #readOutputs(given: readonly (AnyTensor | undefined)[]): (AnyTensor | undefined)[] {
    return given.map((value, i) => {
      const name = this.#outputNames[i];
      return value && tensorOf([this.#graph.outputs[name].dtype], `outputs.${name}`, read(value, name), undefined, true);
    });
  }

  #named(results: readonly AnyTensor[]): Record<string, AnyTensor> {
    return Object.fromEntries(this.#outputNames.map((name, i) => [name, results[i]]));
  }
}
