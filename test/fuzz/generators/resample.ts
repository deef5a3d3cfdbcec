import { relayout } from '../../random.ts';
import type { Source } from '../source.ts';
import { floats, type Generator, given } from './values.ts';

const LETTERS = ['w', 'hw', 'dhw'] as const;

function resampling(source: Source) {
  const rank = source.int(1, 3);
  const lengths = Array.from({ length: rank }, () => source.int(1, 9));
  const sizes = lengths.map(() => source.int(1, 17));
  const [batch, channels] = [source.int(0, 2), source.int(1, 6)];
  const options = given({
    ...(source.oneIn(2) ? { scales: sizes.map((size, i) => (size + 0.25) / lengths[i]) } : { sizes }),
    mode: source.pick(undefined, 'nearest', 'linear', 'cubic'),
    coordinateTransformation: source.pick(
      undefined,
      'halfPixel',
      'halfPixelSymmetric',
      'pytorchHalfPixel',
      'alignCorners',
      'asymmetric',
      'tfHalfPixelForNn',
    ),
    nearestMode: source.pick(undefined, 'roundPreferFloor', 'roundPreferCeil', 'floor', 'ceil'),
    cubicCoefficient: source.pick(undefined, -0.5, -0.75),
    excludeOutside: source.pick(undefined, true, false),
  });
  const [first, last] = [`nc${LETTERS[rank - 1]}`, `n${LETTERS[rank - 1]}c`];
  return { shape: [batch, channels, ...lengths], outShape: [batch, channels, ...sizes], options, first, last };
}

export const resample = {
  resize(source) {
    const { shape, options, first, last } = resampling(source);
    const x = floats(source, shape);
    return {
      args: [x, options],
      elsewhere: {
        args: [relayout(x, first, last), { ...options, layout: last }],
        back: (result) => relayout(result, last, first),
      },
    };
  },
  resizeBackward(source) {
    const { shape, outShape, options, first, last } = resampling(source);
    const [dy, x] = [floats(source, outShape), floats(source, shape)];
    return {
      args: [dy, x, options],
      elsewhere: {
        args: [relayout(dy, first, last), relayout(x, first, last), { ...options, layout: last }],
        back: (result) => relayout(result, last, first),
      },
    };
  },
} satisfies Record<string, Generator>;
