import type { Engine } from '../engine.ts';
import { OptionError } from '../errors.ts';
import { GraphBuilder } from '../program/graph-builder.ts';
import type { Program } from '../program/program.ts';
import { boolean, sameShape } from '../spec/check.ts';
import type { KernelTensor, Operand } from '../tensor/tensor.ts';
import { resident } from './given.ts';
import { Kept, type Layer, type Parameter, type PreparedLayer } from './layer.ts';

/** How a layer stands in a graph: what it makes of an operand. Layers without it run apart from those that have it. */
export const BUILD = Symbol('build');

/** A layer that can be a part of a program. */
export interface GraphLayer extends Layer {
  /** `weight` makes an operand of a parameter: a constant for inference, a variable while it is trained. */
  [BUILD](graph: GraphBuilder, x: Operand, weight: (parameter: Parameter) => Operand): Operand;
}

export const isGraphLayer = (layer: Layer): layer is GraphLayer => BUILD in layer;

/** What the last `forward` kept for `backward`. */
export function kept<T>(of: T | undefined): T {
  if (of === undefined) throw new OptionError('backward', 'no forward pass before it', 'a call of forward first');
  return of;
}

/** Gradients by the input, as `dx`, and by each parameter that the layer has. */
export type LayerGradients = Readonly<Record<string, Operand | undefined>>;

/** Programs of a layer for inputs of one shape. Training checks, plans and binds once for each shape, not once a step. */
interface Bound {
  readonly shape: readonly number[];
  readonly forward: Program;
  readonly outShape: readonly number[];
  /** With the gradient by the input, and without. */
  readonly backward: Map<boolean, Program>;
}

/** A layer of one operator: a program for the way forward, and one for the way back. */
export abstract class OperatorLayer implements GraphLayer {
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly engine: Engine;
  readonly #y = new Kept();
  readonly #dx = new Kept();
  #bound: Bound | undefined;
  #x: KernelTensor | undefined;

  constructor(engine: Engine, parameters: Readonly<Record<string, Parameter>>) {
    this.engine = engine;
    this.parameters = parameters;
  }

  abstract [BUILD](graph: GraphBuilder, x: Operand, weight: (parameter: Parameter) => Operand): Operand;

  /** The way back: what `wanted` says of `dx`, and the gradients of all parameters. */
  protected abstract differentiate(
    graph: GraphBuilder,
    dy: Operand,
    x: Operand,
    wanted: boolean,
    weight: (parameter: Parameter) => Operand,
  ): LayerGradients;

  forward(x: KernelTensor): KernelTensor {
    resident('x', x, this.engine);
    const { forward, outShape } = this.#bind(x.shape);
    const y = this.#y.at(this.engine, outShape);
    forward.runInto([x], [y]);
    this.#x = x;
    return y;
  }

  backward(dy: KernelTensor, wanted: boolean): KernelTensor | undefined {
    const x = kept(this.#x);
    resident('dy', dy, this.engine);
    const isWanted = boolean('wanted', wanted, false);
    const program = this.#bindBackward(this.#bind(x.shape), dy.shape, isWanted);
    const dx = isWanted ? this.#dx.at(this.engine, x.shape) : undefined;
    const into: KernelTensor[] = dx === undefined ? [] : [dx];
    accumulate(Object.values(this.parameters), into, () => program.runInto([dy, x], into));
    return dx;
  }

  prepare(): PreparedLayer {
    const weights = new Map(Object.values(this.parameters).map((parameter) => [parameter, parameter.value] as const));
    return new PreparedOperator(this, weights);
  }

  dispose(): void {
    this.#release();
    for (const each of [...Object.values(this.parameters), this.#y, this.#dx]) each.dispose();
  }

  #bind(shape: readonly number[]): Bound {
    const last = this.#bound;
    if (last !== undefined && sameShape(shape, last.shape)) return last;
    const graph = new GraphBuilder(this.engine.backend);
    const y = this[BUILD](graph, graph.input('x', shape), (parameter) => graph.variable(parameter.value));
    const forward = graph.build({ y });
    this.#release();
    this.#bound = { shape, forward, outShape: y.shape, backward: new Map() };
    return this.#bound;
  }

  #bindBackward({ shape, backward }: Bound, dyShape: readonly number[], wanted: boolean): Program {
    const known = backward.get(wanted);
    if (known !== undefined) return known;
    const graph = new GraphBuilder(this.engine.backend);
    const [dy, x] = [graph.input('dy', dyShape), graph.input('x', shape)];
    const gradients = this.differentiate(graph, dy, x, wanted, (parameter) => graph.variable(parameter.value));
    const names = [...(wanted ? ['dx'] : []), ...Object.keys(this.parameters)];
    const program = graph.build(Object.fromEntries(names.map((name) => [name, gradients[name]!])));
    backward.set(wanted, program);
    return program;
  }

  #release(): void {
    for (const program of [this.#bound?.forward, ...(this.#bound?.backward.values() ?? [])]) program?.dispose();
    this.#bound = undefined;
  }
}

/** Collects what each parameter's gradient is to be written into, then writes. */
function accumulate(parameters: readonly Parameter[], into: KernelTensor[], write: () => void): void {
  const [first, ...rest] = parameters;
  if (first === undefined) {
    if (into.length > 0) write();
    return;
  }
  first.accumulate((gradient) => {
    into.push(gradient);
    if (rest.length > 0) accumulate(rest, into, write);
    else write();
  });
}

/** A layer with its weights as they are now, for inputs of any shape. */
class PreparedOperator implements PreparedLayer {
  readonly place = 'apart';
  readonly #layer: OperatorLayer;
  readonly #weights: ReadonlyMap<Parameter, KernelTensor>;
  #bound: { readonly shape: readonly number[]; readonly outShape: readonly number[]; readonly program: Program } | undefined;

  constructor(layer: OperatorLayer, weights: ReadonlyMap<Parameter, KernelTensor>) {
    const copied = new Map<Parameter, KernelTensor>();
    try {
      for (const [parameter, value] of weights) copied.set(parameter, layer.engine.tensor(value.shape, value.data));
    } catch (error) {
      for (const tensor of copied.values()) tensor.dispose();
      throw error;
    }
    this.#layer = layer;
    this.#weights = copied;
  }

  run(x: KernelTensor, out?: KernelTensor): KernelTensor {
    const { engine } = this.#layer;
    resident('x', x, engine);
    const { program, outShape } = this.#bind(x.shape);
    const y = out === undefined ? engine.tensor(outShape) : resident('out', out, engine);
    try {
      program.runInto([x], [y]);
      return y;
    } catch (error) {
      if (out === undefined) y.dispose();
      throw error;
    }
  }

  dispose(): void {
    this.#bound?.program.dispose();
    this.#bound = undefined;
    for (const tensor of this.#weights.values()) tensor.dispose();
  }

  #bind(shape: readonly number[]) {
    if (this.#bound !== undefined && sameShape(shape, this.#bound.shape)) return this.#bound;
    const graph = new GraphBuilder(this.#layer.engine.backend);
    const y = this.#layer[BUILD](graph, graph.input('x', shape), (parameter) => graph.constant(this.#weights.get(parameter)!));
    const program = graph.build({ y });
    this.#bound?.program.dispose();
    this.#bound = { shape, outShape: y.shape, program };
    return this.#bound;
  }
}
