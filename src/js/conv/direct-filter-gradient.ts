import type { FilterGradientParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';

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
 * A task is a tile of 3 × 3 times four lanes.
 */
const TILE = 3;

const tilesOf = (count: number) => Math.ceil(count / TILE);

function sumOf(p: Block<typeof FilterGradientParams>, x: number, dy: number): number {
  const { input, gradient, count0, count1, count2, inStride0, inStride1, inStride2, dyStride0, dyStride1, dyStride2 } = p;
  let sum = 0;
  for (let i = 0; i < count0; i++) {
    for (let j = 0; j < count1; j++) {
      let from = x + i * inStride0 + j * inStride1;
      let at = dy + i * dyStride0 + j * dyStride1;
      for (let k = 0; k < count2; k++) {
        sum = Math.fround(sum + Math.fround(input[from] * gradient[at]));
        from += inStride2;
        at += dyStride2;
      }
    }
  }
  return Math.fround(Math.fround(sum / p.divisor) + 0);
}

export function directFilterGradient(p: Block<typeof FilterGradientParams>, taskBegin: number, taskEnd: number): void {
  const tilesDown = tilesOf(p.down);
  const tilesAcross = tilesOf(p.across);
  for (let task = taskBegin; task < taskEnd; task++) {
    const row = (task % tilesDown) * TILE;
    const column = (Math.floor(task / tilesDown) % tilesAcross) * TILE;
    const lane = Math.floor(task / tilesDown / tilesAcross) * 4;
    for (let y = row; y < Math.min(row + TILE, p.down); y++) {
      for (let x = column; x < Math.min(column + TILE, p.across); x++) {
        for (let z = lane; z < Math.min(lane + 4, p.lanes); z++) {
          const sum = sumOf(p, y * p.inDown + x * p.inAcross + z, x * p.dyAcross + z * p.dyLaneStride);
          p.output[y * p.outDown + x * p.outAcross + z] = sum;
        }
      }
    }
  }
}
