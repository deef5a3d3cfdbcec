import type { Correlation } from '../../spec/correlation.ts';
import type { TileSize } from './winograd.ts';

/**
 * What a convolution would take, in nanoseconds of one thread of the machine on which this was calibrated (`simd`, Node 20).
 * 33 shapes from 1 to 1024 channels, in both layouts, measured on a busy machine, were estimated within 26 % (root mean square),
 * and the choice by these estimates took 2.4 % longer than the best one on average, 18 % at most. On other machines everything
 * takes longer or less long; it is the ratios that decide.
 *
 * Neither layout nor variant nor the number of threads may enter, or they would choose different bits.
 */

/** A product of the microkernels: 46 GFLOP/s. */
const PRODUCT = 0.044;
/** To begin and end a tile of sums. */
const TILE = 16;
/** A float of a window unrolled into a panel, or of a packed filter fetched. */
const GEMM_FLOAT = 0.37;
/** A float of a transformed filter fetched, once for so many floats of transformed input. */
const POINT = 0.028;
const BLOCK_LENGTH = 196608;
/** One channel of a tile to its points. */
const INPUT: Readonly<Record<TileSize, number>> = { 2: 9, 4: 24, 6: 47 };
/** One channel of a tile from its points, stored. */
const OUTPUT: Readonly<Record<TileSize, number>> = { 2: 5, 4: 13, 6: 27 };
/** The 3×3 filter of one pair of channels packed, transformed: paid by a convolution that runs once. */
const PACK = 8;
const TRANSFORM: Readonly<Record<TileSize, number>> = { 2: 25, 4: 60, 6: 105 };

/** A matrix product of so many rows (output channels), columns and depth. */
function products(rows: number, columns: number, depth: number): number {
  return PRODUCT * rows * Math.ceil(columns / 4) * 4 * depth + TILE * Math.ceil(rows / 5) * Math.ceil(columns / 8);
}

export function gemmCost({ window, batch, groups, groupInChannels, groupOutChannels }: Correlation, once: boolean): number {
  const pixels = window.outHeight * window.outWidth;
  const depth = window.kernelHeight * window.kernelWidth * groupInChannels;
  const run = products(groupOutChannels, pixels, depth) + GEMM_FLOAT * depth * (pixels + groupOutChannels);
  return groups * (batch * run + (once ? PACK * groupInChannels * groupOutChannels : 0));
}

export function winogradCost(
  { window, batch, groups, groupInChannels, groupOutChannels }: Correlation,
  size: TileSize,
  once: boolean,
): number {
  const positions = (size + 2) ** 2;
  const tiles = batch * Math.ceil(window.outHeight / size) * Math.ceil(window.outWidth / size);
  const weights = groupInChannels * groupOutChannels;
  const blocks = Math.ceil((positions * groupInChannels * tiles) / BLOCK_LENGTH);
  const run =
    positions * (products(groupOutChannels, tiles, groupInChannels) + POINT * blocks * weights) +
    tiles * (INPUT[size] * groupInChannels + OUTPUT[size] * groupOutChannels);
  return groups * (run + (once ? TRANSFORM[size] * weights : 0));
}
