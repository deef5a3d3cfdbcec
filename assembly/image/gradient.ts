import { ImageParams } from '../generated/abi';
import { wordsHigh, wordsLow } from './bytes';
import { centreOf, lineOf, middleOf, nextRow, openRows, putLine, slotOf } from './rows';

/**
 * √(gx² + gy²) of the two 3×3 kernels of Sobel, Scharr or Prewitt, which share their columns: a difference in one direction,
 * smoothed with (side, centre, side) in the other.
 *
 *   taps     side, centre
 *   middle   [smoothed down, difference down][padded width][channels], words of 16 bits or floats
 */

/** 1.5 · 2²³: what is added to it is rounded to a whole number, halves to even, and lies in the low bits. */
const TO_WHOLE: f32 = 12582912;

@inline
function magnitude(squares: v128, divisor: v128, bias: v128): v128 {
  return f32x4.add(f32x4.div(f32x4.sqrt(squares), divisor), bias);
}

/** Of the nearest whole number, halves to even, as i32. */
@inline
function whole(x: v128): v128 {
  const to = f32x4.splat(TO_WHOLE);
  // What is far beyond a byte has to stay within the reach of the sum.
  return i32x4.sub(f32x4.add(f32x4.pmin(f32x4.pmax(x, f32x4.splat(-32768)), f32x4.splat(32767)), to), to);
}

function gradientBytes(p: ImageParams, y: i32): void {
  const side = v128.load_splat<u16>(p.taps), centre = v128.load_splat<u16>(p.taps, 4);
  const differences: usize = p.lineBytes << 1;
  let a = slotOf(p, y - 1), b = slotOf(p, y), c = slotOf(p, y + 1);
  let to = middleOf(p);
  for (let count = p.paddedBytes; count > 0; count -= 8) {
    const above = v128.load_ext<u8>(a), here = v128.load_ext<u8>(b), under = v128.load_ext<u8>(c);
    v128.store(to, i16x8.add(i16x8.mul(i16x8.add(above, under), side), i16x8.mul(here, centre)));
    v128.store(to + differences, i16x8.sub(under, above));
    a += 8;
    b += 8;
    c += 8;
    to += 16;
  }
  const divisor = f32x4.splat(p.divisor), bias = f32x4.splat(p.bias);
  const next: usize = p.pixelBytes << 1;
  let from = middleOf(p);
  to = lineOf(p);
  for (let count = p.rowBytes; count > 0; count -= 8) {
    const second = from + next, third = second + next;
    const gx = i16x8.sub(v128.load(third), v128.load(from));
    const sides = i16x8.add(v128.load(from + differences), v128.load(third + differences));
    const gy = i16x8.add(i16x8.mul(sides, side), i16x8.mul(v128.load(second + differences), centre));
    const low = wordsLow(gx, gy), high = wordsHigh(gx, gy);
    const x = magnitude(f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(low, low)), divisor, bias);
    const z = magnitude(f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(high, high)), divisor, bias);
    const words = i16x8.narrow_i32x4_s(whole(x), whole(z));
    v128.store_lane<u64>(to, i8x16.narrow_i16x8_u(words, words), 0);
    from += 16;
    to += 8;
  }
}

function gradientFloats(p: ImageParams, y: i32): void {
  const side = v128.load_splat<u32>(p.taps), centre = v128.load_splat<u32>(p.taps, 4);
  const differences: usize = p.lineBytes;
  let a = slotOf(p, y - 1), b = slotOf(p, y), c = slotOf(p, y + 1);
  let to = middleOf(p);
  for (let count = p.paddedBytes; count > 0; count -= 16) {
    const above = v128.load(a), here = v128.load(b), under = v128.load(c);
    v128.store(to, f32x4.add(f32x4.mul(f32x4.add(above, under), side), f32x4.mul(here, centre)));
    v128.store(to + differences, f32x4.sub(under, above));
    a += 16;
    b += 16;
    c += 16;
    to += 16;
  }
  const divisor = f32x4.splat(p.divisor), bias = f32x4.splat(p.bias);
  const next: usize = p.pixelBytes;
  let from = middleOf(p);
  to = lineOf(p);
  for (let count = p.rowBytes; count > 0; count -= 16) {
    const second = from + next, third = second + next;
    const gx = f32x4.sub(v128.load(third), v128.load(from));
    const sides = f32x4.add(v128.load(from + differences), v128.load(third + differences));
    const gy = f32x4.add(f32x4.mul(sides, side), f32x4.mul(v128.load(second + differences), centre));
    v128.store(to, magnitude(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy)), divisor, bias));
    from += 16;
    to += 16;
  }
}

export function imageGradient(p: ImageParams, taskBegin: i32, taskEnd: i32): void {
  const last = min(taskEnd * p.stripe, p.height);
  for (let y = openRows(p, taskBegin, taskEnd); y < last; y++) {
    nextRow(p, y);
    if (p.elementBytes == 1) gradientBytes(p, y);
    else gradientFloats(p, y);
    putLine(p, y, lineOf(p), centreOf(p, y));
  }
}
