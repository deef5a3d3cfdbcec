import { step } from '../backend.ts';
import type { Conv2dSpec } from '../shape/conv.ts';
import type { ConvSteps } from './conv.ts';
import { convValues, evenBlock, filterBuffers, filterValues, roundUp } from './conv-values.ts';

export type TileSize = 2 | 4 | 6;

/** Floats of a block's transformed input: with the products of a panel they stay in a second-level cache of 512 KB. */
const POINTS_LENGTH = 196608;
/** `PART_PANELS` of conv/winograd-tiles.ts. */
const PART_PANELS = 4;
/** `WORK_BYTES` and `TILE_BYTES` of conv/winograd-tiles.ts, in floats. */
const WORK_LENGTH = 1024;
const RECORD_LENGTH = 8;
/** G: three floats of eight bytes for each of at most eight points. */
const MATRIX_LENGTH = 48;

/** `oddLines` of conv/winograd-tiles.ts, in floats. */
const oddLines = (length: number) => roundUp(length, 16) | 16;

/** Winograd's convolution with tiles of `size` × `size` outputs. */
export function planWinograd(spec: Conv2dSpec, size: TileSize): ConvSteps {
  const { window, batch, groups, groupInChannels, groupOutChannels } = spec;
  const nchw = spec.layout === 'nchw';
  const positions = (size + 2) ** 2;
  const tiles = Math.max(1, batch) * Math.ceil(window.outHeight / size) * Math.ceil(window.outWidth / size);
  const multiple = nchw ? 8 : 5;
  const most = Math.floor(POINTS_LENGTH / (positions * groupInChannels * multiple)) * multiple;
  const pixelBlock = Math.min(roundUp(tiles, nchw ? 4 : 1), evenBlock(tiles, Math.max(most, multiple), multiple));
  const partChannels = PART_PANELS * (nchw ? 5 : 8);
  const parts = Math.ceil(nchw ? Math.ceil(groupOutChannels / 5) / PART_PANELS : groupOutChannels / partChannels);
  const columns = roundUp(pixelBlock, 4);
  const pointsLength = positions * oddLines(columns * groupInChannels);
  const productsLength = positions * oddLines(columns * partChannels);
  return {
    pack: [
      step(
        nchw ? 'packWinogradRows' : 'packWinogradColumns',
        filterBuffers(spec),
        { ...filterValues(spec), tileSize: size },
        groups,
        MATRIX_LENGTH,
      ),
    ],
    packedLength:
      roundUp(groups * groupOutChannels, 4) +
      groups * positions * groupInChannels * (nchw ? groupOutChannels : roundUp(groupOutChannels, 4)),
    run: [
      step(
        nchw ? 'convWinogradNchw' : 'convWinogradNhwc',
        { input: 'x', filter: 'packed', output: 'out' },
        { ...convValues(spec), pixelBlock, tileSize: size },
        Math.ceil(tiles / pixelBlock) * groups * parts,
        WORK_LENGTH + RECORD_LENGTH * columns + pointsLength + productsLength + 16,
      ),
    ],
    workspaces: {},
    tile: { outputs: size, tiles: pixelBlock, channels: partChannels },
  };
}
