import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumBound } from './bounds.ts';
import { configuration, operands } from './conv-configuration.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { convOracle } from './oracle/conv.ts';
import { js, platforms, simd } from './platforms.ts';
import { embedded, faintTensor, randomTensor, specialTensor, toNchw, toNhwc } from './random.ts';

describe.each(platforms)('conv2d on $name', ({ engine }) => {
  it.each([
    ['ordinary floats', randomTensor, 1500],
    ['floats whose products are denormals, or vanish', faintTensor, 400],
  ] as const)('is within its bound of the float64 oracle, in both layouts, on %s', (_, make, numRuns) => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, filter, options, plainFilter, attributes } = operands(c, make);
        const oracle = convOracle(x, plainFilter, attributes);
        const products = c.groupIn * c.kernel[0] * c.kernel[1];
        const { slope } = oracle;
        const bound = oracle.magnitude.map((m) => slope * sumBound({ products, magnitude: m / slope, divisor: c.mean ? products : 1 }));
        const nchw = engine.conv2d(x, filter, options);
        expect(nchw.shape).toEqual(oracle.shape);
        expectWithin(nchw.data, oracle.data, bound);
        const nhwc = engine.conv2d(toNhwc(x), filter, { ...options, inputLayout: 'nhwc' });
        expectSameBits(toNchw(nhwc).data, nchw.data);
      }),
      { numRuns },
    );
  });

  it('loses as much as its bound allows where each product vanishes', () => {
    const [x, filter] = [
      [1, 64, 3, 3],
      [1, 64, 3, 3],
    ].map((shape) => ({ shape, data: new Float32Array(576).fill(2 ** -75) }));
    const exact = 576 * 2 ** -150;
    const bound = sumBound({ products: 576, magnitude: exact });
    for (const algorithm of ['direct', 'gemm'] as const) {
      const [y] = engine.conv2d(x, filter, { algorithm }).data;
      expect(Math.abs(y - exact)).toBeLessThanOrEqual(bound);
      expect(Math.abs(y - exact)).toBeGreaterThan(0.99 * bound);
    }
  });

  it('gives the same bits wherever its operands and its result live', () => {
    fc.assert(
      fc.property(
        configuration,
        fc.constantFrom('nchw' as const, 'nhwc' as const),
        fc.integer({ min: 1, max: 9 }),
        (c, inputLayout, offset) => {
          const made = operands(c);
          const x = inputLayout === 'nchw' ? made.x : toNhwc(made.x);
          const { filter } = made;
          const options = { ...made.options, inputLayout };
          const expected = engine.conv2d(x, filter, options);

          const bias = options.bias && embedded(options.bias, offset + 4);
          const views = { ...options, ...(bias && { bias }) };
          expectSameBits(engine.conv2d(embedded(x, offset), embedded(filter, offset + 2), views).data, expected.data);

          const out = embedded({ shape: expected.shape, data: new Float32Array(expected.data.length) }, offset);
          expect(engine.conv2d(x, filter, { ...options, out })).toBe(out);
          expectSameBits(out.data, expected.data);
          const around = new Float32Array(out.data.buffer);
          expect([...around.subarray(0, offset), ...around.subarray(offset + out.data.length)].every(Number.isNaN)).toBe(true);

          const kernelX = engine.tensor(x.shape, x.data);
          const kernelFilter = engine.tensor(filter.shape, filter.data);
          const kernelOut = engine.tensor(expected.shape);
          const result = engine.conv2d(kernelX, kernelFilter, options);
          expect(result.shape).toEqual(expected.shape);
          expectSameBits(result.data, expected.data);
          expect(engine.conv2d(x, kernelFilter, { ...options, out: kernelOut })).toBe(kernelOut);
          expectSameBits(kernelOut.data, expected.data);
          for (const held of [kernelX, kernelFilter, kernelOut, result as typeof kernelX]) held.dispose();
        },
      ),
      { numRuns: 500 },
    );
  });

  it('leaves its operands as they were', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, filter, options } = operands(c, specialTensor);
        const again = operands(c, specialTensor);
        engine.conv2d(x, filter, options);
        expectSameBits(x.data, again.x.data);
        expectSameBits(filter.data, again.filter.data);
        if (options.bias) expectSameBits(options.bias.data, again.options.bias!.data);
      }),
      { numRuns: 200 },
    );
  });
});

describe('conv2d twins', () => {
  it.each([
    ['ordinary floats', randomTensor],
    ['NaN, infinities, −0, denormals', specialTensor],
  ] as const)('agree bit for bit on %s', (_, make) => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, filter, options } = operands(c, make);
        const nchw = simd.engine.conv2d(x, filter, options);
        expectSameBits(nchw.data, js.engine.conv2d(x, filter, options).data);
        const nhwc = { ...options, inputLayout: 'nhwc' as const };
        const moved = simd.engine.conv2d(toNhwc(x), filter, nhwc);
        expectSameBits(moved.data, js.engine.conv2d(toNhwc(x), filter, nhwc).data);
        expectSameBits(toNchw(moved).data, nchw.data);
      }),
      { numRuns: 1500 },
    );
  });
});
