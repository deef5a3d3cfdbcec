import type { FusedActivation } from '../../spec/activation.ts';
import type { PaddingMode } from '../../spec/border.ts';
import type { Layout, Layout1d, Layout3d, Pair, Triple } from '../../spec/check.ts';
import type { ConvAlgorithm } from '../../spec/correlation.ts';
import type { GradientOptions } from '../../spec/gradients.ts';
import type { Padding, Padding1d, Padding3d } from '../../spec/window.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Order of a filter's dimensions: output channels, input channels of one group, height, width. */
export type FilterLayout = 'oihw' | 'hwio' | 'ohwi' | 'ihwo';
/** Of a filter of `conv1d`: output channels, input channels of one group, width. */
export type FilterLayout1d = 'oiw' | 'wio' | 'owi' | 'iwo';
/** Of a filter of `conv3d`: output channels, input channels of one group, depth, height, width. */
export type FilterLayout3d = 'oidhw' | 'dhwio' | 'odhwi' | 'idhwo';

/** What all convolutions take besides their operands, whatever the number of their dimensions. */
export interface SharedOptions {
  /**
   * Channels are cut into this many groups that do not see each other.
   *
   * @defaultValue 1
   */
  readonly groups?: number;
  /**
   * What lies in the padding: zeros, the input mirrored, its border repeated, or its other end.
   *
   * @defaultValue `'zeros'`
   */
  readonly paddingMode?: PaddingMode;
  /**
   * `'mean'` divides each sum by the number of the filter's elements, before the bias.
   *
   * @defaultValue `'none'`
   */
  readonly normalize?: 'none' | 'mean';
}

/** What convolutions take that have a choice of the algorithm. */
export interface SharedPlaneOptions extends SharedOptions {
  /**
   * `'direct'` and `'gemm'` sum in the order of docs/numerics.md, bit for bit. `'auto'` may choose Winograd: by the sizes alone, so that a
   * single call and a prepared convolution give the same bits. `'auto-once'` also counts the time to pack the filter, and is the fastest
   * choice for a filter that is used once.
   *
   * @defaultValue `'auto'`
   */
  readonly algorithm?: ConvAlgorithm;
}

/** What only a forward call takes. */
export interface ForwardOptions {
  /** One float an output channel: a tensor of shape [outChannels]. */
  readonly bias?: Tensor;
  /** Applied to each result in registers. */
  readonly activation?: FusedActivation;
}

/** The part of the options that gives a convolution its geometry, forward and backward. */
export interface Conv2dGeometryOptions extends SharedPlaneOptions {
  /**
   * Step of the window in pixels, `n` or `[height, width]`.
   *
   * @defaultValue 1
   */
  readonly strides?: number | Pair;
  /**
   * Cells around the input.
   *
   * @defaultValue 0
   */
  readonly padding?: Padding;
  /**
   * Distance of the filter's taps in pixels, `n` or `[height, width]`.
   *
   * @defaultValue 1
   */
  readonly dilations?: number | Pair;
  /**
   * Of the input and the result.
   *
   * @defaultValue `'nchw'`
   */
  readonly inputLayout?: Layout;
  /** @defaultValue `'oihw'` */
  readonly filterLayout?: FilterLayout;
}

/** What `prepareConv2d` takes besides the filter: everything of `conv2d` but `out`. */
export interface PrepareConv2dOptions extends Conv2dGeometryOptions, ForwardOptions {}

/** What `conv2d` takes besides its operands. */
export interface Conv2dOptions extends PrepareConv2dOptions {
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** What gives `conv1d` its geometry, forward and backward. A convolution in one dimension is one in two, of one row. */
export interface Conv1dGeometryOptions extends SharedPlaneOptions {
  /**
   * Step of the window, `n` or `[width]`.
   *
   * @defaultValue 1
   */
  readonly strides?: number | readonly [width: number];
  /**
   * Cells around the input: `n`, `[n]`, `[left, right]` or by rule.
   *
   * @defaultValue 0
   */
  readonly padding?: Padding1d;
  /**
   * Distance of the filter's taps, `n` or `[width]`.
   *
   * @defaultValue 1
   */
  readonly dilations?: number | readonly [width: number];
  /**
   * Of the input and the result.
   *
   * @defaultValue `'ncw'`
   */
  readonly inputLayout?: Layout1d;
  /** @defaultValue `'oiw'` */
  readonly filterLayout?: FilterLayout1d;
}

/** What `conv1d` takes besides its operands. */
export interface Conv1dOptions extends Conv1dGeometryOptions, ForwardOptions {
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** What gives `conv3d` its geometry, forward and backward. */
export interface Conv3dGeometryOptions extends SharedOptions {
  /**
   * Step of the window, `n` or `[depth, height, width]`.
   *
   * @defaultValue 1
   */
  readonly strides?: number | Triple;
  /**
   * Cells around the input: `n`, `[depth, height, width]`, `[front, back, top, bottom, left, right]` or by rule.
   *
   * @defaultValue 0
   */
  readonly padding?: Padding3d;
  /**
   * Distance of the filter's taps, `n` or `[depth, height, width]`.
   *
   * @defaultValue 1
   */
  readonly dilations?: number | Triple;
  /**
   * Of the input and the result.
   *
   * @defaultValue `'ncdhw'`
   */
  readonly inputLayout?: Layout3d;
  /** @defaultValue `'oidhw'` */
  readonly filterLayout?: FilterLayout3d;
}

/** What `conv3d` takes besides its operands: there is no choice of the algorithm. */
export interface Conv3dOptions extends Conv3dGeometryOptions, ForwardOptions {
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** By what a convolution is differentiated: its input, its filter, its bias. */
export type ConvGradient = 'dx' | 'dFilter' | 'dBias';

/** What `conv2dBackward` takes: what gives the forward call its geometry. An activation has a gradient of its own. */
export interface Conv2dBackwardOptions extends Conv2dGeometryOptions, GradientOptions<ConvGradient> {}

/** What `conv1dBackward` takes. */
export interface Conv1dBackwardOptions extends Conv1dGeometryOptions, GradientOptions<ConvGradient> {}

/** What `conv3dBackward` takes. */
export interface Conv3dBackwardOptions extends Conv3dGeometryOptions, GradientOptions<ConvGradient> {}
