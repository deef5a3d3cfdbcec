import type { PadParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';

/**
 * Planes inside a border of zeros, so that no kernel ever asks whether a tap lies outside. In three dimensions a plane is a
 * stack of them, and has slices of zeros before and behind it.
 *
 *   NCHW  a plane is a channel, a row its pixels
 *   NHWC  a plane is an image, a row its pixels times their channels
 *
 * What the last window does not reach is left out. A task is a plane.
 */
export function pad(p: Block<typeof PadParams>, taskBegin: number, taskEnd: number): void {
  const copyLength = Math.min(p.inRowLength, p.outRowLength - p.left);
  const copyRows = Math.min(p.inHeight, p.outHeight - p.top);
  const copySlices = Math.min(p.inDepth, p.outDepth - p.front);
  const sliceLength = p.outHeight * p.outRowLength;
  for (let plane = taskBegin; plane < taskEnd; plane++) {
    const first = plane * p.outPlaneStride;
    p.output.fill(0, first, first + p.outDepth * sliceLength);
    for (let slice = 0; slice < copySlices; slice++) {
      let from = (plane * p.inDepth + slice) * p.inHeight * p.inRowLength;
      let to = first + (p.front + slice) * sliceLength + p.top * p.outRowLength + p.left;
      for (let row = 0; row < copyRows; row++) {
        for (let i = 0; i < copyLength; i++) p.output[to + i] = p.input[from + i];
        from += p.inRowLength;
        to += p.outRowLength;
      }
    }
  }
}
