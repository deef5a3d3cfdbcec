import fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectSameBits, expectWithin } from './equal.ts';
import { type ConvAttributes, convOracle } from './oracle/conv.ts';
import { js, platforms, simd } from './platforms.ts';
import { randomTensor, specialTensor, toNchw, toNhwc } from './random.ts';

const EPS = 2 ** -24;

/** A convolution whose sizes straddle tile edges: panels of 5 rows and of 8 and 4 columns, blocks of 96 pixels. */
const configuration = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    groupIn: fc.integer({ min: 1, max: 6 }),
    groupOut: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(7, 8, 9, 10, 11, 16, 17)),
    kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    dilations: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    padding: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3)),
    spare: fc.tuple(fc.nat(14), fc.nat(14)),
    bias: fc.boolean(),
    mean: fc.boolean(),
    seed: fc.integer(),
    algorithm: fc.constantFrom('gemm' as const, 'direct' as const),
  })
  .map(({ kernel, dilations, spare, ...rest }) => ({
    ...rest,
    kernel,
    dilations,
    height: dilations[0] * (kernel[0] - 1) + 1 + spare[0],
    width: dilations[1] * (kernel[1] - 1) + 1 + spare[1],
  }));

type Configuration = typeof configuration extends fc.Arbitrary<infer T> ? T : never;

function operands(c: Configuration, make = randomTensor) {
  const x = make([c.batch, c.groups * c.groupIn, c.height, c.width], c.seed);
  const filter = make([c.groups * c.groupOut, c.groupIn, ...c.kernel], c.seed + 1);
  const bias = c.bias ? make([c.groups * c.groupOut], c.seed + 2) : undefined;
  const options = {
    strides: c.strides,
    dilations: c.dilations,
    padding: c.padding,
    groups: c.groups,
    normalize: c.mean ? ('mean' as const) : ('none' as const),
    algorithm: c.algorithm,
    ...(bias && { bias }),
  };
  const attributes: ConvAttributes = { ...c, bias };
  return { x, filter, options, attributes };
}

describe.each(platforms)('conv2d on $name', ({ engine }) => {
  it('is within its bound of the float64 oracle, in both layouts', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, filter, options, attributes } = operands(c);
        const oracle = convOracle(x, filter, attributes);
        const depth = c.groupIn * c.kernel[0] * c.kernel[1];
        const bound = oracle.magnitude.map((m) => (depth + 2) * EPS * m + 1e-45);
        const nchw = engine.conv2d(x, filter, options);
        expectWithin(nchw.data, oracle.data, bound);
        const nhwc = engine.conv2d(toNhwc(x), filter, { ...options, inputLayout: 'nhwc' });
        expectSameBits(toNchw(nhwc).data, nchw.data);
      }),
      { numRuns: 1000 },
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
        expectSameBits(simd.engine.conv2d(x, filter, options).data, js.engine.conv2d(x, filter, options).data);
        const nhwc = { ...options, inputLayout: 'nhwc' as const };
        expectSameBits(simd.engine.conv2d(toNhwc(x), filter, nhwc).data, js.engine.conv2d(toNhwc(x), filter, nhwc).data);
      }),
      { numRuns: 1000 },
    );
  });
});
