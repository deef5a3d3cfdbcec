import { IndicesParams } from '../generated/abi';
import { storeTail } from '../simd';
import { loadStrided } from './columns';
import { tapAtOrAfter, tapsBetween, windowStart, windowTaps } from './windows';

/**
 * Where in its plane the maximum of each window lies, row by row the first of those that are equal, or the last NaN. It is −1
 * where a window has no tap over the input.
 *
 * Lanes are channels of a pixel, or where a pixel is one float, four pixels whose windows are whole; of any other such pixel
 * only the first lane is stored. A task is a row of output.
 */
export function maxIndices(p: IndicesParams, taskBegin: i32, taskEnd: i32): void {
  const pixelLength = p.pixelLength;
  const tapBytes = <usize>(p.dilationWidth * pixelLength) << 2;
  const rowBytes = <usize>(p.dilationHeight * p.inWidth * pixelLength) << 2;
  const stride = p.strideWidth;
  const steps = i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(stride));
  const reach = 3 * stride + p.dilationWidth * (p.kernelWidth - 1);
  let output = p.output + (<usize>(taskBegin * p.outWidth * pixelLength) << 2);
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = task / p.outHeight;
    const y = task - plane * p.outHeight;
    const startY = windowStart(y, p.strideHeight, p.top, p.inHeight, p.outHeight);
    const tapsY = windowTaps(y, p.strideHeight, p.kernelHeight, p.inHeight, p.outHeight);
    const rows = tapsBetween(startY, tapsY, p.dilationHeight, 0, p.inHeight);
    const top = startY + tapAtOrAfter(startY, p.dilationHeight, 0) * p.dilationHeight;
    const planeInput = p.input + (<usize>(plane * p.inHeight * p.inWidth) * pixelLength << 2);
    for (let x = 0; x < p.outWidth;) {
      const startX = windowStart(x, stride, p.left, p.inWidth, p.outWidth);
      const tapsX = windowTaps(x, stride, p.kernelWidth, p.inWidth, p.outWidth);
      // Pixels whose windows are whole go in fours, as far as there are any.
      const room = p.inWidth - 1 - startX - reach;
      const whole = pixelLength == 1 && stride > 0 && startX >= 0 && room >= 0;
      const quads = whole ? min((p.outWidth - x) >> 2, room / (4 * stride) + 1) : 0;
      const columns = tapsBetween(startX, tapsX, p.dilationWidth, 0, p.inWidth);
      const first = top * p.inWidth + startX + tapAtOrAfter(startX, p.dilationWidth, 0) * p.dilationWidth;
      const laneStride = quads > 0 ? stride : 1;
      const advance = quads > 0 ? i32x4.splat(4 * stride) : i32x4.splat(0);
      let input = planeInput + (<usize>(first * pixelLength) << 2);
      let index = i32x4.splat(first);
      if (quads > 0) index = i32x4.add(index, steps);
      const none = i32x4.splat(rows > 0 && columns > 0 ? 0 : -1);
      for (let lanes = quads > 0 ? 4 * quads : pixelLength; lanes > 0; lanes -= 4) {
        const place = firstMaximum(input, rows, columns, rowBytes, tapBytes, laneStride, v128.or(index, none), p);
        if (lanes >= 4) v128.store(output, place);
        else storeTail(output, place, lanes);
        index = i32x4.add(index, advance);
        input += <usize>laneStride << 4;
        output += <usize>min(lanes, 4) << 2;
      }
      x += max(4 * quads, 1);
    }
  }
}

@inline
function firstMaximum(
  input: usize, rows: i32, columns: i32, rowBytes: usize, tapBytes: usize, stride: i32, first: v128, p: IndicesParams,
): v128 {
  let most = f32x4.splat(-Infinity);
  let place = first;
  const step = i32x4.splat(p.dilationWidth);
  const rowStep = i32x4.splat(p.dilationHeight * p.inWidth);
  for (; rows > 0; rows--) {
    let from = input;
    let index = first;
    for (let k = columns; k > 0; k--) {
      const x = loadStrided(from, stride, <usize>stride << 2);
      const wins = v128.or(f32x4.gt(x, most), f32x4.ne(x, x));
      most = v128.bitselect(x, most, wins);
      place = v128.bitselect(index, place, wins);
      index = i32x4.add(index, step);
      from += tapBytes;
    }
    first = i32x4.add(first, rowStep);
    input += rowBytes;
  }
  return place;
}
