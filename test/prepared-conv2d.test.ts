import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configuration, operands } from './conv-configuration.ts';
import { expectSameBits } from './equal.ts';
import { platforms } from './platforms.ts';
import { randomTensor, toNhwc } from './random.ts';

/** Inputs of several sizes, come back to in turn, so that a binding is kept, dropped and made anew. */
const sizes = fc.array(fc.record({ batch: fc.nat(2), more: fc.tuple(fc.nat(6), fc.nat(6)) }), { minLength: 1, maxLength: 4 });

describe.each(platforms)('prepareConv2d on $name', ({ engine }) => {
  it('gives what conv2d gives, bit for bit, for one input after another', () => {
    fc.assert(
      fc.property(configuration, fc.constantFrom('nchw' as const, 'nhwc' as const), sizes, (c, inputLayout, inputs) => {
        const { filter, options: given } = operands(c);
        const options = { ...given, inputLayout };
        using conv = engine.prepareConv2d(filter, options);
        for (const { batch, more } of [...inputs, inputs[0], inputs[0]]) {
          const nchw = randomTensor([batch, c.groups * c.groupIn, c.height + more[0], c.width + more[1]], c.seed + batch);
          const x = inputLayout === 'nchw' ? nchw : toNhwc(nchw);
          const expected = engine.conv2d(x, filter, options);
          const plain = conv.run(x);
          expect(plain.shape).toEqual(expected.shape);
          expectSameBits(plain.data, expected.data);
          using kernelX = engine.tensor(x.shape, x.data);
          using result = conv.run(kernelX) as ReturnType<typeof engine.tensor>;
          expectSameBits(result.data, expected.data);
          using out = engine.tensor(expected.shape);
          expect(conv.run(x, out)).toBe(out);
          expectSameBits(out.data, expected.data);
          const plainOut = { shape: expected.shape, data: new Float32Array(expected.data.length) };
          expect(conv.run(kernelX, plainOut)).toBe(plainOut);
          expectSameBits(plainOut.data, expected.data);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('goes on with what it packed for a single pixel, over planes of any size', () => {
    for (const groups of [1, 3]) {
      const filter = randomTensor([15, 18 / groups, 3, 2], 1);
      const options = { groups, bias: randomTensor([15], 2), algorithm: 'gemm' } as const;
      using conv = engine.prepareConv2d(filter, options);
      for (const [batch, height, width] of [
        [1, 3, 2],
        [2, 3, 2],
        [2, 7, 5],
        [1, 3, 2],
      ]) {
        const x = randomTensor([batch, 18, height, width], 3);
        const expected = engine.conv2d(x, filter, { ...options, algorithm: 'direct' });
        const y = conv.run(x);
        expect(y.shape).toEqual(expected.shape);
        expectSameBits(y.data, expected.data);
      }
    }
  });

  it('keeps its own copy of the filter and of the options', () => {
    const filter = randomTensor([2, 1, 3, 3], 1);
    const x = randomTensor([1, 1, 8, 8], 2);
    const strides: [number, number] = [1, 2];
    const padding: [number, number] = [1, 0];
    const bias = randomTensor([2], 3);
    using conv = engine.prepareConv2d(filter, { strides, padding, bias });
    const expected = engine.conv2d(x, filter, { strides, padding, bias });
    filter.data.fill(0);
    bias.data.fill(0);
    strides.fill(-7);
    padding.fill(-7);
    expectSameBits(conv.run(x).data, expected.data);
  });

  it('hands out shapes of its own', () => {
    using conv = engine.prepareConv2d(randomTensor([2, 1, 3, 3], 1));
    const x = randomTensor([1, 1, 8, 8], 2);
    (conv.run(x).shape as number[])[1] = 7;
    expect(conv.run(x).shape).toEqual([1, 2, 6, 6]);
  });

  it('says what it will do', () => {
    using conv = engine.prepareConv2d(randomTensor([4, 3, 3, 3], 1), { padding: 1, algorithm: 'gemm' });
    expect(conv.plan).toBeUndefined();
    conv.run(randomTensor([2, 3, 10, 12], 2));
    expect(conv.plan).toMatchObject({ algorithm: 'gemm', flops: 2 * 2 * 4 * 10 * 12 * 27 });
    expect(conv.plan!.scratchBytes).toBeGreaterThan(0);
    expect(conv.plan!.packedBytes).toBeGreaterThanOrEqual(4 * 4 * 27);
  });
});
