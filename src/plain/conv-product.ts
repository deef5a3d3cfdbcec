import { outHeight, outWidth, type PlainConvShape, type PlainLayout, type PlainRun } from './shape.ts';

/** Output channels and pixels of a tile: sixteen sums. 3×3, 4×2, 4×3, 6×2 and 8×1 are as fast or slower on V8 11, 12 and 13. */
const TILE = 4;
/** Products and pixels of a block, which stays in the second-level cache. */
const DEPTH = 256;
const PIXELS = 64;

/**
 * Convolution as a product of matrices: windows are unrolled a block at a time, in doubles, which spares the inner loop a conversion for
 * each load. Reading the windows where they lie, through a table of offsets, takes 1.2 to 1.4 times as long.
 */
export function convProduct(shape: PlainConvShape, layout: PlainLayout, filter: Float32Array): PlainRun {
  const { channels, height, width, outChannels, kernel, stride, padding } = shape;
  const nhwc = layout === 'nhwc';
  const [paddedHeight, paddedWidth] = [height + 2 * padding, width + 2 * padding];
  const [outColumns, pixels] = [outWidth(shape), outHeight(shape) * outWidth(shape)];
  const depth = channels * kernel * kernel;
  const panels = Math.ceil(outChannels / TILE);
  const offsets = offsetsOf(shape, nhwc, paddedHeight, paddedWidth);
  const weights = packWeights(shape, nhwc, filter);
  const padded = padding > 0 ? new Float32Array(channels * paddedHeight * paddedWidth) : undefined;
  const windows = new Float64Array(DEPTH * PIXELS);
  const sums = new Float64Array(panels * TILE * PIXELS);
  const corners = new Int32Array(PIXELS);

  return (x, out) => {
    if (padded !== undefined) pad(x, padded, shape, nhwc);
    const input = padded ?? x;
    for (let begin = 0; begin < pixels; begin += PIXELS) {
      const count = Math.min(PIXELS, pixels - begin);
      const tiles = Math.ceil(count / TILE);
      for (let i = 0; i < tiles * TILE; i++) {
        // The last tile is filled up with the last pixel.
        const pixel = Math.min(begin + i, pixels - 1);
        const row = Math.floor(pixel / outColumns);
        corners[i] = (row * paddedWidth + pixel - row * outColumns) * stride * (nhwc ? channels : 1);
      }
      sums.fill(0);
      for (let first = 0, at = 0; first < depth; first += DEPTH) {
        const products = Math.min(DEPTH, depth - first);
        unroll(input, offsets, first, products, corners, tiles, windows);
        for (let panel = 0; panel < panels; panel++, at += TILE * products)
          for (let tile = 0; tile < tiles; tile++)
            multiply(weights, at, windows, TILE * tile * products, products, sums, TILE * (panel * PIXELS + tile), PIXELS);
      }
      if (nhwc) {
        for (let i = 0; i < count; i++)
          for (let o = 0, to = (begin + i) * outChannels; o < outChannels; o++) out[to + o] = sums[o * PIXELS + i];
      } else {
        for (let o = 0; o < outChannels; o++) for (let i = 0, to = o * pixels + begin; i < count; i++) out[to + i] = sums[o * PIXELS + i];
      }
    }
  };
}

/** From the corner of a window to each of its numbers, as they lie one after another in memory. */
function offsetsOf({ channels, kernel }: PlainConvShape, nhwc: boolean, paddedHeight: number, paddedWidth: number): Int32Array {
  const offsets: number[] = [];
  const cells = (visit: (y: number, x: number) => void) => {
    for (let y = 0; y < kernel; y++) for (let x = 0; x < kernel; x++) visit(y, x);
  };
  if (nhwc) cells((y, x) => {
    for (let c = 0; c < channels; c++) offsets.push((y * paddedWidth + x) * channels + c);
  });
  else for (let c = 0; c < channels; c++) cells((y, x) => offsets.push((c * paddedHeight + y) * paddedWidth + x));
  return Int32Array.from(offsets);
}

