/// <reference lib="esnext.disposable" preserve="true" />

import type { Engine } from '../engine.ts';
import { engineOf } from '../engine-of.ts';
import { DisposedError, OptionError, ShapeError } from '../errors.ts';
import { GraphBuilder } from '../program/graph-builder.ts';
import { boolean, oneOf, sameShape, show, tensor } from '../spec/check.ts';
import { isCallable, readEntries, readList, readOptions, readShape, readTensor } from '../spec/read.ts';
import { attempt } from '../tensor/read.ts';
import type { KernelTensor, Tensor } from '../tensor/tensor.ts';
import { resident } from './given.ts';
import { Kept, type Layer, type LayerMaker, Parameter, type PreparedLayer } from './layer.ts';
import { BUILD, type GraphLayer, isGraphLayer } from './operator-layer.ts';
import { generator } from './random.ts';
import { encodeSafetensors, loadState } from './safetensors.ts';

/** What `sequential` takes besides an engine and layers. */
export interface SequentialOptions {
  /** What weights begin as depends on this alone: 0 up to 2³² − 1; 0 unless given. */
  readonly seed?: number;
}

/** Layers in a row, made by `sequential`. It holds its weights and results in the engine's memory until `dispose()`. */
export class Sequential {
  readonly #engine: Engine;
  readonly #layers: readonly Layer[];
  /** By name; a parameter that several layers share is there once. */
  readonly #parameters: ReadonlyMap<string, Parameter>;
  /** Place of the first layer with parameters: nothing before it needs a gradient. */
  readonly #firstLearning: number;
  readonly #x = new Kept();
  readonly #dy = new Kept();
  /** Of the last `forward`. */
  #last: { readonly x: KernelTensor; readonly shape: readonly number[] } | undefined;
  #disposed = false;

  /** @internal */
  constructor(engine: Engine, layers: readonly Layer[]) {
    const parameters = new Map<string, Parameter>();
    const named = new Set<Parameter>();
    let firstLearning = layers.length;
    layers.forEach((layer, i) => {
      for (const [name, parameter] of parametersOf(layer, `layers[${i}].parameters`)) {
        firstLearning = Math.min(firstLearning, i);
        if (named.has(parameter)) continue;
        named.add(parameter);
        parameters.set(`${i}.${name}`, parameter);
      }
    });
    for (const [name, parameter] of parameters) parameter.name = name;
    this.#engine = engine;
    this.#layers = Object.freeze([...layers]);
    this.#parameters = parameters;
    this.#firstLearning = firstLearning;
  }

  /** What computes, and whose memory holds the weights. */
  get engine(): Engine {
    return this.#engine;
  }

  /** As they were given: the first takes the input. */
  get layers(): readonly Layer[] {
    return this.#layers;
  }

