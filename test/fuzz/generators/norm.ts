import { relayout } from '../../random.ts';
import type { Source } from '../source.ts';
import { skipped } from './conv.ts';
import { anyShape, type Configuration, floats, type Generator, given, isLarge } from './values.ts';

const LETTERS = 'abcdef';

/** Moments of each channel; a variance that is no variance is computed with all the same. */
function normalisation(source: Source) {
  const shape = isLarge(source) ? [2, 33, 40, 65] : anyShape(source, 1);
  const axis = shape.length > 1 ? source.pick(1, 1, shape.length - 1, source.int(0, shape.length - 1)) : 0;
  const channels = [shape[axis]];
  const variance = floats(source, channels);
  if (!source.oneIn(4)) for (let c = 0; c < variance.data.length; c++) variance.data[c] = Math.abs(variance.data[c]) + 0.125;
  const options = {
    scale: source.oneIn(2) ? floats(source, channels) : undefined,
    axis: axis === 1 ? source.pick(undefined, 1) : axis,
    epsilon: source.pick(undefined, 0, 1e-3),
  };
  return { x: floats(source, shape), mean: floats(source, channels), variance, options, axis, channels };
}

/** The channels last, where they are second: positions keep their order. */
function channelsLast(axis: number, rank: number): readonly [from: string, to: string] | undefined {
  const from = LETTERS.slice(0, rank);
  return axis === 1 && rank > 2 ? [from, `${from[0]}${from.slice(2)}${from[1]}`] : undefined;
}

const batchNormGradient: Generator = (source) => {
  const { x, mean, variance, options, axis } = normalisation(source);
  const dy = floats(source, x.shape);
  const all = { ...options, skip: skipped(source, 'dx', 'dScale', 'dBias') };
  const last = channelsLast(axis, x.shape.length);
  return {
    args: [dy, x, mean, variance, given(all)],
    ...(last && {
      elsewhere: {
        args: [relayout(dy, ...last), relayout(x, ...last), mean, variance, given({ ...all, axis: x.shape.length - 1 })],
        back: (result, name) => (name === 'dx' ? relayout(result, last[1], last[0]) : result),
      },
    }),
  };
};

/** Some axes of a shape, and a scale and a bias over them. */
function overAxes(source: Source, usual: (rank: number) => readonly number[], hasBias: boolean) {
  const shape = isLarge(source) ? [40, 65, 80] : anyShape(source);
  const all = [...shape.keys()];
  const axes = source.oneIn(3) ? undefined : all.filter(() => source.oneIn(2));
  const extents = (axes ?? usual(shape.length)).map((axis) => shape[axis]);
  const options = {
    axes: axes?.map((axis) => (source.oneIn(4) ? axis - shape.length : axis)),
    scale: source.oneIn(2) ? floats(source, extents) : undefined,
    bias: hasBias && source.oneIn(2) ? floats(source, extents) : undefined,
    epsilon: source.pick(undefined, 0, 1e-3),
  };
  return { x: floats(source, shape), options };
}

/** An input channels first, with a number of groups or without, and in the other layout. */
function channelwise(source: Source, hasGroups: boolean, hasBias: boolean) {
  const groups = source.int(1, 4);
  const [batch, parts, ...spatial] = isLarge(source) ? [2, 9, 40, 65] : anyShape(source, 2, 1000);
  const shape = [batch, hasGroups ? groups * parts : parts, ...spatial];
  const options = {
    scale: source.oneIn(2) ? floats(source, [shape[1]]) : undefined,
    bias: hasBias && source.oneIn(2) ? floats(source, [shape[1]]) : undefined,
    epsilon: source.pick(undefined, 0, 1e-3),
  };
  const from = LETTERS.slice(0, shape.length);
  const to = `${from[0]}${from.slice(2)}${from[1]}`;
  // An operator refuses groups of no channels.
  const isRight = !hasGroups || shape[1] > 0;
  return {
    x: floats(source, isRight ? shape : [batch, groups, ...spatial]),
    options: isRight ? options : {},
    from,
    to,
    groups: hasGroups ? [groups] : [],
  };
}

function grouped(source: Source, hasGroups: boolean): Configuration {
  const { x, options, from, to, groups } = channelwise(source, hasGroups, true);
  return {
    args: [x, ...groups, given(options)],
    over: { argument: 0, result: 'out' },
    elsewhere: {
      args: [relayout(x, from, to), ...groups, given({ ...options, layout: 'nhwc' })],
      back: (result) => relayout(result, to, from),
    },
  };
}

