import { centreOf, nextRow, openRows, type Params, rowsOf, saturate, slotOf } from '../js/image/rows.ts';
import FFT from './embedded/fft.ts';

type Transform = InstanceType<typeof FFT>;

/**
 * Sums of a window by Fourier transforms in f64, on the caller's thread whatever the backend: overlap-save (Stockham, "High-speed
 * convolution and correlation", 1966). A tile of the image is transformed, multiplied with the conjugate of the kernel's
 * transform and transformed back; where no window wraps around the tile, which is its upper left, that is the correlation.
 *
 * Rows come in as in every other filter, through a ring of padded copies that holds as many rows as a tile has. A stripe of rows
 * is done when they are there. The planes that it consists of, one for each tile and channel, go two by two, as the real
 * and the imaginary part of one complex tile.
 */

export interface Tile {
  readonly height: number;
  readonly width: number;
}

export interface Fourier {
  readonly tile: Tile;
  /** Row by row. */
  readonly weights: readonly number[];
  /** What becomes of a sum. */
  readonly finish: (sum: number) => number;
}

/** How bytes come of whole sums: see `image/bytes`. */
export function wholeFinish(begin: number, shift: number, divisor: number): (sum: number) => number {
  // What transforms are off is less than half: see docs/images.md.
  if (divisor === 1) return (sum) => saturate((Math.round(sum) + begin) >> shift);
  return (sum) => saturate(Math.floor((Math.round(sum) + begin) / divisor));
}

/** Columns that are transformed at a time: their numbers share cache lines. */
const COLUMNS = 4;

/** A complex tile, [height][width][2], and the transforms of its rows and columns. */
class Transforms {
  readonly rows: readonly Float64Array[];
  /** A row before or after it is transformed. */
  readonly line: Float64Array;
  readonly #tile: Float64Array;
  readonly #before: readonly Float64Array[];
  readonly #after: readonly Float64Array[];
  readonly #along: Transform;
  readonly #down: Transform;

  constructor({ height, width }: Tile) {
    const tile = new Float64Array(2 * height * width);
    this.#tile = tile;
    this.rows = Array.from({ length: height }, (_, y) => tile.subarray(2 * y * width, 2 * (y + 1) * width));
    this.line = new Float64Array(2 * width);
    this.#before = Array.from({ length: COLUMNS }, () => new Float64Array(2 * height));
    this.#after = this.#before.map((column) => column.slice());
    this.#along = new FFT(width);
    this.#down = new FFT(height);
  }

  /** The line, transformed, as row `y`. */
  put(y: number): void {
    this.#along.transform(this.rows[y], this.line);
  }

  /** Row `y`, transformed, as the line. */
  take(y: number): void {
    this.#along.transform(this.line, this.rows[y]);
  }

