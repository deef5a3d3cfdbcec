const { fround } = Math;

/**
 * The innermost loop of every matrix product: two rows, or one, by four columns of sums.
 *
 *   a     [depth][aStride]   the rows' floats first
 *   b     [depth][bStride]   the four columns' floats first
 *   from  rows `fromStride` apart: what the sums begin with
 *   c     rows `cStride` apart; only `columns` of the four are written
 *
 * Eight sums: more do not make it faster, since V8 spends the time on rounding every product and sum to f32.
 */
export function gemm2x4(
  depth: number,
  a: Float32Array, aAt: number, aStride: number,
  b: Float32Array, bAt: number, bStride: number,
  from: Float32Array, fromAt: number, fromStride: number,
  c: Float32Array, cAt: number, cStride: number,
  columns: number,
): void {
  let c00 = from[fromAt], c01 = 0, c02 = 0, c03 = 0;
  let c10 = from[fromAt + fromStride], c11 = 0, c12 = 0, c13 = 0;
  if (columns > 1) { c01 = from[fromAt + 1]; c11 = from[fromAt + fromStride + 1]; }
  if (columns > 2) { c02 = from[fromAt + 2]; c12 = from[fromAt + fromStride + 2]; }
  if (columns > 3) { c03 = from[fromAt + 3]; c13 = from[fromAt + fromStride + 3]; }
  const second = cAt + cStride;
  for (let k = depth; k > 0; k--) {
    const b0 = b[bAt], b1 = b[bAt + 1], b2 = b[bAt + 2], b3 = b[bAt + 3];
    const a0 = a[aAt], a1 = a[aAt + 1];
    c00 = fround(c00 + fround(a0 * b0));
    c01 = fround(c01 + fround(a0 * b1));
    c02 = fround(c02 + fround(a0 * b2));
    c03 = fround(c03 + fround(a0 * b3));
    c10 = fround(c10 + fround(a1 * b0));
    c11 = fround(c11 + fround(a1 * b1));
    c12 = fround(c12 + fround(a1 * b2));
    c13 = fround(c13 + fround(a1 * b3));
    aAt += aStride;
    bAt += bStride;
  }
  c[cAt] = c00; c[second] = c10;
  if (columns > 1) { c[cAt + 1] = c01; c[second + 1] = c11; }
  if (columns > 2) { c[cAt + 2] = c02; c[second + 2] = c12; }
  if (columns > 3) { c[cAt + 3] = c03; c[second + 3] = c13; }
}

export function gemm1x4(
  depth: number,
  a: Float32Array, aAt: number, aStride: number,
  b: Float32Array, bAt: number, bStride: number,
  from: Float32Array, fromAt: number,
  c: Float32Array, cAt: number,
  columns: number,
): void {
  let c0 = from[fromAt], c1 = 0, c2 = 0, c3 = 0;
  if (columns > 1) c1 = from[fromAt + 1];
  if (columns > 2) c2 = from[fromAt + 2];
  if (columns > 3) c3 = from[fromAt + 3];
  for (let k = depth; k > 0; k--) {
    const a0 = a[aAt];
    c0 = fround(c0 + fround(a0 * b[bAt]));
    c1 = fround(c1 + fround(a0 * b[bAt + 1]));
    c2 = fround(c2 + fround(a0 * b[bAt + 2]));
    c3 = fround(c3 + fround(a0 * b[bAt + 3]));
    aAt += aStride;
    bAt += bStride;
  }
  c[cAt] = c0;
  if (columns > 1) c[cAt + 1] = c1;
  if (columns > 2) c[cAt + 2] = c2;
  if (columns > 3) c[cAt + 3] = c3;
}
