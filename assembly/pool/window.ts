import { PoolParams } from '../generated/abi';
import { fillFloats } from '../simd';
import { reducePixels, reducePlane } from './columns';
import { identity, Reduction } from './reduce';
import { reduceRows } from './rows';
import { isTwoByTwo, twoByTwo } from './two-by-two';
import { tapAtOrAfter, tapsBetween, windowStart, windowTaps } from './windows';

/**
 * Pooling in two passes: the rows of a window, column by column from top to bottom, then its columns from left to right.
 * The first is over whole rows of the input, whatever a pixel is, and leaves out rows of padding; its result lies
 * between columns of padding in scratch, so that the second never asks where it is.
 *
 *   scratch  columns that each output pixel's average counts, as floats  [outWidth, up to a multiple of 4]
 *            identity | reduced columns | identity                       [columns of a block][pixelLength]
 *
 * A task is a row of output of one plane. A block of columns goes through all of its tasks before the next begins.
 */

@inline
export function pool(p: PoolParams, taskBegin: i32, taskEnd: i32, reduction: i32): void {
  if (isTwoByTwo(p)) {
    twoByTwo(p, taskBegin, taskEnd, reduction);
    return;
  }
  const pixelLength = p.pixelLength;
  const rowBytes = <usize>(p.inWidth * pixelLength) << 2;
  const cells = p.scratch;
  const columns = cells + (<usize>((p.outWidth + 3) & ~3) << 2);
  if (reduction == Reduction.Average) {
    for (let x = 0; x < p.outWidth; x++) {
      const start = windowStart(x, p.strideWidth, p.left, p.inWidth, p.outWidth);
      const taps = windowTaps(x, p.strideWidth, p.kernelWidth, p.inWidth, p.outWidth);
      const count = tapsBetween(start, taps, p.dilationWidth, -p.countLeft, p.inWidth + p.countRight);
      store<f32>(cells + (<usize>x << 2), p.divisor > 0 ? 1 : <f32>count);
    }
  }
  const tapBytes = <usize>(p.dilationWidth * pixelLength) << 2;
  const strideBytes = <usize>(p.strideWidth * pixelLength) << 2;
  const firstPlane = taskBegin / p.outHeight;
  for (let x = 0; x < p.outWidth; x += p.pixelBlock) {
    const count = min(p.pixelBlock, p.outWidth - x);
    const begin = x * p.strideWidth - p.left;
    const end = begin + (count - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
    const insideEnd = max(begin, min(end, p.inWidth));
    const inside = min(insideEnd, max(begin, 0));
    const beforeLength = (inside - begin) * pixelLength;
    const insideLength = (insideEnd - inside) * pixelLength;
    const afterLength = (end - insideEnd) * pixelLength;
    const insideAt = columns + (<usize>beforeLength << 2);
    const after = insideAt + (<usize>insideLength << 2);
    const blockCells = cells + (<usize>x << 2);
    let input = p.input + <usize>firstPlane * p.inHeight * rowBytes + (<usize>(inside * pixelLength) << 2);
    let output = p.output + (<usize>(taskBegin * p.outWidth + x) * pixelLength << 2);
    let y = taskBegin - firstPlane * p.outHeight;
    fillFloats(columns, identity(reduction), beforeLength);
    for (let task = taskBegin; task < taskEnd; task++) {
      const start = windowStart(y, p.strideHeight, p.top, p.inHeight, p.outHeight);
      const taps = windowTaps(y, p.strideHeight, p.kernelHeight, p.inHeight, p.outHeight);
      const rows = tapsBetween(start, taps, p.dilationHeight, 0, p.inHeight);
      if (rows > 0 && insideLength > 0) {
        const row = start + tapAtOrAfter(start, p.dilationHeight, 0) * p.dilationHeight;
        reduceRows(input + <usize>row * rowBytes, <usize>p.dilationHeight * rowBytes, rows, insideAt, insideLength, reduction);
      } else fillFloats(insideAt, identity(reduction), insideLength);
      fillFloats(after, identity(reduction), afterLength);
      const countedRows = reduction == Reduction.Average
        ? p.divisor > 0 ? p.divisor : <f32>tapsBetween(start, taps, p.dilationHeight, -p.countTop, p.inHeight + p.countBottom)
        : 0;
      // Windows of one width go in one run, and each of the others in its own.
      const run = p.strideWidth > 0 ? count : 1;
      for (let i = 0; i < count; i += run) {
        const width = windowTaps(i, p.strideWidth, p.kernelWidth, p.inWidth, p.outWidth);
        const from = p.strideWidth > 0 ? columns : columns + <usize>windowStart(i, 0, 0, p.inWidth, p.outWidth) * tapBytes;
        const to = output + (<usize>(i * pixelLength) << 2);
        const runCells = blockCells + (<usize>i << 2);
        if (pixelLength == 1) {
          reducePlane(from, p.strideWidth, width, tapBytes, to, run, countedRows, runCells, reduction);
        } else {
          const last = x + i + run == p.outWidth;
          reducePixels(from, strideBytes, width, tapBytes, to, run, pixelLength, last, countedRows, runCells, reduction);
        }
      }
      output += <usize>(p.outWidth * pixelLength) << 2;
      if (++y == p.outHeight) {
        y = 0;
        input += <usize>p.inHeight * rowBytes;
      }
    }
  }
}
