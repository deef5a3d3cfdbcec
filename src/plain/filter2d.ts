import { convPlanes } from './conv-planes.ts';
import type { PlainRun } from './shape.ts';

/** Images of interleaved channels, red, green, blue and alpha side by side. Beyond the edge lies the nearest pixel. */
export interface PlainImageShape {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

export interface PlainKernel {
  /** Odd; of the square `weights`, row by row. */
  readonly side: number;
  readonly weights: readonly number[];
  readonly divisor?: number;
  readonly bias?: number;
}

export type PlainBytesRun = (x: Uint8Array | Uint8ClampedArray, out: Uint8Array | Uint8ClampedArray) => void;

/** V8 compiles a loop well for one kind of array: both kinds of bytes are seen as the one whose stores keep 0 to 255. */
export const bytesOf = ({ buffer, byteOffset, length }: Uint8Array | Uint8ClampedArray) =>
  new Uint8ClampedArray(buffer, byteOffset, length);

/** The lanes that are filtered; alpha, the last of two or four, is kept. */
export const colours = (channels: number) => (channels % 2 === 0 ? channels - 1 : channels);

/** Bytes, whole or other weights: sums in doubles, divided, biased, rounded to the nearest byte. */
export function filter2d(shape: PlainImageShape, kernel: PlainKernel): PlainBytesRun {
  const { width, height, channels } = shape;
  const { side, divisor = 1, bias = 0 } = kernel;
  const reach = (side - 1) / 2;
  const weights = Float64Array.from(kernel.weights, (weight) => weight / divisor);
  const sums = new Float64Array(width);
  // Halves are rounded upwards, by the floor below; 2⁻³⁰ more is less than quotients of whole numbers lie apart, and more than doubles err.
  const offset = bias + 0.5 + 2 ** -30;
  return (given, result) => {
    const [x, out] = [bytesOf(given), bytesOf(result)];
    for (let y = 0; y < height; y++) {
      const inside = y >= reach && y < height - reach && width > 2 * reach;
      for (let lane = 0; lane < colours(channels); lane++) {
        const to = y * width * channels + lane;
        const [first, end] = inside ? [reach, width - reach] : [width, width];
        if (inside) {
          const from = to - reach * width * channels;
          if (side === 3) slide(x, from, width * channels, channels, weights, offset, out, to + channels, width - 2);
          else {
            sums.fill(offset);
            for (let row = 0; row < side; row++)
              addRow(x, from + row * width * channels, channels, weights, row * side, side, sums, end - first);
            for (let i = 0, at = to + reach * channels; i < end - first; i++, at += channels) out[at] = Math.floor(sums[i]);
          }
        }
        for (let column = 0; column < width; column++) {
          if (column === first) column = end;
          if (column < width) out[to + column * channels] = Math.floor(atEdge(x, lane, shape, y, column, side, weights) + offset);
        }
      }
      for (let lane = colours(channels); lane < channels; lane++)
        for (let at = y * width * channels + lane; at < (y + 1) * width * channels; at += channels) out[at] = x[at];
    }
  };
}

/** Planes of floats. */
export function filter2dFloats({ width, height, channels }: PlainImageShape, { side, weights, divisor = 1 }: PlainKernel): PlainRun {
  const shape = { channels, outChannels: channels, height, width, kernel: side, stride: 1, padding: (side - 1) / 2, groups: channels };
  const each = weights.map((weight) => weight / divisor);
  return convPlanes(shape, 'nhwc', Array.from({ length: channels }, () => each).flat(), 'replicate');
}

/** 3×3: each column of the image is loaded once, and goes to the three sums that it belongs to. */
function slide(
  x: Uint8ClampedArray,
  from: number,
  row: number,
  step: number,
  w: Float64Array,
  offset: number,
  out: Uint8ClampedArray,
  to: number,
  count: number,
): void {
  const w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3], w4 = w[4], w5 = w[5], w6 = w[6], w7 = w[7], w8 = w[8];
  let r0 = from | 0;
  let r1 = (r0 + row) | 0;
  let r2 = (r1 + row) | 0;
  let at = to | 0;
  let a = x[r0], b = x[r1], c = x[r2];
  let sum = w0 * a + w3 * b + w6 * c + offset;
  r0 = (r0 + step) | 0; r1 = (r1 + step) | 0; r2 = (r2 + step) | 0;
  a = x[r0]; b = x[r1]; c = x[r2];
  sum += w1 * a + w4 * b + w7 * c;
  let next = w0 * a + w3 * b + w6 * c + offset;
  for (let i = 0; i < count; i++) {
    r0 = (r0 + step) | 0; r1 = (r1 + step) | 0; r2 = (r2 + step) | 0;
    a = x[r0]; b = x[r1]; c = x[r2];
    out[at] = Math.floor(sum + w2 * a + w5 * b + w8 * c);
    at = (at + step) | 0;
    sum = next + w1 * a + w4 * b + w7 * c;
    next = w0 * a + w3 * b + w6 * c + offset;
  }
}

/** A row of any kernel, added to a row of sums; of 5×5 five columns stay at hand. */
function addRow(
  x: Uint8ClampedArray,
  from: number,
  step: number,
  w: Float64Array,
  taps: number,
  side: number,
  sums: Float64Array,
  count: number,
): void {
  if (side !== 5) {
    for (let k = 0; k < side; k++) {
      const weight = w[taps + k];
      for (let i = 0, at = (from + k * step) | 0; i < count; i++, at = (at + step) | 0) sums[i] += weight * x[at];
    }
    return;
  }
  const w0 = w[taps], w1 = w[taps + 1], w2 = w[taps + 2], w3 = w[taps + 3], w4 = w[taps + 4];
  let at = from | 0;
  let a = x[at], b = x[at + step], c = x[at + 2 * step], d = x[at + 3 * step];
  at = (at + 4 * step) | 0;
  for (let i = 0; i < count; i++) {
    const e = x[at];
    sums[i] += w0 * a + w1 * b + w2 * c + w3 * d + w4 * e;
    a = b; b = c; c = d; d = e;
    at = (at + step) | 0;
  }
}

function atEdge(
  x: Uint8ClampedArray,
  lane: number,
  { width, height, channels }: PlainImageShape,
  y: number,
  column: number,
  side: number,
  w: Float64Array,
): number {
  const reach = (side - 1) / 2;
  let sum = 0;
  for (let i = 0, tap = 0; i < side; i++)
    for (let j = 0; j < side; j++, tap++) {
      const row = Math.min(Math.max(y + i - reach, 0), height - 1);
      const place = Math.min(Math.max(column + j - reach, 0), width - 1);
      sum += w[tap] * x[(row * width + place) * channels + lane];
    }
  return sum;
}
