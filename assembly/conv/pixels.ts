import { clampVector, loadSplat, madd, storeTail } from '../simd';

/** What every pixel of a task shares: how its sums run through the strip of input rows. */
@unmanaged
export class Pixels {
  channels: i32;
  kernelHeight: i32;
  /** Products of one kernel row: its columns times the channels of the group. */
  taps: i32;
  /** [taps] u32: where in its row a tap's input begins, in bytes from the pixel's. */
  offsets: usize;
  /** From one kernel row's input to the next's. */
  rowBytes: usize;
  /** From one pixel's input to the next's. */
  xBytes: usize;
  /** How many kernel rows the second output row lies below the first. */
  shift: i32;
  /** From one output pixel to the next, from one output row to the next. */
  yBytes: usize;
  yRowBytes: usize;
  /** What the sums begin with: a vector for each vector of channels, `biasBytes` (16 or 0) apart. */
  bias: usize;
  biasBytes: usize;
  /** A vector of lower bounds and one of upper bounds, or 0. */
  clamp: usize;
}

/**
 * The innermost loops of direct convolution over channels (NHWC): four neighbouring pixels of two output rows, of one, or
 * one pixel. A vector is four channels.
 *
 *   x        input of the first pixel
 *   weights  [vector of channels][kernelHeight][taps][4]
 *   y        the first pixel
 *
 * As in planes (rows.ts), four pixels share each weight and two rows each input.
 */

/** Four channels of a pixel, or the one that it has, four times. */
@inline
function input(at: usize, shared: bool): v128 { return shared ? loadSplat(at) : v128.load(at); }

/**
 * `size` > 0: as many kernel rows of as many taps, known to the compiler; their distance is the second offset. `shared`: a pixel is
 * one float.
 */
