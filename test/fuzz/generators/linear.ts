import type { Source } from '../source.ts';
import { fused, skipped } from './conv.ts';
import { extent, extents, floats, type Generator, given, isLarge } from './values.ts';

function dense(source: Source) {
  const large = isLarge(source);
  const before = extents(source, source.int(0, 3), large ? 200 : 12);
  if (before.length > 0 && source.oneIn(30)) before[0] = 0;
  const [inFeatures, outFeatures] = large ? [extent(source, 97), extent(source, 97)] : [extent(source, 40), extent(source, 24)];
  return {
    x: floats(source, [...before, inFeatures]),
    weight: floats(source, [outFeatures, inFeatures]),
    outShape: [...before, outFeatures],
  };
}

export const linear = {
  linear(source) {
    const { x, weight, outShape } = dense(source);
    const bias = source.oneIn(2) ? floats(source, outShape.slice(-1)) : undefined;
    return { args: [x, weight, given({ bias, activation: fused(source) })] };
  },
  linearBackward(source) {
    const { x, weight, outShape } = dense(source);
    return { args: [floats(source, outShape), x, weight, given({ skip: skipped(source, 'dx', 'dWeight', 'dBias') })] };
  },
  matmul(source) {
    const batch = extents(source, source.int(0, 3), 6);
    const repeats = () => batch.map((n) => (source.oneIn(3) ? 1 : n));
    const [rows, inner, columns] = [extent(source, 33), extent(source, 33), extent(source, 33)];
    const a = source.oneIn(8) ? [inner] : [...repeats(), rows, inner];
    const b = source.oneIn(8) ? [inner] : [...repeats(), inner, columns];
    return { args: [floats(source, a), floats(source, b), {}] };
  },
} satisfies Record<string, Generator>;
