import type { PreluBackwardParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';

type Params = Block<typeof PreluBackwardParams>;

const { fround } = Math;

/**
 * The gradient of the input, dx = x > 0 ? dy : slope * dy, and NaN where x is NaN. A task is a plane of NCHW, or a pixel of NHWC.
 */
export function preluBackward(p: Params, taskBegin: number, taskEnd: number): void {
  const { input, x, slope, output, channels, channelsLast } = p;
  const length = channelsLast ? channels : p.pixels;
  for (let task = taskBegin; task < taskEnd; task++) {
    for (let i = 0; i < length; i++) {
      const at = task * length + i;
      const a = slope[channelsLast ? i : task % channels];
      output[at] = x[at] > 0 ? input[at] : x[at] <= 0 ? a * input[at] : Number.NaN;
    }
  }
}

const sums = new Float32Array(4);

/** The pixels of a plane go in turn to four sums, which are added in pairs. */
function planeSum(x: Float32Array, input: Float32Array, begin: number, length: number, stride: number): number {
  sums.fill(0);
  for (let i = 0, at = begin; i < length; i++, at += stride) sums[i & 3] += x[at] > 0 ? 0 : fround(x[at] * input[at]);
  return fround(fround(sums[0] + sums[1]) + fround(sums[2] + sums[3]));
}

/**
 * The gradient of the slopes: the sum of x · dy over what is not above 0. The images follow one another. A task is four channels.
 */
export function preluSlopeBackward(p: Params, taskBegin: number, taskEnd: number): void {
  const { input, x, output, images, channels, pixels, channelsLast } = p;
  const end = Math.min(4 * taskEnd, channels);
  for (let channel = 4 * taskBegin; channel < end; channel++) {
    let total = 0;
    for (let i = 0; i < images; i++) {
      const begin = i * channels * pixels + channel * (channelsLast ? 1 : pixels);
      total = fround(total + planeSum(x, input, begin, pixels, channelsLast ? channels : 1));
    }
    output[channel] = total;
  }
}
