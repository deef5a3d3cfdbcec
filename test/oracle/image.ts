import type { BorderMode, RawImage } from '../../src/image/index.ts';

/** Filters by their definitions, in plain loops over pixels. */

export type Pixels = Required<RawImage>;

/** What lies where in a line of `n`, from −`reach` to n + `reach`, by writing the line out. */
function line(n: number, border: BorderMode, reach: number): number[] {
  const forth = Array.from({ length: n }, (_, k) => k);
  const back = forth.toReversed();
  const period = { wrap: forth, reflect: [...forth, ...back], 'reflect-101': n === 1 ? [0] : [...forth, ...back.slice(1, -1)] };
  return Array.from({ length: n + 2 * reach }, (_, k) => {
    const i = k - reach;
    if (i >= 0 && i < n) return i;
    if (border === 'constant') return -1;
    if (border === 'replicate') return i < 0 ? 0 : n - 1;
    return period[border].at(i % period[border].length)!;
  });
}

export interface Around {
  readonly border: BorderMode;
  readonly borderValue: number;
  readonly alpha: 'keep' | 'filter';
}

/** `result` of the window of each element: rows of values. */
export function windows(
  { data, width, height, channels }: Pixels,
  kernelHeight: number,
  kernelWidth: number,
  { border, borderValue, alpha }: Around,
  result: (window: number[][]) => number,
): Float64Array {
  const made = Float64Array.from(data);
  const [top, left] = [Math.floor(kernelHeight / 2), Math.floor(kernelWidth / 2)];
  const [rows, columns] = [line(height, border, kernelHeight), line(width, border, kernelWidth)];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) {
        if (alpha === 'keep' && channels % 2 === 0 && c === channels - 1) continue;
        const window = Array.from({ length: kernelHeight }, (_, i) =>
          Array.from({ length: kernelWidth }, (_, j) => {
            const [row, column] = [rows[y + i - top + kernelHeight], columns[x + j - left + kernelWidth]];
            return row < 0 || column < 0 ? borderValue : data[(row * width + column) * channels + c];
          }),
        );
        made[(y * width + x) * channels + c] = result(window);
      }
  return made;
}

export function sumOfProducts(window: readonly (readonly number[])[], kernel: readonly (readonly number[])[]): number {
  let sum = 0;
  for (const [i, row] of window.entries()) for (const [j, x] of row.entries()) sum += x * kernel[i][j];
  return sum;
}

/** The nearest byte to a quotient of whole numbers, halves upwards. */
export function nearestByte(sum: number, divisor: number): number {
  const [n, d] = divisor < 0 ? [-sum, -divisor] : [sum, divisor];
  return Math.min(Math.max(Math.floor((2 * n + d) / (2 * d)), 0), 255);
}
