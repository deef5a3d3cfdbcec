import type { Engine } from '../engine.ts';
import type { Tensor } from '../tensor.ts';
import type { ImageKernel } from './kernels.ts';
import { fromPlanes, type Image, toPlanes } from './pixels.ts';

/** A kernel as a filter of `conv2d`: one output channel, one input channel. */
export function filterOf({ height, width, weights }: ImageKernel): Tensor {
  return { shape: [1, 1, height, width], data: Float32Array.from(weights) };
}

/**
 * A new image: each colour convolved, edges repeated outwards, rounded and clamped; alpha as it was. One colour at a
 * time, since the floats of one are what takes the memory.
 */
export function filterImage(engine: Engine, image: Image, kernel: ImageKernel): Image {
  const result = { ...image, data: new Uint8Array(image.data) };
  const filter = filterOf(kernel);
  const options = { normalize: kernel.mean ? 'mean' : 'none' } as const;
  for (const colour of [0, 1, 2]) {
    const plane = toPlanes(image, (kernel.height - 1) / 2, (kernel.width - 1) / 2, [colour]);
    fromPlanes(engine.conv2d(plane, filter, options), result, [colour]);
  }
  return result;
}
