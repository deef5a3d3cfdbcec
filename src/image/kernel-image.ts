import type { KernelTensor } from '../tensor.ts';

/** What an image's elements are: bytes of 0…255, or floats. */
export type ElementType = 'u8' | 'f32';

/**
 * An image in an engine's own memory, so that filters use it without a copy: for video. Made by `filters(engine).image` and by
 * filters whose input is one. It holds its memory until `dispose()`.
 */
export class KernelImage {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1 to 4; the last of 2 or 4 is alpha. */
  readonly channels: number;
  /** Of its elements. */
  readonly type: ElementType;
  /** @internal */
  readonly tensor: KernelTensor;

  /** @internal */
  constructor(tensor: KernelTensor, width: number, height: number, channels: number, type: ElementType) {
    this.tensor = tensor;
    this.width = width;
    this.height = height;
    this.channels = channels;
    this.type = type;
  }

  /** A live view. Fetch it again after any call of the engine: kernel memory that grows leaves old views empty. */
  get data(): Uint8ClampedArray | Float32Array {
    const { data } = this.tensor;
    if (this.type === 'f32') return data;
    return new Uint8ClampedArray(data.buffer, data.byteOffset, this.width * this.height * this.channels);
  }

  get disposed(): boolean {
    return this.tensor.disposed;
  }

  /** Gives the memory back. A second call does nothing. */
  dispose(): void {
    this.tensor.dispose();
  }

  /** `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
