import { ResampleParams } from '../generated/abi';
import { madd, storeUpTo } from '../simd';

/**
 * Each cell of the result is a weighted sum of cells of the axis, in the order of the table:
 *
 *   y = w₀ ⊗ x₀, then y ⊕ wₜ ⊗ xₜ
 *
 * The gradient adds w ⊗ dy to every cell that the sum was made of: from +0 on, result by result, tap by tap.
 */

/** Where the cell of a tap begins, in bytes. */
@inline
function cellOf(cells: usize, tap: i32, cellBytes: usize): usize {
  return <usize>(<i32>load<f32>(cells + (<usize>tap << 2))) * cellBytes;
}

/** A cell of `inner` floats. */
function sumCells(from: usize, weights: usize, cells: usize, taps: i32, to: usize, inner: i32): void {
  const cellBytes = <usize>inner << 2;
  for (let i = 0; i < inner; i += 4) {
    const at = from + (<usize>i << 2);
    let sum = f32x4.mul(v128.load_splat<f32>(weights), v128.load(at + cellOf(cells, 0, cellBytes)));
    for (let tap = 1; tap < taps; tap++) {
      sum = madd(v128.load_splat<f32>(weights + (<usize>tap << 2)), v128.load(at + cellOf(cells, tap, cellBytes)), sum);
    }
    storeUpTo(to + (<usize>i << 2), sum, inner - i);
  }
}

/** Four cells of one float each: the weights of a tap lie `taps` apart. */
@inline
function gathered(base: usize, at: usize, stride: usize): v128 {
  const one = v128.load_lane<f32>(base + (<usize>(<i32>load<f32>(at + stride)) << 2), v128.load_zero<u32>(base + (<usize>(<i32>load<f32>(at)) << 2)), 1);
  const two = v128.load_lane<f32>(base + (<usize>(<i32>load<f32>(at + 2 * stride)) << 2), one, 2);
  return v128.load_lane<f32>(base + (<usize>(<i32>load<f32>(at + 3 * stride)) << 2), two, 3);
}

@inline
function weightsOf(at: usize, stride: usize): v128 {
  const one = v128.load_lane<f32>(at + stride, v128.load_zero<u32>(at), 1);
  return v128.load_lane<f32>(at + 3 * stride, v128.load_lane<f32>(at + 2 * stride, one, 2), 3);
}

function sumFloats(from: usize, weights: usize, cells: usize, taps: i32, to: usize, outLength: i32): void {
  const stride = <usize>taps << 2;
  let i = 0;
  for (; i + 4 <= outLength; i += 4) {
    let sum = f32x4.mul(weightsOf(weights, stride), gathered(from, cells, stride));
    for (let tap = 1; tap < taps; tap++) {
      const skipped = <usize>tap << 2;
      sum = madd(weightsOf(weights + skipped, stride), gathered(from, cells + skipped, stride), sum);
    }
    v128.store(to + (<usize>i << 2), sum);
    weights += stride << 2;
    cells += stride << 2;
  }
  for (; i < outLength; i++) {
    let sum = f32x4.mul(v128.load_splat<f32>(weights), v128.load_splat<f32>(from + cellOf(cells, 0, 4)));
    for (let tap = 1; tap < taps; tap++) {
      sum = madd(v128.load_splat<f32>(weights + (<usize>tap << 2)), v128.load_splat<f32>(from + cellOf(cells, tap, 4)), sum);
    }
    v128.store_lane<f32>(to + (<usize>i << 2), sum, 0);
    weights += stride;
    cells += stride;
  }
}

export function resampleAxis(p: ResampleParams, taskBegin: i32, taskEnd: i32): void {
  const taps = p.taps, inner = p.inner, outLength = p.outLength;
  const tableBytes = <usize>(outLength * taps) << 2;
  const tapBytes = <usize>taps << 2;
  const outBytes = <usize>inner << 2;
  for (let task = taskBegin; task < taskEnd; task++) {
    const from = p.input + (<usize>(task * p.length * inner) << 2);
    let to = p.output + (<usize>(task * outLength * inner) << 2);
    let weights = p.table;
    let cells = p.table + tableBytes;
    if (inner == 1) {
      sumFloats(from, weights, cells, taps, to, outLength);
      continue;
    }
    for (let i = 0; i < outLength; i++) {
      sumCells(from, weights, cells, taps, to, inner);
      weights += tapBytes;
      cells += tapBytes;
      to += outBytes;
    }
  }
}

export function resampleAxisBackward(p: ResampleParams, taskBegin: i32, taskEnd: i32): void {
  const taps = p.taps, inner = p.inner, outLength = p.outLength;
  const tableBytes = <usize>(outLength * taps) << 2;
  const cellBytes = <usize>inner << 2;
  for (let task = taskBegin; task < taskEnd; task++) {
    let from = p.input + (<usize>(task * outLength * inner) << 2);
    const to = p.output + (<usize>(task * p.length * inner) << 2);
    memory.fill(to, 0, <usize>p.length * cellBytes);
    let weights = p.table;
    let cells = p.table + tableBytes;
    for (let i = 0; i < outLength; i++) {
      for (let tap = 0; tap < taps; tap++) {
        const at = to + cellOf(cells, 0, cellBytes);
        const weight = v128.load_splat<f32>(weights);
        for (let j = 0; j < inner; j += 4) {
          const skipped = <usize>j << 2;
          storeUpTo(at + skipped, madd(weight, v128.load(from + skipped), v128.load(at + skipped)), inner - j);
        }
        weights += 4;
        cells += 4;
      }
      from += cellBytes;
    }
  }
}
