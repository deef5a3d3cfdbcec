import type { Block, PadParams } from '../../params.ts';

/**
 * Planes inside a border of zeros, so that no kernel ever asks whether a tap lies outside.
 *
 *   NCHW  a plane is a channel, a row its pixels
 *   NHWC  a plane is an image, a row its pixels times their channels
 *
 * What the last window does not reach is left out. A task is a plane.
 */
export function pad(p: Block<typeof PadParams>, taskBegin: number, taskEnd: number): void {
  const copyLength = Math.min(p.inRowLength, p.outRowLength - p.left);
  const copyRows = Math.min(p.inHeight, p.outHeight - p.top);
  for (let plane = taskBegin; plane < taskEnd; plane++) {
    let from = plane * p.inHeight * p.inRowLength;
    let to = plane * p.outPlaneStride;
    p.output.fill(0, to, to + p.outHeight * p.outRowLength);
    to += p.top * p.outRowLength + p.left;
    for (let row = 0; row < copyRows; row++) {
      for (let i = 0; i < copyLength; i++) p.output[to + i] = p.input[from + i];
      from += p.inRowLength;
      to += p.outRowLength;
    }
  }
}
