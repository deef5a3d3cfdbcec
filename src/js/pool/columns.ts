import { greater, Reduction } from './reduce.ts';

const { fround } = Math;

/** Windows of `count` pixels of one float each: `width` columns `tap` apart are reduced from left to right. */
export function reducePlane(
  columns: Float32Array, from: number, stride: number, width: number, tap: number,
  output: Float32Array, to: number, count: number, reduction: number,
): void {
  if (reduction === Reduction.Max) maxColumns(columns, from, stride, width, tap, output, to, count);
  else sumColumns(columns, from, stride, width, tap, output, to, count);
}

/** Windows of `count` pixels of several channels each. */
export function reducePixels(
  columns: Float32Array, from: number, stride: number, width: number, tap: number,
  output: Float32Array, to: number, count: number, channels: number, reduction: number,
): void {
  for (let x = 0; x < count; x++) {
    if (reduction === Reduction.Max) maxColumns(columns, from, 1, width, tap, output, to, channels);
    else sumColumns(columns, from, 1, width, tap, output, to, channels);
    from += stride;
    to += channels;
  }
}

/** `count` floats of output, whose windows begin `stride` apart. */
function maxColumns(
  columns: Float32Array, from: number, stride: number, width: number, tap: number, output: Float32Array, to: number, count: number,
): void {
  const last = (width - 1) * tap;
  if (width === 3) {
    for (let i = 0; i < count; i++, from += stride) {
      output[to + i] = columns[greater(columns, greater(columns, from, from + tap), from + last)];
    }
    return;
  }
  for (let i = 0; i < count; i++, from += stride) {
    let most = from;
    for (let at = from + tap; at <= from + last; at += tap) most = greater(columns, most, at);
    output[to + i] = columns[most];
  }
}

function sumColumns(
  columns: Float32Array, from: number, stride: number, width: number, tap: number, output: Float32Array, to: number, count: number,
): void {
  const last = (width - 1) * tap;
  if (width === 3) {
    for (let i = 0; i < count; i++, from += stride) {
      output[to + i] = fround(fround(columns[from] + columns[from + tap]) + columns[from + last]);
    }
    return;
  }
  for (let i = 0; i < count; i++, from += stride) {
    let sum = columns[from];
    for (let at = from + tap; at <= from + last; at += tap) sum = fround(sum + columns[at]);
    output[to + i] = sum;
  }
}
