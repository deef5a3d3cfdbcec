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
        const from = (plane * height + first) * length;
        if (end - first === 3) addThree(x, from, length, sums);
        else {
          for (let i = 0; i < length; i++) sums[i] = x[from + i];
          for (let at = from + length; at < from + (end - first) * length; at += length)
            for (let i = 0; i < length; i++) sums[i] += x[at + i];
        }
        for (let column = 0; column < columns; column++) {
          const left = Math.max(column * stride - padding, 0);
          const right = Math.min(column * stride - padding + kernel, width);
          const share = 1 / ((end - first) * (right - left));
          if (right - left === 3) shareOfThree(sums, left * lanes, lanes, share, out, to);
          else
            for (let lane = 0, at = left * lanes; lane < lanes; lane++, at++) {
              let sum = sums[at];
              for (let i = at + lanes; i < right * lanes; i += lanes) sum += sums[i];
              out[to + lane] = sum * share;
            }
          to += lanes;
        }
      }
  };
}

/** Three rows in one pass. */
function addThree(x: Float32Array, from: number, row: number, sums: Float64Array): void {
  const second = (from + row) | 0;
  const third = (second + row) | 0;
  for (let i = 0; i < row; i++) sums[i] = x[from + i] + x[second + i] + x[third + i];
}

/** Three columns, all lanes of each. */
function shareOfThree(sums: Float64Array, from: number, lanes: number, share: number, out: Float32Array, to: number): void {
  const second = (from + lanes) | 0;
  const third = (second + lanes) | 0;
  for (let lane = 0; lane < lanes; lane++) out[to + lane] = (sums[from + lane] + sums[second + lane] + sums[third + lane]) * share;
}
