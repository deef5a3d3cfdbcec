import { arrangement, outHeight, outWidth, type PlainLayout, type PlainRun, type PlainShape } from './shape.ts';

/** The columns of the windows of a row of results are summed, then those sums. What lies in the padding does not count. */
export function averagePool2d(shape: PlainShape, layout: PlainLayout): PlainRun {
  const { channels, height, width, kernel, stride, padding } = shape;
  const { planes, lanes } = arrangement(layout, channels);
  const [rows, columns] = [outHeight(shape), outWidth(shape)];
  const length = width * lanes;
  const sums = new Float64Array(length);
  return (x, out) => {
    let to = 0;
    for (let plane = 0; plane < planes; plane++)
      for (let row = 0; row < rows; row++) {
        const top = row * stride - padding;
        const [first, end] = [Math.max(top, 0), Math.min(top + kernel, height)];
        let from = (plane * height + first) * length;
        for (let i = 0; i < length; i++) sums[i] = x[from + i];
        for (let y = first + 1; y < end; y++) {
          from += length;
          for (let i = 0; i < length; i++) sums[i] += x[from + i];
        }
        for (let column = 0; column < columns; column++) {
          const left = Math.max(column * stride - padding, 0);
          const right = Math.min(column * stride - padding + kernel, width);
          const share = 1 / ((end - first) * (right - left));
          for (let lane = 0, at = left * lanes; lane < lanes; lane++, at++) {
            let sum = sums[at];
            for (let i = at + lanes; i < right * lanes; i += lanes) sum += sums[i];
            out[to++] = sum * share;
          }
        }
      }
  };
}