  /**
   * Runs the layers, and keeps what `backward` needs of it.
   *
   * @param x the whole batch. A tensor of the network's engine must stay as it is until `backward`; any other is copied
   * @returns the result of the last layer: the network's own tensor, overwritten by the next call
   * @throws what the operators throw, when `x` does not fit
   */
  forward(x: Tensor): KernelTensor {
    this.#live();
    this.#last = undefined;
    const first = own(this.#engine, this.#x, readTensor('x', x, undefined, true));
    let y = first;
    for (const [i, layer] of this.#layers.entries()) y = resident(`layers[${i}].forward()`, layer.forward(y), this.#engine);
    this.#last = { x: first, shape: y.shape };
    return y;
  }

  /**
   * Adds the gradients by every parameter to `parameter.gradient`, for the last `forward`.
   *
   * @param dy gradient of the loss by the result of `forward`
   * @param wanted whether the gradient by the input is given back: the network's own tensor; false unless given
   */
  backward(dy: Tensor, wanted = false): KernelTensor | undefined {
    this.#live();
    const given = readTensor('dy', dy, undefined, true);
    const all = boolean('wanted', wanted, false);
    const last = this.#last;
    if (last === undefined) throw new OptionError('backward', 'no forward pass before it', 'a call of forward first');
    if (last.x.disposed) throw new DisposedError('x of the last forward');
    if (!sameShape(given.shape, last.shape)) throw new ShapeError('dy.shape', show(given.shape), `the result's, ${show(last.shape)}`);
    const first = all ? 0 : this.#firstLearning;
    if (first >= this.#layers.length && !all) return undefined;
    let gradient = own(this.#engine, this.#dy, given);
    for (let i = this.#layers.length - 1; i >= first; i--) {
      const needed = all || i > first;
      const dx = this.#layers[i].backward(gradient, needed);
      if (!needed) return undefined;
      gradient = resident(`layers[${i}].backward()`, dx, this.#engine);
    }
    return gradient;
  }

  /** What is trained, in the order of the layers. */
  parameters(): readonly Parameter[] {
    return [...this.#parameters.values()];
  }

  /** The weights by name: the tensors themselves. */
  state(): Readonly<Record<string, KernelTensor>> {
    return Object.fromEntries([...this.#parameters].map(([name, { value }]) => [name, value]));
  }

  /** The weights, and notes, as a file in the safetensors format. */
  save(metadata?: Readonly<Record<string, string>>): Uint8Array {
    this.#live();
    return encodeSafetensors(this.state(), metadata);
  }

  /**
   * Takes weights from a file in the safetensors format: one of this very network, or nothing is changed.
   *
   * @returns the file's notes
   * @throws SafetensorsError
   */
  load(bytes: Uint8Array): Readonly<Record<string, string>> {
    this.#live();
    return loadState(this.state(), bytes);
  }

  /**
   * The network for inference, with its weights as they are now: filters are packed, and results share two buffers. What is
   * trained afterwards does not change it.
   *
   * @param shape of the input, the batch included
   */
  prepare(shape: readonly number[]): PreparedSequential {
    this.#live();
    return new PreparedSequential(this.#engine, this.#layers, readShape('shape', shape));
  }

  /** Gives everything back. A second call does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const each of [...this.#layers, this.#x, this.#dy]) each.dispose();
  }

  /** `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #live(): void {
    if (this.#disposed) throw new DisposedError('the network');
  }
}

/** The tensor itself if the engine holds it, else a copy that it holds. */
function own(engine: Engine, kept: Kept, given: Tensor): KernelTensor {
  return engine.holds(given) ? given : kept.copy(engine, given);
}

/** Layers that run as one, and where their result lies. */
interface Stage {
  /** Whether the result can be written to a tensor of any kind. */
  readonly takesAny: boolean;
  /** The network's own tensor for the result; none where the result is the input's memory in another shape. */
  readonly out: KernelTensor | undefined;
  run(x: Tensor, out: Tensor | undefined): Tensor;
  dispose(): void;
}

/** A network ready for inputs of one shape: a run allocates no kernel memory. Made by `Sequential.prepare`. */
export class PreparedSequential {
  readonly #engine: Engine;
  readonly #shape: readonly number[];
  readonly #outShape: readonly number[];
  readonly #stages: Stage[] = [];
  /** A copy of inputs that are not the engine's, for a layer that takes no others. */
  readonly #input = new Kept();
  #disposed = false;

  /** @internal */
  constructor(engine: Engine, layers: readonly Layer[], shape: readonly number[]) {
    this.#engine = engine;
    this.#shape = Object.freeze([...shape]);
    try {
      this.#outShape = this.#prepare(layers);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Of the input, the batch included. */
  get shape(): readonly number[] {
    return this.#shape;
  }

  /** Of the result. */
  get outShape(): readonly number[] {
    return this.#outShape;
  }

  /**
   * @param x of the shape that was prepared for
   * @param out where the result goes
   * @returns the result: `out`, or else a tensor of the network's own, overwritten by the next call
   */
  run(x: Tensor, out?: Tensor): Tensor {
    if (this.#disposed) throw new DisposedError('the prepared network');
    const from = fitting('x', x, this.#shape);
    const to = out === undefined ? undefined : fitting('out', out, this.#outShape);
    const last = this.#stages.at(-1);
    let y: Tensor = this.#stages[0]?.takesAny ? from : own(this.#engine, this.#input, from);
    for (const stage of this.#stages) y = stage.run(y, stage === last && stage.takesAny && to !== undefined ? to : stage.out);
    if (to === undefined) return y;
    // A layer of the caller's may have made kernel memory grow, and `data` empty.
    if (!last?.takesAny) tensor('out', to, undefined, true).data.set(y.data);
    return out!;
  }

  /** Gives everything back. A second call does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const { out, dispose } of this.#stages) {
      dispose();
      out?.dispose();
    }
    this.#input.dispose();
  }

  /** `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Layers that can stand in a graph become one program each run of them; the others run by themselves. Gives the result's shape. */
  #prepare(layers: readonly Layer[]): readonly number[] {
    let shape = this.#shape;
    let program: GraphLayer[] = [];
    const flush = () => {
      if (program.length > 0) shape = this.#addProgram(program, shape);
      program = [];
    };
    for (const [i, layer] of layers.entries()) {
      if (isGraphLayer(layer)) program.push(layer);
      else {
        flush();
        shape = this.#addLayer(checkPrepared(layer.prepare(), `layers[${i}].prepare()`), `layers[${i}].run()`, shape);
      }
    }
    flush();
    return shape;
  }

  #addProgram(layers: readonly GraphLayer[], shape: readonly number[]): readonly number[] {
    const graph = new GraphBuilder(this.#engine.backend);
    let y = graph.input('x', shape);
    for (const layer of layers) y = layer[BUILD](graph, y, (parameter) => graph.constant(parameter.value));
    const program = graph.build({ y });
    this.#stages.push({
      takesAny: true,
      out: this.#engine.tensor(y.shape),
      run: (x, out) => {
        const into = out!;
        program.run({ x }, { y: into });
        return into;
      },
      dispose: () => program.dispose(),
    });
    return y.shape;
  }

  /** Tries the layer out, to learn the shape of its result. */
  #addLayer(layer: PreparedLayer, argument: string, shape: readonly number[]): readonly number[] {
    const run = (x: Tensor, out: Tensor | undefined) =>
      resident(argument, layer.run(x as KernelTensor, out as KernelTensor | undefined), this.#engine);
    const x = this.#engine.tensor(shape);
    let out: KernelTensor | undefined;
    try {
      const y = run(x, undefined);
      const outShape = y.shape;
      out = layer.place === 'same' ? undefined : this.#engine.tensor(outShape);
      if (!y.shares(x)) y.dispose();
      this.#stages.push({ takesAny: false, out, run, dispose: () => layer.dispose() });
      return outShape;
    } catch (error) {
      out?.dispose();
      layer.dispose();
      throw error;
    } finally {
      x.dispose();
    }
  }
}

function fitting(argument: string, given: Tensor, shape: readonly number[]): Tensor {
  const own = readTensor(argument, given);
  if (!sameShape(own.shape, shape)) throw new ShapeError(`${argument}.shape`, show(own.shape), show(shape));
  return own;
}

const LAYER = 'a layer: parameters, forward, backward, prepare and dispose';

function checkLayer(value: unknown, argument: string): Layer {
  const isLayer = attempt(argument, LAYER, () => {
    const { parameters, forward, backward, prepare, dispose } = (value ?? {}) as Partial<Layer>;
    return typeof parameters === 'object' && [forward, backward, prepare, dispose].every((each) => typeof each === 'function');
  });
  if (!isLayer) throw new OptionError(argument, show(value), LAYER);
  return value as Layer;
}

function checkPrepared(value: unknown, argument: string): PreparedLayer {
  const expected = 'a prepared layer: run, place and dispose';
  const { run, place, dispose } = attempt(argument, expected, () => {
    const { run, place, dispose } = (value ?? {}) as Partial<PreparedLayer>;
    return { run, place, dispose };
  });
  if (typeof run !== 'function' || typeof place !== 'string' || typeof dispose !== 'function')
    throw new OptionError(argument, show(value), expected);
  oneOf(`${argument}.place`, place, 'apart', ['apart', 'over', 'same']);
  return value as PreparedLayer;
}

function parametersOf({ parameters }: Layer, argument: string): readonly [string, Parameter][] {
  return readEntries(argument, parameters, 'parameters by name').map(([name, parameter]) => {
    if (!Parameter.is(parameter)) throw new OptionError(`${argument}.${name}`, show(parameter), 'a Parameter');
    return [name, parameter];
  });
}

/**
 * A network of layers in a row.
 *
 * @param layers what makes them: `conv2d(1, 6, 5)`, `relu()`, …
 * @throws OptionError, OutOfMemoryError
 */
export function sequential(engine: Engine, layers: readonly LayerMaker[], options?: SequentialOptions): Sequential {
  engineOf('engine', engine);
  const isMaker = (each: unknown): each is LayerMaker => isCallable(each);
  const makers = readList('layers', layers, 'what makes a layer, such as `relu()`', isMaker);
  const { seed = 0 } = readOptions<SequentialOptions>(options, ['seed']);
  const random = generator(seed);
  const made: Layer[] = [];
  try {
    for (const [i, make] of makers.entries()) made.push(checkLayer(make({ engine, random }), `layers[${i}]`));
    return new Sequential(engine, made);
  } catch (error) {
    for (const layer of made) layer.dispose();
    throw error;
  }
}