  /** Transforms all columns, and gives `each` the result, and room for what it makes of it: the first `kept` numbers go back. */
  columns(kept: number, each: (x: number, column: Float64Array, made: Float64Array, down: Transform) => void): void {
    const { line, rows } = this;
    const tile = this.#tile;
    const stride = line.length;
    for (let x = 0; 2 * x < stride; x += COLUMNS) {
      for (let y = 0, at = 2 * x; y < rows.length; y++, at += stride) {
        for (let i = 0; i < COLUMNS; i++) {
          this.#before[i][2 * y] = tile[at + 2 * i];
          this.#before[i][2 * y + 1] = tile[at + 2 * i + 1];
        }
      }
      for (let i = 0; i < COLUMNS; i++) {
        this.#down.transform(this.#after[i], this.#before[i]);
        each(x + i, this.#after[i], this.#before[i], this.#down);
      }
      for (let y = 0, at = 2 * x; y < kept; y++, at += stride) {
        for (let i = 0; i < COLUMNS; i++) {
          tile[at + 2 * i] = this.#after[i][2 * y];
          tile[at + 2 * i + 1] = this.#after[i][2 * y + 1];
        }
      }
    }
  }
}

/** The transform of the kernel, column by column, over the numbers of a tile: a power of two. */
function spectrumOf(transforms: Transforms, { tile, weights }: Fourier, kernelWidth: number): Float64Array {
  const { line, rows } = transforms;
  const kernelHeight = weights.length / kernelWidth;
  for (let y = 0; y < tile.height; y++) {
    rows[y].fill(0);
    if (y >= kernelHeight) continue;
    line.fill(0);
    for (let x = 0; x < kernelWidth; x++) line[2 * x] = weights[y * kernelWidth + x] / (tile.height * tile.width);
    transforms.put(y);
  }
  const spectrum = new Float64Array(2 * tile.height * tile.width);
  transforms.columns(0, (x, column) => spectrum.set(column, x * column.length));
  return spectrum;
}

/** What one tile has of one channel. */
interface Plane {
  /** Column of the image where it begins. */
  readonly x: number;
  readonly channel: number;
}

/** A NaN or an infinity, which would spoil all of a tile: it is left out there, and added where a window meets it. */
interface Stray {
  readonly part: number;
  readonly x: number;
  readonly y: number;
  readonly value: number;
}

/** Adds weights times strays to row `y` of the tile, in the line. */
function addStrays(line: Float64Array, strays: readonly Stray[], y: number, weights: readonly number[], kernelWidth: number): void {
  for (const stray of strays) {
    const at = (stray.y - y) * kernelWidth;
    if (at < 0 || at >= weights.length) continue;
    // The line is conjugated.
    const value = stray.part === 0 ? stray.value : -stray.value;
    for (let k = Math.min(kernelWidth - 1, stray.x); k >= 0; k--) {
      if (weights[at + k] !== 0) line[2 * (stray.x - k) + stray.part] += weights[at + k] * value;
    }
  }
}

/** Filters an image. `p.slots` is the height of a tile, `p.stripe` how many of its rows are results. */
export function imageFourier(p: Params, fourier: Fourier): void {
  const rows = rowsOf(p);
  const { scratch, output, count } = rows;
  const { tile, weights, finish } = fourier;
  const { channels, kernelWidth } = p;
  const transforms = new Transforms(tile);
  const { line } = transforms;
  const spectrum = spectrumOf(transforms, fourier, kernelWidth);
  const step = tile.width - kernelWidth + 1;
  const planes: Plane[] = [];
  for (let x = 0; x < p.width; x += step) for (let channel = 0; channel < channels - p.keepAlpha; channel++) planes.push({ x, channel });

  /** Row `y` of the tile, of both planes, into the line. */
  const gather = (first: number, y: number, pair: readonly Plane[], strays: Stray[]) => {
    const from = slotOf(rows, first - p.top + y);
    line.fill(0);
    for (let part = 0; part < pair.length; part++) {
      const { x, channel } = pair[part];
      const length = Math.min(tile.width, p.width + kernelWidth - 1 - x);
      for (let i = 0, at = from + x * channels + channel; i < length; i++, at += channels) {
        const value = scratch[at];
        if (value - value === 0) line[2 * i + part] = value;
        else strays.push({ part, x: i, y, value });
      }
    }
  };

  /** The line as results of both planes in row `y` of the image. */
  const scatter = (y: number, pair: readonly Plane[]) => {
    for (let part = 0; part < pair.length; part++) {
      const { x, channel } = pair[part];
      const sign = part === 0 ? 1 : -1;
      const length = Math.min(step, p.width - x);
      for (let i = 0, at = y * count + x * channels + channel; i < length; i++, at += channels)
        output[at] = finish(sign * line[2 * i + part]);
    }
  };

  let next = openRows(rows, 0, 1);
  for (let first = 0; first < p.height; first += p.stripe) {
    const height = Math.min(p.stripe, p.height - first);
    while (next < first + height) nextRow(rows, next++);
    for (let i = 0; i < planes.length; i += 2) {
      const pair = planes.slice(i, i + 2);
      const strays: Stray[] = [];
      for (let y = 0; y < tile.height; y++) {
        if (y < height + p.kernelHeight - 1) {
          gather(first, y, pair, strays);
          transforms.put(y);
        } else transforms.rows[y].fill(0);
      }
      transforms.columns(height, (x, column, made, down) => {
        // The conjugate of what is wanted: transforming that once more gives the conjugate of the result.
        for (let k = 0, w = x * column.length; k < column.length; k += 2, w += 2) {
          const wr = spectrum[w];
          const wi = spectrum[w + 1];
          made[k] = column[k] * wr + column[k + 1] * wi;
          made[k + 1] = column[k] * wi - column[k + 1] * wr;
        }
        down.transform(column, made);
      });
      for (let y = 0; y < height; y++) {
        transforms.take(y);
        if (strays.length > 0) addStrays(line, strays, y, weights, kernelWidth);
        scatter(first + y, pair);
      }
    }
    if (p.keepAlpha === 1) {
      for (let y = first; y < first + height; y++) {
        const old = centreOf(rows, y);
        for (let i = channels - 1; i < count; i += channels) output[y * count + i] = scratch[old + i];
      }
    }
  }
}
