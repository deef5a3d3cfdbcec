import { Border, type ImageParams } from '../../kernels/image.ts';
import type { Block } from '../../kernels/layout.ts';
import type { TensorData } from '../../tensor/dtype.ts';

export type Params = Block<typeof ImageParams>;
export type Elements = Uint8Array | Float32Array;

/**
 * What all filters over images share: rows come in through a ring of padded copies, and go out by way of a line. A window
 * therefore never meets the edge of the image, and the output may be the input.
 *
 *   scratch   middle | lines [lineBytes] | ring [slots][lineBytes] | rows below the last one [below][lineBytes]
 *   row       [left][width][kernelWidth − 1 − left] pixels
 *
 * `middle` is what a filter keeps between its two passes. Positions count elements, from the beginning of the scratch.
 */
export interface Rows {
  readonly p: Params;
  readonly input: Elements;
  readonly output: Elements;
  readonly scratch: Elements;
  readonly inPlace: boolean;
  /** Elements of a row of output, and with what a kernel reaches beside it. */
  readonly count: number;
  readonly paddedCount: number;
  readonly line: number;
  readonly lineLength: number;
  readonly ring: number;
}

function elements({ buffer, byteOffset, byteLength }: TensorData, elementBytes: number): Elements {
  return elementBytes === 1 ? new Uint8Array(buffer, byteOffset, byteLength) : new Float32Array(buffer, byteOffset, byteLength / 4);
}

export function rowsOf(p: Params): Rows {
  const of = (buffer: TensorData) => elements(buffer, p.elementBytes);
  return {
    p,
    input: of(p.input),
    output: of(p.output),
    scratch: of(p.scratch),
    inPlace: p.input.buffer === p.output.buffer && p.input.byteOffset === p.output.byteOffset,
    count: p.width * p.channels,
    paddedCount: (p.width + p.kernelWidth - 1) * p.channels,
    line: p.lineOffset / p.elementBytes,
    lineLength: p.lineBytes / p.elementBytes,
    ring: p.ringOffset / p.elementBytes,
  };
}

/** Sums that wait to be divided: the last that `middle` holds. */
export function wideOf({ p, count }: Rows): Int32Array {
  return new Int32Array(p.scratch.buffer, p.scratch.byteOffset + p.lineOffset - 4 * p.lineBytes, count);
}

/** The padded copy of `row`, which may lie above or below the image. */
export function slotOf({ p, ring, lineLength }: Rows, row: number): number {
  return ring + lineLength * ((row + p.top) % p.slots);
}

/** A row below the image, kept. */
function keptOf({ p, ring, lineLength }: Rows, i: number): number {
  return ring + lineLength * (p.slots + i);
}

/** Which of `count` lies at `i`, which may be any number; −1: none. */
function source(i: number, count: number, border: number): number {
  if (i >= 0 && i < count) return i;
  if (border === Border.Constant) return -1;
  if (border === Border.Replicate) return i < 0 ? 0 : count - 1;
  const fold = border === Border.Reflect101 ? 2 : 0;
  const period = border === Border.Wrap ? count : Math.max(2 * count - fold, 1);
  const at = ((i % period) + period) % period;
  return at < count ? at : period - 1 - at + (fold >> 1);
}

/** `count` pixels of a row beginning at `x`, over the edge. */
function putPixels({ p, input, scratch }: Rows, row: number, inside: boolean, x: number, count: number, to: number): void {
  for (let i = 0; i < count; i++) {
    const at = inside ? source(x + i, p.width, p.border) : -1;
    for (let c = 0; c < p.channels; c++) scratch[to++] = at < 0 ? p.borderValue : input[row + at * p.channels + c];
  }
}

function putRow(rows: Rows, row: number, to: number): void {
  const { p, input, scratch, count } = rows;
  const y = source(row, p.height, p.border);
  const from = y * count;
  if (y < 0) {
    putPixels(rows, from, false, 0, p.width + p.kernelWidth - 1, to);
    return;
  }
  putPixels(rows, from, true, -p.left, p.left, to);
  const inside = to + p.left * p.channels;
  scratch.set(input.subarray(from, from + count), inside);
  putPixels(rows, from, true, p.width, p.kernelWidth - 1 - p.left, inside + count);
}

/**
 * All rows but the last of the window of the first row of a range of tasks, which it returns. In place, the rows below the image
 * too, while nothing is written yet.
 */
export function openRows(rows: Rows, taskBegin: number, taskEnd: number): number {
  const { p } = rows;
  const y = taskBegin * p.stripe;
  if (taskBegin === taskEnd) return y;
  if (rows.inPlace) for (let i = p.below - 1; i >= 0; i--) putRow(rows, p.height + i, keptOf(rows, i));
  for (let i = y - p.top; i < y + p.below; i++) putRow(rows, i, slotOf(rows, i));
  return y;
}

/** The last row of the window of row `y`. */
export function nextRow(rows: Rows, y: number): void {
  const { p, scratch, lineLength } = rows;
  const row = y + p.below;
  if (rows.inPlace && row >= p.height) {
    const from = keptOf(rows, row - p.height);
    scratch.copyWithin(slotOf(rows, row), from, from + lineLength);
  } else {
    putRow(rows, row, slotOf(rows, row));
  }
}

/** Where in its padded copy the pixels of row `y` begin. */
export function centreOf(rows: Rows, y: number): number {
  return slotOf(rows, y) + rows.p.left * rows.p.channels;
}

/** The line as row `y` of the output, with its old alpha if that is kept. */
export function putLine(rows: Rows, y: number): void {
  const { p, scratch, output, count, line } = rows;
  if (p.keepAlpha === 1) {
    const old = centreOf(rows, y);
    for (let i = p.channels - 1; i < count; i += p.channels) scratch[line + i] = scratch[old + i];
  }
  output.set(scratch.subarray(line, line + count), y * count);
}

/** A whole number as a byte. */
export function saturate(x: number): number {
  return x < 0 ? 0 : x > 255 ? 255 : x;
}

/** The row behind a range of tasks. */
export function lastOf(p: Params, taskEnd: number): number {
  return Math.min(taskEnd * p.stripe, p.height);
}

/** Words that are floats. */
export function floatsOf({ buffer, byteOffset, length }: Int32Array): Float32Array {
  return new Float32Array(buffer, byteOffset, length);
}
