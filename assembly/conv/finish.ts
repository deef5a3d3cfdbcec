import { Activation, ConvParams } from '../generated/abi';
import { clampVector, leakyVector, loadSplat, loadTail, storeTail, thresholdVector } from '../simd';

/**
 * A sum begins with its bias, and a clamp happens in registers. What does not fit there is done to results while they
 * are still in cache:
 *
 *   divisor 1      y = leakyRelu(bias + Σ)
 *   divisor n      y = activation(Σ / n + bias)
 */
export function needsFinish(p: ConvParams): bool {
  return p.divisor != 1 || p.activation > Activation.Clamp;
}

/** Whether the microkernels clamp. */
export function clampsInRegisters(p: ConvParams): bool {
  return p.activation == Activation.Clamp && p.divisor == 1;
}

/** Of a divisor of 1, `x` has its bias already. */
@inline
export function finish(x: v128, bias: v128, p: ConvParams): v128 {
  const y = p.divisor == 1 ? x : f32x4.add(f32x4.div(x, f32x4.splat(p.divisor)), bias);
  if (p.activation == Activation.Clamp) return clampVector(y, f32x4.splat(p.lower), f32x4.splat(p.upper));
  if (p.activation == Activation.LeakyRelu) return leakyVector(y, f32x4.splat(p.alpha));
  if (p.activation == Activation.ThresholdedRelu) return thresholdVector(y, f32x4.splat(p.alpha));
  return y;
}

/** `rows` channels of `columns` pixels each: one bias a row, `biasBytes` apart. */
export function finishRows(p: ConvParams, c: usize, cBytes: usize, rows: i32, columns: i32, bias: usize, biasBytes: usize): void {
  for (let row = 0; row < rows; row++) {
    const rowBias = loadSplat(bias);
    let pointer = c;
    let column = columns;
    for (; column >= 4; column -= 4) {
      v128.store(pointer, finish(v128.load(pointer), rowBias, p));
      pointer += 16;
    }
    if (column > 0) storeTail(pointer, finish(loadTail(pointer, column), rowBias, p), column);
    c += cBytes;
    bias += biasBytes;
  }
}

/** `rows` pixels of `columns` channels each: one bias a column, readable up to a multiple of four. */
export function finishColumns(p: ConvParams, c: usize, cBytes: usize, rows: i32, columns: i32, bias: usize): void {
  for (let row = 0; row < rows; row++) {
    let pointer = c;
    let columnBias = bias;
    let column = columns;
    for (; column >= 4; column -= 4) {
      v128.store(pointer, finish(v128.load(pointer), v128.load(columnBias), p));
      pointer += 16;
      columnBias += 16;
    }
    if (column > 0) storeTail(pointer, finish(loadTail(pointer, column), v128.load(columnBias), p), column);
    c += cBytes;
  }
}
