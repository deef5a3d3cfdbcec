import type { TensorData } from '../tensor/dtype.ts';
import type { KernelTensor } from '../tensor/tensor.ts';

/** What an image's elements are: bytes of 0…255, or floats. */
export type ElementType = 'u8' | 'f32';

/**
 * An image in an engine's own memory, so that filters use it without a copy: for video. Made by `filters(engine).image` and by
 * filters whose input is one. It holds its memory until `dispose()`. Nothing of it can be changed from outside but its pixels.
 */
export class KernelImage {
  readonly #tensor: KernelTensor<TensorData>;
  readonly #width: number;
  readonly #height: number;
  readonly #channels: number;
  readonly #type: ElementType;

  /** @internal */
  constructor(tensor: KernelTensor<TensorData>, width: number, height: number, channels: number, type: ElementType) {
    this.#tensor = tensor;
    this.#width = width;
    this.#height = height;
    this.#channels = channels;
    this.#type = type;
    Object.freeze(this);
  }

  /** @internal Is it one of these, and neither a subclass nor a look-alike? */
  static is(value: unknown): value is KernelImage {
    return typeof value === 'object' && value !== null && #tensor in value && Object.getPrototypeOf(value) === KernelImage.prototype;
  }

  /** In pixels. */
  get width(): number {
    return this.#width;
  }

  /** In pixels. */
  get height(): number {
    return this.#height;
  }

  /** 1 to 4; the last of 2 or 4 is alpha. */
  get channels(): number {
    return this.#channels;
  }

  /** Of its elements. */
  get type(): ElementType {
    return this.#type;
  }

  /** @internal */
  get tensor(): KernelTensor<TensorData> {
    return this.#tensor;
  }

  /** A live view. Fetch it again after any call of the engine: kernel memory that grows leaves old views empty. */
  get data(): Uint8ClampedArray | Float32Array {
    const { data } = this.#tensor;
    return data instanceof Float32Array ? data : new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  }

  get disposed(): boolean {
    return this.#tensor.disposed;
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.#tensor.dispose();
  }

  /** `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
