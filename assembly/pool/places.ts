import { FloatIndicesParams, INDEX_BLOCK, IndexParams } from '../generated/abi';

/**
 * Floats to and from the places that indices name. An index that is no place of the plane names none: nothing is written there, and
 * what is read is `missing`. A task is a plane.
 */

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
      const place = load<i32>(indices);
      let x = missing;
      if (<u32>place < <u32>planeLength) x = load<f32>(plane + (<usize>(place * pixelLength + channel) << 2));
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
      const place = load<i32>(indices);
      if (<u32>place < <u32>planeLength) {
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

/**
 * The place that a float names, or −1 if it is no whole number from 0 up. It is asked after rounding: only a place is equal to its
 * index again, whatever the low bits of a NaN or of a large number say.
 */
@inline
function placeOf(index: f32): i32 {
  // The bits of a float that has no room for a fraction are a whole number: `i32.trunc_sat` asks about its range as well.
  const place = <i32>reinterpret<i64>(<f64>index + 4503599627370496);
  return place >= 0 && <f32>place == index ? place : -1;
}

/** Indices that were given as floats. A task is `INDEX_BLOCK` of them. */
export function floatIndices(p: FloatIndicesParams, taskBegin: i32, taskEnd: i32): void {
  const begin = <usize>taskBegin * INDEX_BLOCK << 2;
  const end = <usize>min(taskEnd * INDEX_BLOCK, p.length) << 2;
  for (let at = begin; at < end; at += 4) store<i32>(p.output + at, placeOf(load<f32>(p.input + at)));
}
