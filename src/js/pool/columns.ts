import { Reduction } from './reduce.ts';

const { fround } = Math;

/** Windows of `count` pixels of one float each: `width` columns `tap` apart are reduced from left to right. */
export function reducePlane(
  columns: Float32Array, from: number, stride: number, width: number, tap: number,
  output: Float32Array, to: number, count: number, reduction: number,
): void {
  const span = width * tap;
  if (reduction === Reduction.Max) {
    for (let x = 0; x < count; x++, from += stride) {
      let most = columns[from];
      for (let at = from + tap; at < from + span; at += tap) {
        const column = columns[at];
        if (column > most || column !== column) most = column;
      }
      output[to + x] = most;
    }
  } else {
    for (let x = 0; x < count; x++, from += stride) {
      let sum = columns[from];
      for (let at = from + tap; at < from + span; at += tap) sum = fround(sum + columns[at]);
      output[to + x] = sum;
    }
  }
}

/** Windows of `count` pixels of several channels each. */
export function reducePixels(
  columns: Float32Array, from: number, stride: number, width: number, tap: number,
  output: Float32Array, to: number, count: number, channels: number, reduction: number,
): void {
  for (let x = 0; x < count; x++) {
    for (let i = 0; i < channels; i++) output[to + i] = columns[from + i];
    for (let column = 1, at = from + tap; column < width; column++, at += tap) {
      if (reduction === Reduction.Max) {
        for (let i = 0; i < channels; i++) {
          const y = columns[at + i];
          if (y > output[to + i] || y !== y) output[to + i] = y;
        }
      } else {
        for (let i = 0; i < channels; i++) output[to + i] = fround(output[to + i] + columns[at + i]);
      }
    }
    from += stride;
    to += channels;
  }
}
