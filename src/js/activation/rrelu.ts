import type { RreluBackwardParams, RreluParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';
import { choice } from '../choice.ts';

const { fround, imul } = Math;

/**
 * Randomized leaky ReLU in training: every negative float has a slope of its own, uniform between two bounds.
 *
 *   h = mix(mix(index) ^ seed)
 *   y = x < 0 ? (lower + step * (h >>> 8)) * x : x          step = (upper - lower) / 2²⁴
 *
 * `mix` is Chris Wellons' lowbias32; assembly/activation/rrelu.ts says why, and why twice. A task is `taskLength` floats.
 */
function mix(x: number): number {
  x = imul(x ^ (x >>> 16), 0x7feb352d);
  x = imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

export function rrelu(p: Block<typeof RreluParams>, taskBegin: number, taskEnd: number): void {
  const { input, output, seed, lower, step } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  choice[0] = 1;
  for (let i = taskBegin * p.taskLength; i < end; i++) {
    const x = input[i];
    choice[1] = lower + fround(step * (mix(mix(i) ^ seed) >>> 8));
    output[i] = x * choice[+(x < 0)];
  }
}

/** `dx = x > 0 ? dy : slope * dy` with the slopes that `rrelu` drew from the same seed, and NaN where x is NaN. */
export function rreluBackward(p: Block<typeof RreluBackwardParams>, taskBegin: number, taskEnd: number): void {
  const { input, x, output, seed, lower, step } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  for (let i = taskBegin * p.taskLength; i < end; i++) {
    const slope = fround(lower + fround(step * (mix(mix(i) ^ seed) >>> 8)));
    output[i] = x[i] > 0 ? input[i] : x[i] <= 0 ? input[i] * slope : Number.NaN;
  }
}
