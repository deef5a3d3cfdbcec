import { floatsOf, lastOf, nextRow, openRows, type Params, putLine, type Rows, rowsOf, saturate, slotOf } from './rows.ts';

const { fround } = Math;

/**
 * √(gx² + gy²) of the two 3×3 kernels of Sobel, Scharr or Prewitt, which share their columns: a difference in one direction,
 * smoothed with (side, centre, side) in the other.
 *
 *   taps     side, centre
 *   middle   [smoothed down, difference down][padded width][channels], words of 16 bits or floats
 */

/** 1.5 · 2²³: what is added to it is rounded to a whole number, halves to even. */
const TO_WHOLE = 12582912;

function magnitude(squares: number, divisor: number, bias: number): number {
  return fround(fround(fround(Math.sqrt(squares)) / divisor) + bias);
}

/** The nearest whole number, halves to even, for what is not far beyond a byte. */
function whole(x: number): number {
  return fround(Math.min(Math.max(x, -32768), 32767) + TO_WHOLE) - TO_WHOLE;
}

function gradientBytes(rows: Rows, y: number, middle: Int16Array): void {
  const { p, scratch, line, count, paddedCount, lineLength } = rows;
  const [side, centre] = p.taps;
  const [a, b, c] = [slotOf(rows, y - 1), slotOf(rows, y), slotOf(rows, y + 1)];
  for (let i = 0; i < paddedCount; i++) {
    middle[i] = (scratch[a + i] + scratch[c + i]) * side + scratch[b + i] * centre;
    middle[lineLength + i] = scratch[c + i] - scratch[a + i];
  }
  for (let i = 0; i < count; i++) {
    const second = i + p.channels;
    const third = second + p.channels;
    const gx = middle[third] - middle[i];
    const gy = (middle[lineLength + i] + middle[lineLength + third]) * side + middle[lineLength + second] * centre;
    scratch[line + i] = saturate(whole(magnitude(fround(gx * gx + gy * gy), p.divisor, p.bias)));
  }
}

function gradientFloats(rows: Rows, y: number): void {
  const { p, scratch, line, count, paddedCount, lineLength } = rows;
  const [side, centre] = floatsOf(p.taps);
  const [a, b, c] = [slotOf(rows, y - 1), slotOf(rows, y), slotOf(rows, y + 1)];
  for (let i = 0; i < paddedCount; i++) {
    scratch[i] = fround(fround(fround(scratch[a + i] + scratch[c + i]) * side) + fround(scratch[b + i] * centre));
    scratch[lineLength + i] = scratch[c + i] - scratch[a + i];
  }
  for (let i = 0; i < count; i++) {
    const second = i + p.channels;
    const third = second + p.channels;
    const gx = fround(scratch[third] - scratch[i]);
    const sides = fround(scratch[lineLength + i] + scratch[lineLength + third]);
    const gy = fround(fround(sides * side) + fround(scratch[lineLength + second] * centre));
    scratch[line + i] = magnitude(fround(fround(gx * gx) + fround(gy * gy)), p.divisor, p.bias);
  }
}

export function imageGradient(p: Params, taskBegin: number, taskEnd: number): void {
  const rows = rowsOf(p);
  const middle = new Int16Array(p.scratch.buffer, p.scratch.byteOffset, 2 * p.lineBytes);
  const last = lastOf(p, taskEnd);
  for (let y = openRows(rows, taskBegin, taskEnd); y < last; y++) {
    nextRow(rows, y);
    if (p.elementBytes === 1) gradientBytes(rows, y, middle);
    else gradientFloats(rows, y);
    putLine(rows, y);
  }
}