/** By blocks of depth, in them by panels of four output channels, in them by products. */
function packWeights({ channels, outChannels, kernel }: PlainConvShape, nhwc: boolean, filter: Float32Array): Float64Array {
  const taps = kernel * kernel;
  const depth = channels * taps;
  const panels = Math.ceil(outChannels / TILE);
  const packed = new Float64Array(panels * TILE * depth);
  const inFilter = (k: number) => (nhwc ? (k % channels) * taps + Math.floor(k / channels) : k);
  let at = 0;
  for (let first = 0; first < depth; first += DEPTH)
    for (let panel = 0; panel < panels; panel++)
      for (let k = first; k < Math.min(first + DEPTH, depth); k++)
        for (let o = TILE * panel; o < TILE * panel + TILE; o++, at++) if (o < outChannels) packed[at] = filter[o * depth + inFilter(k)];
  return packed;
}

function pad(x: Float32Array, padded: Float32Array, { channels, height, width, padding }: PlainConvShape, nhwc: boolean): void {
  const [planes, lanes] = nhwc ? [1, channels] : [channels, 1];
  const row = width * lanes;
  const paddedRow = (width + 2 * padding) * lanes;
  let from = 0;
  for (let plane = 0; plane < planes; plane++)
    for (let y = 0; y < height; y++, from += row)
      padded.set(x.subarray(from, from + row), (plane * (height + 2 * padding) + y + padding) * paddedRow + padding * lanes);
}

/** The windows of four pixels side by side, product by product. */
function unroll(
  x: Float32Array,
  offsets: Int32Array,
  first: number,
  products: number,
  corners: Int32Array,
  tiles: number,
  windows: Float64Array,
): void {
  let at = 0;
  for (let tile = 0; tile < tiles; tile++) {
    const [x0, x1, x2, x3] = [corners[TILE * tile], corners[TILE * tile + 1], corners[TILE * tile + 2], corners[TILE * tile + 3]];
    for (let k = first; k < first + products; k++, at += TILE) {
      const offset = offsets[k];
      windows[at] = x[x0 + offset];
      windows[at + 1] = x[x1 + offset];
      windows[at + 2] = x[x2 + offset];
      windows[at + 3] = x[x3 + offset];
    }
  }
}

/** Adds the products of a tile to its sums. `| 0` tells V8 that places are whole numbers and never overflow: it is worth a tenth. */
function multiply(
  a: Float64Array,
  aFrom: number,
  b: Float64Array,
  bFrom: number,
  depth: number,
  sums: Float64Array,
  at: number,
  stride: number,
): void {
  let aAt = aFrom | 0;
  let bAt = bFrom | 0;
  const r0 = at | 0;
  const r1 = (r0 + stride) | 0;
  const r2 = (r1 + stride) | 0;
  const r3 = (r2 + stride) | 0;
  let s00 = sums[r0], s01 = sums[r0 + 1], s02 = sums[r0 + 2], s03 = sums[r0 + 3];
  let s10 = sums[r1], s11 = sums[r1 + 1], s12 = sums[r1 + 2], s13 = sums[r1 + 3];
  let s20 = sums[r2], s21 = sums[r2 + 1], s22 = sums[r2 + 2], s23 = sums[r2 + 3];
  let s30 = sums[r3], s31 = sums[r3 + 1], s32 = sums[r3 + 2], s33 = sums[r3 + 3];
  for (let k = 0; k < depth; k++) {
    const b0 = b[bAt], b1 = b[bAt + 1], b2 = b[bAt + 2], b3 = b[bAt + 3];
    const a0 = a[aAt];
    s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
    const a1 = a[aAt + 1];
    s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
    const a2 = a[aAt + 2];
    s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
    const a3 = a[aAt + 3];
    s30 += a3 * b0; s31 += a3 * b1; s32 += a3 * b2; s33 += a3 * b3;
    aAt = (aAt + TILE) | 0;
    bAt = (bAt + TILE) | 0;
  }
  sums[r0] = s00; sums[r0 + 1] = s01; sums[r0 + 2] = s02; sums[r0 + 3] = s03;
  sums[r1] = s10; sums[r1 + 1] = s11; sums[r1 + 2] = s12; sums[r1 + 3] = s13;
  sums[r2] = s20; sums[r2 + 1] = s21; sums[r2 + 2] = s22; sums[r2 + 3] = s23;
  sums[r3] = s30; sums[r3 + 1] = s31; sums[r3 + 2] = s32; sums[r3 + 3] = s33;
}
