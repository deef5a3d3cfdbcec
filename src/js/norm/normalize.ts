import type { Block } from '../../kernels/layout.ts';
import type { NormalizeParams } from '../../kernels/norm.ts';

const { fround } = Math;

/**
 * `y = ((((x ⊖ mean) ⊖ (other ⊗ slope)) ⊗ factor) ⊗ scale) ⊕ bias`: what normalises a tensor by statistics of some of its axes, with a scale
 * and a bias along others, and what its gradient ends with.
 *
 * A task is `taskLength` floats, wherever in a run they begin.
 */
export function normalize(p: Block<typeof NormalizeParams>, taskBegin: number, taskEnd: number): void {
  const { input, other, mean, slope, factor, scale, bias, output } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  for (let at = taskBegin * p.taskLength; at < end; ) {
    let rest = Math.trunc(at / p.count5);
    const skip = at - rest * p.count5;
    const length = Math.min(p.count5 - skip, end - at);
    const i4 = rest % p.count4;
    rest = Math.trunc(rest / p.count4);
    const i3 = rest % p.count3;
    rest = Math.trunc(rest / p.count3);
    const i2 = rest % p.count2;
    rest = Math.trunc(rest / p.count2);
    const i1 = rest % p.count1;
    const i0 = Math.trunc(rest / p.count1);
    let s = i0 * p.statistic0 + i1 * p.statistic1 + i2 * p.statistic2 + i3 * p.statistic3 + i4 * p.statistic4 + skip * p.statistic5;
    let a = i0 * p.affine0 + i1 * p.affine1 + i2 * p.affine2 + i3 * p.affine3 + i4 * p.affine4 + skip * p.affine5;
    for (let left = length; left > 0; left--, at++, s += p.statistic5, a += p.affine5) {
      let x = mean.length > 0 ? fround(input[at] - mean[s]) : input[at];
      if (other.length > 0) x = fround(x - fround(other[at] * slope[s]));
      if (factor.length > 0) x = fround(x * factor[s]);
      if (scale.length > 0) x = fround(x * scale[a]);
      output[at] = x + (bias.length > 0 ? bias[a] : 0);
    }
  }
}
