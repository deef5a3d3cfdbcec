import type { Engine } from 'simdconv';
import { type Filters, filters, type KernelImage } from 'simdconv/image';
import type { PictureKernel } from './kernels.ts';

/** What this page needs of an ImageData; a plain object in Node will do. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/**
 * A kernel bound to an engine. Pictures are of bytes, red, green, blue and alpha: colours are convolved in whole numbers, beyond the
 * edges lies the nearest pixel, alpha stays.
 */
export class ImageFilter {
  readonly #filters: Filters;
  readonly #kernel: PictureKernel;
  #from: KernelImage | undefined;
  #to: KernelImage | undefined;

  constructor(engine: Engine, kernel: PictureKernel) {
    this.#filters = filters(engine);
    this.#kernel = kernel;
  }

  /** @throws OptionError for weights that bytes cannot be filtered with */
  run(source: Pixels, target: Pixels): void {
    const { width, height } = source;
    if (this.#from?.width !== width || this.#from.height !== height) {
      this.dispose();
      this.#from = this.#filters.image(width, height);
      this.#to = this.#filters.image(width, height);
    }
    const { side, weights, divisor, bias } = this.#kernel;
    this.#from.data.set(source.data);
    this.#filters.filter2d(this.#from, { weights, width: side }, { divisor, bias, out: this.#to });
    target.data.set(this.#to!.data);
  }

  dispose(): void {
    this.#from?.dispose();
    this.#to?.dispose();
    this.#from = undefined;
    this.#to = undefined;
  }
}
