/// <reference lib="esnext.disposable" preserve="true" />
import type { Engine } from '../engine.ts';
import { DisposedError, OptionError, ShapeError } from '../errors.ts';
import { read } from '../read.ts';
import { checkShape, known, sameShape, show, tensor } from '../shape/check.ts';
import { KernelTensor, lengthOf, type Tensor } from '../tensor.ts';
import { Kept, type Layer, type LayerMaker, type Parameter, type PreparedLayer } from './layer.ts';
import { generator } from './random.ts';
import { encodeSafetensors, loadState } from './safetensors.ts';

/** What `sequential` takes besides an engine and layers. */
export interface SequentialOptions {
  /** What weights begin as depends on this alone: 0 up to 2³² − 1; 0 unless given. */
  readonly seed?: number;
}

/** Layers in a row, made by `sequential`. It holds its weights and results in the engine's memory until `dispose()`. */
export class Sequential {
  /** What computes, and whose memory holds the weights. */
  readonly engine: Engine;
  /** As they were given: the first takes the input. */
  readonly layers: readonly Layer[];
  readonly #x = new Kept();
  readonly #dy = new Kept();
  #result: readonly number[] | undefined;
  #disposed = false;

  /** @internal */
  constructor(engine: Engine, layers: readonly Layer[]) {
    this.engine = engine;
    this.layers = layers;
    layers.forEach(({ parameters }, i) => {
      for (const [name, parameter] of Object.entries(parameters)) parameter.name = `${i}.${name}`;
    });
  }

  /**
   * Runs the layers, and keeps what `backward` needs of it.
   *
   * @param x the whole batch. A tensor of the engine must stay as it is until `backward`, a plain one is copied
   * @returns the result of the last layer: the network's own tensor, overwritten by the next call
   * @throws what the operators throw, when `x` does not fit
   */
  forward(x: Tensor): KernelTensor {
    this.#live();
    this.#result = undefined;
    let y = this.#own(this.#x, 'x', x);
    for (const layer of this.layers) y = layer.forward(y);
    this.#result = y.shape;
    return y;
  }

