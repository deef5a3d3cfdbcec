import { arrangement, outHeight, outWidth, type PlainLayout, type PlainRun, type PlainShape } from './shape.ts';

/**
 * The place of the greatest is moved by arithmetic: `Math.max` and `a > b ? a : b` branch, which over random numbers takes four times as
 * long. What lies in the padding is left out.
 */
export function maxPool2d(shape: PlainShape, layout: PlainLayout): PlainRun {
  const { channels, height, width, kernel, stride, padding } = shape;
  const { planes, lanes } = arrangement(layout, channels);
  const [rows, columns] = [outHeight(shape), outWidth(shape)];
  const length = width * lanes;
  const pairs = kernel === 2 && padding === 0;
  return (x, out) => {
    let to = 0;
    for (let plane = 0; plane < planes; plane++)
      for (let row = 0; row < rows; row++) {
        const top = row * stride - padding;
        const from = (plane * height + Math.max(top, 0)) * length;
        if (pairs) {
          pairsOfRow(x, from, length, lanes, stride, out, to, columns);
          to += columns * lanes;
          continue;
        }
        const high = Math.min(top + kernel, height) - Math.max(top, 0);
        for (let column = 0; column < columns; column++) {
          const left = column * stride - padding;
          const wide = Math.min(left + kernel, width) - Math.max(left, 0);
          for (let lane = 0; lane < lanes; lane++)
            out[to++] = x[greatest(x, from + Math.max(left, 0) * lanes + lane, high, length, wide, lanes)];
        }
      }
  };
}

/** The place of the greatest of `high` rows of `wide` numbers. */
function greatest(x: Float32Array, from: number, high: number, row: number, wide: number, step: number): number {
  let at = from | 0;
  for (let y = 0, begin = from | 0; y < high; y++, begin = (begin + row) | 0)
    for (let i = 0, tap = begin; i < wide; i++, tap = (tap + step) | 0) at = (at + (tap - at) * Number(x[tap] > x[at])) | 0;
  return at;
}

/** Windows of 2×2: the greater of each column, then the greater of those. */
function pairsOfRow(
  x: Float32Array,
  from: number,
  row: number,
  lanes: number,
  stride: number,
  out: Float32Array,
  to: number,
  columns: number,
): void {
  let target = to | 0;
  for (let column = 0; column < columns; column++)
    for (let lane = 0, upper = (from + column * stride * lanes) | 0; lane < lanes; lane++, upper = (upper + 1) | 0) {
      const first = (upper + row * Number(x[upper + row] > x[upper])) | 0;
      const next = (upper + lanes) | 0;
      const second = (next + row * Number(x[next + row] > x[next])) | 0;
      out[target] = x[(first + (second - first) * Number(x[second] > x[first])) | 0];
      target = (target + 1) | 0;
    }
}
