import type { Block } from '../../kernels/layout.ts';
import type { PoolParams } from '../../kernels/pool.ts';
import { tapAtOrAfter, tapsBetween, windowStart, windowTaps } from './windows.ts';

const { fround } = Math;

/**
 * An average's gradient: each window's, divided by its cells, is added to all of its taps. In two passes, as the windows were
 * reduced: the windows of a row of output are added up along the row, from left to right, and the row is added to each row of
 * input that they have, from top to bottom.
 *
 *   scratch  columns that each window's average counts  [outWidth], up to a multiple of 4
 *            gradient over cells                        [outWidth][pixelLength], up to a multiple of 4, and 4
 *            sums, padding and what is beyond included  [columns that windows reach over][pixelLength]
 *
 * A task is a plane: of `input` outHeight × outWidth, of `output` inHeight × inWidth.
 */
export function averagePoolBackward(p: Block<typeof PoolParams>, taskBegin: number, taskEnd: number): void {
  const { pixelLength, scratch, output } = p;
  const outRowLength = p.outWidth * pixelLength;
  const weighed = (p.outWidth + 3) & ~3;
  const sums = weighed + ((outRowLength + 7) & ~3);
  const reach = (p.outWidth - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
  const insideLength = Math.min(p.inWidth, reach - p.left) * pixelLength;
  const inside = sums + p.left * pixelLength;
  const rowLength = p.inWidth * pixelLength;
  // Windows of one width are spread tap by tap, the last first, and each of an adaptive pooling's on its own.
  const run = p.strideWidth > 0 ? p.outWidth : 1;
  countColumns(p);
  let input = taskBegin * p.outHeight * outRowLength;
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = task * p.inHeight * rowLength;
    output.fill(0, plane, plane + p.inHeight * rowLength);
    for (let y = 0; y < p.outHeight; y++, input += outRowLength) {
      const start = windowStart(y, p.strideHeight, p.top, p.inHeight, p.outHeight);
      const taps = windowTaps(y, p.strideHeight, p.kernelHeight, p.inHeight, p.outHeight);
      let gradient = p.input;
      let gradientAt = input;
      if (p.divisor !== 1) {
        const rows = tapsBetween(start, taps, p.dilationHeight, -p.countTop, p.inHeight + p.countBottom);
        divideByCells(p.input, input, scratch, rows, weighed, p.outWidth, pixelLength);
        gradient = scratch;
        gradientAt = weighed;
      }
      scratch.fill(0, sums, sums + reach * pixelLength);
      for (let x = 0; x < p.outWidth; x += run) {
        const to = run === 1 ? sums + windowStart(x, p.strideWidth, 0, p.inWidth, p.outWidth) * pixelLength : sums;
        for (let tap = windowTaps(x, p.strideWidth, p.kernelWidth, p.inWidth, p.outWidth) - 1; tap >= 0; tap--) {
          const at = to + tap * p.dilationWidth * pixelLength;
          addStrided(scratch, at, p.strideWidth, gradient, gradientAt + x * pixelLength, run, pixelLength);
        }
      }
      let row = start + tapAtOrAfter(start, p.dilationHeight, 0) * p.dilationHeight;
      for (let rows = tapsBetween(start, taps, p.dilationHeight, 0, p.inHeight); rows > 0; rows--) {
        addFloats(output, plane + row * rowLength, scratch, inside, insideLength);
        row += p.dilationHeight;
      }
    }
  }
}

function countColumns(p: Block<typeof PoolParams>): void {
  for (let x = 0; x < p.outWidth; x++) {
    const start = windowStart(x, p.strideWidth, p.left, p.inWidth, p.outWidth);
    const taps = windowTaps(x, p.strideWidth, p.kernelWidth, p.inWidth, p.outWidth);
    p.scratch[x] = tapsBetween(start, taps, p.dilationWidth, -p.countLeft, p.inWidth + p.countRight);
  }
}

/** A row of gradients over the cells of their windows, which `scratch` begins with. */
function divideByCells(
  input: Float32Array, from: number, scratch: Float32Array, rows: number, to: number, count: number, pixelLength: number,
): void {
  for (let x = 0; x < count; x++) {
    const cells = fround(rows * scratch[x]);
    for (let i = pixelLength; i > 0; i--) scratch[to++] = input[from++] / cells;
  }
}

/** Adds `count` pixels to pixels that are `stride` apart. */
function addStrided(
  target: Float32Array, to: number, stride: number, source: Float32Array, from: number, count: number, pixelLength: number,
): void {
  if (stride === 1) addFloats(target, to, source, from, count * pixelLength);
  else if (pixelLength === 1) for (; count > 0; count--, to += stride, from++) target[to] = target[to] + source[from];
  else for (; count > 0; count--, to += stride * pixelLength, from += pixelLength) addFloats(target, to, source, from, pixelLength);
}

function addFloats(target: Float32Array, to: number, source: Float32Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) target[to + i] = target[to + i] + source[from + i];
}
