import { relayout } from '../../random.ts';
import type { Source } from '../source.ts';
import { anyShape, floats, type Generator, given, isLarge } from './values.ts';

const LETTERS = 'abcde';

function input(source: Source) {
  const shape = isLarge(source) ? source.pick([3, 70000], [70000, 3], [40, 65, 80]) : anyShape(source);
  return { x: floats(source, shape), rank: shape.length };
}

const counted = (source: Source, axis: number, rank: number) => (source.oneIn(4) ? axis - rank : axis);

const reduction: Generator = (source) => {
  const { x, rank } = input(source);
  const all = [...x.shape.keys()];
  const axes = source.oneIn(5) ? undefined : all.filter(() => source.oneIn(2)).map((axis) => counted(source, axis, rank));
  return { args: [x, given({ axes, keepDimensions: source.pick(undefined, false, true) })] };
};

/** Along one axis, wherever that lies. */
const extreme: Generator = (source) => {
  const { x, rank } = input(source);
  const { shape } = x;
  const axis = source.int(0, Math.max(0, rank - 1));
  const data = shape[axis] === 0 ? floats(source, shape.with(axis, 2)) : x;
  const options = given({ keepDimensions: source.pick(undefined, false, true) });
  return { args: [data, counted(source, axis, Math.max(1, rank)), options] };
};

export const reductions = {
  reduceMean: reduction,
  reduceSum: reduction,
  reduceMax: reduction,
  reduceMin: reduction,
  reduceProduct: reduction,
  reduceL1: reduction,
  reduceL2: reduction,
  reduceSumSquare: reduction,
  argMax: extreme,
  argMin: extreme,
  hardmax(source) {
    const { x, rank } = input(source);
    const axis = source.int(0, Math.max(0, rank - 1));
    const letters = LETTERS.slice(0, rank);
    const reversed = [...letters].reverse().join('');
    return {
      args: [x, { axis }],
      over: { argument: 0, result: 'out' },
      ...(rank > 1 && {
        elsewhere: {
          args: [relayout(x, letters, reversed), { axis: rank - 1 - axis }],
          back: (result) => relayout(result, reversed, letters),
        },
      }),
    };
  },
} satisfies Record<string, Generator>;
