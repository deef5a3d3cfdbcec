/**
 * What passes through Winograd's points on the way to each output, |Aᵀ| (Σ |G||w||Gᵀ| · |Bᵀ||x||B|) |A|: the measure of its error in
 * docs/numerics.md. NCHW, 3×3, strides of 1.
 */

const POINTS = { 2: [0, 1, -1], 4: [0, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT2, -Math.SQRT2], 6: [0, 1, -1, 2, -2, 0.5, -0.5] };

/** |Bᵀ|, |G| and |Aᵀ| by Toom and Cook's construction, whatever scales a row. */
function magnitudes(size) {
  const points = POINTS[size];
  const product = (roots) => {
    let polynomial = [1];
    for (const root of roots) polynomial = [...polynomial, 0].map((_, i) => (polynomial[i - 1] ?? 0) - root * (polynomial[i] ?? 0));
    return polynomial;
  };
  const input = [];
  const filter = [];
  for (const at of points) {
    const others = points.filter((other) => other !== at);
    const scale = others.reduce((all, other) => all * (at - other), 1);
    input.push([...product(others), 0]);
    filter.push([1 / scale, at / scale, at ** 2 / scale]);
  }
  input.push(product(points));
  filter.push([0, 0, 1]);
  const output = Array.from({ length: size }, (_, y) => [...points.map((at) => at ** y), y === size - 1 ? 1 : 0]);
  const abs = (matrix) => matrix.map((row) => Float64Array.from(row, Math.abs));
  return { input: abs(input), filter: abs(filter), output: abs(output) };
}

/** m · x · mᵀ of a square x, row after row. */
function sandwich(m, x) {
  const n = m[0].length;
  const half = new Float64Array(n * m.length);
  const whole = new Float64Array(m.length ** 2);
  for (let r = 0; r < n; r++)
    for (let q = 0; q < m.length; q++) for (let k = 0; k < n; k++) half[r * m.length + q] += m[q][k] * x[r * n + k];
  for (let p = 0; p < m.length; p++)
    for (let q = 0; q < m.length; q++) for (let k = 0; k < n; k++) whole[p * m.length + q] += m[p][k] * half[k * m.length + q];
  return whole;
}

/** @returns {Float64Array} [outChannels, outHeight, outWidth] */
export function throughput(size, x, filter, { channels, height, width, outChannels, padding, groups }) {
  const { input, filter: taps, output } = magnitudes(size);
  const [outHeight, outWidth] = [height + 2 * padding - 2, width + 2 * padding - 2];
  const length = size + 2;
  const [groupIn, groupOut] = [channels / groups, outChannels / groups];
  const weights = Array.from({ length: outChannels * groupIn }, (_, k) => sandwich(taps, filter.subarray(9 * k, 9 * k + 9).map(Math.abs)));
  const through = new Float64Array(outChannels * outHeight * outWidth);
  for (let y = 0; y < outHeight; y += size)
    for (let left = 0; left < outWidth; left += size) {
      const points = Array.from({ length: channels }, (_, channel) => {
        const tile = new Float64Array(length ** 2);
        for (let r = 0; r < length; r++)
          for (let q = 0; q < length; q++) {
            const [row, column] = [y + r - padding, left + q - padding];
            if (row >= 0 && row < height && column >= 0 && column < width)
              tile[r * length + q] = Math.abs(x[(channel * height + row) * width + column]);
          }
        return sandwich(input, tile);
      });
      for (let o = 0; o < outChannels; o++) {
        const sums = new Float64Array(length ** 2);
        for (let c = 0; c < groupIn; c++) {
          const [point, weight] = [points[Math.floor(o / groupOut) * groupIn + c], weights[o * groupIn + c]];
          for (let p = 0; p < sums.length; p++) sums[p] += point[p] * weight[p];
        }
        const tile = sandwich(output, sums);
        for (let r = 0; r < Math.min(size, outHeight - y); r++)
          for (let q = 0; q < Math.min(size, outWidth - left); q++)
            through[(o * outHeight + y + r) * outWidth + left + q] = tile[r * size + q];
      }
    }
  return through;
}
