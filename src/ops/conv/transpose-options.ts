import type { FusedActivation } from '../../spec/activation.ts';
import type { Layout, Layout1d, Layout3d, Pair, Triple } from '../../spec/check.ts';
import type { ConvAlgorithm } from '../../spec/correlation.ts';
import type { GradientOptions } from '../../spec/gradients.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Order of a filter's dimensions: input channels, output channels of one group, height, width. */
export type TransposeFilterLayout = 'iohw' | 'hwoi' | 'ohwi' | 'oihw';
/** Of a filter of `convTranspose1d`: input channels, output channels of one group, width. */
export type TransposeFilterLayout1d = 'iow' | 'woi' | 'owi' | 'oiw';
/** Order of a filter's dimensions in three dimensions: input channels, output channels of one group, depth, height, width. */
export type TransposeFilterLayout3d = 'iodhw' | 'dhwoi' | 'odhwi' | 'oidhw';

interface SharedOptions {
  /**
   * Channels are cut into this many groups that do not see each other.
   *
   * @defaultValue 1
   */
  readonly groups?: number;
}

interface AlgorithmOption {
  /** Of the ordinary convolutions of which it is made, as in `conv2d`. */
  readonly algorithm?: ConvAlgorithm;
}

interface ForwardOptions {
  /** One float an output channel: a tensor of shape [outChannels]. */
  readonly bias?: Tensor;
  /** Applied to each result in registers. */
  readonly activation?: FusedActivation;
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

export interface ConvTranspose2dGeometryOptions extends SharedOptions, AlgorithmOption {
  /**
   * Distance of the results of neighbouring inputs, `n` or `[height, width]`.
   *
   * @defaultValue 1
   */
  readonly strides?: number | Pair;
  /**
   * Rows and columns cut off the result: `n`, `[height, width]` or `[top, bottom, left, right]`.
   *
   * @defaultValue 0
   */
  readonly padding?: number | Pair | readonly [top: number, bottom: number, left: number, right: number];
  /**
   * Distance of the filter's taps, `n` or `[height, width]`.
   *
   * @defaultValue 1
   */
  readonly dilations?: number | Pair;
  /**
   * Rows and columns more at the end of the result, less than the stride or the dilation.
   *
   * @defaultValue 0
   */
  readonly outputPadding?: number | Pair;
  /** Extents of the result, [height, width], in the place of `outputPadding`. */
  readonly outputSizes?: Pair;
  /**
   * Of the input and the result.
   *
   * @defaultValue `'nchw'`
   */
  readonly inputLayout?: Layout;
  /** @defaultValue `'iohw'` */
  readonly filterLayout?: TransposeFilterLayout;
}

/** As in two dimensions, with one extent each. */
export interface ConvTranspose1dGeometryOptions extends SharedOptions, AlgorithmOption {
  /**
   * Distance of the results of neighbouring inputs, `n` or `[width]`.
   *
   * @defaultValue 1
   */
  readonly strides?: number | readonly [width: number];
  /**
   * Cells cut off the result: `n`, `[n]` or `[left, right]`.
   *
   * @defaultValue 0
   */
  readonly padding?: number | readonly [number] | readonly [left: number, right: number];
  /**
   * Distance of the filter's taps, `n` or `[width]`.
   *
   * @defaultValue 1
   */
  readonly dilations?: number | readonly [width: number];
  /**
   * Cells more at the end of the result, less than the stride or the dilation.
   *
   * @defaultValue 0
   */
  readonly outputPadding?: number | readonly [width: number];
  /** Extent of the result, in the place of `outputPadding`. */
  readonly outputSizes?: readonly [width: number];
  /**
   * Of the input and the result.
   *
   * @defaultValue `'ncw'`
   */
  readonly inputLayout?: Layout1d;
  /** @defaultValue `'iow'` */
  readonly filterLayout?: TransposeFilterLayout1d;
}

/** Geometry of a transposed convolution in three dimensions. There is no choice of the algorithm. */
export interface ConvTranspose3dGeometryOptions extends SharedOptions {
  /**
   * Distance of the results of neighbouring inputs, `n` or `[depth, height, width]`.
   *
   * @defaultValue 1
   */
  readonly strides?: number | Triple;
  /**
   * Cells cut off the result: `n`, `[depth, height, width]` or `[front, back, top, bottom, left, right]`.
   *
   * @defaultValue 0
   */
  readonly padding?: number | Triple | readonly [front: number, back: number, top: number, bottom: number, left: number, right: number];
  /**
   * Distance of the filter's taps, `n` or `[depth, height, width]`.
   *
   * @defaultValue 1
   */
  readonly dilations?: number | Triple;
  /**
   * Cells added at the end of each axis of the result, less than the stride or the dilation.
   *
   * @defaultValue 0
   */
  readonly outputPadding?: number | Triple;
  /** Extents of the result, `[depth, height, width]`, instead of `outputPadding`. */
  readonly outputSizes?: Triple;
  /**
   * Of the input and the result.
   *
   * @defaultValue 'ncdhw'
   */
  readonly inputLayout?: Layout3d;
  /** @defaultValue 'iodhw' */
  readonly filterLayout?: TransposeFilterLayout3d;
}

/** What `convTranspose2d` takes besides its operands. */
export interface ConvTranspose2dOptions extends ConvTranspose2dGeometryOptions, ForwardOptions {}

/** What `convTranspose1d` takes besides its operands. */
export interface ConvTranspose1dOptions extends ConvTranspose1dGeometryOptions, ForwardOptions {}

/** What `convTranspose3d` takes besides its operands. */
export interface ConvTranspose3dOptions extends ConvTranspose3dGeometryOptions, ForwardOptions {}

/** By what a transposed convolution is differentiated: its input, its filter, its bias. */
export type ConvTransposeGradient = 'dx' | 'dFilter' | 'dBias';

/** Those of the forward call that say where results lie; and which gradients are wanted, and where. */
export interface ConvTranspose2dBackwardOptions extends ConvTranspose2dGeometryOptions, GradientOptions<ConvTransposeGradient> {}

/** What `convTranspose1dBackward` takes. */
export interface ConvTranspose1dBackwardOptions extends ConvTranspose1dGeometryOptions, GradientOptions<ConvTransposeGradient> {}

/** Geometry of the forward call in three dimensions; and which gradients are wanted, and where. */
export interface ConvTranspose3dBackwardOptions extends ConvTranspose3dGeometryOptions, GradientOptions<ConvTransposeGradient> {}
