import { NormalizeParams } from '../generated/abi';
import { madd, storeUpTo } from '../simd';

/**
 * `y = ((((x ⊖ mean) ⊖ (other ⊗ slope)) ⊗ factor) ⊗ scale) ⊕ bias`: what normalises a tensor by statistics of some of its axes, with a scale
 * and a bias along others, and what its gradient ends with. A run along the last dimension has one statistic or one an element, and the
 * same is true of its scale.
 *
 * A task is `taskLength` floats, wherever in a run they begin.
 */
export function normalize(p: NormalizeParams, taskBegin: i32, taskEnd: i32): void {
  let at = taskBegin * p.taskLength;
  const end = min(taskEnd * p.taskLength, p.length);
  const count4 = p.count4, count3 = p.count3, count2 = p.count2, count1 = p.count1;
  let rest = at / p.count5;
  let skip = at - rest * p.count5;
  let i4 = rest % count4;
  rest /= count4;
  let i3 = rest % count3;
  rest /= count3;
  let i2 = rest % count2;
  rest /= count2;
  let i1 = rest % count1;
  rest /= count1;
  let statistic = rest * p.statistic0 + i1 * p.statistic1 + i2 * p.statistic2 + i3 * p.statistic3 + i4 * p.statistic4;
  let affine = rest * p.affine0 + i1 * p.affine1 + i2 * p.affine2 + i3 * p.affine3 + i4 * p.affine4;
  while (at < end) {
    const length = min(p.count5 - skip, end - at);
    const s = statistic + skip * p.statistic5, a = affine + skip * p.affine5;
    if (p.statistic5) {
      if (p.affine5) run(p, at, s, a, length, true, true);
      else run(p, at, s, a, length, true, false);
    } else {
      if (p.affine5) run(p, at, s, a, length, false, true);
      else run(p, at, s, a, length, false, false);
    }
    at += length;
    skip = 0;
    statistic += p.statistic4;
    affine += p.affine4;
    if (++i4 < count4) continue;
    i4 = 0;
    statistic += p.statistic3 - count4 * p.statistic4;
    affine += p.affine3 - count4 * p.affine4;
    if (++i3 < count3) continue;
    i3 = 0;
    statistic += p.statistic2 - count3 * p.statistic3;
    affine += p.affine2 - count3 * p.affine3;
    if (++i2 < count2) continue;
    i2 = 0;
    statistic += p.statistic1 - count2 * p.statistic2;
    affine += p.affine1 - count2 * p.affine2;
    if (++i1 < count1) continue;
    i1 = 0;
    statistic += p.statistic0 - count1 * p.statistic1;
    affine += p.affine0 - count1 * p.affine1;
  }
}

/** One entry for all lanes, from `table` or `none` where there is no table. */
@inline
function entry(table: usize, index: i32, none: f32): v128 {
  return table ? v128.load_splat<f32>(table + (<usize>index << 2)) : f32x4.splat(none);
}

@inline
function run(p: NormalizeParams, at: i32, statistic: i32, affine: i32, length: i32, eachStatistic: bool, eachAffine: bool): void {
  let mean = entry(p.mean, statistic, 0), slope = entry(p.slope, statistic, 0), factor = entry(p.factor, statistic, 1);
  let scale = entry(p.scale, affine, 1), bias = entry(p.bias, affine, 0);
  const other = p.other ? p.other - p.input : 0;
  let from = p.input + (<usize>at << 2), to = p.output + (<usize>at << 2);
  let s = <usize>statistic << 2, a = <usize>affine << 2;
  for (let left = length; left > 0; left -= 4) {
    if (eachStatistic) {
      if (p.mean) mean = v128.load(p.mean + s);
      if (p.slope) slope = v128.load(p.slope + s);
      if (p.factor) factor = v128.load(p.factor + s);
      s += 16;
    }
    if (eachAffine) {
      if (p.scale) scale = v128.load(p.scale + a);
      if (p.bias) bias = v128.load(p.bias + a);
      a += 16;
    }
    let x = f32x4.sub(v128.load(from), mean);
    if (p.other) x = f32x4.sub(x, f32x4.mul(v128.load(from + other), slope));
    storeUpTo(to, madd(f32x4.mul(x, factor), scale, bias), left);
    from += 16;
    to += 16;
  }
}
