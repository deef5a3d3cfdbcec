import { OptionError, ShapeError } from '../../errors.ts';
import type { LocalResponseSpec, NormalizationSpec, NormDimension } from '../../plan/normalization.ts';
import { count, finite, known, layout, MAX_LENGTH, out, sameShape, show, tensor } from '../../spec/check.ts';
import { checkGradient, type Wanted, wantedGradients } from '../../spec/gradients.ts';
import { checkAxes } from '../../spec/reduce.ts';
import { lengthOf, type Tensor } from '../../tensor/tensor.ts';
import type {
  InstanceNormBackwardOptions,
  InstanceNormOptions,
  LayerNormBackwardOptions,
  LayerNormOptions,
  LocalResponseNormOptions,
  NormGradient,
  RmsNormBackwardOptions,
  RmsNormGradient,
  RmsNormOptions,
} from './options.ts';

/** What normalisations by moments of their input refuse, and the specs that they come to. */

/** Dimensions that the kernel knows. */
const MOST_DIMENSIONS = 6;

function epsilonOf(value: unknown): number {
  const epsilon = finite('options.epsilon', value, 1e-5);
  if (epsilon < 0) throw new OptionError('options.epsilon', show(value), 'at least 0');
  return epsilon;
}

function affine(argument: string, value: Tensor | undefined, shape: readonly number[], what: string): void {
  if (value === undefined) return;
  tensor(argument, value, undefined, true);
  if (!sameShape(value.shape, shape)) throw new ShapeError(`${argument}.shape`, show(value.shape), `${show(shape)}, ${what}`);
}

const dimension = (extent: number, isReduced: boolean, isAffine: boolean): NormDimension => ({ count: extent, isReduced, isAffine });
const without1 = (dimensions: readonly NormDimension[]) => dimensions.filter((each) => each.count !== 1);

function overAxes(x: Tensor, given: LayerNormOptions, fallback: (rank: number) => readonly number[]) {
  tensor('x', x, undefined, true);
  const { shape } = x;
  const axes = given.axes === undefined ? fallback(shape.length) : checkAxes('options.axes', given.axes, shape.length);
  if (axes.some((axis, i) => i > 0 && axis < axes[i - 1]))
    throw new OptionError('options.axes', show(given.axes), 'axes in ascending order');
  const extents = axes.map((axis) => shape[axis]);
  affine('options.scale', given.scale, extents, `the extents of the axes ${show(axes)} of x ${show(shape)}`);
  affine('options.bias', given.bias, extents, `the extents of the axes ${show(axes)} of x ${show(shape)}`);
  const dimensions: NormDimension[] = [];
  for (const [axis, extent] of shape.entries()) {
    if (extent === 1) continue;
    const isReduced = axes.includes(axis);
    const last = dimensions.at(-1);
    if (last?.isReduced === isReduced) dimensions[dimensions.length - 1] = dimension(last.count * extent, isReduced, isReduced);
    else dimensions.push(dimension(extent, isReduced, isReduced));
  }
  if (dimensions.length > MOST_DIMENSIONS) {
    const runs = `${dimensions.length} runs of axes that are normalised and of others, in turn`;
    throw new OptionError('options.axes', runs, `at most ${MOST_DIMENSIONS} of them`);
  }
  const spec: NormalizationSpec = {
    dimensions,
    outermostFirst: false,
    epsilon: epsilonOf(given.epsilon),
    scale: given.scale,
    bias: given.bias,
  };
  return { spec, affineShape: extents };
}

const allButFirst = (rank: number) => Array.from({ length: Math.max(0, rank - 1) }, (_, i) => i + 1);
const lastOne = (rank: number) => (rank === 0 ? [] : [rank - 1]);

function overGroups(x: Tensor, groups: number | undefined, given: InstanceNormOptions) {
  tensor('x', x, undefined, true);
  const { shape } = x;
  if (shape.length < 2) throw new ShapeError('x.shape', show(shape), 'at least 2 dimensions, the batch and the channels');
  const isLast = layout('options.layout', given.layout, 'nchw', ['nchw', 'nhwc']) === 'nhwc';
  const channels = isLast ? shape[shape.length - 1] : shape[1];
  if (groups !== undefined && (count('groups', groups, 1, 1) > channels || channels % groups !== 0))
    throw new OptionError('groups', show(groups), `a divisor of the ${channels} channels of x ${show(shape)}`);
  affine('options.scale', given.scale, [channels], `the channels of x ${show(shape)}`);
  affine('options.bias', given.bias, [channels], `the channels of x ${show(shape)}`);
  const batch = dimension(shape[0], false, false);
  const positions = dimension(lengthOf(isLast ? shape.slice(1, -1) : shape.slice(2)), true, false);
  const parts =
    groups === undefined ? [dimension(channels, false, true)] : [dimension(groups, false, true), dimension(channels / groups, true, true)];
  const spec: NormalizationSpec = {
    dimensions: without1(isLast ? [batch, positions, ...parts] : [batch, ...parts, positions]),
    outermostFirst: isLast,
    epsilon: epsilonOf(given.epsilon),
    scale: given.scale,
    bias: given.bias,
  };
  return { spec, affineShape: [channels] };
}

interface Parts {
  readonly spec: NormalizationSpec;
  readonly affineShape: readonly number[];
}

function forward(x: Tensor, { spec }: Parts, target: unknown) {
  return { spec, out: out(target, x.shape, { x, 'options.scale': spec.scale, 'options.bias': spec.bias }, true) };
}

