import { OptionError, ShapeError } from '../errors.ts';
import { lengthOf, type Tensor } from '../tensor/tensor.ts';
import { type ActivationSpec, type FusedActivation, fusedActivation } from './activation.ts';
import { type ConvWindow, paddingSides, perAxis, type Rank, type Sides, toTriple, windowsOver } from './axes.ts';
import {
  checkLength,
  count,
  known,
  type Layout,
  type Layout1d,
  type Layout3d,
  layout,
  oneOf,
  out,
  type Pair,
  show,
  type Triple,
  tensor,
} from './check.ts';
import { type PaddingMode, refuseBorder } from './pad.ts';
import type { Padding, Padding1d, Padding3d } from './window.ts';

/** Order of a filter's dimensions: output channels, input channels of one group, height, width. */
export type FilterLayout = 'oihw' | 'hwio' | 'ohwi' | 'ihwo';
/** The same in one dimension. */
export type FilterLayout1d = 'oiw' | 'wio' | 'owi' | 'iwo';
/** The same in three dimensions. */
export type FilterLayout3d = 'oidhw' | 'dhwio' | 'odhwi' | 'idhwo';
/**
 * How a convolution is computed: its sums tap by tap, or as a product of matrices, which gives the same bits; by Winograd's
 * transform (3×3 with strides and dilations of 1), whose root mean square error is up to nine times that of a sum, depending on
 * the number of channels (table in docs/numerics.md); or as a cost model finds fastest.
 */
export type ConvAlgorithm = 'auto' | 'auto-once' | 'direct' | 'gemm' | 'winograd';

/** What all convolutions take besides their operands, whatever the number of their dimensions. */
interface SharedOptions {
  /** Channels are cut into this many groups that do not see each other; 1 unless given. */
  readonly groups?: number;
  /** What lies in the padding: `'zeros'` unless given; or the input mirrored, its border repeated, or its other end. */
  readonly paddingMode?: PaddingMode;
  /** `'mean'` divides each sum by the number of the filter's elements, before the bias. */
  readonly normalize?: 'none' | 'mean';
}

interface SharedPlaneOptions extends SharedOptions {
  /**
   * `'direct'` and `'gemm'` sum in the order of docs/numerics.md, bit for bit; `'auto'`, the default, may choose Winograd: by the sizes
   * alone, so that a single call and a prepared convolution give the same bits. `'auto-once'` also counts the time to pack the filter:
   * the fastest choice for a filter that is used once.
   */
  readonly algorithm?: ConvAlgorithm;
}

/** What only a forward call takes. */
interface ForwardOptions {
  /** One float an output channel: a tensor of shape [outChannels]. */
  readonly bias?: Tensor;
  /** Applied to each result in registers. */
  readonly activation?: FusedActivation;
}

/** The part of the options that gives a convolution its geometry: the same forward and backward. */
export interface Conv2dGeometryOptions extends SharedPlaneOptions {
  /** Step of the window in pixels, `n` or `[height, width]`; 1 unless given. */
  readonly strides?: number | Pair;
  /** Cells around the input; 0 unless given. */
  readonly padding?: Padding;
  /** Distance of the filter's taps in pixels, `n` or `[height, width]`; 1 unless given. */
  readonly dilations?: number | Pair;
  /** Of the input and the result: `'nchw'` unless given. */
  readonly inputLayout?: Layout;
  /** `'oihw'` unless given. */
  readonly filterLayout?: FilterLayout;
}

/** What `prepareConv2d` takes besides the filter: everything of `conv2d` but `out`. */
export interface PrepareConv2dOptions extends Conv2dGeometryOptions, ForwardOptions {}

