/** How a cell of a resampled axis is made of the cells of the axis: so many of them, each with its weight. */
export interface ResampleTable {
  readonly axis: number;
  readonly length: number;
  readonly outLength: number;
  readonly taps: number;
  /** `outLength × taps` weights, then as many cells. */
  readonly data: Float32Array;
}

/** A tensor, and the axes along which it is resampled, in their order. */
export interface ResampleSpec {
  readonly shape: readonly number[];
  readonly outShape: readonly number[];
  readonly tables: readonly ResampleTable[];
}
