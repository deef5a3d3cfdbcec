import type { Block } from '../../kernels/layout.ts';
import type { NormSumParams } from '../../kernels/norm.ts';

const { fround } = Math;

/**
 * Sums of each channel of each image, of `input`, or of `input ⊗ (other ⊖ mean)`: from +0 on, over `[outer][inner]` in the order of
 * memory. A task is four channels of an image, or what is left of them.
 */
export function batchNormSums(p: Block<typeof NormSumParams>, taskBegin: number, taskEnd: number): void {
  const { input, other, mean, channels, inner } = p;
  const quads = (channels + 3) >> 2;
  for (let task = taskBegin; task < taskEnd; task++) {
    const image = Math.trunc(task / quads);
    const first = (task - image * quads) << 2;
    for (let channel = first; channel < Math.min(first + 4, channels); channel++) {
      const centre = mean.length > 0 ? mean[channel] : 0;
      let at = (image * p.outer * channels + channel) * inner;
      let sum = 0;
      for (let o = p.outer; o > 0; o--, at += (channels - 1) * inner) {
        for (let i = inner; i > 0; i--, at++) {
          sum = fround(sum + (other.length > 0 ? fround(input[at] * fround(other[at] - centre)) : input[at]));
        }
      }
      p.output[image * channels + channel] = sum;
    }
  }
}
