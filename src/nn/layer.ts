import type { Engine } from '../engine.ts';
import { engineOf } from '../engine-of.ts';
import { sameShape } from '../spec/check.ts';
import { callable, readShape } from '../spec/read.ts';
import type { KernelTensor, Tensor } from '../tensor/tensor.ts';
import { resident } from './given.ts';

/** What an optimiser changes: a value, and the gradient of the loss by it. */
export class Parameter {
  /**
   * What errors and an optimiser's checkpoint call it. A network sets it to the layer's number and the name in the layer, as in
   * PyTorch (`0.weight`). Parameters of two networks under one optimiser need names that differ: set them before `state()`.
   */
  name = '';
  readonly #engine: Engine;
  readonly #value: KernelTensor;
  readonly #gradient: KernelTensor;
  /** Of the gradient's shape, for a part that is to be added to it. */
  readonly #part = new Kept();
  #zero = true;

  /** @throws OptionError, ShapeError, DisposedError, OutOfMemoryError */
  constructor(engine: Engine, shape: readonly number[]) {
    this.#engine = engineOf('engine', engine);
    const own = readShape('shape', shape, true);
    this.#value = engine.tensor(own);
    try {
      this.#gradient = engine.tensor(own);
    } catch (error) {
      this.#value.dispose();
      throw error;
    }
  }

  /** Whose memory holds both tensors. */
  get engine(): Engine {
    return this.#engine;
  }

  /** The weights themselves: what layers read and an optimiser changes. */
  get value(): KernelTensor {
    return this.#value;
  }

  /** Of the loss by the value, in its shape: the sum since `zeroGradient`. */
  get gradient(): KernelTensor {
    return this.#gradient;
  }

  /** @internal Is it one, and no proxy of one? */
  static is(value: unknown): value is Parameter {
    return typeof value === 'object' && value !== null && #zero in value;
  }

  /** Adds to the gradient what `write` puts into a tensor: after `zeroGradient`, into the gradient itself. */
  accumulate(write: (out: KernelTensor) => void): void {
    callable('write', write);
    if (this.#zero) {
      write(this.#gradient);
      this.#zero = false;
      return;
    }
    const part = this.#part.at(this.#engine, this.#gradient.shape);
    write(part);
    const from = part.data;
    const to = this.#gradient.data;
    for (let i = 0; i < to.length; i++) to[i] += from[i];
  }

  /** Begins the sum anew, at 0. */
  zeroGradient(): void {
    this.#gradient.data.fill(0);
    this.#zero = true;
  }

  /** Gives both tensors back. */
  dispose(): void {
    this.#value.dispose();
    this.#gradient.dispose();
    this.#part.dispose();
  }
}

/** A tensor that is kept for as long as it is asked for in the same shape, so that a step of training allocates nothing. */
export class Kept {
  #engine: Engine | undefined;
  #tensor: KernelTensor | undefined;

  /** The tensor in this shape: the one of the call before if it has it, with its floats as they were; else a new one. */
  at(engine: Engine, shape: readonly number[]): KernelTensor {
    const own = readShape('shape', shape, true);
    const kept = this.#fitting(engineOf('engine', engine), own);
    if (kept !== undefined) return kept;
    this.dispose();
    return this.#keep(engine, engine.tensor(own));
  }

  /** @internal A copy of `given` in the engine's memory. */
  copy(engine: Engine, { shape, data }: Tensor): KernelTensor {
    const kept = this.#fitting(engine, shape);
    if (kept !== undefined) {
      kept.data.set(data);
      return kept;
    }
    // `data` may be a view of kernel memory, of this very tensor even: it is copied before anything is given back.
    const made = engine.tensor(shape, data);
    this.dispose();
    return this.#keep(engine, made);
  }

  /** What an operator makes in the shape that it finds: `run` gets the tensor of the call before as `out` if `same` says that it fits. */
  from(same: boolean, run: (out: KernelTensor | undefined) => KernelTensor): KernelTensor {
    callable('run', run);
    const kept = this.#tensor;
    if (same && kept !== undefined && !kept.disposed) return resident('run()', run(kept));
    this.dispose();
    return this.#keep(undefined, resident('run()', run(undefined)));
  }

  /** Gives the tensor back; the next call makes another. */
  dispose(): void {
    this.#tensor?.dispose();
    this.#tensor = undefined;
  }

  #fitting(engine: Engine, shape: readonly number[]): KernelTensor | undefined {
    const kept = this.#tensor;
    return kept !== undefined && this.#engine === engine && !kept.disposed && sameShape(kept.shape, shape) ? kept : undefined;
  }

  #keep(engine: Engine | undefined, made: KernelTensor): KernelTensor {
    this.#engine = engine;
    this.#tensor = made;
    return made;
  }
}

/** A layer for inference: weights packed, and what there is to know about its result. */
export interface PreparedLayer {
  /** The result, in `out` where one is given. */
  run(x: KernelTensor, out?: KernelTensor): KernelTensor;
  /** Where the result may lie: in memory of its own, over the input, or it is the input's memory in another shape. */
  readonly place: 'apart' | 'over' | 'same';
  /** Gives the packed weights back. */
  dispose(): void;
}

/**
 * What a network is made of, and what anyone may write. Tensors that it returns are its own, and stay as they are until its next
 * call.
 */
export interface Layer {
  /** By their names in the layer, such as `weight` and `bias`. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Keeps of `x` what `backward` needs: `x` itself stays as it is until then. */
  forward(x: KernelTensor): KernelTensor;
  /**
   * Adds to the gradients of its parameters, by `Parameter.accumulate`.
   *
   * @param dy gradient of the loss by the result of the last `forward`
   * @returns the gradient by its input, unless it is not `wanted`
   */
  backward(dy: KernelTensor, wanted: boolean): KernelTensor | undefined;
  /** The layer with its parameters as they are now. */
  prepare(): PreparedLayer;
  /** Gives back its parameters and every tensor that it has made. */
  dispose(): void;
}

/** What a layer is made with. */
export interface Making {
  /** Whose operators compute, and whose memory holds the weights. */
  readonly engine: Engine;
  /** Numbers in [0, 1) from the network's seed. */
  readonly random: () => number;
}

/** Makes a layer with its first weights: what `conv2d`, `linear` and the others return, and `sequential` calls in their order. */
export type LayerMaker = (making: Making) => Layer;
