import { ArgExtremeParams } from '../generated/abi';
import { fillFloats, storeUpTo } from '../simd';

/**
 * Where along an axis of [outer][extent][inner] the greatest element is, or the least: the first of equals, and a NaN before any number.
 * The least is the greatest under the other sign.
 */

/** Lanes where `x` is to replace `best`: it is greater, or the first NaN. */
@inline
function isBetter(x: v128, best: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(x, best));
}

/** `x` with the elements and the indices of two other lanes, where those are better, or as good and before it. */
@inline
function better(x: v128, index: v128, otherX: v128, other: v128): v128 {
  const equal = v128.or(f32x4.eq(x, otherX), v128.and(f32x4.ne(x, x), f32x4.ne(otherX, otherX)));
  return v128.or(isBetter(otherX, x), v128.and(equal, i32x4.lt_s(other, index)));
}

/** A lane for each fourth element. */
function indexOfRow(input: usize, extent: i32, sign: v128): i32 {
  let best = f32x4.splat(-Infinity);
  let at = i32x4(0, 1, 2, 3);
  let index = at;
  for (let left = extent; left > 0; left -= 4) {
    let x = v128.xor(v128.load(input), sign);
    if (left < 4) x = v128.bitselect(x, f32x4.splat(-Infinity), i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left)));
    const found = isBetter(x, best);
    best = v128.bitselect(x, best, found);
    index = v128.bitselect(at, index, found);
    at = i32x4.add(at, i32x4.splat(4));
    input += 16;
  }
  let otherX = v128.shuffle<f32>(best, best, 2, 3, 0, 1), other = v128.shuffle<f32>(index, index, 2, 3, 0, 1);
  let found = better(best, index, otherX, other);
  best = v128.bitselect(otherX, best, found);
  index = v128.bitselect(other, index, found);
  otherX = v128.shuffle<f32>(best, best, 1, 0, 3, 2);
  other = v128.shuffle<f32>(index, index, 1, 0, 3, 2);
  found = better(best, index, otherX, other);
  return i32x4.extract_lane(v128.bitselect(other, index, found), 0);
}

/** A lane for each of four columns, `stride` bytes between their elements. */
function indexOfColumns(input: usize, extent: i32, stride: usize, sign: v128): v128 {
  let best = f32x4.splat(-Infinity);
  let index = i32x4.splat(0);
  for (let i = 0; i < extent; i++) {
    const x = v128.xor(v128.load(input), sign);
    const found = isBetter(x, best);
    best = v128.bitselect(x, best, found);
    index = v128.bitselect(i32x4.splat(i), index, found);
    input += stride;
  }
  return index;
}

/** A task is `taskLength` rows where `inner` is 1, else so many columns of one of `outer`. */
export function argExtreme(p: ArgExtremeParams, taskBegin: i32, taskEnd: i32): void {
  const extent = p.extent, inner = p.inner;
  const isRow = inner == 1;
  const tasks = isRow ? 1 : (inner + p.taskLength - 1) / p.taskLength;
  const sign = p.isMin ? f32x4.splat(-0) : f32x4.splat(0);
  const stride = <usize>inner << 2;
  for (let task = taskBegin; task < taskEnd; task++) {
    const begin = (isRow ? task : task % tasks) * p.taskLength;
    const end = min(begin + p.taskLength, isRow ? p.outer : inner);
    for (let i = begin; i < end; i += isRow ? 1 : 4) {
      const first = isRow ? i * extent : task / tasks * extent * inner + i;
      const input = p.input + (<usize>first << 2);
      let output = p.output + (<usize>first << 2);
      if (isRow) {
        const index = indexOfRow(input, extent, sign);
        if (p.isOneHot) {
          fillFloats(output, 0, extent);
          store<f32>(output + (<usize>index << 2), 1);
        } else store<f32>(p.output + (<usize>i << 2), <f32>index);
      } else {
        const index = indexOfColumns(input, extent, stride, sign);
        if (!p.isOneHot) {
          storeUpTo(p.output + (<usize>(task / tasks * inner + i) << 2), f32x4.convert_i32x4_s(index), end - i);
          continue;
        }
        for (let k = 0; k < extent; k++) {
          storeUpTo(output, v128.and(f32x4.splat(1), i32x4.eq(index, i32x4.splat(k))), end - i);
          output += stride;
        }
      }
    }
  }
}
