import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError, type Tensor } from '../src/index.ts';
import { expectSameBits } from './equal.ts';
import { platforms } from './platforms.ts';
import { specialTensor } from './random.ts';

describe.each(platforms)('add on $name', ({ engine }) => {
  it('adds element by element, wherever vectors and tasks end, NaN and infinities too', () => {
    const lengths = fc.oneof(fc.nat(40), fc.constantFrom(16383, 16384, 16385, 40000));
    fc.assert(
      fc.property(lengths, fc.nat(), (length, seed) => {
        const a = specialTensor([length], seed);
        const b = specialTensor([length], seed + 1);
        const expected = a.data.map((value, i) => value + b.data[i]);
        expectSameBits(engine.add(a, b).data, expected);
        using kernelA = engine.tensor(a.shape, a.data);
        expect(engine.add(kernelA, b, { out: kernelA })).toBe(kernelA);
        expectSameBits(kernelA.data, expected);
        expectSameBits(
          engine.add(a, a).data,
          a.data.map((value) => value + value),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('refuses two shapes, whatever their lengths', () => {
    const t = (...shape: number[]): Tensor => ({ shape, data: new Float32Array(shape.reduce((n, extent) => n * extent, 1)) });
    expect(() => engine.add(t(2, 3), t(3, 2))).toThrow(ShapeError);
    expect(() => engine.add(t(2, 3), t(3))).toThrow(/b\.shape.*\[2, 3\].*\[3\]/);
    expect(() => engine.add(t(2), t(2), { out: t(3) })).toThrow(/out\.shape/);
  });
});
