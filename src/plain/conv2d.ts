import { convPlanes } from './conv-planes.ts';
import { convProduct } from './conv-product.ts';
import type { PlainConvShape, PlainLayout, PlainRun } from './shape.ts';

/**
 * A convolution, its filter (oihw) packed and its scratch allocated beforehand, as a prepared convolution of the engine has them. There is
 * no Winograd: these are the sums as they are written down.
 */
export function conv2d(shape: PlainConvShape, layout: PlainLayout, filter: Float32Array): PlainRun {
  const { channels, outChannels, groups } = shape;
  if (groups === channels && outChannels === channels) return convPlanes(shape, layout, filter);
  if (groups === 1) return convProduct(shape, layout, filter);
  throw new RangeError(`expected one group or one for each channel, got ${groups} of ${channels} channels`);
}
