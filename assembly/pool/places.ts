import { IndexParams } from '../params';

/**
 * Floats to and from the places that indices name. A place outside the plane, or NaN, is none: nothing is written there, and what
 * is read is `missing`. Fractions are rounded. A task is a plane.
 */

/** In one comparison: as whole numbers, negative floats and NaN are greater than any place. −0 is a place. */
@inline
function isPlace(index: f32, planeLength: i32): bool {
  return reinterpret<u32>(index + 0) < reinterpret<u32>(<f32>planeLength);
}

/** A place as a whole number, by the bits of a float that has no room for a fraction: a conversion asks about its range. */
@inline
function wholeOf(index: f32): i32 {
  return <i32>reinterpret<i64>(<f64>index + 4503599627370496);
}

/** `output[i] = input[indices[i]]`. */
export function gatherPixels(p: IndexParams, taskBegin: i32, taskEnd: i32): void {
  const pixelLength = p.pixelLength, planeLength = p.planeLength;
  const missing = p.missing;
  let indices = p.indices + (<usize>(taskBegin * p.indexCount * pixelLength) << 2);
  let output = p.output + (<usize>(taskBegin * p.indexCount * pixelLength) << 2);
  let plane = p.input + (<usize>(taskBegin * planeLength * pixelLength) << 2);
  for (let task = taskBegin; task < taskEnd; task++) {
    let channel = 0;
    for (let i = p.indexCount * pixelLength; i > 0; i--) {
      const index = load<f32>(indices);
      let x = missing;
      if (isPlace(index, planeLength)) x = load<f32>(plane + (<usize>(wholeOf(index) * pixelLength + channel) << 2));
      store<f32>(output, x);
      if (++channel == pixelLength) channel = 0;
      indices += 4;
      output += 4;
    }
    plane += <usize>(planeLength * pixelLength) << 2;
  }
}

/** `output[indices[i]] = input[i]`, or the sum of all that meet there, from the first to the last; zero anywhere else. */
export function scatterPixels(p: IndexParams, taskBegin: i32, taskEnd: i32): void {
  const pixelLength = p.pixelLength, planeLength = p.planeLength;
  const accumulate = p.accumulate;
  const planeBytes = <usize>(planeLength * pixelLength) << 2;
  let indices = p.indices + (<usize>(taskBegin * p.indexCount * pixelLength) << 2);
  let input = p.input + (<usize>(taskBegin * p.indexCount * pixelLength) << 2);
  let plane = p.output + <usize>taskBegin * planeBytes;
  for (let task = taskBegin; task < taskEnd; task++) {
    memory.fill(plane, 0, planeBytes);
    let channel = 0;
    for (let i = p.indexCount * pixelLength; i > 0; i--) {
      const index = load<f32>(indices);
      if (isPlace(index, planeLength)) {
        const to = plane + (<usize>(wholeOf(index) * pixelLength + channel) << 2);
        const x = load<f32>(input);
        store<f32>(to, accumulate ? load<f32>(to) + x : x);
      }
      if (++channel == pixelLength) channel = 0;
      indices += 4;
      input += 4;
    }
    plane += planeBytes;
  }
}
