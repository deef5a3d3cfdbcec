import { arrangement, outHeight, outWidth, type PlainLayout, type PlainRun, type PlainShape } from './shape.ts';

/** The greatest of each column of the windows of a row of results, then the greatest of those. What lies in the padding is left out. */
export function maxPool2d(shape: PlainShape, layout: PlainLayout): PlainRun {
  const { channels, height, width, kernel, stride, padding } = shape;
  const { planes, lanes } = arrangement(layout, channels);
  const [rows, columns] = [outHeight(shape), outWidth(shape)];
  const length = width * lanes;
  const most = new Float64Array(length);
  return (x, out) => {
    let to = 0;
    for (let plane = 0; plane < planes; plane++)
      for (let row = 0; row < rows; row++) {
        const top = row * stride - padding;
        const end = Math.min(top + kernel, height);
        let from = (plane * height + Math.max(top, 0)) * length;
        for (let i = 0; i < length; i++) most[i] = x[from + i];
        for (let y = Math.max(top, 0) + 1; y < end; y++) {
          from += length;
          for (let i = 0; i < length; i++) most[i] = Math.max(most[i], x[from + i]);
        }
        for (let column = 0; column < columns; column++) {
          const left = column * stride - padding;
          const right = Math.min(left + kernel, width) * lanes;
          for (let lane = 0, first = Math.max(left, 0) * lanes; lane < lanes; lane++, first++) {
            let greatest = most[first];
            for (let i = first + lanes; i < right; i += lanes) greatest = Math.max(greatest, most[i]);
            out[to++] = greatest;
          }
        }
      }
  };
}