/** What `conv2d` takes besides its operands. */
export interface Conv2dOptions extends PrepareConv2dOptions {
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

const GEOMETRY_OPTIONS = ['strides', 'padding', 'dilations', 'groups', 'inputLayout', 'filterLayout', 'paddingMode', 'normalize'] as const;
/** Their names, by rank. */
export const CONV_GEOMETRY_OPTIONS = {
  1: [...GEOMETRY_OPTIONS, 'algorithm'],
  2: [...GEOMETRY_OPTIONS, 'algorithm'],
  3: GEOMETRY_OPTIONS,
} as const satisfies Record<Rank, readonly (keyof Conv2dGeometryOptions)[]>;
const PREPARE_OPTIONS = ['bias', ...CONV_GEOMETRY_OPTIONS[2], 'activation'] as const satisfies readonly (keyof PrepareConv2dOptions)[];

/** What conv1d takes, forward and backward. A convolution in one dimension is one in two, of one row. */
export interface Conv1dGeometryOptions extends SharedPlaneOptions {
  /** Step of the window, `n` or `[width]`; 1 unless given. */
  readonly strides?: number | readonly [width: number];
  /** Cells around the input: `n`, `[n]`, `[left, right]` or by rule; 0 unless given. */
  readonly padding?: Padding1d;
  /** Distance of the filter's taps, `n` or `[width]`; 1 unless given. */
  readonly dilations?: number | readonly [width: number];
  /** Of the input and the result: `'ncw'` unless given. */
  readonly inputLayout?: Layout1d;
  /** `'oiw'` unless given. */
  readonly filterLayout?: FilterLayout1d;
}

/** What `conv1d` takes besides its operands. */
export interface Conv1dOptions extends Conv1dGeometryOptions, ForwardOptions {
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** What conv3d takes, forward and backward. */
export interface Conv3dGeometryOptions extends SharedOptions {
  /** Step of the window, `n` or `[depth, height, width]`; 1 unless given. */
  readonly strides?: number | Triple;
  /** Cells around the input: `n`, `[depth, height, width]`, `[front, back, top, bottom, left, right]` or by rule; 0 unless given. */
  readonly padding?: Padding3d;
  /** Distance of the filter's taps, `n` or `[depth, height, width]`; 1 unless given. */
  readonly dilations?: number | Triple;
  /** Of the input and the result: `'ncdhw'` unless given. */
  readonly inputLayout?: Layout3d;
  /** `'oidhw'` unless given. */
  readonly filterLayout?: FilterLayout3d;
}

/** What `conv3d` takes besides its operands: there is no choice of the algorithm. */
export interface Conv3dOptions extends Conv3dGeometryOptions, ForwardOptions {
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** The options of any rank, by what they have in common. */
export interface AnyConvOptions extends SharedPlaneOptions, ForwardOptions {
  readonly strides?: unknown;
  readonly padding?: unknown;
  readonly dilations?: unknown;
  readonly inputLayout?: unknown;
  readonly filterLayout?: unknown;
}

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

/** What a layout's letters call the axes of one to three dimensions. */
const SPATIAL = ['', 'w', 'hw', 'dhw'];

/** Channels first, and last. */
export const inputLayouts = (rank: Rank): [first: string, last: string] => [`nc${SPATIAL[rank]}`, `n${SPATIAL[rank]}c`];

export const filterLayouts = (rank: Rank): string[] => ['oi*', '*io', 'o*i', 'i*o'].map((form) => form.replace('*', SPATIAL[rank]));

/** Extents, and strides in floats, by the letters of a layout. */
export function lettered(shape: readonly number[], letters: string) {
  const at = (letter: string) => letters.indexOf(letter);
  return {
    extent: (letter: string) => (at(letter) < 0 ? 1 : shape[at(letter)]),
    stride: (letter: string) => (at(letter) < 0 ? 0 : lengthOf(shape.slice(at(letter) + 1))),
  };
}

export function suitsWinograd(kernel: readonly number[], strides: readonly number[], dilations: readonly number[]): boolean {
  return [...strides, ...dilations, kernel[0]].every((n) => n === 1) && kernel[1] === 3 && kernel[2] === 3;
}

export function checkBias(bias: Tensor | undefined, channels: number, owner = 'filter'): void {
  if (bias === undefined) return;
  tensor('options.bias', bias, 1);
  if (bias.shape[0] !== channels)
    throw new ShapeError('options.bias.shape', show(bias.shape), `[${channels}], the ${owner}'s output channels`);
}

/** Filter and options, without an input. */
export function conv2dFilter(filter: Tensor, given: PrepareConv2dOptions | undefined): ConvFilterSpec {
  return convFilter(filter, known('options', given, PREPARE_OPTIONS), 2);
}

/** Filter and options whose names are known, of any rank. */
export function convFilter(filter: Tensor, options: AnyConvOptions, rank: Rank): ConvFilterSpec {
  tensor('filter', filter, rank + 2);
  const layouts = filterLayouts(rank);
  const { extent, stride } = lettered(filter.shape, layout('options.filterLayout', options.filterLayout, layouts[0], layouts));
  const o = extent('o');
  const i = extent('i');
  if (lengthOf(filter.shape) === 0) throw new ShapeError('filter.shape', show(filter.shape), 'no dimension of 0');
  const groups = count('options.groups', options.groups, 1, 1);
  if (o % groups !== 0) throw new OptionError('options.groups', String(groups), `a divisor of the filter's ${o} output channels`);
  checkBias(options.bias, o);
  const kernel: Triple = [extent('d'), extent('h'), extent('w')];
  const strides = perAxis('options.strides', options.strides, 1, 1, rank);
  const dilations = perAxis('options.dilations', options.dilations, 1, 1, rank);
  const algorithm = checkAlgorithm(options.algorithm, kernel, strides, dilations, rank);
  const normalize = oneOf('options.normalize', options.normalize, 'none', ['none', 'mean']);
  const [first, last] = inputLayouts(rank);
  const groupOutChannels = o / groups;
  return {
    rank,
    groups,
    groupInChannels: i,
    groupOutChannels,
    kernel,
    filterStrides: {
      offset: 0,
      group: groupOutChannels * stride('o'),
      outChannel: stride('o'),
      inChannel: stride('i'),
      depth: stride('d'),
      height: stride('h'),
      width: stride('w'),
    },
    strides,
    dilations,
    padding: paddingSides(options.padding, rank),
    paddingMode: oneOf<PaddingMode>('options.paddingMode', options.paddingMode, 'zeros', ['zeros', 'reflect', 'replicate', 'circular']),
    layout: layout('options.inputLayout', options.inputLayout, first, [first, last]) === first ? 'nchw' : 'nhwc',
    divisor: normalize === 'mean' ? lengthOf(kernel) * i : 1,
    activation: fusedActivation(options.activation),
    algorithm,
    bias: options.bias,
  };
}

export function checkAlgorithm(given: unknown, kernel: Triple, strides: Triple, dilations: Triple, rank: Rank): ConvAlgorithm {
  const algorithm = oneOf<ConvAlgorithm>('options.algorithm', given, 'auto', ['auto', 'auto-once', 'direct', 'gemm', 'winograd']);
  if (algorithm === 'winograd' && !suitsWinograd(kernel, strides, dilations)) {
    const [k, s, d] = [kernel, strides, dilations].map((triple) => triple.slice(-rank));
    throw new OptionError(
      'options.algorithm',
      `'winograd' for a filter of ${k.join(' × ')}, strides ${show(s)}, dilations ${show(d)}`,
      "'winograd' only for 3 × 3 with strides and dilations of 1",
    );
  }
  return algorithm;
}

/** Batch, channels and extents of an input; its name and layout are told where channels do not fit. */
export function inputOf(argument: string, x: Tensor, order: Layout, rank: Rank): { batch: number; channels: number; input: Triple } {
  tensor(argument, x, rank + 2);
  const spatial = order === 'nchw' ? x.shape.slice(2) : x.shape.slice(1, -1);
  return { batch: x.shape[0], channels: x.shape[order === 'nchw' ? 1 : rank + 1], input: toTriple(spatial, 1) };
}

/** The other way round. */
export function shapeOf(batch: number, channels: number, extents: Triple, order: Layout, rank: Rank): number[] {
  const spatial = extents.slice(-rank);
  return order === 'nchw' ? [batch, channels, ...spatial] : [batch, ...spatial, channels];
}

export function refuseChannels(
  argument: string,
  shape: readonly number[],
  given: number,
  each: number,
  spec: Pick<ConvFilterSpec, 'groups' | 'layout' | 'rank'>,
): void {
  const { groups, layout: order, rank } = spec;
  if (given === groups * each) return;
  throw new ShapeError(
    `${argument}.shape`,
    `${given} channels in ${show(shape)}`,
    `${groups * each} channels (${each} of the filter × ${groups} groups) in the layout '${inputLayouts(rank)[order === 'nchw' ? 0 : 1]}'`,
  );
}

/** The input of a convolution whose filter has been checked. */
export function convInput(x: Tensor, filter: ConvFilterSpec): ConvSpec {
  const { groups, groupInChannels, groupOutChannels, rank } = filter;
  const { batch, channels, input } = inputOf('x', x, filter.layout, rank);
  refuseChannels('x', x.shape, channels, groupInChannels, filter);
  const window = windowsOver(input, filter.kernel, filter.strides, filter.dilations, filter.padding);
  const { front, back, top, bottom, left, right } = window;
  for (const [axis, sides] of [
    [front, back],
    [top, bottom],
    [left, right],
  ].entries()) {
    for (const side of sides) refuseBorder('options.padding', input[axis], side, filter.paddingMode);
  }
  const outChannels = groups * groupOutChannels;
  const outShape = shapeOf(batch, outChannels, [window.outDepth, window.outHeight, window.outWidth], filter.layout, rank);
  checkLength('out.shape', outShape);
  // One channel in and one out lie in memory the same way in both layouts.
  const layout = channels === 1 && outChannels === 1 ? 'nchw' : filter.layout;
  return { ...filter, layout, batch, window, outShape };
}

interface Checked {
  readonly spec: ConvSpec;
  readonly out: Tensor | undefined;
}

/** A convolution of any rank. */
export function conv(x: Tensor, filter: Tensor, given: (AnyConvOptions & { readonly out?: Tensor }) | undefined, rank: Rank): Checked {
  const options = known('options', given, ['bias', ...CONV_GEOMETRY_OPTIONS[rank], 'activation', 'out']);
  const spec = convInput(x, convFilter(filter, options, rank));
  return { spec, out: out(options.out, spec.outShape, { x, filter, 'options.bias': spec.bias }) };
}
