import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configuration, operands } from './conv-configuration.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { convOracle } from './oracle/conv.ts';
import { js, platforms, simd } from './platforms.ts';
import { embedded, randomTensor, specialTensor, toNchw, toNhwc } from './random.ts';

const EPS = 2 ** -24;

describe.each(platforms)('conv2d on $name', ({ engine }) => {
  it('is within its bound of the float64 oracle, in both layouts', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, filter, options, plainFilter, attributes } = operands(c);
        const oracle = convOracle(x, plainFilter, attributes);
        const depth = c.groupIn * c.kernel[0] * c.kernel[1];
        const bound = oracle.magnitude.map((m) => (depth + 3) * EPS * m + 1e-45);
        const nchw = engine.conv2d(x, filter, options);
        expect(nchw.shape).toEqual(oracle.shape);
        expectWithin(nchw.data, oracle.data, bound);
        const nhwc = engine.conv2d(toNhwc(x), filter, { ...options, inputLayout: 'nhwc' });
        expectSameBits(toNchw(nhwc).data, nchw.data);
      }),
      { numRuns: 1500 },
    );
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
