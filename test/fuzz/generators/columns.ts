import { relayout } from '../../random.ts';
import type { Source } from '../source.ts';
import { kernelOf, stepsOf, windows } from './conv.ts';
import { brief, floats, type Generator, given, inLayouts, layouts, moved } from './values.ts';

function unfolding(source: Source) {
  const kernel = kernelOf(source, 2, 4);
  const w = windows(source, 2, { kernel, spare: 12 });
  const options = { windowDimensions: brief(source, kernel), ...stepsOf(source, w), padding: w.padding };
  const order = source.int(0, 1);
  return { w, options, order, batch: source.oneIn(30) ? 0 : source.int(1, 2), channels: source.int(1, 9), other: layouts(2)[1 - order] };
}

const unroll: Generator = (source) => {
  const { w, options, order, other, batch, channels } = unfolding(source);
  const x = inLayouts(2, floats(source, [batch, channels, ...w.input]));
  return {
    args: [x[order], given({ ...options, layout: layouts(2)[order] })],
    elsewhere: { args: [x[1 - order], given({ ...options, layout: other })], back: (result) => result },
  };
};

const roll: Generator = (source) => {
  const { w, options, order, other, batch, channels } = unfolding(source);
  const rows = channels * w.kernel[0] * w.kernel[1];
  const columns = floats(source, [batch, rows, w.out[0] * w.out[1]]);
  return {
    args: [columns, w.input, given({ ...options, layout: layouts(2)[order] })],
    elsewhere: { args: [columns, w.input, given({ ...options, layout: other })], back: moved(2, 1 - order, order) },
  };
};

const FILTERS = ['oihw', 'hwio', 'ohwi', 'ihwo'];

const matrix: Generator = (source) => {
  const kernel = kernelOf(source, 2, 3);
  const w = windows(source, 2, { kernel, spare: 4 });
  const groups = source.pick(1, 1, 2);
  const groupIn = source.int(1, 3);
  const filter = floats(source, [groups * source.int(1, 3), groupIn, ...kernel]);
  const options = { ...stepsOf(source, w), padding: w.padding, groups, inputLayout: source.pick('nchw', 'nhwc') };
  const [one, two] = [source.int(0, 3), source.int(0, 3)];
  const args = (at: number): [unknown, unknown, object] => [
    relayout(filter, FILTERS[0], FILTERS[at]),
    [groups * groupIn, ...w.input],
    given({ ...options, filterLayout: FILTERS[at] }),
  ];
  return { args: args(one) as never, elsewhere: { args: args(two) as never, back: (result) => result } };
};

export const columns = {
  im2col: unroll,
  col2im: roll,
  im2colBackward: roll,
  col2imBackward: unroll,
  conv2dMatrix: matrix,
} satisfies Record<string, Generator>;
