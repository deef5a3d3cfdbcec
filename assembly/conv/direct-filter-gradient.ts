import { FilterGradientParams } from '../generated/abi';
import { madd, storeUpTo } from '../simd';

/**
 * The gradient of a depthwise convolution in its filter, of which the matrix product would fill one row of its tiles. Each element
 * of the filter is one sum, in the order that the product has:
 *
 *   for each output row, column, image:   s = s ⊕ (x ⊗ dy)          from +0; then s ⊘ divisor ⊕ 0
 *
 *              down           across           lanes, side by side in x and in the output
 *   planes     kernel rows    channels         kernel columns, which share one dy
 *   channels   kernel rows    kernel columns   channels, a dy each
 *
 * A task is a tile of 3 × 3 vectors in registers. A tile at the edge has its last row and column again instead of those that are
 * not there: they are the same sums, and stored to the same place.
 */
const TILE: i32 = 3;

@inline
function tilesOf(count: i32): i32 {
  return (count + TILE - 1) / TILE;
}

function storeSum(p: FilterGradientParams, to: usize, sum: v128, left: i32): void {
  storeUpTo(to, f32x4.add(f32x4.div(sum, f32x4.splat(p.divisor)), f32x4.splat(0)), left);
}

export function directFilterGradient(p: FilterGradientParams, taskBegin: i32, taskEnd: i32): void {
  const tilesDown = tilesOf(p.down);
  const tilesAcross = tilesOf(p.across);
  // Of four floats of dy: each of them, or the first one four times.
  const spread = i32x4.add(i32x4.splat(0x03020100), i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(p.dyLaneStride * 0x04040404)));
  const stepBytes = <usize>p.inStride2 << 2, dyStepBytes = <usize>p.dyStride2 << 2;
  for (let task = taskBegin; task < taskEnd; task++) {
    const row = task % tilesDown * TILE;
    const column = task / tilesDown % tilesAcross * TILE;
    const lane = task / tilesDown / tilesAcross << 2;
    const down1 = min(1, p.down - 1 - row), down2 = min(2, p.down - 1 - row);
    const across1 = min(1, p.across - 1 - column), across2 = min(2, p.across - 1 - column);
    const row1 = <usize>(down1 * p.inDown) << 2, row2 = <usize>(down2 * p.inDown) << 2;
    const column1 = <usize>(across1 * p.inAcross) << 2, column2 = <usize>(across2 * p.inAcross) << 2;
    const dy1 = <usize>(across1 * p.dyAcross) << 2, dy2 = <usize>(across2 * p.dyAcross) << 2;
    const input = p.input + (<usize>(row * p.inDown + column * p.inAcross + lane) << 2);
    const gradient = p.gradient + (<usize>(column * p.dyAcross + lane * p.dyLaneStride) << 2);
    let s00 = f32x4.splat(0), s01 = s00, s02 = s00, s10 = s00, s11 = s00, s12 = s00, s20 = s00, s21 = s00, s22 = s00;
    for (let i = 0; i < p.count0; i++) {
      for (let j = 0; j < p.count1; j++) {
        let x = input + (<usize>(i * p.inStride0 + j * p.inStride1) << 2);
        let dy = gradient + (<usize>(i * p.dyStride0 + j * p.dyStride1) << 2);
        for (let k = p.count2; k > 0; k--) {
          const d0 = i8x16.swizzle(v128.load(dy), spread);
          s00 = madd(v128.load(x), d0, s00);
          s10 = madd(v128.load(x + row1), d0, s10);
          s20 = madd(v128.load(x + row2), d0, s20);
          const d1 = i8x16.swizzle(v128.load(dy + dy1), spread);
          const x1 = x + column1;
          s01 = madd(v128.load(x1), d1, s01);
          s11 = madd(v128.load(x1 + row1), d1, s11);
          s21 = madd(v128.load(x1 + row2), d1, s21);
          const d2 = i8x16.swizzle(v128.load(dy + dy2), spread);
          const x2 = x + column2;
          s02 = madd(v128.load(x2), d2, s02);
          s12 = madd(v128.load(x2 + row1), d2, s12);
          s22 = madd(v128.load(x2 + row2), d2, s22);
          x += stepBytes;
          dy += dyStepBytes;
        }
      }
    }
    const left = p.lanes - lane;
    const to0 = p.output + (<usize>(row * p.outDown + column * p.outAcross + lane) << 2);
    const to1 = to0 + (<usize>(down1 * p.outDown) << 2);
    const to2 = to0 + (<usize>(down2 * p.outDown) << 2);
    const next1 = <usize>(across1 * p.outAcross) << 2, next2 = <usize>(across2 * p.outAcross) << 2;
    storeSum(p, to0, s00, left);
    storeSum(p, to0 + next1, s01, left);
    storeSum(p, to0 + next2, s02, left);
    storeSum(p, to1, s10, left);
    storeSum(p, to1 + next1, s11, left);
    storeSum(p, to1 + next2, s12, left);
    storeSum(p, to2, s20, left);
    storeSum(p, to2 + next1, s21, left);
    storeSum(p, to2 + next2, s22, left);
  }
}
