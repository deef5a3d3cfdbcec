import type { Block } from '../../kernels/layout.ts';
import type { PoolParams } from '../../kernels/pool.ts';
import { reducePixels, reducePlane } from './columns.ts';
import { finish, identity } from './reduce.ts';
import { reduceRows } from './rows.ts';
import { isTwoByTwo, twoByTwo } from './two-by-two.ts';
import { tapAtOrAfter, tapsBetween, windowStart, windowTaps } from './windows.ts';

/**
 * Pooling in two passes: the rows of a window, column by column from top to bottom, then its columns from left to right.
 * The first is over whole rows of the input, whatever a pixel is, and leaves out rows of padding; its result lies
 * between columns of padding in scratch, so that the second never asks where it is.
 *
 *   scratch  columns that each output pixel's average counts            [outWidth, up to a multiple of 4]
 *            identity | reduced columns | identity                       [columns of a block][pixelLength]
 *
 * A task is a row of output of one plane. A block of columns goes through all of its tasks before the next begins.
 */

export function pool(p: Block<typeof PoolParams>, taskBegin: number, taskEnd: number, reduction: number): void {
  if (isTwoByTwo(p)) {
    twoByTwo(p, taskBegin, taskEnd, reduction);
    return;
  }
  const { pixelLength, scratch } = p;
  const rowLength = p.inWidth * pixelLength;
  const columns = (p.outWidth + 3) & ~3;
  for (let x = 0; x < p.outWidth; x++) {
    const start = windowStart(x, p.strideWidth, p.left, p.inWidth, p.outWidth);
    const taps = windowTaps(x, p.strideWidth, p.kernelWidth, p.inWidth, p.outWidth);
    scratch[x] = p.divisor > 0 ? 1 : tapsBetween(start, taps, p.dilationWidth, -p.countLeft, p.inWidth + p.countRight);
  }
  const tap = p.dilationWidth * pixelLength;
  for (let x = 0; x < p.outWidth; x += p.pixelBlock) {
    const count = Math.min(p.pixelBlock, p.outWidth - x);
    const begin = x * p.strideWidth - p.left;
    const end = begin + (count - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
    const insideEnd = Math.max(begin, Math.min(end, p.inWidth));
    const inside = Math.min(insideEnd, Math.max(begin, 0));
    const insideLength = (insideEnd - inside) * pixelLength;
    const insideAt = columns + (inside - begin) * pixelLength;
    const after = insideAt + insideLength;
    scratch.fill(identity(reduction), columns, insideAt);
    scratch.fill(identity(reduction), after, columns + (end - begin) * pixelLength);
    for (let task = taskBegin; task < taskEnd; task++) {
      const plane = Math.trunc(task / p.outHeight);
      const y = task - plane * p.outHeight;
      const start = windowStart(y, p.strideHeight, p.top, p.inHeight, p.outHeight);
      const taps = windowTaps(y, p.strideHeight, p.kernelHeight, p.inHeight, p.outHeight);
      const rows = tapsBetween(start, taps, p.dilationHeight, 0, p.inHeight);
      if (rows > 0 && insideLength > 0) {
        const row = start + tapAtOrAfter(start, p.dilationHeight, 0) * p.dilationHeight;
        const from = (plane * p.inHeight + row) * rowLength + inside * pixelLength;
        reduceRows(p.input, from, p.dilationHeight * rowLength, rows, scratch, insideAt, insideLength, reduction);
      } else scratch.fill(identity(reduction), insideAt, after);
      const counted = tapsBetween(start, taps, p.dilationHeight, -p.countTop, p.inHeight + p.countBottom);
      const output = (task * p.outWidth + x) * pixelLength;
      // Windows of one width go in one run, and each of the others in its own.
      const run = p.strideWidth > 0 ? count : 1;
      for (let i = 0; i < count; i += run) {
        const width = windowTaps(i, p.strideWidth, p.kernelWidth, p.inWidth, p.outWidth);
        const from = p.strideWidth > 0 ? columns : columns + windowStart(i, 0, 0, p.inWidth, p.outWidth) * tap;
        const to = output + i * pixelLength;
        if (pixelLength === 1) reducePlane(scratch, from, p.strideWidth, width, tap, p.output, to, run, reduction);
        else reducePixels(scratch, from, p.strideWidth * pixelLength, width, tap, p.output, to, run, pixelLength, reduction);
      }
      finish(p.output, output, count, pixelLength, p.divisor > 0 ? p.divisor : counted, scratch, x, reduction);
    }
  }
}
