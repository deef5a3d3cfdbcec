import { OptionError, ShapeError } from '../../errors.ts';
import { planConvTransposeBackward } from '../../plan/conv/backward.ts';
import { planTranspose } from '../../plan/conv/transpose.ts';
import { Plan } from '../../plan/plan.ts';
import { fusedActivation } from '../../spec/activation.ts';
import { CELLS, convWindow, paddingSides, perAxis, type Rank } from '../../spec/axes.ts';
import { checkLength, count, known, type Layout, layout, out, show, type Triple, tensor } from '../../spec/check.ts';
import type { Correlation } from '../../spec/correlation.ts';
import {
  checkGradient,
  type GradientOptions,
  type Gradients,
  type GradientsOut,
  type GradientTargets,
  wantedGradients,
} from '../../spec/gradients.ts';
import { lengthOf, type Out, type ResidentLike, type Tensor } from '../../tensor/tensor.ts';
import { given, gradients, type Operation, type Operations, one } from '../operation.ts';
import { type AnyConvOptions, checkAlgorithm, checkBias, inputLayouts, inputOf, lettered, refuseChannels, shapeOf } from './check.ts';
import type {
  ConvTranspose1dBackwardOptions,
  ConvTranspose1dOptions,
  ConvTranspose2dBackwardOptions,
  ConvTranspose2dOptions,
  ConvTranspose3dBackwardOptions,
  ConvTranspose3dGeometryOptions,
  ConvTranspose3dOptions,
  ConvTransposeGradient,
} from './transpose-options.ts';

/** Transposed convolution. */
export interface ConvTransposeOperators {
  /**
   * Transposed convolution: every input adds the filter, times itself, to the result, `strides` apart. It is the gradient of
   * `conv2d` in its input, and often used to enlarge.
   * Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional Networks", 2010.
   *
   * @param x [batch, channels, height, width], or [batch, height, width, channels] with `inputLayout: 'nhwc'`
   * @param filter [channels, outChannels / groups, height, width], or as `filterLayout` says
   * @returns [batch, outChannels, outHeight, outWidth] in the layout of the input, where
   *   out = (in − 1) · stride − padding + dilation · (kernel − 1) + outputPadding + 1
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.convTranspose2d(tensor([2, 6, 33, 37]), tensor([6, 4, 3, 2]), { strides: 2, outputPadding: 1 })
   */
  convTranspose2d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: ConvTranspose2dOptions & Out<O>): O;

  /**
   * `convTranspose2d` in one dimension: x [batch, channels, width] or 'nwc', filter [channels, outChannels / groups, width].
   *
   * @example engine.convTranspose1d(tensor([2, 5, 901]), tensor([5, 3, 4]), { strides: 3 })
   */
  convTranspose1d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: ConvTranspose1dOptions & Out<O>): O;

  /**
   * `convTranspose2d` in three dimensions.
   *
   * @param x [batch, channels, depth, height, width], or [batch, depth, height, width, channels] with `inputLayout: 'ndhwc'`
   * @param filter [channels, outChannels / groups, depth, height, width], or as `filterLayout` says
   * @returns [batch, outChannels, outDepth, outHeight, outWidth] in the layout of the input
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.convTranspose3d(tensor([2, 3, 7, 9, 11]), tensor([3, 4, 2, 3, 2]), { strides: 2, outputPadding: 1 })
   */
  convTranspose3d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: ConvTranspose3dOptions & Out<O>): O;

  /**
   * The gradients of `convTranspose2d` in its input, its filter and its bias, without an activation.
   *
   * @param dy the gradient of the result, of its shape and layout
   * @param x the input of the forward call
   * @param filter the filter of the forward call
   * @returns tensors of the shapes and layouts of `x`, `filter` and [outChannels]; `undefined` for what is in `skip`
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.convTranspose2dBackward(tensor([2, 4, 68, 75]), tensor([2, 6, 33, 37]), tensor([6, 4, 3, 2]),
   *   { strides: 2, outputPadding: 1 })
   */
  convTranspose2dBackward<T extends Tensor, G extends GradientTargets<ConvTransposeGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: ConvTranspose2dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvTransposeGradient, T, G>;

  /**
   * `convTranspose2dBackward` of `convTranspose1d`.
   *
   * @example engine.convTranspose1dBackward(tensor([2, 3, 2704]), tensor([2, 5, 901]), tensor([5, 3, 4]), { strides: 3 })
   */
  convTranspose1dBackward<T extends Tensor, G extends GradientTargets<ConvTransposeGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: ConvTranspose1dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvTransposeGradient, T, G>;

  /**
   * The gradients of `convTranspose3d` in its input, its filter and its bias, without an activation.
   *
   * @example engine.convTranspose3dBackward(tensor([2, 4, 15, 20, 23]), tensor([2, 3, 7, 9, 11]), tensor([3, 4, 2, 3, 2]),
   *   { strides: 2, outputPadding: 1 })
   */
  convTranspose3dBackward<T extends Tensor, G extends GradientTargets<ConvTransposeGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: ConvTranspose3dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvTransposeGradient, T, G>;
}

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

interface AnyTransposeOptions extends AnyConvOptions {
  readonly outputPadding?: unknown;
  readonly outputSizes?: unknown;
}

/** A transposed convolution, checked: as the convolution that it transposes, whose window goes over the result. */
interface TransposeSpec {
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

function forward(x: Tensor, filter: Tensor, options: (AnyTransposeOptions & { readonly out?: Tensor }) | undefined, rank: Rank): Operation {
  const own = known('options', options, [...NAMES[rank], 'bias', 'activation', 'out']);
  const { spec, outShape } = transposeSpec(x, filter, own, rank);
  const target = out(own.out, outShape, { x, filter, 'options.bias': spec.bias });
  const plan = new Plan();
  const bias = spec.bias ? plan.named('bias') : null;
  planTranspose(plan, spec, plan.named('x'), plan.named('filter'), bias, plan.named('out'));
  return one(x, given({ x, filter, bias: spec.bias }), outShape, target, plan);
}

function backward(
  dy: Tensor,
  x: Tensor,
  filter: Tensor,
  options: (AnyTransposeOptions & GradientOptions<ConvTransposeGradient>) | undefined,
  rank: Rank,
): Operation<Gradients<ConvTransposeGradient>> {
  const own = known('options', options, [...NAMES[rank], 'skip', 'out']);
  const { spec, outShape } = transposeSpec(x, filter, own, rank);
  checkGradient(dy, outShape);
  const shapes = { dx: [...x.shape], dFilter: [...filter.shape], dBias: [spec.groups * spec.groupOutChannels] };
  const wanted = wantedGradients(own, shapes, { dy, x, filter });
  const plan = new Plan();
  planConvTransposeBackward(plan, spec, wanted);
  return gradients(x, { dy, x, filter }, wanted, plan, ['dx', 'dFilter', 'dBias']);
}

export const convTranspose: Operations<ConvTransposeOperators> = {
  convTranspose2d: (x, filter, options) => forward(x, filter, options, 2),
  convTranspose1d: (x, filter, options) => forward(x, filter, options, 1),
  convTranspose3d: (x, filter, options) => forward(x, filter, options, 3),
  convTranspose2dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 2),
  convTranspose1dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 1),
  convTranspose3dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 3),
};
