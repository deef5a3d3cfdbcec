import type { ConvParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';
import { finish } from './finish.ts';
import { inputPass, outputPass } from './winograd-points.ts';

type Params = Block<typeof ConvParams>;


/** Where tile `index` of the batch lies: image, and its first output row and column. Tiles go row by row and image by image. */
export function locateTile(p: Params, index: number): { image: number; y: number; x: number } {
  const across = Math.ceil(p.outWidth / p.tileSize);
  const down = Math.ceil(p.outHeight / p.tileSize);
  const row = Math.trunc(index / across);
  const image = Math.trunc(row / down);
  return { image, y: (row - image * down) * p.tileSize, x: (index - row * across) * p.tileSize };
}

const staged = new Float32Array(64);
const first = new Float32Array(64);

/**
 * The input of one channel of the tile at output `y`, `x` to its points, from `at` on `positionLength` apart. `plane` is the
 * channel's first float, `pixelLength` the distance of its pixels.
 */
export function transformTile(
  p: Params, plane: number, pixelLength: number, y: number, x: number, to: Float32Array, at: number, positionLength: number,
): void {
  const { input, inWidth } = p;
  const length = p.tileSize + 2;
  const top = y - p.top, left = x - p.left;
  const rowBegin = Math.max(0, -top), rowEnd = Math.min(length, p.inHeight - top);
  const columnBegin = Math.max(0, -left), columnEnd = Math.min(length, inWidth - left);
  if (rowEnd - rowBegin < length || columnEnd - columnBegin < length) staged.fill(0);
  for (let row = rowBegin; row < rowEnd; row++) {
    let from = plane + ((top + row) * inWidth + left + columnBegin) * pixelLength;
    for (let column = columnBegin; column < columnEnd; column++) {
      staged[row * length + column] = input[from];
      from += pixelLength;
    }
  }
  const pass = inputPass(p.tileSize);
  for (let row = 0; row < length; row++) pass(staged, row * length, 1, first, row * length, 1);
  for (let column = 0; column < length; column++) pass(first, column, length, to, at + column * positionLength, length * positionLength);
}

/** The products of one channel of a tile, `positionLength` apart, to the part of its output that exists. */
export function transformProducts(
  p: Params, products: Float32Array, at: number, positionLength: number, bias: number, plane: number, pixelLength: number, y: number, x: number,
): void {
  const { tileSize: size, output, outWidth } = p;
  const length = size + 2;
  const pass = outputPass(size);
  for (let column = 0; column < length; column++) pass(products, at + column * positionLength, length * positionLength, first, column, length);
  for (let row = 0; row < size; row++) pass(first, row * length, 1, staged, row * size, 1);
  const rows = Math.min(size, p.outHeight - y), columns = Math.min(size, outWidth - x);
  const biasFirst = p.divisor === 1;
  for (let row = 0; row < rows; row++) {
    let to = plane + ((y + row) * outWidth + x) * pixelLength;
    for (let column = 0; column < columns; column++) {
      const sum = staged[row * size + column];
      output[to] = finish(biasFirst ? Math.fround(sum + bias) : sum, bias, p);
      to += pixelLength;
    }
  }
}
