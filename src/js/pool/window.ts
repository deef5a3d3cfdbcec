import type { Block, PoolParams } from '../../params.ts';
import { reducePixels, reducePlane } from './columns.ts';
import { finish, identity, Reduction } from './reduce.ts';
import { reduceRows } from './rows.ts';

/**
 * Pooling in two passes: the rows of a window, column by column from top to bottom, then its columns from left to right.
 * The first is over whole rows of the input, whatever a pixel is, and leaves out rows of padding; its result lies
 * between columns of padding in scratch, so that the second never asks where it is.
 *
 *   scratch  columns that each output pixel's average counts            [outWidth, up to a multiple of 4]
 *            identity | reduced columns | identity                       [columns of a block][pixelLength]
 *
 * A task is a row of output of one plane.
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
  const { pixelLength, scratch } = p;
  const rowLength = p.inWidth * pixelLength;
  const columns = (p.outWidth + 3) & ~3;
  for (let x = 0; x < p.outWidth; x++) {
    const start = x * p.strideWidth - p.left;
    scratch[x] = tapsBetween(start, p.kernelWidth, p.dilationWidth, -p.countLeft, p.inWidth + p.countRight);
  }
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = Math.trunc(task / p.outHeight);
    const start = (task - plane * p.outHeight) * p.strideHeight - p.top;
    const first = tapAtOrAfter(start, p.dilationHeight, 0);
    const rows = tapsBetween(start, p.kernelHeight, p.dilationHeight, 0, p.inHeight);
    const source = (plane * p.inHeight + start + first * p.dilationHeight) * rowLength;
    const target = task * p.outWidth * pixelLength;
    const countedRows = tapsBetween(start, p.kernelHeight, p.dilationHeight, -p.countTop, p.inHeight + p.countBottom);
    for (let x = 0; x < p.outWidth; x += p.pixelBlock) {
      const count = Math.min(p.pixelBlock, p.outWidth - x);
      const begin = x * p.strideWidth - p.left;
      const end = begin + (count - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
      // Columns of the input; none where there is no row of it either.
      const insideEnd = rows > 0 ? Math.max(begin, Math.min(end, p.inWidth)) : begin;
      const inside = Math.min(insideEnd, Math.max(begin, 0));
      const insideAt = columns + (inside - begin) * pixelLength;
      const afterAt = columns + (insideEnd - begin) * pixelLength;
      scratch.fill(identity(reduction), columns, insideAt);
      if (afterAt > insideAt) {
        reduceRows(p.input, source + inside * pixelLength, p.dilationHeight * rowLength, rows, scratch, insideAt, afterAt - insideAt, reduction);
      }
      scratch.fill(identity(reduction), afterAt, columns + (end - begin) * pixelLength);
      const to = target + x * pixelLength;
      const tap = p.dilationWidth * pixelLength;
      if (pixelLength === 1) {
        reducePlane(scratch, columns, p.strideWidth, p.kernelWidth, tap, p.output, to, count, reduction);
      } else {
        reducePixels(scratch, columns, p.strideWidth * pixelLength, p.kernelWidth, tap, p.output, to, count, pixelLength, reduction);
      }
      if (reduction !== Reduction.Max) {
        for (let i = 0; i < count; i++) finish(p.output, to + i * pixelLength, pixelLength, Math.fround(countedRows * scratch[x + i]), reduction);
      }
    }
  }
}