function groupedGradient(source: Source, hasGroups: boolean): Configuration {
  const { x, options, from, to, groups } = channelwise(source, hasGroups, false);
  const dy = floats(source, x.shape);
  const all = { ...options, skip: skipped(source, 'dx', 'dScale', 'dBias') };
  return {
    args: [dy, x, ...groups, given(all)],
    elsewhere: {
      args: [relayout(dy, from, to), relayout(x, from, to), ...groups, given({ ...all, layout: 'nhwc' })],
      back: (result, name) => (name === 'dx' ? relayout(result, to, from) : result),
    },
  };
}

function local(source: Source) {
  const { x, from, to } = channelwise(source, false, false);
  const options = { alpha: source.pick(undefined, 0, 0.5), beta: source.pick(undefined, 0, 0.5, 1, 2), bias: source.pick(undefined, 2) };
  return { x, size: source.int(1, 9), options, from, to };
}

export const norm = {
  batchNorm(source) {
    const { x, mean, variance, options, axis, channels } = normalisation(source);
    const all = { ...options, bias: source.oneIn(2) ? floats(source, channels) : undefined };
    const last = channelsLast(axis, x.shape.length);
    return {
      args: [x, mean, variance, given(all)],
      over: { argument: 0, result: 'out' },
      ...(last && {
        elsewhere: {
          args: [relayout(x, ...last), mean, variance, given({ ...all, axis: x.shape.length - 1 })],
          back: (result) => relayout(result, last[1], last[0]),
        },
      }),
    };
  },
  batchNormTraining(source) {
    const { x, options, axis, channels } = normalisation(source);
    const all = { ...options, bias: source.oneIn(2) ? floats(source, channels) : undefined };
    const last = channelsLast(axis, x.shape.length);
    return {
      args: [x, given(all)],
      ...(last && {
        elsewhere: {
          args: [relayout(x, ...last), given({ ...all, axis: x.shape.length - 1 })],
          back: (result, name) => (name === 'y' ? relayout(result, last[1], last[0]) : result),
        },
      }),
    };
  },
  batchNormTrainingBackward: batchNormGradient,
  batchNormBackward: batchNormGradient,
  layerNorm(source) {
    const { x, options } = overAxes(source, (rank) => Array.from({ length: Math.max(0, rank - 1) }, (_, i) => i + 1), true);
    return { args: [x, given(options)], over: { argument: 0, result: 'out' } };
  },
  layerNormBackward(source) {
    const { x, options } = overAxes(source, (rank) => Array.from({ length: Math.max(0, rank - 1) }, (_, i) => i + 1), false);
    return { args: [floats(source, x.shape), x, given({ ...options, skip: skipped(source, 'dx', 'dScale', 'dBias') })] };
  },
  rmsNorm(source) {
    const { x, options } = overAxes(source, (rank) => (rank > 0 ? [rank - 1] : []), false);
    return { args: [x, given(options)], over: { argument: 0, result: 'out' } };
  },
  rmsNormBackward(source) {
    const { x, options } = overAxes(source, (rank) => (rank > 0 ? [rank - 1] : []), false);
    return { args: [floats(source, x.shape), x, given({ ...options, skip: skipped(source, 'dx', 'dScale') })] };
  },
  instanceNorm: (source) => grouped(source, false),
  instanceNormBackward: (source) => groupedGradient(source, false),
  groupNorm: (source) => grouped(source, true),
  localResponseNorm(source) {
    const { x, size, options, from, to } = local(source);
    return {
      args: [x, size, given(options)],
      over: { argument: 0, result: 'out' },
      elsewhere: {
        args: [relayout(x, from, to), size, given({ ...options, layout: 'nhwc' })],
        back: (result) => relayout(result, to, from),
      },
    };
  },
  localResponseNormBackward(source) {
    const { x, size, options, from, to } = local(source);
    const dy = floats(source, x.shape);
    return {
      args: [dy, x, size, given(options)],
      elsewhere: {
        args: [relayout(dy, from, to), relayout(x, from, to), size, given({ ...options, layout: 'nhwc' })],
        back: (result) => relayout(result, to, from),
      },
    };
  },
  groupNormBackward: (source) => groupedGradient(source, true),
} satisfies Record<string, Generator>;
