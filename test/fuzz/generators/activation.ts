import type { Tensor } from '../../../src/index.ts';
import { lengthOf } from '../../../src/tensor/tensor.ts';
import { relayout } from '../../random.ts';
import type { Source } from '../source.ts';
import { skipped } from './conv.ts';
import { anyShape, filled, floats, type Generator, given, inLayouts, isLarge, layouts, moved, type Options, parameter } from './values.ts';

/** Where curves have kinks, and beyond where they are flat. */
const KINKS = [0, -0, 1, -1, 0.5, -0.5, 3, -3, 6, 20, -20, 88.8, -88.8, 104, -104, Number.NaN, Infinity, -Infinity, 1e-40, 3e38];

function input(source: Source, shape: readonly number[]): Tensor {
  if (!source.oneIn(3)) return floats(source, shape);
  return filled(shape, source.seed(), (next) => (next() < 0.3 ? KINKS[Math.floor(next() * KINKS.length)] : 16 * next() - 8));
}

const shapeOf = (source: Source) => (isLarge(source) ? [3, 70001] : anyShape(source));
const flat = ({ data }: Tensor): Tensor => ({ shape: [data.length], data });
const shaped =
  (shape: readonly number[]) =>
  ({ data }: Tensor): Tensor => ({ shape, data });

const none = () => ({});
const bounds = (source: Source) => ({
  minValue: source.pick(undefined, -2, -1, -0.5, 0, -0, -Infinity),
  maxValue: source.pick(undefined, 0.25, 0.5, 1, 6, Infinity),
});
const alpha = (source: Source) => ({ alpha: source.oneIn(3) ? undefined : parameter(source, 0.25, 1, -1, 0, 2) });
const lambda = (source: Source) => ({ lambda: source.pick(undefined, 0, 0.5, 1.25) });

/** What each function of one float takes. */
const PARAMETERS: Readonly<Record<string, (source: Source) => Options>> = {
  relu: none,
  relu6: none,
  clamp: bounds,
  hardTanh: bounds,
  leakyRelu: alpha,
  thresholdedRelu: alpha,
  elu: alpha,
  celu: (source) => ({ alpha: source.pick(undefined, 1, 0.25, 2, 1e-3) }),
  selu: none,
  gelu: (source) => ({ approximate: source.pick(undefined, 'none', 'tanh') }),
  silu: none,
  mish: none,
  hardSwish: none,
  hardSigmoid: (source) => ({ ...alpha(source), beta: source.oneIn(3) ? undefined : parameter(source, 0.5, 0, -1) }),
  sigmoid: none,
  tanh: none,
  softplus: none,
  softsign: none,
  softshrink: lambda,
  hardShrink: lambda,
  rrelu: (source) => ({
    lower: source.pick(undefined, 0, -0.5, 0.125),
    upper: source.pick(undefined, 0.5, 1),
    training: source.pick(undefined, false, true),
    seed: source.seed(),
  }),
};

const over = { argument: 0, result: 'out' };

const forward =
  (name: string): Generator =>
  (source) => {
    const x = input(source, shapeOf(source));
    const options = given(PARAMETERS[name](source));
    return { args: [x, options], over, elsewhere: { args: [flat(x), options], back: shaped(x.shape) } };
  };

const backward =
  (name: string): Generator =>
  (source) => {
    const x = input(source, shapeOf(source));
    const dy = floats(source, x.shape);
    const options = given(PARAMETERS[name](source));
    return { args: [dy, x, options], over, elsewhere: { args: [flat(dy), flat(x), options], back: shaped(x.shape) } };
  };

/** Slopes of a tensor whose channels are second or last. */
function sloped(source: Source) {
  const shape = isLarge(source) ? [2, 33, 60, 65] : [source.int(0, 3), source.int(1, 17), source.int(1, 9), source.int(1, 9)];
  const order = source.int(0, 1);
  const slope = floats(
    source,
    source.oneIn(3) ? source.pick([1], [], [1, 1, 1]) : source.pick([shape[1]], [1, shape[1], 1, 1], [shape[1], 1]),
  );
  return { x: inLayouts(2, input(source, shape)), slope, order, names: layouts(2) };
}

