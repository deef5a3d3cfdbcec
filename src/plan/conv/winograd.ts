import type { Correlation } from '../../spec/conv.ts';
import { evenBlock, roundUp } from '../blocks.ts';
import type { ConvAlgorithmPlan } from './algorithm.ts';
import { convValues, filterValues } from './values.ts';

export type TileSize = 2 | 4 | 6;

/**
 * Input channels of a group from which a tile size may be chosen: the root mean square of its error is then at most 4 units of
 * 2⁻²⁴ · Σ|x·w| for uniform inputs, ten times that of a direct sum (docs/numerics.md). A function of the sizes alone: whether a filter was
 * prepared must not matter.
 */
export const LEAST_CHANNELS: Readonly<Record<TileSize, number>> = { 2: 1, 4: 1, 6: 32 };

/**
 * Floats of a block's transformed input and of a part's products, for a second-level cache of 1 MB. A block of fewer than
 * two panels would wait for its weights, whatever they are.
 */
const BLOCK_LENGTH = 262144;
/** `PART_PANELS` of conv/winograd-tiles.ts. */
const PART_PANELS = 4;
/** `WORK_BYTES` and `TILE_BYTES` of conv/winograd-tiles.ts, in floats. */
const WORK_LENGTH = 1024;
const RECORD_LENGTH = 8;
/** Scratch of conv/winograd-filter.ts: G, and 64 positions of eight channels. */
const FILTER_LENGTH = 48 + 64 * 8;

/** `oddLines` of conv/winograd-tiles.ts, in floats. */
const oddLines = (length: number) => roundUp(length, 16) | 16;

/** Tiles of a block, of which each needs `tileLength` floats; a multiple of a panel, or all of them, up to a whole vector. */
function blockOf(tiles: number, tileLength: number, panel: number, vector: number): number {
  const most = Math.max(2, Math.floor(BLOCK_LENGTH / (tileLength * panel))) * panel;
  return Math.min(roundUp(tiles, vector), evenBlock(tiles, most, panel));
}

/** Winograd's convolution with tiles of `size` × `size` outputs. */
export function planWinograd(spec: Correlation, size: TileSize): ConvAlgorithmPlan {
  const { window, batch, groups, groupInChannels, groupOutChannels } = spec;
  const nchw = spec.layout === 'nchw';
  const positions = (size + 2) ** 2;
  const tiles = Math.max(1, batch) * Math.ceil(window.outHeight / size) * Math.ceil(window.outWidth / size);
  const partChannels = PART_PANELS * (nchw ? 5 : 8);
  const pixelBlock = blockOf(tiles, positions * (groupInChannels + partChannels), nchw ? 8 : 5, nchw ? 4 : 1);
  const parts = Math.ceil(nchw ? Math.ceil(groupOutChannels / 5) / PART_PANELS : groupOutChannels / partChannels);
  const columns = roundUp(pixelBlock, 4);
  const pointsLength = positions * oddLines(columns * groupInChannels);
  const productsLength = positions * oddLines(columns * partChannels);
  return {
    packedLength:
      roundUp(groups * groupOutChannels, 4) +
      groups * positions * groupInChannels * (nchw ? groupOutChannels : roundUp(groupOutChannels, 4)),
    tile: { outputs: size, tiles: pixelBlock, channels: partChannels },
    pack(plan, filter, bias, packed) {
      const kernel = nchw ? 'packWinogradRows' : 'packWinogradColumns';
      plan.step(kernel, { filter, bias, output: packed }, { ...filterValues(spec), tileSize: size }, groups, FILTER_LENGTH);
    },
    run(plan, x, packed, out) {
      plan.step(
        nchw ? 'convWinogradNchw' : 'convWinogradNhwc',
        { input: x, filter: packed, output: out },
        { ...convValues(spec), pixelBlock, tileSize: size },
        Math.ceil(tiles / pixelBlock) * groups * parts,
        WORK_LENGTH + RECORD_LENGTH * columns + pointsLength + productsLength + 16,
      );
    },
  };
}
