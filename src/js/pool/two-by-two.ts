import type { Block } from '../../kernels/layout.ts';
import type { PoolParams } from '../../kernels/pool.ts';
import { greater, Reduction } from './reduce.ts';

const { fround, sqrt } = Math;

/**
 * The commonest pooling of all, 2 × 2 in strides of 2 over nothing but input, in registers: the same order as in two
 * passes, without a row of columns between them.
 */
export function isTwoByTwo(p: Block<typeof PoolParams>): boolean {
  return p.kernelHeight === 2 && p.kernelWidth === 2 && p.strideHeight === 2 && p.strideWidth === 2
    && p.dilationHeight === 1 && p.dilationWidth === 1 && (p.top | p.left) === 0
    && p.outHeight << 1 <= p.inHeight && p.outWidth << 1 <= p.inWidth;
}

/** `count` floats of output, whose windows begin `stride` apart; their columns are `tap` apart. */
function windows(
  input: Float32Array, upper: number, rowLength: number, stride: number, tap: number,
  output: Float32Array, to: number, count: number, cells: number, reduction: number,
): void {
  let lower = upper + rowLength;
  if (reduction === Reduction.Max) {
    for (let i = 0; i < count; i++, upper += stride, lower += stride) {
      output[to + i] = input[greater(input, greater(input, upper, lower), greater(input, upper + tap, lower + tap))];
    }
  } else if (reduction === Reduction.Average) {
    for (let i = 0; i < count; i++, upper += stride, lower += stride) {
      const first = fround(fround(0 + input[upper]) + input[lower]);
      const second = fround(fround(0 + input[upper + tap]) + input[lower + tap]);
      output[to + i] = fround(first + second) / cells;
    }
  } else {
    for (let i = 0; i < count; i++, upper += stride, lower += stride) {
      const a = input[upper], b = input[lower], c = input[upper + tap], d = input[lower + tap];
      const first = fround(fround(a * a) + fround(b * b));
      const second = fround(fround(c * c) + fround(d * d));
      output[to + i] = sqrt(fround(first + second));
    }
  }
}

export function twoByTwo(p: Block<typeof PoolParams>, taskBegin: number, taskEnd: number, reduction: number): void {
  const { input, output, pixelLength } = p;
  const rowLength = p.inWidth * pixelLength;
  const cells = p.divisor > 0 ? p.divisor : 4;
  for (let task = taskBegin; task < taskEnd; task++) {
    const plane = Math.trunc(task / p.outHeight);
    const y = task - plane * p.outHeight;
    const upper = (plane * p.inHeight + 2 * y) * rowLength;
    const to = task * p.outWidth * pixelLength;
    if (pixelLength === 1) windows(input, upper, rowLength, 2, 1, output, to, p.outWidth, cells, reduction);
    else {
      for (let x = 0; x < p.outWidth; x++) {
        windows(input, upper + 2 * x * pixelLength, rowLength, 1, pixelLength, output, to + x * pixelLength, pixelLength, cells, reduction);
      }
    }
  }
}
