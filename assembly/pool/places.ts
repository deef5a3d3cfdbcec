import { IndexParams } from '../generated/abi';

/**
 * Floats to and from the places that indices name. An index that is no whole number of the plane names none: nothing is written
 * there, and what is read is `missing`. A task is a plane.
 */

/**
 * The place an index names, or −1. It is asked after rounding, so that what is compared with the plane's end is what becomes an
 * address: only a place of the plane is equal to its index again, whatever the low bits of a NaN or of a large number say.
 */
@inline
function placeOf(index: f32, planeLength: i32): i32 {
  // The bits of a float that has no room for a fraction are a whole number: `i32.trunc_sat` asks about its range as well.
  const place = <i32>reinterpret<i64>(<f64>index + 4503599627370496);
  return <u32>place < <u32>planeLength && <f32>place == index ? place : -1;
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
      const place = placeOf(load<f32>(indices), planeLength);
      let x = missing;
      if (place >= 0) x = load<f32>(plane + (<usize>(place * pixelLength + channel) << 2));
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
      const place = placeOf(load<f32>(indices), planeLength);
      if (place >= 0) {
        const to = plane + (<usize>(place * pixelLength + channel) << 2);
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
