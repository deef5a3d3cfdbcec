import { planConvBackward } from '../../plan/conv/backward.ts';
import { chooseConvKernel, planConv2d, planConvOnce } from '../../plan/conv/conv.ts';
import { Plan } from '../../plan/plan.ts';
import type { Rank } from '../../spec/axes.ts';
import { known, out } from '../../spec/check.ts';
import {
  checkGradient,
  type GradientOptions,
  type Gradients,
  type GradientsOut,
  type GradientTargets,
  wantedGradients,
} from '../../spec/gradients.ts';
import type { Out, ResidentLike, Tensor } from '../../tensor/tensor.ts';
import { given, gradients, type Operation, type Operations, one } from '../operation.ts';
import { type AnyConvOptions, CONV_GEOMETRY_OPTIONS, convFilter, convInput } from './check.ts';
import type {
  Conv1dBackwardOptions,
  Conv1dOptions,
  Conv2dBackwardOptions,
  Conv2dOptions,
  Conv3dBackwardOptions,
  Conv3dOptions,
  ConvGradient,
} from './options.ts';

/** Convolution. */
export interface ConvOperators {
  /**
   * Two-dimensional convolution (cross-correlation, as in every neural-network library).
   *
   * @param x [batch, channels, height, width], or [batch, height, width, channels] with `inputLayout: 'nhwc'`
   * @param filter [outChannels, channels / groups, height, width], or as `filterLayout` says
   * @returns [batch, outChannels, outHeight, outWidth] in the layout of the input, where
   *   out = floor((in + padding − dilation · (kernel − 1) − 1) / stride) + 1
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.conv2d(tensor([2, 6, 33, 37]), tensor([10, 3, 3, 3]), { groups: 2, padding: 1, strides: [2, 1] })
   */
  conv2d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: Conv2dOptions & Out<O>): O;

  /**
   * `conv2d` in one dimension.
   *
   * @param x [batch, channels, width], or [batch, width, channels] with `inputLayout: 'nwc'`
   * @param filter [outChannels, channels / groups, width], or as `filterLayout` says
   * @example engine.conv1d(tensor([2, 5, 901]), tensor([7, 5, 4]), { padding: 2, paddingMode: 'circular' })
   */
  conv1d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: Conv1dOptions & Out<O>): O;

  /**
   * `conv2d` in three dimensions, always as a matrix product.
   *
   * @param x [batch, channels, depth, height, width], or channels last with `inputLayout: 'ndhwc'`
   * @param filter [outChannels, channels / groups, depth, height, width], or as `filterLayout` says
   * @example engine.conv3d(tensor([2, 3, 7, 19, 21]), tensor([5, 3, 2, 3, 3]), { padding: 1, strides: [2, 1, 1] })
   */
  conv3d<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, filter: Tensor, options?: Conv3dOptions & Out<O>): O;

  /**
   * The gradients of `conv2d` in its input, its filter and its bias, without an activation.
   *
   * @param dy the gradient of the result, of its shape and layout
   * @param x the input of the forward call
   * @param filter the filter of the forward call
   * @returns tensors of the shapes and layouts of `x`, `filter` and [outChannels]; `undefined` for what is in `skip`
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.conv2dBackward(tensor([2, 10, 17, 37]), tensor([2, 6, 33, 37]), tensor([10, 3, 3, 3]),
   *   { groups: 2, padding: 1, strides: [2, 1] })
   */
  conv2dBackward<T extends Tensor, G extends GradientTargets<ConvGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: Conv2dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvGradient, T, G>;

  /**
   * `conv2dBackward` of `conv1d`.
   *
   * @example engine.conv1dBackward(tensor([2, 7, 902]), tensor([2, 5, 901]), tensor([7, 5, 4]), { padding: 2, paddingMode: 'circular' })
   */
  conv1dBackward<T extends Tensor, G extends GradientTargets<ConvGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: Conv1dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvGradient, T, G>;

  /**
   * `conv2dBackward` of `conv3d`.
   *
   * @example engine.conv3dBackward(tensor([2, 5, 4, 19, 21]), tensor([2, 3, 7, 19, 21]), tensor([5, 3, 2, 3, 3]),
   *   { padding: 1, strides: [2, 1, 1] })
   */
  conv3dBackward<T extends Tensor, G extends GradientTargets<ConvGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    filter: Tensor,
    options?: Conv3dBackwardOptions & GradientsOut<G>,
  ): Gradients<ConvGradient, T, G>;
}

type AnyForwardOptions = AnyConvOptions & { readonly out?: Tensor };
type AnyBackwardOptions = AnyConvOptions & GradientOptions<ConvGradient>;

function forward(x: Tensor, filter: Tensor, options: AnyForwardOptions | undefined, rank: Rank): Operation {
  const own = known('options', options, ['bias', ...CONV_GEOMETRY_OPTIONS[rank], 'activation', 'out']);
  const spec = convInput(x, convFilter(filter, own, rank));
  const target = out(own.out, spec.outShape, { x, filter, 'options.bias': spec.bias });
  const plan = new Plan();
  const bias = spec.bias ? plan.named('bias') : null;
  planConvOnce(plan, planConv2d(spec, chooseConvKernel(spec)), plan.named('x'), plan.named('filter'), bias, plan.named('out'));
  return one(x, given({ x, filter, bias: spec.bias }), spec.outShape, target, plan);
}

function backward(
  dy: Tensor,
  x: Tensor,
  filter: Tensor,
  options: AnyBackwardOptions | undefined,
  rank: Rank,
): Operation<Gradients<ConvGradient>> {
  const own = known('options', options, [...CONV_GEOMETRY_OPTIONS[rank], 'skip', 'out']);
  const spec = convInput(x, convFilter(filter, own, rank));
  checkGradient(dy, spec.outShape);
  const shapes = { dx: [...x.shape], dFilter: [...filter.shape], dBias: [spec.groups * spec.groupOutChannels] };
  const wanted = wantedGradients(own, shapes, { dy, x, filter });
  const plan = new Plan();
  planConvBackward(plan, spec, wanted);
  return gradients(x, { dy, x, filter }, wanted, plan, ['dx', 'dFilter', 'dBias']);
}

export const conv: Operations<ConvOperators> = {
  conv2d: (x, filter, options) => forward(x, filter, options, 2),
  conv2dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 2),
  conv1d: (x, filter, options) => forward(x, filter, options, 1),
  conv1dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 1),
  conv3d: (x, filter, options) => forward(x, filter, options, 3),
  conv3dBackward: (dy, x, filter, options) => backward(dy, x, filter, options, 3),
};
