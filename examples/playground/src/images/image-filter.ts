import type { Engine, KernelTensor, PreparedConv2d } from 'simdconv';
import type { PictureKernel } from './kernels.ts';

/** What this page needs of an ImageData; a plain object in Node will do. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

const COLOURS = 3;

/**
 * A kernel bound to an engine. The colours of a picture are three planes of floats, framed by the pixels of its edges; each is
 * convolved, rounded to the nearest byte and held in 0…255. Alpha stays.
 */
export class ImageFilter {
  readonly #engine: Engine;
  readonly #radius: number;
  readonly #conv: PreparedConv2d;
  #planes: KernelTensor | undefined;
  #result: KernelTensor | undefined;

  constructor(engine: Engine, { side, weights, divisor, bias }: PictureKernel) {
    this.#engine = engine;
    this.#radius = (side - 1) / 2;
    this.#conv = engine.prepareConv2d(
      { shape: [1, 1, side, side], data: Float32Array.from(weights, (weight) => weight / divisor) },
      { bias: { shape: [1], data: Float32Array.of(bias) } },
    );
  }

  run(source: Pixels, target: Pixels): void {
    const { width, height } = source;
    const radius = this.#radius;
    if (this.#result?.shape[2] !== height || this.#result.shape[3] !== width) {
      this.#disposePlanes();
      this.#planes = this.#engine.tensor([COLOURS, 1, height + 2 * radius, width + 2 * radius]);
      this.#result = this.#engine.tensor([COLOURS, 1, height, width]);
    }
    toPlanes(source, radius, this.#planes!.data);
    this.#conv.run(this.#planes!, this.#result!);
    fromPlanes(this.#result!.data, source, target);
  }

  dispose(): void {
    this.#disposePlanes();
    this.#conv.dispose();
  }

  #disposePlanes(): void {
    this.#planes?.dispose();
    this.#result?.dispose();
  }
}

function toPlanes({ width, height, data }: Pixels, radius: number, planes: Float32Array): void {
  let at = 0;
  for (let colour = 0; colour < COLOURS; colour++) {
    for (let y = -radius; y < height + radius; y++) {
      const row = Math.min(Math.max(y, 0), height - 1) * width * 4 + colour;
      const first = data[row];
      const last = data[row + (width - 1) * 4];
      for (let x = 0; x < radius; x++) planes[at++] = first;
      for (let x = 0; x < width; x++) planes[at++] = data[row + x * 4];
      for (let x = 0; x < radius; x++) planes[at++] = last;
    }
  }
}

function fromPlanes(planes: Float32Array, source: Pixels, target: Pixels): void {
  const pixels = source.width * source.height;
  const { data } = target;
  for (let i = 0; i < pixels; i++) {
    data[4 * i] = planes[i];
    data[4 * i + 1] = planes[pixels + i];
    data[4 * i + 2] = planes[2 * pixels + i];
    data[4 * i + 3] = source.data[4 * i + 3];
  }
}
