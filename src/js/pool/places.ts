import type { Block } from '../../kernels/layout.ts';
import type { IndexParams } from '../../kernels/pool.ts';

/**
 * Floats to and from the places that indices name. An index that is no whole number of the plane names none: nothing is written
 * there, and what is read is `missing`. A task is a plane.
 */

/**
 * The place an index names, or −1. It is asked after rounding, so that what is compared with the plane's end is what becomes an
 * address: only a place of the plane is equal to its index again.
 */
function placeOf(index: number, planeLength: number): number {
  const place = index | 0;
  return place >= 0 && place < planeLength && place === index ? place : -1;
}

/** `output[i] = input[indices[i]]`. */
export function gatherPixels(p: Block<typeof IndexParams>, taskBegin: number, taskEnd: number): void {
  const { input, indices, output, planeLength, pixelLength } = p;
  let at = taskBegin * p.indexCount * pixelLength;
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = task * planeLength * pixelLength;
    for (let i = p.indexCount; i > 0; i--) {
      for (let channel = 0; channel < pixelLength; channel++, at++) {
        const place = placeOf(indices[at], planeLength);
        output[at] = place >= 0 ? input[plane + place * pixelLength + channel] : p.missing;
      }
    }
  }
}

/** `output[indices[i]] = input[i]`, or the sum of all that meet there, from the first to the last; zero anywhere else. */
export function scatterPixels(p: Block<typeof IndexParams>, taskBegin: number, taskEnd: number): void {
  const { input, indices, output, planeLength, pixelLength, accumulate } = p;
  let at = taskBegin * p.indexCount * pixelLength;
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = task * planeLength * pixelLength;
    output.fill(0, plane, plane + planeLength * pixelLength);
    for (let i = p.indexCount; i > 0; i--) {
      for (let channel = 0; channel < pixelLength; channel++, at++) {
        const place = placeOf(indices[at], planeLength);
        if (place < 0) continue;
        const to = plane + place * pixelLength + channel;
        output[to] = accumulate ? output[to] + input[at] : input[at];
      }
    }
  }
}
