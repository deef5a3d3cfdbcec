import { OptionError, ShapeError } from '../errors.ts';
import { lengthOf, type Tensor } from '../tensor/tensor.ts';
import { type FusedActivation, fusedActivation } from './activation.ts';
import { CELLS, convWindow, paddingSides, perAxis, type Rank } from './axes.ts';
import {
  checkLength,
  count,
  known,
  type Layout,
  type Layout1d,
  type Layout3d,
  layout,
  out,
  type Pair,
  show,
  type Triple,
  tensor,
} from './check.ts';
import {
  type AnyConvOptions,
  type ConvAlgorithm,
  type Correlation,
  checkAlgorithm,
  checkBias,
  inputLayouts,
  inputOf,
  lettered,
  refuseChannels,
  shapeOf,
} from './conv.ts';
import { checkGradient, type GradientOptions, type Wanted, wantedGradients } from './gradients.ts';

/** Order of a filter's dimensions: input channels, output channels of one group, height, width. */
export type TransposeFilterLayout = 'iohw' | 'hwoi' | 'ohwi' | 'oihw';
/** The same in one dimension. */
export type TransposeFilterLayout1d = 'iow' | 'woi' | 'owi' | 'oiw';
/** Order of a filter's dimensions in three dimensions: input channels, output channels of one group, depth, height, width. */
export type TransposeFilterLayout3d = 'iodhw' | 'dhwoi' | 'odhwi' | 'oidhw';

interface SharedOptions {
  /** Channels are cut into this many groups that do not see each other; 1 unless given. */
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
  /** Distance of the results of neighbouring inputs, `n` or `[height, width]`; 1 unless given. */
  readonly strides?: number | Pair;
  /** Rows and columns cut off the result: `n`, `[height, width]` or `[top, bottom, left, right]`; 0 unless given. */
  readonly padding?: number | Pair | readonly [top: number, bottom: number, left: number, right: number];
  /** Distance of the filter's taps, `n` or `[height, width]`; 1 unless given. */
  readonly dilations?: number | Pair;
  /** Rows and columns more at the end of the result, less than the stride or the dilation; 0 unless given. */
  readonly outputPadding?: number | Pair;
  /** Extents of the result, [height, width], in the place of `outputPadding`. */
  readonly outputSizes?: Pair;
  /** Of the input and the result: `'nchw'` unless given. */
  readonly inputLayout?: Layout;
  /** `'iohw'` unless given. */
  readonly filterLayout?: TransposeFilterLayout;
}

