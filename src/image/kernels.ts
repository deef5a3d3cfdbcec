/** Kernels of the textbook. */

export interface ImageKernel {
  readonly width: number;
  /** Row by row, laid over the image as they are printed: a convolution here is a cross-correlation. */
  readonly weights: readonly number[];
  readonly divisor: number;
}

function square(weights: readonly number[], divisor = 1): ImageKernel {
  return { width: Math.sqrt(weights.length), weights, divisor };
}

// biome-ignore format: a kernel is read as a square
export const IDENTITY = square([1]);

/** Where a pixel differs from its eight neighbours. */
// biome-ignore format: a kernel is read as a square
export const OUTLINE = square([
  -1, -1, -1,
  -1,  8, -1,
  -1, -1, -1,
]);

/** Where a pixel differs from its four neighbours. */
// biome-ignore format: a kernel is read as a square
export const LAPLACIAN = square([
   0, -1,  0,
  -1,  4, -1,
   0, -1,  0,
]);

/** The image and its laplacian. */
// biome-ignore format: a kernel is read as a square
export const SHARPEN = square([
   0, -1,  0,
  -1,  5, -1,
   0, -1,  0,
]);

/** Where the light of a relief comes from. */
export type Direction = 'top-left' | 'top' | 'top-right' | 'right' | 'bottom-right' | 'bottom' | 'bottom-left' | 'left';
/** Clockwise. */
export const DIRECTIONS: readonly Direction[] = ['top-left', 'top', 'top-right', 'right', 'bottom-right', 'bottom', 'bottom-left', 'left'];

/** The neighbours of a pixel in the same order. */
const RING = [0, 1, 2, 5, 8, 7, 6, 3] as const;
/** Weights of a relief that is lit from the first neighbour. */
const RELIEF = [-2, -1, 0, 1, 2, 1, 0, -1] as const;

/** A relief: darker towards the light, brighter away from it, and the pixel itself. */
export function emboss(direction: Direction): ImageKernel {
  const turn = DIRECTIONS.indexOf(direction);
  const weights = [0, 0, 0, 0, 1, 0, 0, 0, 0];
  for (const [i, weight] of RELIEF.entries()) weights[RING[(i + turn) % 8]] = weight;
  return square(weights);
}

/** Brighter to the right, or below: a difference smoothed across with (side, centre, side). */
export function difference(axis: 'x' | 'y', side: number, centre: number): ImageKernel {
  return square(axis === 'x' ? [-side, 0, side, -centre, 0, centre, -side, 0, side] : [-side, -centre, -side, 0, 0, 0, side, centre, side]);
}

/** Samples of a Gaussian of deviation `sigma`, `radius` to either side, that sum to 1. */
export function gaussian(sigma: number, radius: number): number[] {
  const samples = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)));
  const sum = samples.reduce((all, sample) => all + sample, 0);
  return samples.map((sample) => sample / sum);
}

/** The mean along a line of `length` pixels through the middle, `degrees` from the right, upwards. */
export function motion(length: number, degrees: number): ImageKernel {
  const radians = (degrees * Math.PI) / 180;
  const points = Array.from({ length }, (_, i) => {
    const along = i - (length - 1) / 2;
    // Rounding away what the sine of 180° is off.
    return [along * Math.cos(radians), -along * Math.sin(radians)].map((at) => Math.round(Math.round(at * 1e6) / 1e6));
  });
  const reach = Math.max(...points.flat().map(Math.abs));
  const width = 2 * reach + 1;
  const weights = new Array<number>(width * width).fill(0);
  for (const [x, y] of points) weights[(y + reach) * width + x + reach]++;
  return { width, weights, divisor: length };
}