@inline
function convPixels(pixels: Pixels, x: usize, weights: usize, y: usize, four: bool, two: bool, size: i32, sizeShift: i32, shared: bool): void {
  const taps = size ? size : pixels.taps;
  const shift = size ? sizeShift : two ? pixels.shift : pixels.kernelHeight;
  const common = size ? size - sizeShift : two ? pixels.kernelHeight - shift : 0;
  const above = taps * shift << 4;
  const neighbours = size > 0 || shared;
  const tapBytes = neighbours ? load<u32>(pixels.offsets, 4) : 0;
  const x1 = pixels.xBytes;
  const x2 = x1 << 1;
  const x3 = x1 + x2;
  let bias = pixels.bias;
  let weight = weights;
  for (let channels = pixels.channels; channels > 0; channels -= 4) {
    let u0 = v128.load(bias), u1 = u0, u2 = u0, u3 = u0;
    let l0 = u0, l1 = u0, l2 = u0, l3 = u0;
    let row = x;
    // Kernel rows of the upper output alone.
    for (let i = shift; i > 0; i--) {
      let offset = pixels.offsets, at = row;
      for (let tap = taps; tap > 0; tap--) {
        if (!neighbours) at = row + load<u32>(offset);
        const w = v128.load(weight);
        u0 = madd(input(at, shared), w, u0);
        if (four) { u1 = madd(input(at + x1, shared), w, u1); u2 = madd(input(at + x2, shared), w, u2); u3 = madd(input(at + x3, shared), w, u3); }
        if (neighbours) at += tapBytes; else offset += 4;
        weight += 16;
      }
      row += pixels.rowBytes;
    }
    if (two) {
      for (let i = common; i > 0; i--) {
        let offset = pixels.offsets, at = row;
        for (let tap = taps; tap > 0; tap--) {
          if (!neighbours) at = row + load<u32>(offset);
          const w = v128.load(weight), v = v128.load(weight - above);
          const p0 = input(at, shared);
          u0 = madd(p0, w, u0); l0 = madd(p0, v, l0);
          const p1 = input(at + x1, shared);
          u1 = madd(p1, w, u1); l1 = madd(p1, v, l1);
          const p2 = input(at + x2, shared);
          u2 = madd(p2, w, u2); l2 = madd(p2, v, l2);
          const p3 = input(at + x3, shared);
          u3 = madd(p3, w, u3); l3 = madd(p3, v, l3);
          if (neighbours) at += tapBytes; else offset += 4;
          weight += 16;
        }
        row += pixels.rowBytes;
      }
      // Kernel rows of the lower output alone.
      let last = weight - above;
      for (let i = shift; i > 0; i--) {
        let offset = pixels.offsets, at = row;
        for (let tap = taps; tap > 0; tap--) {
          if (!neighbours) at = row + load<u32>(offset);
          const v = v128.load(last);
          l0 = madd(input(at, shared), v, l0); l1 = madd(input(at + x1, shared), v, l1);
          l2 = madd(input(at + x2, shared), v, l2); l3 = madd(input(at + x3, shared), v, l3);
          if (neighbours) at += tapBytes; else offset += 4;
          last += 16;
        }
        row += pixels.rowBytes;
      }
    }
    if (pixels.clamp) {
      const lower = v128.load(pixels.clamp), upper = v128.load(pixels.clamp, 16);
      u0 = clampVector(u0, lower, upper);
      if (four) { u1 = clampVector(u1, lower, upper); u2 = clampVector(u2, lower, upper); u3 = clampVector(u3, lower, upper); }
      if (two) {
        l0 = clampVector(l0, lower, upper); l1 = clampVector(l1, lower, upper);
        l2 = clampVector(l2, lower, upper); l3 = clampVector(l3, lower, upper);
      }
    }
    const yBytes = pixels.yBytes;
    if (channels >= 4) {
      v128.store(y, u0);
      if (four) { v128.store(y + yBytes, u1); v128.store(y + 2 * yBytes, u2); v128.store(y + 3 * yBytes, u3); }
      if (two) {
        const below = y + pixels.yRowBytes;
        v128.store(below, l0); v128.store(below + yBytes, l1);
        v128.store(below + 2 * yBytes, l2); v128.store(below + 3 * yBytes, l3);
      }
    } else {
      storeTail(y, u0, channels);
      if (four) { storeTail(y + yBytes, u1, channels); storeTail(y + 2 * yBytes, u2, channels); storeTail(y + 3 * yBytes, u3, channels); }
      if (two) {
        const below = y + pixels.yRowBytes;
        storeTail(below, l0, channels); storeTail(below + yBytes, l1, channels);
        storeTail(below + 2 * yBytes, l2, channels); storeTail(below + 3 * yBytes, l3, channels);
      }
    }
    if (!shared) x += 16;
    y += 16;
    bias += pixels.biasBytes;
  }
}

export function convPixels2x4(pixels: Pixels, x: usize, weights: usize, y: usize): void { convPixels(pixels, x, weights, y, true, true, 0, 0, false); }
export function convPixels1x4(pixels: Pixels, x: usize, weights: usize, y: usize): void { convPixels(pixels, x, weights, y, true, false, 0, 0, false); }
export function convPixels1x1(pixels: Pixels, x: usize, weights: usize, y: usize): void { convPixels(pixels, x, weights, y, false, false, 0, 0, false); }
/** One channel, which all output channels share. */
export function convPixels2x4shared(pixels: Pixels, x: usize, weights: usize, y: usize): void { convPixels(pixels, x, weights, y, true, true, 0, 0, true); }
/** 3×3 with one channel a group; the vertical stride is the dilation, or twice that. */
export function convPixels2x4k3(pixels: Pixels, x: usize, weights: usize, y: usize): void { convPixels(pixels, x, weights, y, true, true, 3, 1, false); }
export function convPixels2x4k3s2(pixels: Pixels, x: usize, weights: usize, y: usize): void { convPixels(pixels, x, weights, y, true, true, 3, 2, false); }
