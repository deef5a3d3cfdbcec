import { PoolParams } from '../params';
import { reducePixels, reducePlane } from './columns';
import { identity, Reduction } from './reduce';
import { reduceRows } from './rows';
export { Reduction } from './reduce';

/**
 * Pooling in two passes: the rows of a window, column by column from top to bottom, then its columns from left to right.
 * The first is over whole rows of the input, whatever a pixel is, and leaves out rows of padding; its result lies
 * between columns of padding in scratch, so that the second never asks where it is.
 *
 *   scratch  columns that each output pixel's average counts, as floats  [outWidth, up to a multiple of 4]
 *            identity | reduced columns | identity                       [columns of a block][pixelLength]
 *
 * A task is a row of output of one plane.
 */

/** The first tap, `dilation` apart from `start` on, that is not before `low`. */
@inline
function tapAtOrAfter(start: i32, dilation: i32, low: i32): i32 {
  return start >= low ? 0 : (low - start + dilation - 1) / dilation;
}

/** Taps of a window that lie in `[low, high)`. */
@inline
function tapsBetween(start: i32, kernel: i32, dilation: i32, low: i32, high: i32): i32 {
  return max(0, min(kernel, tapAtOrAfter(start, dilation, high)) - tapAtOrAfter(start, dilation, low));
}

function fillFloats(to: usize, value: f32, count: i32): void {
  for (let i = count; i > 0; i--) {
    store<f32>(to, value);
    to += 4;
  }
}

@inline
export function pool(p: PoolParams, taskBegin: i32, taskEnd: i32, reduction: i32): void {
  const pixelLength = p.pixelLength;
  const rowBytes = <usize>(p.inWidth * pixelLength) << 2;
  const cells = p.scratch;
  const columns = cells + (<usize>((p.outWidth + 3) & ~3) << 2);
  if (reduction == Reduction.Average) {
    for (let x = 0; x < p.outWidth; x++) {
      const start = x * p.strideWidth - p.left;
      const count = tapsBetween(start, p.kernelWidth, p.dilationWidth, -p.countLeft, p.inWidth + p.countRight);
      store<f32>(cells + (<usize>x << 2), <f32>count);
    }
  }
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = task / p.outHeight;
    const y = task - plane * p.outHeight;
    const start = y * p.strideHeight - p.top;
    const first = tapAtOrAfter(start, p.dilationHeight, 0);
    const rows = tapsBetween(start, p.kernelHeight, p.dilationHeight, 0, p.inHeight);
    const source = p.input + <usize>(plane * p.inHeight + start + first * p.dilationHeight) * rowBytes;
    const target = p.output + (<usize>task * p.outWidth * pixelLength << 2);
    const countedRows = reduction == Reduction.Average
      ? <f32>tapsBetween(start, p.kernelHeight, p.dilationHeight, -p.countTop, p.inHeight + p.countBottom)
      : 0;
    for (let x = 0; x < p.outWidth; x += p.pixelBlock) {
      const count = min(p.pixelBlock, p.outWidth - x);
      const begin = x * p.strideWidth - p.left;
      const end = begin + (count - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
      // Columns of the input; none where there is no row of it either.
      const insideEnd = rows > 0 ? max(begin, min(end, p.inWidth)) : begin;
      const inside = min(insideEnd, max(begin, 0));
      const beforeLength = (inside - begin) * pixelLength;
      const insideLength = (insideEnd - inside) * pixelLength;
      const insideAt = columns + (<usize>beforeLength << 2);
      fillFloats(columns, identity(reduction), beforeLength);
      if (insideLength > 0) {
        reduceRows(source + (<usize>(inside * pixelLength) << 2), <usize>p.dilationHeight * rowBytes, rows, insideAt, insideLength, reduction);
      }
      fillFloats(insideAt + (<usize>insideLength << 2), identity(reduction), (end - insideEnd) * pixelLength);
      const to = target + (<usize>(x * pixelLength) << 2);
      const blockCells = cells + (<usize>x << 2);
      const tapBytes = <usize>(p.dilationWidth * pixelLength) << 2;
      if (pixelLength == 1) {
        reducePlane(columns, p.strideWidth, p.kernelWidth, tapBytes, to, count, countedRows, blockCells, reduction);
      } else {
        const strideBytes = <usize>(p.strideWidth * pixelLength) << 2;
        reducePixels(columns, strideBytes, p.kernelWidth, tapBytes, to, count, pixelLength, x + count == p.outWidth, countedRows, blockCells, reduction);
      }
    }
  }
}
