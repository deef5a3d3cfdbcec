import { OptionError, ShapeError } from '../errors.ts';
import { PARAMETERS } from '../ops/generated/parameters.ts';
import { type Operators, operators } from '../ops/index.ts';
import type { Backend } from '../runtime/backend.ts';
import { checkShape, oneOf, show, tensorOf } from '../spec/check.ts';
import { type ArrayOf, DTYPES, type DType, type TensorData } from '../tensor/dtype.ts';
import { read } from '../tensor/read.ts';
import {
  type AnyOperand,
  type AnyTensor,
  dtypeOfTensor,
  KernelTensor,
  lengthOf,
  Operand,
  PlainTensor,
  type Tensor,
} from '../tensor/tensor.ts';
import type { Graph, Node } from './graph.ts';
import { makeNode, resultOf } from './node.ts';
import { type CompileOptions, Program } from './program.ts';

/** A class with a method for every operator: `GraphBuilder` fills them in. */
const Building = class {} as unknown as abstract new () => Operators;

/**
 * Builds a graph of operators, as `MLGraphBuilder` of WebNN does. Each operator takes operands where it would take tensors, checks them at
 * once, and gives operands. A tensor among the arguments becomes a constant.
 */
export class GraphBuilder<B = unknown> extends Building {
  readonly #backend: Backend<B>;
  readonly #inputs: Record<string, AnyOperand> = Object.create(null);
  readonly #constants = new Map<AnyOperand, AnyTensor>();
  readonly #variables = new Map<AnyOperand, KernelTensor<TensorData>>();
  readonly #views = new Map<AnyOperand, AnyOperand>();
  readonly #nodes: Node[] = [];
  /** Operands of this graph. */
  readonly #own = new WeakSet<AnyOperand>();

  /** @internal */
  constructor(backend: Backend<B>) {
    super();
    this.#backend = backend;
  }

  /**
   * A tensor that each run is given.
   *
   * @throws OptionError, ShapeError
   */
  input<D extends DType = 'float32'>(name: string, shape: readonly number[], dtype?: D): Operand<ArrayOf[D]> {
    if (typeof name !== 'string' || name === '') throw new OptionError('name', show(name), 'a name');
    if (Object.hasOwn(this.#inputs, name)) throw new OptionError('name', show(name), 'a name that no other input has');
    const own = read(shape, 'shape') as readonly number[];
    checkShape('shape', own, undefined, true);
    const made = this.#made(new Operand<ArrayOf[D]>(own, oneOf('dtype', dtype, 'float32', DTYPES)));
    this.#inputs[name] = made;
    return made;
  }

  /** A tensor that never changes. It is read when the graph is built. */
  constant<D extends TensorData>(value: Tensor<D>): Operand<D> {
    return this.#constant(read(value, 'value'), 'value') as Operand<D>;
  }

  /** A tensor of the engine whose elements each run reads as they are then. It has to outlive the program. */
  variable<D extends TensorData>(value: KernelTensor<D>): Operand<D> {
    const operand = this.#made(new Operand<D>(value.shape, value.dtype));
    this.#variables.set(operand, value);
    return operand;
  }

  /** The memory of an operand under another shape. */
  view<D extends TensorData>(x: Operand<D>, shape: readonly number[]): Operand<D> {
    this.#check('x', x);
    const own = read(shape, 'shape') as readonly number[];
    checkShape('shape', own, undefined, true);
    if (lengthOf(own) !== lengthOf(x.shape))
      throw new ShapeError('shape', show(own), `the ${lengthOf(x.shape)} elements of ${show(x.shape)}`);
    const operand = this.#made(new Operand<D>(own, x.dtype));
    this.#views.set(operand, x);
    return operand;
  }

  /**
   * Compiles what the outputs depend on.
   *
   * @param outputs operands of this graph, by the names that their results get
   * @throws OptionError, OutOfMemoryError
   */
  build<O extends AnyOperand>(outputs: Readonly<Record<string, O>>, options: CompileOptions = {}): Program<B> {
    const own: Record<string, AnyOperand> = { ...outputs };
    for (const [name, operand] of Object.entries(own)) this.#check(`outputs.${name}`, operand);
    const graph: Graph = {
      inputs: { ...this.#inputs },
      outputs: own,
      constants: new Map(this.#constants),
      variables: new Map(this.#variables),
      views: new Map(this.#views),
      nodes: [...this.#nodes],
    };
    return new Program(this.#backend, graph, options);
  }

  #add(operator: string, args: readonly unknown[]): unknown {
    const parameters = PARAMETERS[operator].split(' ');
    const own = args.map((value, i) =>
      this.#operands(read(value, parameters[i] ?? 'arguments', { operands: true }), parameters[i] ?? 'arguments'),
    );
    const options = own.at(-1);
    if (options !== null && typeof options === 'object' && 'out' in options && options.out !== undefined) {
      throw new OptionError('options.out', 'a tensor', 'none: a program places its results itself');
    }
    const node = makeNode(operator, own);
    this.#nodes.push(node);
    for (const operand of Object.values(node.outputs)) this.#made(operand);
    return resultOf(node);
  }

  /** What was read, with an operand in the place of each tensor. */
  #operands(value: unknown, path: string): unknown {
    if (Operand.is(value)) {
      this.#check(path, value);
      return value;
    }
    if (KernelTensor.is(value) || PlainTensor.is(value)) return this.#constant(value, path);
    if (Array.isArray(value)) return value.map((each, i) => this.#operands(each, `${path}[${i}]`));
    if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.#operands(each, `${path}.${name}`)]));
  }

  #constant(value: unknown, path: string): AnyOperand {
    if (!KernelTensor.is(value) && !PlainTensor.is(value)) throw new ShapeError(path, show(value), 'a tensor');
    const operand = this.#made(new Operand(tensorOf(DTYPES, path, value, undefined, true).shape, dtypeOfTensor(value)));
    this.#constants.set(operand, value);
    return operand;
  }

  #made<D extends TensorData>(operand: Operand<D>): Operand<D> {
    this.#own.add(operand);
    return operand;
  }

  #check(argument: string, value: unknown): void {
    if (!Operand.is(value)) throw new ShapeError(argument, show(value), 'an operand of the graph');
    if (!this.#own.has(value)) throw new ShapeError(argument, 'an operand of another graph', 'an operand of this graph');
  }

  static {
    for (const name of Object.keys(operators)) {
      const value = function (this: GraphBuilder, ...args: unknown[]) {
        return this.#add(name, args);
      };
      Object.defineProperty(GraphBuilder.prototype, name, { value, configurable: true, writable: true });
    }
  }
}
