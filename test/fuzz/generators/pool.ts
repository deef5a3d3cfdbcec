import { lengthOf } from '../../../src/tensor/tensor.ts';
import type { Source } from '../source.ts';
import { stepsOf, type Windows, windows } from './conv.ts';
import {
  brief,
  type Configuration,
  extents,
  floats,
  type Generator,
  given,
  inLayouts,
  isLarge,
  layouts,
  moved,
  type Options,
  type Rank,
} from './values.ts';

type Reduction = 'max' | 'average' | 'l2' | 'lp';

const SPARE = [0, 40, 12, 5];
const LARGE: readonly (readonly number[])[] = [[], [5000], [80, 90], [12, 24, 26]];

/** [batch, channels], and more of them at times than a vector holds. */
const planesOf = (source: Source) => [source.oneIn(30) ? 0 : source.int(1, 2), source.pick(1, 2, 3, 4, 5, 8, 9, 17)];

/** Windows, or none: then one goes over all of the input. */
function pooling(source: Source, rank: Rank, reduction: Reduction) {
  const large = isLarge(source);
  const ceil = source.oneIn(3);
  const kernel = Array.from({ length: rank }, () => source.int(1, 4));
  const w = windows(source, rank, { kernel, spare: SPARE[rank], withinWindow: true, ceil });
  const own: Options = {
    average: { countIncludePad: source.pick(undefined, false, true) },
    lp: { norm: source.pick(undefined, 1, 2, 3, 1.5) },
    max: {},
    l2: {},
  }[reduction];
  if (source.oneIn(8)) {
    const input = large ? LARGE[rank] : w.input;
    return { input, out: input.map(() => 1), planes: planesOf(source), options: own };
  }
  const options = { windowDimensions: brief(source, kernel), ...stepsOf(source, w), padding: w.padding, ...own };
  return {
    input: w.input,
    out: w.out,
    planes: planesOf(source),
    options: { ...options, roundingType: ceil ? 'ceil' : source.pick(undefined, 'floor') },
  };
}

/** A call on planes in both layouts. */
function inBoth(rank: Rank, order: number, make: (at: number, layout: string) => Configuration['args']): Configuration {
  const names = layouts(rank);
  return { args: make(order, names[order]), elsewhere: { args: make(1 - order, names[1 - order]), back: moved(rank, 1 - order, order) } };
}

const forward =
  (rank: Rank, reduction: Reduction): Generator =>
  (source) => {
    const { input, planes, options } = pooling(source, rank, reduction);
    const x = inLayouts(rank, floats(source, [...planes, ...input]));
    return inBoth(rank, source.int(0, 1), (at, layout) => [x[at], given({ ...options, layout })]);
  };

const backward =
  (rank: Rank, reduction: Reduction): Generator =>
  (source) => {
    const { input, out, planes, options } = pooling(source, rank, reduction);
    const x = inLayouts(rank, floats(source, [...planes, ...input]));
    const dy = inLayouts(rank, floats(source, [...planes, ...out]));
    return inBoth(rank, source.int(0, 1), (at, layout) => [dy[at], x[at], given({ ...options, layout })]);
  };

/** Windows that share an input out: as many of them as it has cells, more, or fewer. */
function sharing(source: Source, rank: Rank) {
  const input = extents(source, rank, isLarge(source) ? 4000 : 300);
  const sizes = input.map((extent) => (source.oneIn(4) ? extent : source.int(1, Math.min(extent + 3, 20))));
  return { x: inLayouts(rank, floats(source, [...planesOf(source), ...input])), sizes };
}

const adaptive =
  (rank: Rank): Generator =>
  (source) => {
    const { x, sizes } = sharing(source, rank);
    const given = brief(source, sizes);
    return inBoth(rank, source.int(0, 1), (at, layout) => [x[at], given, { layout }]);
  };

const adaptiveBackward =
  (rank: Rank): Generator =>
  (source) => {
    const { x, sizes } = sharing(source, rank);
    const dy = inLayouts(rank, floats(source, [...x[0].shape.slice(0, 2), ...sizes]));
    const given = brief(source, sizes);
    return inBoth(rank, source.int(0, 1), (at, layout) => [dy[at], x[at], given, { layout }]);
  };

