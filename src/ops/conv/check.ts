import { OptionError, ShapeError } from '../../errors.ts';
import { fusedActivation } from '../../spec/activation.ts';
import { paddingSides, perAxis, type Rank, toTriple, windowsOver } from '../../spec/axes.ts';
import { type PaddingMode, refuseBorder } from '../../spec/border.ts';
import { checkLength, count, known, type Layout, layout, oneOf, show, type Triple, tensor } from '../../spec/check.ts';
import { type ConvAlgorithm, type ConvFilterSpec, type ConvSpec, suitsWinograd } from '../../spec/correlation.ts';
import { lengthOf, type Tensor } from '../../tensor/tensor.ts';
import type { Conv2dGeometryOptions, ForwardOptions, PrepareConv2dOptions, SharedPlaneOptions } from './options.ts';

/** What convolutions of any rank refuse, and the specs that they come to. */

/** The options of any rank, by what they have in common. */
export interface AnyConvOptions extends SharedPlaneOptions, ForwardOptions {
  readonly strides?: unknown;
  readonly padding?: unknown;
  readonly dilations?: unknown;
  readonly inputLayout?: unknown;
  readonly filterLayout?: unknown;
}

const GEOMETRY_OPTIONS = ['strides', 'padding', 'dilations', 'groups', 'inputLayout', 'filterLayout', 'paddingMode', 'normalize'] as const;
/** The names of options that give a convolution its geometry, by rank. */
export const CONV_GEOMETRY_OPTIONS = {
  1: [...GEOMETRY_OPTIONS, 'algorithm'],
  2: [...GEOMETRY_OPTIONS, 'algorithm'],
  3: GEOMETRY_OPTIONS,
} as const satisfies Record<Rank, readonly (keyof Conv2dGeometryOptions)[]>;
const PREPARE_OPTIONS = ['bias', ...CONV_GEOMETRY_OPTIONS[2], 'activation'] as const satisfies readonly (keyof PrepareConv2dOptions)[];

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

/** Batch, channels and extents of an input. */
export function inputOf(argument: string, x: Tensor, order: Layout, rank: Rank): { batch: number; channels: number; input: Triple } {
  tensor(argument, x, rank + 2);
  const spatial = order === 'nchw' ? x.shape.slice(2) : x.shape.slice(1, -1);
  return { batch: x.shape[0], channels: x.shape[order === 'nchw' ? 1 : rank + 1], input: toTriple(spatial, 1) };
}

/** The shape of a tensor of such extents. */
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
