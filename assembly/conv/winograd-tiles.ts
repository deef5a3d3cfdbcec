import { ConvParams, RECORD_BYTES } from '../generated/abi';

/** Where a tile of output, and the input that it needs, lie: one record a tile of a block. */
@unmanaged
export class WinogradTile {
  /** From the group's first float of the batch to the tile's first input, which may lie in the padding, in bytes. */
  input: usize;
  /** Rows and columns of it that are input and not padding. */
  rowBegin: i32;
  rowEnd: i32;
  columnBegin: i32;
  columnEnd: i32;
  /** From the group's first float of the batch to the tile's first output, in bytes. */
  output: usize;
  /** Rows and columns of it that exist. 0 for a tile that fills a vector up. */
  rows: i32;
  columns: i32;
}

/** Where what precedes the records in scratch lies, `WORK_BYTES` of it. */
export const QUAD_AT: usize = 512;
export const FIRST_AT: usize = 1024;
export const SECOND_AT: usize = 2048;
export const STAGE_AT: usize = 3072;

/** Streams that many bytes apart, an odd number of cache lines, do not fall on the same sets. */
@inline
export function oddLines(bytes: usize): usize {
  return ((bytes + 63) & ~63) | 64;
}

/**
 * Tiles `begin` up to `begin + count` of the batch, row by row and image by image, into records; `padding` more that are the
 * last one without output. `pixelLength` and the image strides are in floats.
 */
export function locateTiles(
  p: ConvParams, begin: i32, count: i32, padding: i32, inPixelLength: i32, outPixelLength: i32, outImageLength: i32, records: usize,
): void {
  const size = p.tileSize;
  const across = (p.outWidth + size - 1) / size;
  const down = (p.outHeight + size - 1) / size;
  const row = begin / across;
  let image = row / down;
  let tileX = begin - row * across;
  let tileY = row - image * down;
  for (let i = 0; i < count + padding; i++) {
    const tile = changetype<WinogradTile>(records + <usize>i * RECORD_BYTES);
    const y = tileY * size, x = tileX * size;
    const inY = y - p.top, inX = x - p.left;
    tile.input = <usize>(image * p.inImageStride + (inY * p.inWidth + inX) * inPixelLength) << 2;
    tile.rowBegin = max(0, -inY);
    tile.rowEnd = min(size + 2, p.inHeight - inY);
    tile.columnBegin = max(0, -inX);
    tile.columnEnd = min(size + 2, p.inWidth - inX);
    tile.output = <usize>(image * outImageLength + (y * p.outWidth + x) * outPixelLength) << 2;
    tile.rows = i < count ? min(size, p.outHeight - y) : 0;
    tile.columns = min(size, p.outWidth - x);
    if (i >= count - 1) continue;
    if (++tileX == across) {
      tileX = 0;
      if (++tileY == down) {
        tileY = 0;
        image++;
      }
    }
  }
}

/** No part of its input is padding. */
@inline
export function isInside(tile: WinogradTile, size: i32): bool {
  return !(tile.rowBegin | tile.columnBegin) && tile.rowEnd == size + 2 && tile.columnEnd == size + 2;
}

/** No part of its output is cropped. */
@inline
export function isWhole(tile: WinogradTile, size: i32): bool {
  return tile.rows == size && tile.columns == size;
}