/** Places in a plane, and what is none: fractions, also at the plane's end, what lies before and behind it, and no numbers. */
function places(source: Source, shape: readonly number[], cells: number) {
  const indices = floats(source, shape);
  const strange = source.oneIn(2);
  const odd = [
    -1,
    Number.NaN,
    cells,
    cells - 0.5,
    cells - 0.25,
    -0.5,
    -0.25,
    0.5,
    1.5,
    -0,
    Infinity,
    -Infinity,
    2 ** 31,
    2 ** 32,
    -(2 ** 31),
    1e30,
  ];
  for (let i = 0; i < indices.data.length; i++) {
    indices.data[i] = strange && i % 3 === 0 ? odd[(i / 3 + cells) % odd.length] : (i * 2654435761) % cells;
  }
  return indices;
}

function unpooling(source: Source) {
  const pooled = [source.int(1, 6), source.int(1, 6)];
  const planes = planesOf(source);
  const byWindow = source.oneIn(2);
  const windowDimensions = [source.int(1, 3), source.int(1, 3)];
  const strides = [source.int(1, 3), source.int(1, 3)];
  const room = pooled.map((n, axis) => (n - 1) * strides[axis] + windowDimensions[axis]);
  const sizes = byWindow ? room : [source.int(1, 14), source.int(1, 14)];
  const x = floats(source, [...planes, ...pooled]);
  const options = byWindow ? { windowDimensions, strides, outputSizes: source.pick(undefined, sizes) } : { outputSizes: sizes };
  return { x: inLayouts(2, x), indices: inLayouts(2, places(source, x.shape, lengthOf(sizes))), sizes, planes, options };
}

export type { Windows };

export const pool = {
  maxPool1d: forward(1, 'max'),
  maxPool2d: forward(2, 'max'),
  maxPool3d: forward(3, 'max'),
  averagePool1d: forward(1, 'average'),
  averagePool2d: forward(2, 'average'),
  averagePool3d: forward(3, 'average'),
  l2Pool1d: forward(1, 'l2'),
  l2Pool2d: forward(2, 'l2'),
  l2Pool3d: forward(3, 'l2'),
  lpPool1d: forward(1, 'lp'),
  lpPool2d: forward(2, 'lp'),
  lpPool3d: forward(3, 'lp'),
  maxPool1dBackward: backward(1, 'max'),
  maxPool2dBackward: backward(2, 'max'),
  maxPool3dBackward: backward(3, 'max'),
  averagePool1dBackward: backward(1, 'average'),
  averagePool2dBackward: backward(2, 'average'),
  averagePool3dBackward: backward(3, 'average'),
  l2Pool1dBackward: backward(1, 'l2'),
  l2Pool2dBackward: backward(2, 'l2'),
  l2Pool3dBackward: backward(3, 'l2'),
  lpPool1dBackward: backward(1, 'lp'),
  lpPool2dBackward: backward(2, 'lp'),
  lpPool3dBackward: backward(3, 'lp'),
  adaptiveAveragePool1d: adaptive(1),
  adaptiveAveragePool2d: adaptive(2),
  adaptiveAveragePool3d: adaptive(3),
  adaptiveMaxPool1d: adaptive(1),
  adaptiveMaxPool2d: adaptive(2),
  adaptiveMaxPool3d: adaptive(3),
  adaptiveAveragePool1dBackward: adaptiveBackward(1),
  adaptiveAveragePool2dBackward: adaptiveBackward(2),
  adaptiveAveragePool3dBackward: adaptiveBackward(3),
  adaptiveMaxPool1dBackward: adaptiveBackward(1),
  adaptiveMaxPool2dBackward: adaptiveBackward(2),
  adaptiveMaxPool3dBackward: adaptiveBackward(3),
  maxPool2dWithIndices: forward(2, 'max'),
  maxUnpool2d(source) {
    const { x, indices, options } = unpooling(source);
    return inBoth(2, source.int(0, 1), (at, layout) => [x[at], indices[at], given({ ...options, layout })]);
  },
  maxUnpool2dBackward(source) {
    const { x, indices, sizes, planes, options } = unpooling(source);
    const dy = inLayouts(2, floats(source, [...planes, ...sizes]));
    return inBoth(2, source.int(0, 1), (at, layout) => [dy[at], x[at], indices[at], given({ ...options, layout })]);
  },
} satisfies Record<string, Generator>;