/** As in two dimensions, with one extent each. */
export interface ConvTranspose1dGeometryOptions extends SharedOptions, AlgorithmOption {
  /** Distance of the results of neighbouring inputs, `n` or `[width]`; 1 unless given. */
  readonly strides?: number | readonly [width: number];
  /** Cells cut off the result: `n`, `[n]` or `[left, right]`; 0 unless given. */
  readonly padding?: number | readonly [number] | readonly [left: number, right: number];
  /** Distance of the filter's taps, `n` or `[width]`; 1 unless given. */
  readonly dilations?: number | readonly [width: number];
  /** Cells more at the end of the result, less than the stride or the dilation; 0 unless given. */
  readonly outputPadding?: number | readonly [width: number];
  /** Extent of the result, in the place of `outputPadding`. */
  readonly outputSizes?: readonly [width: number];
  /** Of the input and the result: `'ncw'` unless given. */
  readonly inputLayout?: Layout1d;
  /** `'iow'` unless given. */
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

/** The same in one dimension. */
export interface ConvTranspose1dBackwardOptions extends ConvTranspose1dGeometryOptions, GradientOptions<ConvTransposeGradient> {}

/** Geometry of the forward call in three dimensions; and which gradients are wanted, and where. */
export interface ConvTranspose3dBackwardOptions extends ConvTranspose3dGeometryOptions, GradientOptions<ConvTransposeGradient> {}

const GEOMETRY = [
  'strides',
  'padding',
  'dilations',
  'outputPadding',
  'outputSizes',
  'groups',
  'inputLayout',
  'filterLayout',
] as const satisfies readonly (keyof ConvTranspose3dGeometryOptions)[];
const NAMES = { 1: [...GEOMETRY, 'algorithm'], 2: [...GEOMETRY, 'algorithm'], 3: GEOMETRY } as const;

export interface AnyTransposeOptions extends AnyConvOptions {
  readonly outputPadding?: unknown;
  readonly outputSizes?: unknown;
}

/** A transposed convolution, checked: as the convolution that it transposes, whose window goes over the result. */
export interface TransposeSpec {
  readonly spec: Correlation;
  readonly outShape: readonly number[];
}

const FILTER_LAYOUTS = {
  1: ['iow', 'woi', 'owi', 'oiw'],
  2: ['iohw', 'hwoi', 'ohwi', 'oihw'],
  3: ['iodhw', 'dhwoi', 'odhwi', 'oidhw'],
} as const;

interface Geometry {
  readonly input: Triple;
  readonly kernel: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  readonly sides: readonly number[];
}

/** `(in − 1) · stride − padding + dilation · (kernel − 1) + outputPadding + 1`, or as the caller says where that can be. */
function resultExtents({ input, kernel, strides, dilations, sides }: Geometry, options: AnyTransposeOptions, rank: Rank): Triple {
  const { outputPadding, outputSizes } = options;
  if (outputPadding !== undefined && outputSizes !== undefined) {
    throw new OptionError('options.outputSizes', show(outputSizes), 'nothing beside outputPadding');
  }
  const least = input.map(
    (extent, axis) => (extent - 1) * strides[axis] - sides[2 * axis] - sides[2 * axis + 1] + dilations[axis] * (kernel[axis] - 1) + 1,
  );
  const room = strides.map((stride, axis) => Math.max(stride, dilations[axis]) - 1);
  const sizes = outputSizes === undefined ? undefined : perAxis('options.outputSizes', outputSizes, 1, 1, rank);
  const more = sizes
    ? sizes.map((size, axis) => (axis < 3 - rank ? 0 : size - least[axis]))
    : perAxis('options.outputPadding', outputPadding, 0, 0, rank);
  const argument = sizes ? 'options.outputSizes' : 'options.outputPadding';
  const given = show(sizes ? outputSizes : outputPadding);
  for (let axis = 3 - rank; axis < 3; axis++) {
    if (more[axis] >= 0 && more[axis] <= room[axis]) continue;
    const expected = sizes ? `from ${least[axis]} to ${least[axis] + room[axis]} ${CELLS[axis]}` : 'less than the stride or the dilation';
    throw new OptionError(argument, given, expected);
  }
  const extents = least.map((extent, axis) => extent + more[axis]);
  if (extents.some((extent) => extent < 1)) {
    throw new ShapeError('out.shape', show(extents.slice(-rank)), 'an extent of at least 1: less padding, or a larger input');
  }
  return [extents[0], extents[1], extents[2]];
}

function transposeSpec(x: Tensor, filter: Tensor, options: AnyTransposeOptions, rank: Rank): TransposeSpec {
  tensor('filter', filter, rank + 2);
  const layouts: readonly string[] = FILTER_LAYOUTS[rank];
  const { extent, stride } = lettered(filter.shape, layout('options.filterLayout', options.filterLayout, layouts[0], layouts));
  if (lengthOf(filter.shape) === 0) throw new ShapeError('filter.shape', show(filter.shape), 'no dimension of 0');
  const groups = count('options.groups', options.groups, 1, 1);
  const allIn = extent('i');
  const groupOutChannels = extent('o');
  if (allIn % groups !== 0) throw new OptionError('options.groups', String(groups), `a divisor of the filter's ${allIn} input channels`);
  const groupInChannels = allIn / groups;
  checkBias(options.bias, groups * groupOutChannels);
  const kernel: Triple = [extent('d'), extent('h'), extent('w')];
  const strides = perAxis('options.strides', options.strides, 1, 1, rank);
  const dilations = perAxis('options.dilations', options.dilations, 1, 1, rank);
  const sides = paddingSides(options.padding, rank);
  if (typeof sides === 'string')
    throw new OptionError('options.padding', show(sides), 'numbers: outputSizes may say how large the result is');
  const algorithm = checkAlgorithm(options.algorithm, kernel, strides, dilations, rank);
  const [first, last] = inputLayouts(rank);
  const order: Layout = layout('options.inputLayout', options.inputLayout, first, [first, last]) === first ? 'nchw' : 'nhwc';
  const activation = fusedActivation(options.activation);
  const { batch, channels, input } = inputOf('x', x, order, rank);
  refuseChannels('x', x.shape, channels, groupInChannels, { groups, layout: order, rank });
  const result = resultExtents({ input, kernel, strides, dilations, sides }, options, rank);
  const outChannels = groups * groupOutChannels;
  const outShape = shapeOf(batch, outChannels, result, order, rank);
  checkLength('out.shape', outShape);
  return {
    spec: {
      batch,
      groups,
      groupInChannels,
      groupOutChannels,
      layout: channels === 1 && outChannels === 1 ? 'nchw' : order,
      window: convWindow({ input: result, kernel, strides, dilations, padding: sides, out: input }),
      paddingMode: 'zeros',
      filterStrides: {
        offset: 0,
        group: groupInChannels * stride('i'),
        outChannel: stride('o'),
        inChannel: stride('i'),
        depth: stride('d'),
        height: stride('h'),
        width: stride('w'),
      },
      divisor: 1,
      activation,
      algorithm,
      bias: options.bias,
    },
    outShape,
  };
}

type ForwardAny = AnyTransposeOptions & { readonly out?: Tensor };

export function convTranspose(
  x: Tensor,
  filter: Tensor,
  given: ForwardAny | undefined,
  rank: Rank,
): TransposeSpec & { out: Tensor | undefined } {
  const options = known('options', given, [...NAMES[rank], 'bias', 'activation', 'out']);
  const { spec, outShape } = transposeSpec(x, filter, options, rank);
  return { spec, outShape, out: out(options.out, outShape, { x, filter, 'options.bias': spec.bias }) };
}

export type AnyTransposeBackwardOptions = AnyTransposeOptions & GradientOptions<ConvTransposeGradient>;

export function convTransposeBackward(
  dy: Tensor,
  x: Tensor,
  filter: Tensor,
  given: AnyTransposeBackwardOptions | undefined,
  rank: Rank,
): { spec: Correlation; wanted: Wanted<ConvTransposeGradient> } {
  const options = known('options', given, [...NAMES[rank], 'skip', 'out']);
  const { spec, outShape } = transposeSpec(x, filter, options, rank);
  checkGradient(dy, outShape);
  const shapes = { dx: [...x.shape], dFilter: [...filter.shape], dBias: [spec.groups * spec.groupOutChannels] };
  return { spec, wanted: wantedGradients(options, shapes, { dy, x, filter }) };
}
