/** Filters over images of bytes: { width, height, channels, data }, channels grey, grey and alpha, RGB or RGBA. */

/** Row by row, 3×3 each. `mean` divides the sum by 9. */
export const kernels = {
  blur: { weights: [1, 1, 1, 1, 1, 1, 1, 1, 1], mean: true },
  edge: { weights: [-1, -1, -1, -1, 8, -1, -1, -1, -1] },
  emboss: { weights: [-2, -1, 0, -1, 1, 1, 0, 1, 2] },
  sharpen: { weights: [0, -1, 0, -1, 5, -1, 0, -1, 0] },
};

/** A new image: pixels at the edges repeated outwards, sums rounded and clamped, alpha as it was. */
export function filter(engine, image, name) {
  const { width, height, channels, data } = image;
  const colours = channels < 3 ? 1 : 3;
  const { weights, mean = false } = kernels[name];
  const y = engine.conv2d(
    { shape: [1, height + 2, width + 2, colours], data: withEdges(image, colours) },
    { shape: [colours, 1, 3, 3], data: Float32Array.from({ length: colours * 9 }, (_, i) => weights[i % 9]) },
    { inputLayout: 'nhwc', groups: colours, normalize: mean ? 'mean' : 'none' },
  );
  const result = new Uint8ClampedArray(data);
  for (let pixel = 0; pixel < width * height; pixel++) {
    // A clamped array rounds halves to even, and keeps what is between 0 and 255.
    for (let colour = 0; colour < colours; colour++) result[pixel * channels + colour] = y.data[pixel * colours + colour];
  }
  return { ...image, data: new Uint8Array(result.buffer) };
}

/** Colours as floats, [height + 2, width + 2, colours]. */
function withEdges({ width, height, channels, data }, colours) {
  const floats = new Float32Array((height + 2) * (width + 2) * colours);
  let to = 0;
  for (let row = -1; row <= height; row++) {
    const begin = Math.min(Math.max(row, 0), height - 1) * width;
    for (let column = -1; column <= width; column++) {
      const from = (begin + Math.min(Math.max(column, 0), width - 1)) * channels;
      for (let colour = 0; colour < colours; colour++) floats[to++] = data[from + colour];
    }
  }
  return floats;
}
