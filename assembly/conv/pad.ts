import { PadParams } from '../generated/abi';

/**
 * Planes inside a border of zeros, so that no kernel ever asks whether a tap lies outside. In three dimensions a plane is a
 * stack of them, and has slices of zeros before and behind it.
 *
 *   NCHW  a plane is a channel, a row its pixels
 *   NHWC  a plane is an image, a row its pixels times their channels
 *
 * What the last window does not reach is left out. A task is a plane.
 */
export function pad(p: PadParams, taskBegin: i32, taskEnd: i32): void {
  const inRowBytes = <usize>p.inRowLength << 2;
  const outRowBytes = <usize>p.outRowLength << 2;
  const leftBytes = <usize>p.left << 2;
  const copyBytes = min(inRowBytes, outRowBytes - leftBytes);
  const rightBytes = outRowBytes - leftBytes - copyBytes;
  const copyRows = min(p.inHeight, p.outHeight - p.top);
  const copySlices = min(p.inDepth, p.outDepth - p.front);
  const sliceBytes = <usize>p.outHeight * outRowBytes;
  const frontBytes = <usize>p.front * sliceBytes;
  const backBytes = <usize>(p.outDepth - p.front - copySlices) * sliceBytes;
  const topBytes = <usize>p.top * outRowBytes;
  const bottomBytes = <usize>(p.outHeight - p.top - copyRows) * outRowBytes;
  for (let plane = taskBegin; plane < taskEnd; plane++) {
    const planeFrom = p.input + <usize>(plane * p.inDepth) * p.inHeight * inRowBytes;
    let to = p.output + (<usize>plane * p.outPlaneStride << 2);
    memory.fill(to, 0, frontBytes);
    to += frontBytes;
    for (let slice = 0; slice < copySlices; slice++) {
      let from = planeFrom + <usize>(slice * p.inHeight) * inRowBytes;
      memory.fill(to, 0, topBytes);
      to += topBytes;
      for (let row = 0; row < copyRows; row++) {
        memory.fill(to, 0, leftBytes);
        memory.copy(to + leftBytes, from, copyBytes);
        memory.fill(to + leftBytes + copyBytes, 0, rightBytes);
        from += inRowBytes;
        to += outRowBytes;
      }
      memory.fill(to, 0, bottomBytes);
      to += bottomBytes;
    }
    memory.fill(to, 0, backBytes);
  }
}
