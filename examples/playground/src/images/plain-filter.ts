import { filter2d, type PlainBytesRun } from '../../../../src/plain/index.ts';
import type { Pixels } from './image-filter.ts';
import type { PictureKernel } from './kernels.ts';

/** A kernel in plain JavaScript: what an engine is measured against. */
export class PlainFilter {
  readonly #kernel: PictureKernel;
  #run: PlainBytesRun | undefined;
  #width = 0;
  #height = 0;

  constructor(kernel: PictureKernel) {
    this.#kernel = kernel;
  }

  run({ width, height, data }: Pixels, target: Pixels): void {
    if (this.#run === undefined || width !== this.#width || height !== this.#height) {
      this.#run = filter2d({ width, height, channels: 4 }, this.#kernel);
      this.#width = width;
      this.#height = height;
    }
    this.#run(data, target.data);
  }

  dispose(): void {
    this.#run = undefined;
  }
}
