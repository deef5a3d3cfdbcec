import { relayout } from '../../random.ts';
import type { Source } from '../source.ts';
import { skipped } from './conv.ts';
import { anyShape, floats, type Generator, given, isLarge } from './values.ts';

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
  batchNormBackward(source) {
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
  },
} satisfies Record<string, Generator>;