function backward(
  dy: Tensor,
  x: Tensor,
  { spec, affineShape }: Parts,
  skip: readonly NormGradient[] | undefined,
  targets: object | undefined,
) {
  checkGradient(dy, x.shape);
  const shapes = { dx: x.shape, dScale: affineShape, dBias: affineShape };
  const wanted: Wanted<NormGradient> = wantedGradients({ skip, out: targets }, shapes, { dy, x, 'options.scale': spec.scale });
  return { spec, wanted };
}

export function layerNorm(x: Tensor, given: LayerNormOptions | undefined) {
  const options = known('options', given, ['axes', 'scale', 'bias', 'epsilon', 'out']);
  return forward(x, overAxes(x, options, allButFirst), options.out);
}

export function layerNormBackward(dy: Tensor, x: Tensor, given: LayerNormBackwardOptions | undefined) {
  const { out: targets, skip, ...options } = known('options', given, ['axes', 'scale', 'epsilon', 'skip', 'out']);
  return backward(dy, x, overAxes(x, options, allButFirst), skip, targets);
}

export function rmsNorm(x: Tensor, given: RmsNormOptions | undefined) {
  const options = known('options', given, ['axes', 'scale', 'epsilon', 'out']);
  return forward(x, overAxes(x, options, lastOne), options.out);
}

export function rmsNormBackward(dy: Tensor, x: Tensor, given: RmsNormBackwardOptions | undefined) {
  const { out: targets, skip, ...options } = known('options', given, ['axes', 'scale', 'epsilon', 'skip', 'out']);
  const { spec, affineShape } = overAxes(x, options, lastOne);
  checkGradient(dy, x.shape);
  const shapes = { dx: x.shape, dScale: affineShape };
  const wanted: Wanted<RmsNormGradient> = wantedGradients({ skip, out: targets }, shapes, { dy, x, 'options.scale': spec.scale });
  return { spec, wanted };
}

export function instanceNorm(x: Tensor, given: InstanceNormOptions | undefined) {
  const options = known('options', given, ['scale', 'bias', 'epsilon', 'layout', 'out']);
  return forward(x, overGroups(x, undefined, options), options.out);
}

export function instanceNormBackward(dy: Tensor, x: Tensor, given: InstanceNormBackwardOptions | undefined) {
  const { out: targets, skip, ...options } = known('options', given, ['scale', 'epsilon', 'layout', 'skip', 'out']);
  return backward(dy, x, overGroups(x, undefined, options), skip, targets);
}

/** There is no default. */
const groupsOf = (groups: unknown) => count('groups', groups, Number.NaN, 1);

export function groupNorm(x: Tensor, groups: number, given: InstanceNormOptions | undefined) {
  const options = known('options', given, ['scale', 'bias', 'epsilon', 'layout', 'out']);
  return forward(x, overGroups(x, groupsOf(groups), options), options.out);
}

export function groupNormBackward(dy: Tensor, x: Tensor, groups: number, given: InstanceNormBackwardOptions | undefined) {
  const { out: targets, skip, ...options } = known('options', given, ['scale', 'epsilon', 'layout', 'skip', 'out']);
  return backward(dy, x, overGroups(x, groupsOf(groups), options), skip, targets);
}

function localResponseSpec(x: Tensor, size: unknown, options: LocalResponseNormOptions): LocalResponseSpec {
  tensor('x', x, undefined, true);
  const { shape } = x;
  if (shape.length < 2) throw new ShapeError('x.shape', show(shape), 'at least 2 dimensions, the batch and the channels');
  const channels = count('size', size, Number.NaN, 1);
  if (channels > MAX_LENGTH) throw new OptionError('size', show(size), `at most ${MAX_LENGTH}`);
  const isLast = layout('options.layout', options.layout, 'nchw', ['nchw', 'nhwc']) === 'nhwc';
  const [alpha, beta, bias] = [
    finite('options.alpha', options.alpha, 1e-4),
    finite('options.beta', options.beta, 0.75),
    finite('options.bias', options.bias, 1),
  ];
  if (alpha < 0) throw new OptionError('options.alpha', show(options.alpha), 'at least 0');
  if (beta < 0) throw new OptionError('options.beta', show(options.beta), 'at least 0');
  if (bias <= 0) throw new OptionError('options.bias', show(options.bias), 'a number above 0');
  return {
    outer: isLast ? lengthOf(shape.slice(0, -1)) : shape[0],
    channels: isLast ? shape[shape.length - 1] : shape[1],
    inner: isLast ? 1 : lengthOf(shape.slice(2)),
    size: channels,
    before: Math.floor((channels - 1) / 2),
    after: Math.ceil((channels - 1) / 2),
    alpha,
    beta,
    bias,
  };
}

export function localResponseNorm(x: Tensor, size: number, given: LocalResponseNormOptions | undefined) {
  const options = known('options', given, ['alpha', 'beta', 'bias', 'layout', 'out']);
  return { spec: localResponseSpec(x, size, options), out: out(options.out, x.shape, { x }, true) };
}

export function localResponseNormBackward(dy: Tensor, x: Tensor, size: number, given: LocalResponseNormOptions | undefined) {
  const options = known('options', given, ['alpha', 'beta', 'bias', 'layout', 'out']);
  const spec = localResponseSpec(x, size, options);
  checkGradient(dy, x.shape);
  return { spec, out: out(options.out, x.shape, { dy, x }) };
}
