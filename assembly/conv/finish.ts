import { Activation, ConvParams } from '../params';
import { clampVector, leakyVector, loadSplat, loadTail, storeTail, thresholdVector } from '../simd';

/**
 * What turns sums into results, while they are still in cache: divide, add the bias, activate.
 *
 *   y = activation(sum / divisor + bias)
 */
@inline
function finish(x: v128, bias: v128, p: ConvParams): v128 {
  const y = f32x4.add(p.divisor == 1 ? x : f32x4.div(x, f32x4.splat(p.divisor)), bias);
  if (p.activation == Activation.Clamp) return clampVector(y, f32x4.splat(p.lower), f32x4.splat(p.upper));
  if (p.activation == Activation.LeakyRelu) return leakyVector(y, f32x4.splat(p.alpha));
  if (p.activation == Activation.ThresholdedRelu) return thresholdVector(y, f32x4.splat(p.alpha));
  return y;
}

/** `rows` channels of `columns` pixels each: one bias a row. */
export function finishRows(p: ConvParams, c: usize, cBytes: usize, rows: i32, columns: i32, bias: usize): void {
  for (let row = 0; row < rows; row++) {
    const rowBias = loadSplat(bias + (<usize>row << 2));
    let pointer = c + <usize>row * cBytes;
    let column = columns;
    for (; column >= 4; column -= 4) {
      v128.store(pointer, finish(v128.load(pointer), rowBias, p));
      pointer += 16;
    }
    if (column > 0) storeTail(pointer, finish(loadTail(pointer, column), rowBias, p), column);
  }
}

/** `rows` pixels of `columns` channels each: one bias a column, readable up to a multiple of four. */
export function finishColumns(p: ConvParams, c: usize, cBytes: usize, rows: i32, columns: i32, bias: usize): void {
  for (let row = 0; row < rows; row++) {
    let pointer = c + <usize>row * cBytes;
    let columnBias = bias;
    let column = columns;
    for (; column >= 4; column -= 4) {
      v128.store(pointer, finish(v128.load(pointer), v128.load(columnBias), p));
      pointer += 16;
      columnBias += 16;
    }
    if (column > 0) storeTail(pointer, finish(loadTail(pointer, column), v128.load(columnBias), p), column);
  }
}
