import type { Tile } from '../fourier.ts';
import type { ImageSpec, KernelSpec } from '../spec.ts';

/** Are Fourier transforms faster than sums, and in tiles of which size? In nanoseconds, roughly, as of the processor of docs/images.md. */

/** Weights times elements that `simd` does in a nanosecond, of bytes and of floats. */
const BYTE_PRODUCTS = 28;
const FLOAT_PRODUCTS = 16;
/** For each number of a complex tile, there and back: what is done once, and what for each time that the tile doubles. */
const NUMBER = 14;
const NUMBER_DOUBLED = 2.25;

/** Sides of tiles, all powers of two: beyond the larger only for kernels that need it, since a number takes 16 bytes. */
const LEAST_SIDE = 32;
const MOST_SIDE = 1024;

const tileCost = ({ height, width }: Tile) => height * width * (NUMBER + NUMBER_DOUBLED * Math.log2(height * width));

function* sides(kernelSide: number): Generator<number> {
  for (let side = LEAST_SIDE; side <= MOST_SIDE || side < 4 * kernelSide; side *= 2) if (side >= kernelSide) yield side;
}

/** All tiles of the image, two channels at a time, and half of one more for the kernel. */
function cost({ width, height, channels, keepAlpha }: ImageSpec, kernel: KernelSpec, tile: Tile): number {
  const down = Math.ceil(height / (tile.height - kernel.height + 1));
  const along = Math.ceil(width / (tile.width - kernel.width + 1));
  const pairs = Math.ceil((along * (channels - (keepAlpha ? 1 : 0))) / 2);
  return tileCost(tile) * (down * pairs + 0.5);
}

/** The tile to use; nothing where `tapCount` sums are faster. */
export function fourierTile(spec: ImageSpec, kernel: KernelSpec, tapCount: number): Tile | undefined {
  const products = spec.width * spec.height * spec.channels * tapCount;
  let least = products / (spec.elementBytes === 1 ? BYTE_PRODUCTS : FLOAT_PRODUCTS);
  let best: Tile | undefined;
  for (const height of sides(kernel.height))
    for (const width of sides(kernel.width)) {
      const nanoseconds = cost(spec, kernel, { height, width });
      if (nanoseconds >= least) continue;
      least = nanoseconds;
      best = { height, width };
    }
  return best;
}
