import type { Block, IndexParams } from '../../params.ts';

/**
 * Floats to and from the places that indices name. A place outside the plane, or NaN, is none: nothing is written there, and what
 * is read is `missing`. Fractions are rounded. A task is a plane.
 */

function isPlace(index: number, planeLength: number): boolean {
  return index >= 0 && index < planeLength;
}

/** A place as a whole number: of two that are equally near the even one. */
function wholeOf(index: number): number {
  return index + 4503599627370496 - 4503599627370496;
}

/** `output[i] = input[indices[i]]`. */
export function gatherPixels(p: Block<typeof IndexParams>, taskBegin: number, taskEnd: number): void {
  const { input, indices, output, planeLength, pixelLength } = p;
  let at = taskBegin * p.indexCount * pixelLength;
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = task * planeLength * pixelLength;
    for (let i = p.indexCount; i > 0; i--) {
      for (let channel = 0; channel < pixelLength; channel++, at++) {
        const index = indices[at];
        output[at] = isPlace(index, planeLength) ? input[plane + wholeOf(index) * pixelLength + channel] : p.missing;
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
        const index = indices[at];
        if (!isPlace(index, planeLength)) continue;
        const to = plane + wholeOf(index) * pixelLength + channel;
        output[to] = accumulate ? output[to] + input[at] : input[at];
      }
    }
  }
}
