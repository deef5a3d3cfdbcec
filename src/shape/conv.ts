import { OptionError, ShapeError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { type ActivationSpec, type FusedActivation, fusedActivation } from './activation.ts';
import { checkLength, count, known, type Layout, layout, oneOf, out, type Pair, pair, show, tensor } from './check.ts';
import { type Padding, padding, type Window, windows } from './window.ts';

/** Order of a filter's dimensions: output channels, the input channels of one group, height, width. */
export type FilterLayout = 'oihw' | 'hwio' | 'ohwi' | 'ihwo';
/** `'auto'`: the fastest by a cost model. `'direct'` and `'gemm'` give the same bits as each other, `'winograd'` its own. */
export type ConvAlgorithm = 'auto' | 'direct' | 'gemm' | 'winograd';

/** Options of `prepareConv2d`. */
export interface PrepareConv2dOptions {
  /** One float an output channel: a tensor of shape [outChannels]. */
  readonly bias?: Tensor;
  /** Step of the window in pixels, `n` or `[height, width]`; 1 unless given. */
  readonly strides?: number | Pair;
  /** Zeros around the input; 0 unless given. */
  readonly padding?: Padding;
  /** Distance of the filter's taps in pixels, `n` or `[height, width]`; 1 unless given. */
  readonly dilations?: number | Pair;
  /** Channels are cut into this many groups that do not see each other; 1 unless given. */
  readonly groups?: number;
  /** Of the input and the result; `'nchw'` unless given. */
  readonly inputLayout?: Layout;
  /** Of the filter; `'oihw'` unless given. */
  readonly filterLayout?: FilterLayout;
  /** Applied to each result in registers. */
  readonly activation?: FusedActivation;
  /** `'mean'` divides each sum by the number of the filter's elements, before the bias. */
  readonly normalize?: 'none' | 'mean';
  /** `'direct'` and `'gemm'` sum in the order of docs/numerics.md, bit for bit; `'auto'` may choose Winograd. */
  readonly algorithm?: ConvAlgorithm;
}

/** Options of `conv2d`. */
export interface Conv2dOptions extends PrepareConv2dOptions {
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

const PREPARE_OPTIONS = [
  'bias',
  'strides',
  'padding',
  'dilations',
  'groups',
  'inputLayout',
  'filterLayout',
  'activation',
  'normalize',
  'algorithm',
] as const satisfies readonly (keyof PrepareConv2dOptions)[];

/** Strides of a filter in floats, whatever its layout. */
export interface FilterStrides {
  /** Of the first tap: strides are negative where a filter is read backwards. */
  readonly offset: number;
  readonly outChannel: number;
  readonly inChannel: number;
  readonly height: number;
  readonly width: number;
}

/** A convolution's filter and options, checked. */
export interface Conv2dFilterSpec {
  readonly groups: number;
  readonly groupInChannels: number;
  readonly groupOutChannels: number;
  readonly kernel: Pair;
  readonly filterStrides: FilterStrides;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
  readonly layout: Layout;
  readonly divisor: number;
  readonly activation: ActivationSpec;
  readonly algorithm: ConvAlgorithm;
  readonly bias: Tensor | undefined;
}

/** The whole convolution, checked. */
export interface Conv2dSpec extends Conv2dFilterSpec {
  readonly batch: number;
  readonly window: Window;
  readonly outShape: readonly number[];
}

function filterDimensions(
  shape: readonly number[],
  filterLayout: FilterLayout,
): { o: number; i: number; h: number; w: number; strides: FilterStrides } {
  const extent = (letter: string) => shape[filterLayout.indexOf(letter)];
  const stride = (letter: string) => {
    let product = 1;
    for (let axis = 3; filterLayout[axis] !== letter; axis--) product *= shape[axis];
    return product;
  };
  return {
    o: extent('o'),
    i: extent('i'),
    h: extent('h'),
    w: extent('w'),
    strides: { offset: 0, outChannel: stride('o'), inChannel: stride('i'), height: stride('h'), width: stride('w') },
  };
}

export function suitsWinograd(kernel: Pair, strides: Pair, dilations: Pair): boolean {
  return kernel.every((extent) => extent === 3) && [...strides, ...dilations].every((step) => step === 1);
}

/** Filter and options, without an input. */
export function conv2dFilter(filter: Tensor, given: PrepareConv2dOptions | undefined): Conv2dFilterSpec {
  return filterSpec(filter, known('options', given, PREPARE_OPTIONS));
}

function filterSpec(filter: Tensor, options: PrepareConv2dOptions): Conv2dFilterSpec {
  tensor('filter', filter, 4);
  const filterLayout = layout('options.filterLayout', options.filterLayout, 'oihw', ['oihw', 'hwio', 'ohwi', 'ihwo']);
  const { o, i, h, w, strides: filterStrides } = filterDimensions(filter.shape, filterLayout);
  if (o === 0) throw new ShapeError('filter.shape', show(filter.shape), 'no dimension of 0');
  const groups = count('options.groups', options.groups, 1, 1);
  if (o % groups !== 0) throw new OptionError('options.groups', String(groups), `a divisor of the filter's ${o} output channels`);
  if (options.bias !== undefined) {
    tensor('options.bias', options.bias, 1);
    if (options.bias.shape[0] !== o)
      throw new ShapeError('options.bias.shape', show(options.bias.shape), `[${o}], the filter's output channels`);
  }
  const strides = pair('options.strides', options.strides, 1, 1);
  const dilations = pair('options.dilations', options.dilations, 1, 1);
  const algorithm = oneOf('options.algorithm', options.algorithm, 'auto', ['auto', 'direct', 'gemm', 'winograd']);
  if (algorithm === 'winograd' && !suitsWinograd([h, w], strides, dilations)) {
    throw new OptionError(
      'options.algorithm',
      `'winograd' for a filter of ${h} × ${w}, strides ${show(strides)}, dilations ${show(dilations)}`,
      "'winograd' only for 3 × 3 with strides and dilations of 1",
    );
  }
  const normalize = oneOf('options.normalize', options.normalize, 'none', ['none', 'mean']);
  return {
    groups,
    groupInChannels: i,
    groupOutChannels: o / groups,
    kernel: [h, w],
    filterStrides,
    strides,
    dilations,
    padding: padding(options.padding),
    layout: layout('options.inputLayout', options.inputLayout, 'nchw', ['nchw', 'nhwc']),
    divisor: normalize === 'mean' ? h * w * i : 1,
    activation: fusedActivation(options.activation),
    algorithm,
    bias: options.bias,
  };
}

/** The input of a convolution whose filter has been checked. */
export function conv2dInput(x: Tensor, filter: Conv2dFilterSpec): Conv2dSpec {
  tensor('x', x, 4);
  const nchw = filter.layout === 'nchw';
  const [batch] = x.shape;
  const [channels, height, width] = nchw ? [x.shape[1], x.shape[2], x.shape[3]] : [x.shape[3], x.shape[1], x.shape[2]];
  if (channels !== filter.groups * filter.groupInChannels) {
    throw new ShapeError(
      'x.shape',
      `${channels} channels in ${show(x.shape)}`,
      `${filter.groups * filter.groupInChannels} channels (${filter.groupInChannels} of the filter × ${filter.groups} groups) in the layout '${filter.layout}'`,
    );
  }
  const window = windows([height, width], filter.kernel, filter.strides, filter.dilations, filter.padding, 'floor', 'filter');
  const outChannels = filter.groups * filter.groupOutChannels;
  const outShape = nchw ? [batch, outChannels, window.outHeight, window.outWidth] : [batch, window.outHeight, window.outWidth, outChannels];
  checkLength('out.shape', outShape);
  // One channel in and one out lie in memory the same way in both layouts.
  const layout = channels === 1 && outChannels === 1 ? 'nchw' : filter.layout;
  return { ...filter, layout, batch, window, outShape };
}

export function conv2d(x: Tensor, filter: Tensor, given: Conv2dOptions | undefined): { spec: Conv2dSpec; out: Tensor | undefined } {
  const options = known('options', given, [...PREPARE_OPTIONS, 'out']);
  const spec = conv2dInput(x, filterSpec(filter, options));
  return { spec, out: out(options.out, spec.outShape, { x, filter, 'options.bias': spec.bias }) };
}
