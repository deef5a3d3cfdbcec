import type { Tensor } from '../tensor/tensor.ts';
import type { ActivationSpec } from './activation.ts';
import type { ConvWindow, Rank, Sides } from './axes.ts';
import type { PaddingMode } from './border.ts';
import type { Layout, Triple } from './check.ts';

/** What a checked convolution is to those who plan it. Transposed convolutions, dense layers and gradients are correlations too. */

/**
 * How a convolution is computed: its sums tap by tap, or as a product of matrices, which gives the same bits; by Winograd's
 * transform (3×3 with strides and dilations of 1), whose root mean square error is up to nine times that of a sum, depending on
 * the number of channels (table in docs/numerics.md); or as a cost model finds fastest.
 */
export type ConvAlgorithm = 'auto' | 'auto-once' | 'direct' | 'gemm' | 'winograd';

/** Strides of a filter in floats, whatever its layout. */
export interface FilterStrides {
  /** Of the first tap: strides are negative where a filter is read backwards. */
  readonly offset: number;
  readonly group: number;
  readonly outChannel: number;
  readonly inChannel: number;
  readonly depth: number;
  readonly height: number;
  readonly width: number;
}

/** A convolution's filter and options, checked. */
export interface ConvFilterSpec {
  readonly rank: Rank;
  readonly groups: number;
  readonly groupInChannels: number;
  readonly groupOutChannels: number;
  readonly kernel: Triple;
  readonly filterStrides: FilterStrides;
  readonly strides: Triple;
  readonly dilations: Triple;
  readonly padding: Sides;
  readonly paddingMode: PaddingMode;
  /** Whether channels come first or last, whatever the rank. */
  readonly layout: Layout;
  readonly divisor: number;
  readonly activation: ActivationSpec;
  readonly algorithm: ConvAlgorithm;
  readonly bias: Tensor | undefined;
}

/** What a plan has to know. */
export interface Correlation extends Omit<ConvFilterSpec, 'rank' | 'kernel' | 'strides' | 'dilations' | 'padding'> {
  readonly batch: number;
  readonly window: ConvWindow;
}

/** The whole convolution, checked. */
export interface ConvSpec extends ConvFilterSpec, Correlation {
  readonly outShape: readonly number[];
}

/** Winograd's transform is for 3 × 3 with strides and dilations of 1. */
export function suitsWinograd(kernel: readonly number[], strides: readonly number[], dilations: readonly number[]): boolean {
  return [...strides, ...dilations, kernel[0]].every((n) => n === 1) && kernel[1] === 3 && kernel[2] === 3;
}
