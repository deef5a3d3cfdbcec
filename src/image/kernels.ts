/** Image kernels by name. */

export interface ImageKernel {
  readonly height: number;
  readonly width: number;
  /** Row by row, laid over the image as they are printed: a convolution here is a cross-correlation. */
  readonly weights: readonly number[];
  /** Each sum is divided by the number of weights: a mean that is exact where the image is constant. */
  readonly mean: boolean;
  readonly description: string;
}

function square(description: string, weights: readonly number[], mean = false): ImageKernel {
  const side = Math.sqrt(weights.length);
  return { height: side, width: side, weights, mean, description };
}

/** Binomial coefficients outwards, in powers of two: no rounding. */
function binomial(row: readonly number[]): number[] {
  const total = row.reduce((sum, n) => sum + n, 0) ** 2;
  return row.flatMap((y) => row.map((x) => (x * y) / total));
}

// biome-ignore format: a kernel is read as a square
export const imageKernels: Readonly<Record<string, ImageKernel>> = {
  identity: square('the image itself', [
    0, 0, 0,
    0, 1, 0,
    0, 0, 0,
  ]),
  edge: square('where a pixel differs from its eight neighbours', [
    -1, -1, -1,
    -1,  8, -1,
    -1, -1, -1,
  ]),
  laplacian: square('second derivative: where a pixel differs from its four neighbours', [
     0, -1,  0,
    -1,  4, -1,
     0, -1,  0,
  ]),
  emboss: square('a relief, lit from the upper left', [
    -2, -1, 0,
    -1,  1, 1,
     0,  1, 2,
  ]),
  sharpen: square('the image and its laplacian', [
     0, -1,  0,
    -1,  5, -1,
     0, -1,  0,
  ]),
  box: square('mean of 3×3 pixels', new Array(9).fill(1), true),
  box5: square('mean of 5×5 pixels', new Array(25).fill(1), true),
  gaussian: square('3×3 binomial weights', binomial([1, 2, 1])),
  gaussian5: square('5×5 binomial weights', binomial([1, 4, 6, 4, 1])),
  'sobel-x': square('brighter to the right', [
    -1, 0, 1,
    -2, 0, 2,
    -1, 0, 1,
  ]),
  'sobel-y': square('brighter below', [
    -1, -2, -1,
     0,  0,  0,
     1,  2,  1,
  ]),
};

const aliases: Readonly<Record<string, string>> = { outline: 'edge', blur: 'box' };

/** Every name, aliases last. */
export const imageKernelNames: readonly string[] = [...Object.keys(imageKernels), ...Object.keys(aliases)];

export function imageKernel(name: string): ImageKernel | undefined {
  const full = Object.hasOwn(aliases, name) ? aliases[name] : name;
  return Object.hasOwn(imageKernels, full) ? imageKernels[full] : undefined;
}
