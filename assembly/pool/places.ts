import { IndexParams } from '../params';

/**
 * Floats to and from the places that indices name. A place outside the plane, or NaN, is none: nothing is written there, and what
 * is read is `missing`. Fractions are cut off. A task is a plane.
 */

@inline
function isPlace(index: f32, planeLength: i32): bool {
  return index >= 0 && index < <f32>planeLength;
}

/** `output[i] = input[indices[i]]`. */
export function gatherPixels(p: IndexParams, taskBegin: i32, taskEnd: i32): void {
  const pixelLength = p.pixelLength;
  let at = <usize>(taskBegin * p.indexCount * pixelLength) << 2;
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = p.input + (<usize>(task * p.planeLength * pixelLength) << 2);
    for (let i = p.indexCount; i > 0; i--) {
      for (let channel = 0; channel < pixelLength; channel++) {
        const index = load<f32>(p.indices + at);
        let x = p.missing;
        if (isPlace(index, p.planeLength)) x = load<f32>(plane + (<usize>(<i32>index * pixelLength + channel) << 2));
        store<f32>(p.output + at, x);
        at += 4;
      }
    }
  }
}

/** `output[indices[i]] = input[i]`, or the sum of all that meet there, from the first to the last; zero anywhere else. */
export function scatterPixels(p: IndexParams, taskBegin: i32, taskEnd: i32): void {
  const pixelLength = p.pixelLength;
  const planeBytes = <usize>(p.planeLength * pixelLength) << 2;
  let at = <usize>(taskBegin * p.indexCount * pixelLength) << 2;
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = p.output + <usize>task * planeBytes;
    memory.fill(plane, 0, planeBytes);
    for (let i = p.indexCount; i > 0; i--) {
      for (let channel = 0; channel < pixelLength; channel++) {
        const index = load<f32>(p.indices + at);
        const x = load<f32>(p.input + at);
        at += 4;
        if (!isPlace(index, p.planeLength)) continue;
        const to = plane + (<usize>(<i32>index * pixelLength + channel) << 2);
        store<f32>(to, p.accumulate ? load<f32>(to) + x : x);
      }
    }
  }
}
