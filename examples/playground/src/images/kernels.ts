/** A kernel as the page edits it: a square of weights; each sum is divided, and moved by a bias. */
export interface PictureKernel {
  readonly side: number;
  /** Row by row, laid over the picture as they are printed. */
  readonly weights: readonly number[];
  readonly divisor: number;
  readonly bias: number;
}

export const SIDES = [3, 5, 7] as const;

function square(weights: readonly number[], divisor = 1, bias = 0): PictureKernel {
  return { side: Math.sqrt(weights.length), weights, divisor, bias };
}

/** Every weight is the product of two of `row`. */
function product(row: readonly number[]): PictureKernel {
  return square(
    row.flatMap((y) => row.map((x) => x * y)),
    row.reduce((sum, n) => sum + n, 0) ** 2,
  );
}

// biome-ignore format: a kernel is read as a square
export const kernels: Readonly<Record<string, PictureKernel>> = {
  Identity: square([
    0, 0, 0,
    0, 1, 0,
    0, 0, 0,
  ]),
  Edge: square([
    -1, -1, -1,
    -1,  8, -1,
    -1, -1, -1,
  ]),
  Emboss: square([
    -2, -1, 0,
    -1,  1, 1,
     0,  1, 2,
  ]),
  Sharpen: square([
     0, -1,  0,
    -1,  5, -1,
     0, -1,  0,
  ]),
  Blur: product([1, 1, 1]),
  Gauss: product([1, 4, 6, 4, 1]),
  'Wide blur': product([1, 1, 1, 1, 1, 1, 1]),
  Laplace: square([
     0, -1,  0,
    -1,  4, -1,
     0, -1,  0,
  ], 1, 128),
  'Sobel x': square([
    -1, 0, 1,
    -2, 0, 2,
    -1, 0, 1,
  ], 1, 128),
  'Sobel y': square([
    -1, -2, -1,
     0,  0,  0,
     1,  2,  1,
  ], 1, 128),
  Motion: square([
    1, 0, 0, 0, 0, 0, 0,
    0, 1, 0, 0, 0, 0, 0,
    0, 0, 1, 0, 0, 0, 0,
    0, 0, 0, 1, 0, 0, 0,
    0, 0, 0, 0, 1, 0, 0,
    0, 0, 0, 0, 0, 1, 0,
    0, 0, 0, 0, 0, 0, 1,
  ], 7),
  Unsharp: square([
    1,  4,    6,  4, 1,
    4, 16,   24, 16, 4,
    6, 24, -476, 24, 6,
    4, 16,   24, 16, 4,
    1,  4,    6,  4, 1,
  ], -256),
};

/** The kernel in a square of another side: framed with zeros, or cut to its middle. */
export function resized(kernel: PictureKernel, side: number): PictureKernel {
  const shift = (kernel.side - side) / 2;
  const weights = Array.from({ length: side * side }, (_, i) => {
    const y = Math.floor(i / side) + shift;
    const x = (i % side) + shift;
    return y < 0 || x < 0 || y >= kernel.side || x >= kernel.side ? 0 : kernel.weights[y * kernel.side + x];
  });
  return { ...kernel, side, weights };
}
