import { arrangement, outHeight, outWidth, type PlainConvShape, type PlainLayout, type PlainRun } from './shape.ts';

/** What lies beyond the edge: zeros, or the nearest pixel. */
export type Border = 'zeros' | 'replicate';

/**
 * One filter a channel: depthwise convolutions, and image filters over a plane. A row of results is computed from left to right, lane by
 * lane. Of a 3×3 filter each column of the input is loaded once, and its products go to the three sums that it belongs to. Windows that
 * reach over the edge are summed one by one: a padded copy, or rows of doubles, take 1.1 to 1.6 times as long.
 */
export function convPlanes(
  shape: PlainConvShape,
  layout: PlainLayout,
  filter: ArrayLike<number>,
  border: Border = 'zeros',
): PlainRun {
  const { channels, height, width, kernel, stride, padding } = shape;
  const { planes, lanes } = arrangement(layout, channels);
  const [rows, columns] = [outHeight(shape), outWidth(shape)];
  const weights = Float64Array.from(filter);
  const sums = new Float64Array(columns);
  // Results whose windows lie inside: from `first` to before `end`.
  const first = Math.min(Math.ceil(padding / stride), columns);
  const end = Math.max(first, Math.floor((width + padding - kernel) / stride) + 1);
  const three = kernel === 3 ? (stride === 1 ? slide : stride3) : undefined;

  return (x, out) => {
    for (let plane = 0; plane < planes; plane++)
      for (let row = 0; row < rows; row++) {
        const top = row * stride - padding;
        const inside = top >= 0 && top + kernel <= height && end > first;
        const count = inside ? end - first : 0;
        const before = inside ? first : columns;
        const from = ((plane * height + top) * width + first * stride - padding) * lanes;
        const to = (plane * rows + row) * columns * lanes;
        for (let lane = 0; lane < lanes; lane++) {
          const taps = (plane * lanes + lane) * kernel * kernel;
          if (count === 0) continue;
          if (three !== undefined)
            three(x, from + lane, width * lanes, lanes, stride, weights, taps, out, to + first * lanes + lane, count);
          else {
            sums.fill(0);
            for (let y = 0; y < kernel; y++)
              addRow(x, from + lane + y * width * lanes, lanes, stride, weights, taps + y * kernel, kernel, sums, count);
            for (let i = 0, at = to + first * lanes + lane; i < count; i++, at += lanes) out[at] = sums[i];
          }
        }
        for (let column = 0; column < columns; column++) {
          if (column === before) column = end;
          if (column >= columns) break;
          for (let lane = 0; lane < lanes; lane++)
            out[to + column * lanes + lane] = atEdge(x, plane, lane, lanes, shape, top, column * stride - padding, weights, border);
        }
      }
  };
}

/** 3×3, stride 1. `step`: from a column to the next. */
function slide(
  x: Float32Array,
  from: number,
  row: number,
  step: number,
  _stride: number,
  w: Float64Array,
  taps: number,
  out: Float32Array,
  to: number,
  count: number,
): void {
  const w0 = w[taps], w1 = w[taps + 1], w2 = w[taps + 2];
  const w3 = w[taps + 3], w4 = w[taps + 4], w5 = w[taps + 5];
  const w6 = w[taps + 6], w7 = w[taps + 7], w8 = w[taps + 8];
  let r0 = from | 0;
  let r1 = (r0 + row) | 0;
  let r2 = (r1 + row) | 0;
  let at = to | 0;
  let a = x[r0], b = x[r1], c = x[r2];
  let sum = w0 * a + w3 * b + w6 * c;
  r0 = (r0 + step) | 0; r1 = (r1 + step) | 0; r2 = (r2 + step) | 0;
  a = x[r0]; b = x[r1]; c = x[r2];
  sum += w1 * a + w4 * b + w7 * c;
  let next = w0 * a + w3 * b + w6 * c;
  for (let i = 0; i < count; i++) {
    r0 = (r0 + step) | 0; r1 = (r1 + step) | 0; r2 = (r2 + step) | 0;
    a = x[r0]; b = x[r1]; c = x[r2];
    out[at] = sum + w2 * a + w5 * b + w8 * c;
    at = (at + step) | 0;
    sum = next + w1 * a + w4 * b + w7 * c;
    next = w0 * a + w3 * b + w6 * c;
  }
}

/** 3×3, any stride. */
function stride3(
  x: Float32Array,
  from: number,
  row: number,
  step: number,
  stride: number,
  w: Float64Array,
  taps: number,
  out: Float32Array,
  to: number,
  count: number,
): void {
  const w0 = w[taps], w1 = w[taps + 1], w2 = w[taps + 2];
  const w3 = w[taps + 3], w4 = w[taps + 4], w5 = w[taps + 5];
  const w6 = w[taps + 6], w7 = w[taps + 7], w8 = w[taps + 8];
  const hop = (stride * step) | 0;
  const two = (2 * step) | 0;
  let r0 = from | 0;
  let r1 = (r0 + row) | 0;
  let r2 = (r1 + row) | 0;
  let at = to | 0;
  for (let i = 0; i < count; i++) {
    out[at] =
      w0 * x[r0] + w1 * x[(r0 + step) | 0] + w2 * x[(r0 + two) | 0] +
      (w3 * x[r1] + w4 * x[(r1 + step) | 0] + w5 * x[(r1 + two) | 0]) +
      (w6 * x[r2] + w7 * x[(r2 + step) | 0] + w8 * x[(r2 + two) | 0]);
    at = (at + step) | 0;
    r0 = (r0 + hop) | 0; r1 = (r1 + hop) | 0; r2 = (r2 + hop) | 0;
  }
}

/** One row of any kernel, added to a row of sums. */
function addRow(
  x: Float32Array,
  from: number,
  step: number,
  stride: number,
  w: Float64Array,
  taps: number,
  kernel: number,
  sums: Float64Array,
  count: number,
): void {
  if (kernel === 5 && stride === 1) addFive(x, from, step, w, taps, sums, count);
  else
    for (let k = 0; k < kernel; k++) {
      const weight = w[taps + k];
      for (let i = 0, at = from + k * step; i < count; i++, at += stride * step) sums[i] += weight * x[at];
    }
}

/** A row of a 5×5 kernel: five columns stay at hand. */
function addFive(x: Float32Array, from: number, step: number, w: Float64Array, taps: number, sums: Float64Array, count: number): void {
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
  x: Float32Array,
  plane: number,
  lane: number,
  lanes: number,
  { height, width, kernel }: PlainConvShape,
  top: number,
  left: number,
  w: Float64Array,
  border: Border,
): number {
  const nearest = border === 'replicate';
  let sum = 0;
  let tap = (plane * lanes + lane) * kernel * kernel;
  for (let y = top; y < top + kernel; y++)
    for (let column = left; column < left + kernel; column++, tap++) {
      const [row, place] = [Math.min(Math.max(y, 0), height - 1), Math.min(Math.max(column, 0), width - 1)];
      if (nearest || (row === y && place === column)) sum += w[tap] * x[((plane * height + row) * width + place) * lanes + lane];
    }
  return sum;
}
