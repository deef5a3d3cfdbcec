/// <reference lib="esnext.disposable" preserve="true" />
import { DisposedError } from '../errors.ts';
import type { Plan, Slots, Value } from '../plan/plan.ts';
import type { Backend, Call } from '../runtime/backend.ts';
import { Placed } from '../runtime/execute.ts';
import { outOf, sameShape, show } from '../spec/check.ts';
import { type DType, elementBytes, type TensorData } from '../tensor/dtype.ts';
import { type AnyTensor, KernelTensor } from '../tensor/tensor.ts';
import { type Arena, layArena } from './arena.ts';
import type { Constants } from './constants.ts';
import { partition } from './partition.ts';

/** A tensor that goes in, or comes out: its value in the plan has its name. */
export interface Port {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a bound plan is made of. */
export interface BoundPlanSource<B> {
  /** Steps on the values of ports, constants and variables, by their names. */
  readonly plan: Plan;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Never change: what depends on them alone is computed once. */
  readonly constants?: Constants<B>;
  /** Tensors of the engine that each run reads, or writes, as they are then. */
  readonly variables?: ReadonlyMap<string, KernelTensor<TensorData, B>>;
}

interface Bound<B> {
  readonly call: Call<B>;
  readonly arena: B | undefined;
}

/** Nothing to place for one run alone: temporary values lie in the arena. */
const NO_SLOTS: Slots = { byteLengths: [], of: new Map() };

/**
 * Steps that are checked, planned, placed in one arena and bound once, and then run any number of times. A run on tensors of the engine
 * allocates nothing but new results.
 */
export class BoundPlan<B = unknown> {
  readonly #backend: Backend<B>;
  readonly #plan: Plan;
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly Port[];
  /** Of the inputs, then of the outputs. */
  readonly #portValues: readonly Value[];
  /** Buffers of folded constants, constants and variables, by the numbers of their values. */
  readonly #fixed: readonly (B | undefined)[];
  /** They belong to others, who may dispose of them. */
  readonly #variables: readonly KernelTensor<TensorData, B>[];
  readonly #arena: Arena;
  #bound: Bound<B> | undefined;
  #disposed = false;
  /** Buffers of the ports in the run that is about to begin. */
  readonly #entering: (B | undefined)[];

  /** @throws OutOfMemoryError */
  constructor(backend: Backend<B>, { plan, inputs, outputs, constants, variables }: BoundPlanSource<B>) {
    const names = new Set([...inputs, ...outputs].map(({ name }) => name));
    const isConstant = ({ name }: Value) => constants !== undefined && !names.has(name!) && !variables?.has(name!);
    const parts = partition(plan, new Set(plan.used.filter(isConstant)));
    const { run } = parts;
    const folded = constants?.fold(parts);
    const fixed: (B | undefined)[] = new Array(run.valueCount);
    for (const { key, used } of parts.folded) fixed[used.id] = folded!.get(key);
    for (const value of run.used) {
      const name = value.name!;
      fixed[value.id] ??= variables?.get(name)?.bufferIn(backend) ?? constants?.given(name);
    }
    this.#backend = backend;
    this.#plan = run;
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#portValues = [...inputs, ...outputs].map(({ name }) => run.named(name));
    this.#fixed = fixed;
    this.#variables = [...(variables?.values() ?? [])];
    // Threads may repeat a step whose worker was lost, but not over its own input.
    this.#arena = layArena(run, () => backend.threads === 1);
    this.#entering = new Array(inputs.length + outputs.length);
  }

  /** What a run takes besides its operands on one thread: the arena, and the scratch of kernels. */
  get scratchBytes(): number {
    return this.#arena.byteLength + this.#plan.kernelScratchBytes;
  }

  /** Bytes of the arena that temporary values share. */
  get arenaBytes(): number {
    return this.#arena.byteLength;
  }

  get plan(): Pick<Plan, 'steps'> {
    return this.#plan;
  }

