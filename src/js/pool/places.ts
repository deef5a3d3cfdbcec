import type { Block } from '../../kernels/layout.ts';
import { type FloatIndicesParams, INDEX_BLOCK, type IndexParams } from '../../kernels/pool.ts';

/**
 * Floats to and from the places that indices name. An index that is no place of the plane names none: nothing is written there, and
 * what is read is `missing`. A task is a plane.
 */

/** `output[i] = input[indices[i]]`. */
export function gatherPixels(p: Block<typeof IndexParams>, taskBegin: number, taskEnd: number): void {
  const { input, indices, output, planeLength, pixelLength } = p;
  let at = taskBegin * p.indexCount * pixelLength;
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = task * planeLength * pixelLength;
    for (let i = p.indexCount; i > 0; i--) {
      for (let channel = 0; channel < pixelLength; channel++, at++) {
        const place = indices[at];
        output[at] = place >= 0 && place < planeLength ? input[plane + place * pixelLength + channel] : p.missing;
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
        const place = indices[at];
        if (place < 0 || place >= planeLength) continue;
        const to = plane + place * pixelLength + channel;
        output[to] = accumulate ? output[to] + input[at] : input[at];
      }
    }
  }
}

/** Indices that were given as floats: −1 for one that is no whole number from 0 up. A task is `INDEX_BLOCK` of them. */
export function floatIndices(p: Block<typeof FloatIndicesParams>, taskBegin: number, taskEnd: number): void {
  const { input, output, length } = p;
  const end = Math.min(taskEnd * INDEX_BLOCK, length);
  for (let i = taskBegin * INDEX_BLOCK; i < end; i++) {
    const place = input[i] | 0;
    output[i] = place >= 0 && place === input[i] ? place : -1;
  }
}
