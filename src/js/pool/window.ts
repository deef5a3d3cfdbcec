import type { Block, PoolParams } from '../../params.ts';
import { reducePixels, reducePlane } from './columns.ts';
import { finish, identity } from './reduce.ts';
import { reduceRows } from './rows.ts';
import { isTwoByTwo, twoByTwo } from './two-by-two.ts';

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

/** The first tap, `dilation` apart from `start` on, that is not before `low`. */
function tapAtOrAfter(start: number, dilation: number, low: number): number {
  return start >= low ? 0 : Math.ceil((low - start) / dilation);
}

/** Taps of a window that lie in `[low, high)`. */
function tapsBetween(start: number, kernel: number, dilation: number, low: number, high: number): number {
  return Math.max(0, Math.min(kernel, tapAtOrAfter(start, dilation, high)) - tapAtOrAfter(start, dilation, low));
}

export function pool(p: Block<typeof PoolParams>, taskBegin: number, taskEnd: number, reduction: number): void {
  if (isTwoByTwo(p)) {
    twoByTwo(p, taskBegin, taskEnd, reduction);
    return;
  }
  const { pixelLength, scratch } = p;
  const rowLength = p.inWidth * pixelLength;
  const columns = (p.outWidth + 3) & ~3;
  for (let x = 0; x < p.outWidth; x++) {
    const start = x * p.strideWidth - p.left;
    scratch[x] = tapsBetween(start, p.kernelWidth, p.dilationWidth, -p.countLeft, p.inWidth + p.countRight);
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
      const start = (task - plane * p.outHeight) * p.strideHeight - p.top;
      const rows = tapsBetween(start, p.kernelHeight, p.dilationHeight, 0, p.inHeight);
      if (rows > 0 && insideLength > 0) {
        const row = start + tapAtOrAfter(start, p.dilationHeight, 0) * p.dilationHeight;
        const from = (plane * p.inHeight + row) * rowLength + inside * pixelLength;
        reduceRows(p.input, from, p.dilationHeight * rowLength, rows, scratch, insideAt, insideLength, reduction);
      } else scratch.fill(identity(reduction), insideAt, after);
      const countedRows = tapsBetween(start, p.kernelHeight, p.dilationHeight, -p.countTop, p.inHeight + p.countBottom);
      const to = (task * p.outWidth + x) * pixelLength;
      if (pixelLength === 1) {
        reducePlane(scratch, columns, p.strideWidth, p.kernelWidth, tap, p.output, to, count, reduction);
      } else {
        reducePixels(scratch, columns, p.strideWidth * pixelLength, p.kernelWidth, tap, p.output, to, count, pixelLength, reduction);
      }
      finish(p.output, to, count, pixelLength, countedRows, scratch, x, reduction);
    }
  }
}