  /**
   * Adds the gradients by every parameter to `parameter.gradient`, for the last `forward`.
   *
   * @param dy gradient of the loss by the result of `forward`
   * @param wanted whether the gradient by the input is given back: the network's own tensor; false unless given
   */
  backward(given: Tensor, wanted = false): KernelTensor | undefined {
    this.#live();
    if (this.#result === undefined) throw new OptionError('backward', 'no forward pass before it', 'a call of forward first');
    const dy = tensor('dy', read(given, 'dy'), undefined, true);
    if (!sameShape(dy.shape, this.#result)) throw new ShapeError('dy.shape', show(dy.shape), `the result's, ${show(this.#result)}`);
    // Nothing before the first layer that learns needs a gradient.
    const first = wanted ? 0 : this.layers.findIndex(({ parameters }) => Object.keys(parameters).length > 0);
    if (first < 0) return undefined;
    let gradient: KernelTensor | undefined = this.#own(this.#dy, 'dy', dy);
    for (let i = this.layers.length - 1; i >= first; i--) gradient = this.layers[i].backward(gradient!, wanted || i > first);
    return gradient;
  }

  /** What is trained, in the order of the layers. */
  parameters(): readonly Parameter[] {
    return this.layers.flatMap(({ parameters }) => Object.values(parameters));
  }

  /** The weights by name: the tensors themselves. */
  state(): Readonly<Record<string, KernelTensor>> {
    return Object.fromEntries(this.parameters().map(({ name, value }) => [name, value]));
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
    checkShape('shape', shape);
    return new PreparedSequential(this.engine, this.layers, shape);
  }

  /** Gives everything back. A second call does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const each of [...this.layers, this.#x, this.#dy]) each.dispose();
  }

  /** `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #live(): void {
    if (this.#disposed) throw new DisposedError('the network');
  }

  #own(kept: Kept, argument: string, value: Tensor): KernelTensor {
    const given = tensor(argument, read(value, argument), undefined, true);
    if (KernelTensor.is(given)) return given;
    const own = kept.at(this.engine, given.shape);
    own.data.set(given.data);
    return own;
  }
}

/** A caller's tensor as it was read, once, if it has this shape. */
function shaped(argument: string, value: Tensor, shape: readonly number[]): Tensor {
  const own = tensor(argument, read(value, argument));
  if (!sameShape(own.shape, shape)) throw new ShapeError(`${argument}.shape`, show(own.shape), show(shape));
  return own;
}

interface Stage {
  readonly layer: PreparedLayer;
  /** None where the result is the input's memory in another shape. */
  readonly out: KernelTensor | undefined;
}

/** A network ready for inputs of one shape: a run allocates no kernel memory. Made by `Sequential.prepare`. */
export class PreparedSequential {
  /** Of the input, the batch included. */
  readonly shape: readonly number[];
  /** Of the result. */
  readonly outShape: readonly number[];
  readonly #input: KernelTensor;
  readonly #buffers: KernelTensor[] = [];
  readonly #layers: PreparedLayer[] = [];
  readonly #stages: readonly Stage[];
  #disposed = false;

  /** @internal */
  constructor(engine: Engine, layers: readonly Layer[], shape: readonly number[]) {
    this.shape = [...shape];
    this.#input = engine.tensor(shape);
    try {
      for (const layer of layers) this.#layers.push(layer.prepare());
      const shapes = this.#tryOut();
      this.outShape = shapes.at(-1) ?? this.shape;
      this.#stages = this.#plan(engine, shapes);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /**
   * @param x of the shape that was prepared for
   * @param out where the result goes
   * @returns the result: `out`, or else a tensor of the network's own, overwritten by the next call
   */
  run(x: Tensor, out?: Tensor): Tensor {
    if (this.#disposed) throw new DisposedError('the prepared network');
    const own = shaped('x', x, this.shape);
    const target = out === undefined ? undefined : shaped('out', out, this.outShape);
    let y = this.#input;
    if (KernelTensor.is(own)) y = own;
    else y.data.set(own.data);
    for (const { layer, out: into } of this.#stages) y = layer.run(y, into);
    if (target === undefined) return y;
    target.data.set(y.data);
    return out!;
  }

  /** Gives everything back. A second call does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const each of [this.#input, ...this.#buffers, ...this.#layers]) each.dispose();
  }

  /** `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Every layer once, each result new: they tell their shapes, and convolutions choose and pack. */
  #tryOut(): (readonly number[])[] {
    const made: KernelTensor[] = [];
    try {
      let x = this.#input;
      return this.#layers.map((layer) => {
        x = layer.run(x);
        made.push(x);
        return x.shape;
      });
    } finally {
      for (const each of made) each.dispose();
    }
  }

  /** Results lie in two buffers in turn, none over the input. */
  #plan(engine: Engine, shapes: readonly (readonly number[])[]): Stage[] {
    let at = -1;
    const places = this.#layers.map(({ place }) => {
      if (place === 'apart' || (place === 'over' && at < 0)) at = at === 0 ? 1 : 0;
      return at;
    });
    for (const buffer of [0, 1]) {
      const lengths = shapes.filter((_, i) => places[i] === buffer).map(lengthOf);
      if (lengths.length > 0) this.#buffers.push(engine.tensor([Math.max(...lengths)]));
    }
    return this.#layers.map((layer, i) => ({
      layer,
      out: layer.place === 'same' ? undefined : this.#buffers[places[i]].beginning(shapes[i]),
    }));
  }
}

/**
 * A network of layers in a row.
 *
 * @param layers what makes them: `conv2d(1, 6, 5)`, `relu()`, …
 * @throws OptionError, OutOfMemoryError
 */
export function sequential(engine: Engine, layers: readonly LayerMaker[], options?: SequentialOptions): Sequential {
  const { seed = 0 } = known('options', options, ['seed']);
  const random = generator(seed);
  const made: Layer[] = [];
  try {
    for (const make of layers) made.push(make({ engine, random }));
    return new Sequential(engine, made);
  } catch (error) {
    for (const layer of made) layer.dispose();
    throw error;
  }
}
