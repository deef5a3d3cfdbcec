import { COLUMNS, FILTER_SCRATCH_BYTES, PART_PANELS, RECORD_BYTES, ROWS, WORK_BYTES } from '../../kernels/tiles.ts';
import type { Correlation } from '../../spec/correlation.ts';
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
  const partChannels = PART_PANELS * (nchw ? ROWS : COLUMNS);
  const pixelBlock = blockOf(tiles, positions * (groupInChannels + partChannels), nchw ? COLUMNS : ROWS, nchw ? 4 : 1);
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
      const values = { ...filterValues(spec), tileSize: size };
      plan.step(kernel, { filter, bias, output: packed }, values, { scratchBytes: FILTER_SCRATCH_BYTES });
    },
    run(plan, x, packed, out) {
      plan.step(
        nchw ? 'convWinogradNchw' : 'convWinogradNhwc',
        { input: x, filter: packed, output: out },
        { ...convValues(spec), pixelBlock, tileSize: size },
        { scratchBytes: WORK_BYTES + RECORD_BYTES * columns + 4 * (pointsLength + productsLength + 16) },
      );
    },
  };
}
