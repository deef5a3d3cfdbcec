import type { Block } from '../../kernels/layout.ts';
import type { IndicesParams } from '../../kernels/pool.ts';
import { greater } from './reduce.ts';
import { tapAtOrAfter, tapsBetween, windowStart, windowTaps } from './windows.ts';

/**
 * Where in its plane the maximum of each window lies, row by row the first of those that are equal, or the last NaN. It is −1
 * where a window has no tap over the input.
 *
 * A task is a row of output.
 */
export function maxIndices(p: Block<typeof IndicesParams>, taskBegin: number, taskEnd: number): void {
  const { pixelLength } = p;
  const row = p.dilationHeight * p.inWidth * pixelLength;
  const tap = p.dilationWidth * pixelLength;
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = Math.trunc(task / p.outHeight);
    const y = task - plane * p.outHeight;
    const startY = windowStart(y, p.strideHeight, p.top, p.inHeight, p.outHeight);
    const tapsY = windowTaps(y, p.strideHeight, p.kernelHeight, p.inHeight, p.outHeight);
    const rows = tapsBetween(startY, tapsY, p.dilationHeight, 0, p.inHeight);
    const top = startY + tapAtOrAfter(startY, p.dilationHeight, 0) * p.dilationHeight;
    const planeInput = plane * p.inHeight * p.inWidth * pixelLength;
    for (let x = 0; x < p.outWidth; x++) {
      const startX = windowStart(x, p.strideWidth, p.left, p.inWidth, p.outWidth);
      const tapsX = windowTaps(x, p.strideWidth, p.kernelWidth, p.inWidth, p.outWidth);
      const columns = tapsBetween(startX, tapsX, p.dilationWidth, 0, p.inWidth);
      const first = top * p.inWidth + startX + tapAtOrAfter(startX, p.dilationWidth, 0) * p.dilationWidth;
      const output = (task * p.outWidth + x) * pixelLength;
      if (rows === 0 || columns === 0) p.output.fill(-1, output, output + pixelLength);
      else {
        for (let channel = 0; channel < pixelLength; channel++) {
          const at = planeInput + channel;
          const most = firstMaximum(p.input, at + first * pixelLength, rows, columns, row, tap);
          p.output[output + channel] = (most - at) / pixelLength;
        }
      }
    }
  }
}

function firstMaximum(input: Float32Array, first: number, rows: number, columns: number, row: number, tap: number): number {
  let most = first;
  for (; rows > 0; rows--, first += row) {
    for (let k = 0, at = first; k < columns; k++, at += tap) most = greater(input, most, at);
  }
  return most;
}
