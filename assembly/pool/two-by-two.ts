import { PoolParams } from '../generated/abi';
import { storeTail } from '../simd';
import { addColumn, addTap, finish, firstTap } from './reduce';

/**
 * The commonest pooling of all, 2 × 2 in strides of 2 over nothing but input, in registers: the same order as in two
 * passes, without a row of columns between them.
 */
@inline
export function isTwoByTwo(p: PoolParams): bool {
  return p.kernelHeight == 2 && p.kernelWidth == 2 && p.strideHeight == 2 && p.strideWidth == 2
    && p.dilationHeight == 1 && p.dilationWidth == 1 && (p.top | p.left) == 0
    && p.outHeight << 1 <= p.inHeight && p.outWidth << 1 <= p.inWidth;
}

/** Four columns of two rows. */
@inline
function column(upper: usize, rowBytes: usize, reduction: i32): v128 {
  return addTap(firstTap(v128.load(upper), reduction), v128.load(upper + rowBytes), reduction);
}

/** Four windows of one float a pixel. */
@inline
function planeQuad(upper: usize, rowBytes: usize, cells: v128, reduction: i32): v128 {
  const low = column(upper, rowBytes, reduction), high = column(upper + 16, rowBytes, reduction);
  const window = addColumn(v128.shuffle<f32>(low, high, 0, 2, 4, 6), v128.shuffle<f32>(low, high, 1, 3, 5, 7), reduction);
  return finish(window, cells, reduction);
}

@inline
function planeRow(upper: usize, rowBytes: usize, to: usize, count: i32, cells: v128, reduction: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(to, planeQuad(upper, rowBytes, cells, reduction));
    upper += 32;
    to += 16;
  }
  if (count > 0) storeTail(to, planeQuad(upper, rowBytes, cells, reduction), count);
}

/** Four channels of one window. */
@inline
function pixelQuad(upper: usize, rowBytes: usize, pixelBytes: usize, cells: v128, reduction: i32): v128 {
  const window = addColumn(column(upper, rowBytes, reduction), column(upper + pixelBytes, rowBytes, reduction), reduction);
  return finish(window, cells, reduction);
}

/** As in columns.ts, a pixel's last vector spills into the next pixel. */
@inline
function pixelRow(upper: usize, rowBytes: usize, channels: i32, to: usize, count: i32, cells: v128, reduction: i32): void {
  const pixelBytes = <usize>channels << 2;
  for (; count > 0; count--) {
    let source = upper;
    let target = to;
    let channel = channels;
    for (; channel >= 4; channel -= 4) {
      v128.store(target, pixelQuad(source, rowBytes, pixelBytes, cells, reduction));
      source += 16;
      target += 16;
    }
    if (channel > 0) {
      const window = pixelQuad(source, rowBytes, pixelBytes, cells, reduction);
      if (count == 1) storeTail(target, window, channel);
      else v128.store(target, window);
    }
    upper += 2 * pixelBytes;
    to += pixelBytes;
  }
}

@inline
export function twoByTwo(p: PoolParams, taskBegin: i32, taskEnd: i32, reduction: i32): void {
  const cells = f32x4.splat(p.divisor > 0 ? p.divisor : 4);
  const rowBytes = <usize>(p.inWidth * p.pixelLength) << 2;
  const outRowBytes = <usize>(p.outWidth * p.pixelLength) << 2;
  const plane = taskBegin / p.outHeight;
  let y = taskBegin - plane * p.outHeight;
  let upper = p.input + <usize>(plane * p.inHeight + 2 * y) * rowBytes;
  let to = p.output + <usize>taskBegin * outRowBytes;
  for (let task = taskBegin; task < taskEnd; task++) {
    if (p.pixelLength == 1) planeRow(upper, rowBytes, to, p.outWidth, cells, reduction);
    else pixelRow(upper, rowBytes, p.pixelLength, to, p.outWidth, cells, reduction);
    to += outRowBytes;
    upper += 2 * rowBytes;
    if (++y == p.outHeight) {
      y = 0;
      upper += <usize>(p.inHeight - 2 * p.outHeight) * rowBytes;
    }
  }
}