  /** The names of the values that each run needs. */
  get usedNames(): ReadonlySet<string> {
    return new Set(this.#plan.used.map(({ name }) => name!));
  }

  /** Do the inputs have the shapes that the plan is for? */
  fits(inputs: readonly AnyTensor[]): boolean {
    return inputs.every(({ shape }, i) => sameShape(shape, this.#inputs[i].shape));
  }

  /**
   * Runs on tensors of the engine, which need no check but that they are live, apart and of the right shapes. Gives undefined, and has done
   * nothing, if any of them is something else.
   *
   * @param outputs where results go; new tensors where there is none
   */
  runResident(inputs: readonly AnyTensor[], outputs: readonly (AnyTensor | undefined)[]): readonly AnyTensor[] | undefined {
    const bound = this.#bound;
    if (bound === undefined) return undefined;
    this.#checkVariables();
    const entering = this.#entering;
    const count = this.#inputs.length;
    for (let i = 0; i < count; i++) {
      const buffer = this.#residentBuffer(inputs[i], this.#inputs[i], this.#portValues[i].dtype);
      if (buffer === undefined) return undefined;
      entering[i] = buffer;
    }
    let isComplete = true;
    for (let i = 0; i < this.#outputs.length; i++) {
      const out = outputs[i];
      if (out === undefined) {
        isComplete = false;
        entering[count + i] = undefined;
        continue;
      }
      const buffer = this.#residentBuffer(out, this.#outputs[i], this.#portValues[count + i].dtype);
      if (buffer === undefined) return undefined;
      for (let j = 0; j < count + i; j++) if (entering[j] === buffer) return undefined;
      entering[count + i] = buffer;
    }
    if (isComplete) {
      bound.call.run(this.#enter);
      return outputs as readonly AnyTensor[];
    }
    return this.#runIntoNew(bound, outputs);
  }

  /** `runResident` of a plan with one input and one output, which has to be as fast as can be: it is called for the smallest layers. */
  runOneResident(input: AnyTensor, output: AnyTensor | undefined): AnyTensor | undefined {
    const bound = this.#bound;
    if (bound === undefined) return undefined;
    this.#checkVariables();
    const from = this.#residentBuffer(input, this.#inputs[0], this.#portValues[0].dtype);
    if (from === undefined) return undefined;
    this.#entering[0] = from;
    if (output === undefined) return this.#runIntoNew(bound, [output])[0];
    const to = this.#residentBuffer(output, this.#outputs[0], this.#portValues[1].dtype);
    if (to === undefined || to === from) return undefined;
    this.#entering[1] = to;
    bound.call.run(this.#enter);
    return output;
  }

  #runIntoNew({ call }: Bound<B>, outputs: readonly (AnyTensor | undefined)[]): readonly AnyTensor[] {
    const made: KernelTensor<TensorData, B>[] = [];
    try {
      const results = this.#outputs.map(({ shape }, i) => {
        const out = outputs[i];
        if (out !== undefined) return out;
        const { dtype } = this.#portValues[this.#inputs.length + i];
        const tensor = new KernelTensor<TensorData, B>(this.#backend, shape, { dtype });
        made.push(tensor);
        this.#entering[this.#inputs.length + i] = tensor.bufferIn(this.#backend);
        return tensor;
      });
      call.run(this.#enter);
      return results;
    } catch (error) {
      for (const tensor of made) tensor.dispose();
      throw error;
    }
  }

  #checkVariables(): void {
    for (let i = 0; i < this.#variables.length; i++) {
      const { disposed, shape } = this.#variables[i];
      if (disposed) throw new DisposedError(`a tensor of shape ${show(shape)} that the program reads`);
    }
  }

  /** Its buffer, if it is a live tensor of this engine with the shape of the port. */
  #residentBuffer(tensor: AnyTensor, { shape }: Port, dtype: DType): B | undefined {
    if (!KernelTensor.is(tensor) || tensor.disposed || tensor.dtype !== dtype || !sameShape(tensor.shape, shape)) return undefined;
    return tensor.bufferIn(this.#backend);
  }

  readonly #enter = (): void => {
    const { call } = this.#bound!;
    const values = this.#portValues;
    for (let i = 0; i < values.length; i++) call.set(values[i], this.#entering[i]!);
  };

  /** Runs on any tensors, which are read and fit. Results live where the first input lives. */
  run(inputs: readonly AnyTensor[], outputs: readonly (AnyTensor | undefined)[]): AnyTensor[] {
    const { call, enter, placed } = this.#place(inputs, outputs);
    try {
      call.run(enter);
      placed.release(true);
    } finally {
      placed.release(false);
    }
    return this.#outputs.map(({ name }) => placed.results[name]);
  }

  async runAsync(inputs: readonly AnyTensor[], outputs: readonly (AnyTensor | undefined)[]): Promise<AnyTensor[]> {
    const { call, enter, placed } = this.#place(inputs, outputs);
    try {
      await call.runAsync(enter, () => placed.release(true));
    } finally {
      placed.release(false);
    }
    return this.#outputs.map(({ name }) => placed.results[name]);
  }

  /** Places operands for one run, and binds the plan the first time. */
  #place(
    inputs: readonly AnyTensor[],
    outputs: readonly (AnyTensor | undefined)[],
  ): { call: Call<B>; enter: () => void; placed: Placed<B> } {
    if (this.#disposed || this.#backend.disposed) throw new DisposedError('the engine of the program');
    this.#checkVariables();
    const operands = Object.fromEntries(this.#inputs.map(({ name }, i) => [name, inputs[i]]));
    const apart: Record<string, AnyTensor> = { ...operands };
    const results = Object.fromEntries(
      this.#outputs.map(({ name, shape }, i) => {
        const { dtype } = this.#portValues[this.#inputs.length + i];
        const out = outOf(dtype, outputs[i], shape, apart, false, name);
        if (out !== undefined) apart[name] = out;
        return [name, { shape, out }];
      }),
    );
    const plan = this.#plan;
    const placed = new Placed(this.#backend, {
      beside: inputs[0],
      operands,
      results,
      // Everything else is bound already, or once for many runs.
      plan: {
        used: this.#portValues,
        slots: NO_SLOTS,
        valueCount: plan.valueCount,
        named: (name) => plan.named(name),
      },
    });
    try {
      const { call } = this.#bind(placed.buffers);
      const enter = () => {
        placed.read();
        for (const value of this.#portValues) call.set(value, placed.buffers[value.id]!);
      };
      return { call, enter, placed };
    } catch (error) {
      placed.release(false);
      throw error;
    }
  }

  #bind(operands: readonly (B | undefined)[]): Bound<B> {
    if (this.#bound !== undefined) return this.#bound;
    const backend = this.#backend;
    const { byteLength, offsets } = this.#arena;
    const buffers = this.#fixed.map((buffer, id) => buffer ?? operands[id]);
    const arena = byteLength > 0 ? backend.allocate(byteLength) : undefined;
    try {
      for (const [value, offset] of offsets) buffers[value.id] = backend.part(arena!, offset, value.length! * elementBytes(value.dtype));
      this.#bound = { call: backend.bind(this.#plan, buffers), arena };
      return this.#bound;
    } catch (error) {
      if (arena !== undefined) backend.free(arena);
      throw error;
    }
  }

  /** Gives the arena back. A second call does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#bound?.call.release();
    if (this.#bound?.arena !== undefined) this.#backend.free(this.#bound.arena);
    this.#bound = undefined;
  }
}
