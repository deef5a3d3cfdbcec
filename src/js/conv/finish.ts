import type { ConvParams } from '../../kernels/conv.ts';
import { Activation } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';

const { fround } = Math;

/**
 * A sum begins with its bias. The rest is done to results:
 *
 *   divisor 1      y = activation(bias + Σ)
 *   divisor n      y = activation(Σ / n + bias)
 */
export function needsFinish(p: Block<typeof ConvParams>): boolean {
  return p.divisor !== 1 || p.activation !== Activation.None;
}

/** Of a divisor of 1, `x` has its bias already. */
export function finish(x: number, bias: number, p: Block<typeof ConvParams>): number {
  const y = p.divisor === 1 ? x : fround(fround(x / p.divisor) + bias);
  if (p.activation === Activation.Clamp) {
    const raised = y < p.lower ? p.lower : y;
    return p.upper < raised ? p.upper : raised;
  }
  if (p.activation === Activation.LeakyRelu) return y < 0 ? fround(y * p.alpha) : y;
  if (p.activation === Activation.ThresholdedRelu) return y <= p.alpha ? 0 : y;
  return y;
}

/** `rows` channels of `columns` pixels each: one bias a row, `biasStride` apart. */
export function finishRows(
  p: Block<typeof ConvParams>, c: Float32Array, cAt: number, cStride: number, rows: number, columns: number,
  bias: Float32Array, biasAt: number, biasStride: number,
): void {
  for (let row = 0; row < rows; row++) {
    const rowBias = bias[biasAt + row * biasStride];
    const at = cAt + row * cStride;
    for (let i = at; i < at + columns; i++) c[i] = finish(c[i], rowBias, p);
  }
}

/** `rows` pixels of `columns` channels each: one bias a column. */
export function finishColumns(
  p: Block<typeof ConvParams>, c: Float32Array, cAt: number, cStride: number, rows: number, columns: number,
  bias: Float32Array, biasAt: number,
): void {
  for (let row = 0; row < rows; row++) {
    const at = cAt + row * cStride;
    for (let column = 0; column < columns; column++) c[at + column] = finish(c[at + column], bias[biasAt + column], p);
  }
}