/** An axis, and the tensor with its dimensions the other way round. */
function rows(source: Source) {
  const shape = isLarge(source) ? [65, 33, 97] : anyShape(source, 0, 1500);
  const rank = shape.length;
  const axis = source.int(-Math.max(rank, 1), Math.max(rank, 1) - 1);
  const letters = 'abcde'.slice(0, rank);
  const turned = [...letters].reverse().join('');
  const options = axis === -1 ? given({ axis: source.pick(undefined, -1) }) : { axis };
  const otherAxis = rank === 0 ? axis : rank - 1 - (axis < 0 ? axis + rank : axis);
  const turn = (tensor: Tensor) => relayout(tensor, letters, turned);
  return {
    x: input(source, shape),
    options,
    other: { axis: otherAxis },
    turn,
    back: (tensor: Tensor) => relayout(tensor, turned, letters),
  };
}

const softmax: Generator = (source) => {
  const { x, options, other, turn, back } = rows(source);
  return { args: [x, options], over, elsewhere: { args: [turn(x), other], back } };
};

const softmaxBackward: Generator = (source) => {
  const { x, options, other, turn, back } = rows(source);
  const dy = floats(source, x.shape);
  return { args: [dy, x, options], over, elsewhere: { args: [turn(dy), turn(x), other], back } };
};

export const activation = {
  relu: forward('relu'),
  relu6: forward('relu6'),
  clamp: forward('clamp'),
  hardTanh: forward('hardTanh'),
  leakyRelu: forward('leakyRelu'),
  thresholdedRelu: forward('thresholdedRelu'),
  elu: forward('elu'),
  celu: forward('celu'),
  selu: forward('selu'),
  gelu: forward('gelu'),
  silu: forward('silu'),
  mish: forward('mish'),
  hardSwish: forward('hardSwish'),
  hardSigmoid: forward('hardSigmoid'),
  sigmoid: forward('sigmoid'),
  tanh: forward('tanh'),
  softplus: forward('softplus'),
  softsign: forward('softsign'),
  softshrink: forward('softshrink'),
  hardShrink: forward('hardShrink'),
  rrelu: forward('rrelu'),
  reluBackward: backward('relu'),
  relu6Backward: backward('relu6'),
  clampBackward: backward('clamp'),
  hardTanhBackward: backward('hardTanh'),
  leakyReluBackward: backward('leakyRelu'),
  thresholdedReluBackward: backward('thresholdedRelu'),
  eluBackward: backward('elu'),
  celuBackward: backward('celu'),
  seluBackward: backward('selu'),
  geluBackward: backward('gelu'),
  siluBackward: backward('silu'),
  mishBackward: backward('mish'),
  hardSwishBackward: backward('hardSwish'),
  hardSigmoidBackward: backward('hardSigmoid'),
  sigmoidBackward: backward('sigmoid'),
  tanhBackward: backward('tanh'),
  softplusBackward: backward('softplus'),
  softsignBackward: backward('softsign'),
  softshrinkBackward: backward('softshrink'),
  hardShrinkBackward: backward('hardShrink'),
  rreluBackward: backward('rrelu'),
  prelu(source) {
    const { x, slope, order, names } = sloped(source);
    return {
      args: [x[order], slope, { layout: names[order] }],
      over,
      elsewhere: { args: [x[1 - order], slope, { layout: names[1 - order] }], back: moved(2, 1 - order, order) },
    };
  },
  preluBackward(source) {
    const { x, slope, order, names } = sloped(source);
    const dy = inLayouts(2, floats(source, x[0].shape));
    const skip = skipped(source, 'dx', 'dSlope');
    const back = moved(2, 1 - order, order);
    return {
      args: [dy[order], x[order], slope, given({ layout: names[order], skip })],
      over: { argument: 0, result: 'dx' },
      // One slope for all is the sum over memory as it lies.
      ...(lengthOf(slope.shape) > 1 && {
        elsewhere: {
          args: [dy[1 - order], x[1 - order], slope, given({ layout: names[1 - order], skip })],
          back: (result, name) => (name === 'dx' ? back(result) : result),
        },
      }),
    };
  },
  softmax,
  logSoftmax: softmax,
  softmaxBackward,
  logSoftmaxBackward: softmaxBackward,
} satisfies Record<string, Generator>;
