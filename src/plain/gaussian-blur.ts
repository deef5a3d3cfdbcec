import { bytesOf, colours, type PlainBytesRun, type PlainImageShape } from './filter2d.ts';

/** A column of weights, then a row of them, in doubles. Both are symmetric: two pixels are added, then multiplied once. */
export function gaussianBlur({ width, height, channels }: PlainImageShape, sigma: number, radius = Math.ceil(3 * sigma)): PlainBytesRun {
  const weights = Float64Array.from({ length: radius + 1 }, (_, i) => Math.exp((-i * i) / (2 * sigma * sigma)));
  const total = weights.reduce((sum, weight, i) => sum + (i === 0 ? weight : 2 * weight), 0);
  for (let i = 0; i <= radius; i++) weights[i] /= total;
  const length = width * channels;
  // Sums of the columns, with those at the edges repeated outwards.
  const sums = new Float64Array((width + 2 * radius) * channels);
  const row = sums.subarray(radius * channels, radius * channels + length);
  const clamped = (y: number) => Math.min(Math.max(y, 0), height - 1) * length;
  return (given, result) => {
    const [x, out] = [bytesOf(given), bytesOf(result)];
    for (let y = 0; y < height; y++) {
      const from = y * length;
      for (let i = 0; i < length; i++) row[i] = weights[0] * x[from + i];
      for (let k = 1; k <= radius; k++) addPair(x, clamped(y - k), clamped(y + k), weights[k], row, length);
      for (let i = 0; i < radius * channels; i++) {
        sums[i] = row[i % channels];
        sums[radius * channels + length + i] = row[length - channels + (i % channels)];
      }
      for (let lane = 0; lane < colours(channels); lane++)
        blurRow(sums, radius * channels + lane, channels, weights, radius, out, from + lane, width);
      for (let lane = colours(channels); lane < channels; lane++)
        for (let at = from + lane; at < from + length; at += channels) out[at] = x[at];
    }
  };
}

function addPair(x: Uint8ClampedArray, above: number, below: number, weight: number, row: Float64Array, length: number): void {
  for (let i = 0; i < length; i++) row[i] += weight * (x[above + i] + x[below + i]);
}

function blurRow(
  sums: Float64Array,
  from: number,
  step: number,
  w: Float64Array,
  radius: number,
  out: Uint8ClampedArray,
  to: number,
  count: number,
): void {
  for (let i = 0, at = from, target = to; i < count; i++, at += step, target += step) {
    let sum = w[0] * sums[at] + 0.5;
    for (let k = 1, left = at - step, right = at + step; k <= radius; k++, left -= step, right += step)
      sum += w[k] * (sums[left] + sums[right]);
    out[target] = Math.floor(sum);
  }
}
