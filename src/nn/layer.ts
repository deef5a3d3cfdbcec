import type { Engine } from '../engine.ts';
import { sameShape } from '../shape/check.ts';
import type { KernelTensor } from '../tensor.ts';

/** What an optimiser changes: a value, and the gradient of the loss by it. */
export class Parameter {
  /** Whose memory holds both tensors. */
  readonly engine: Engine;
  /** In its network: the layer's number and the name in the layer, as in PyTorch (`0.weight`). */
  name = '';
  /** The weights themselves: what layers read and an optimiser changes. */
  readonly value: KernelTensor;
  /** Of the loss by the value, in its shape: the sum since `zeroGradient`. */
  readonly gradient: KernelTensor;
  /** Of the gradient's shape, for a part that is to be added to it. */
  readonly #part = new Kept();
  #zero = true;

  constructor(engine: Engine, shape: readonly number[]) {
    this.engine = engine;
    this.value = engine.tensor(shape);
    this.gradient = engine.tensor(shape);
  }

  /** Adds to the gradient what `write` puts into a tensor: after `zeroGradient`, into the gradient itself. */
  accumulate(write: (out: KernelTensor) => void): void {
    if (this.#zero) {
      this.#zero = false;
      write(this.gradient);
      return;
    }
    const part = this.#part.at(this.engine, this.gradient.shape);
    write(part);
    const from = part.data;
    const to = this.gradient.data;
    for (let i = 0; i < to.length; i++) to[i] += from[i];
  }

  /** Begins the sum anew, at 0. */
  zeroGradient(): void {
    this.gradient.data.fill(0);
    this.#zero = true;
  }

  /** Gives both tensors back. */
  dispose(): void {
    this.value.dispose();
    this.gradient.dispose();
    this.#part.dispose();
  }
}

/** A tensor that is kept for as long as it is asked for in the same shape, so that a step of training allocates nothing. */
export class Kept {
  #tensor: KernelTensor | undefined;

  /** The tensor in this shape: the one of the call before if it has it, with its floats as they were; else a new one. */
  at(engine: Engine, shape: readonly number[]): KernelTensor {
    if (this.#tensor === undefined || !sameShape(this.#tensor.shape, shape)) {
      this.dispose();
      this.#tensor = engine.tensor(shape);
    }
    return this.#tensor;
  }

  /** What an operator makes in the shape that it finds: `run` gets the tensor of the call before as `out` if `same` says that it fits. */
  from(same: boolean, run: (out: KernelTensor | undefined) => KernelTensor): KernelTensor {
    if (same && this.#tensor !== undefined) return run(this.#tensor);
    this.dispose();
    this.#tensor = run(undefined);
    return this.#tensor;
  }

  /** Gives the tensor back; the next call makes another. */
  dispose(): void {
    this.#tensor?.dispose();
    this.#tensor = undefined;
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
