import { relayout } from '../../random.ts';
import type { Source } from '../source.ts';
import { anyShape, floats, type Generator, given } from './values.ts';

const LETTERS = 'abcde';

function border(source: Source) {
  const shape = anyShape(source, 0, 600);
  const mode = source.pick(undefined, 'constant', 'reflect', 'replicate', 'circular');
  const most = (extent: number) => {
    if (mode === 'reflect') return Math.max(0, Math.min(4, extent - 1));
    return mode === 'circular' ? Math.min(4, extent) : mode === 'replicate' && extent === 0 ? 0 : 4;
  };
  const sides = () => shape.map((extent) => (source.oneIn(3) ? source.int(0, most(extent)) : 0));
  return { shape, mode, before: sides(), after: sides() };
}

export const pad = {
  pad(source) {
    const { shape, mode, before, after } = border(source);
    const value = mode === undefined || mode === 'constant' ? source.pick(undefined, 0, -0, 1.5, Number.NaN, -Infinity, 1e-40) : undefined;
    const x = floats(source, shape);
    const options = given({ mode, value });
    const letters = LETTERS.slice(0, shape.length);
    const turned = [...letters].reverse().join('');
    return {
      args: [x, before, after, options],
      elsewhere: {
        args: [relayout(x, letters, turned), before.toReversed(), after.toReversed(), options],
        back: (result) => relayout(result, turned, letters),
      },
    };
  },
  padBackward(source) {
    const { shape, mode, before, after } = border(source);
    const dy = floats(
      source,
      shape.map((extent, axis) => extent + before[axis] + after[axis]),
    );
    return { args: [dy, floats(source, shape), before, after, given({ mode })] };
  },
} satisfies Record<string, Generator>;
