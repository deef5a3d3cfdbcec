import type { KernelTensor } from '../tensor.ts';

export type ElementType = 'u8' | 'f32';

/**
 * An image in an engine's own memory, so that filters use it without a copy: for video. Made by `filters(engine).image` and by
 * filters whose input is one. It holds its memory until `dispose()`.
 */
export class KernelImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
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

  [Symbol.dispose](): void {
    this.dispose();
  }
}
