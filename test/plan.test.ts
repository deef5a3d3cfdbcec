import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configuration, operands } from './conv-configuration.ts';
import { simd } from './platforms.ts';
import { randomTensor } from './random.ts';

/** Bytes that a convolution may take besides its operands. */
function allowance(input: number, output: number, packedBytes: number): number {
  return Math.max(4 * 2 ** 20, 2 * (4 * input + 4 * output + packedBytes));
}

describe('conv.plan', () => {
  it('counts the operations of the direct algorithm', () => {
    using conv = simd.engine.prepareConv2d(randomTensor([8, 3, 5, 4], 1), { padding: 1 });
    expect(conv.plan).toBeUndefined();
    conv.run(randomTensor([2, 3, 9, 10], 2));
    expect(conv.plan?.flops).toBe(2 * (2 * 8 * 7 * 9) * (3 * 5 * 4));
  });

  it('asks for no more memory than the operands are worth, whatever the convolution', () => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, filter, options } = operands(c);
        using conv = simd.engine.prepareConv2d(filter, options);
        const y = conv.run(x);
        expect(conv.plan?.scratchBytes).toBeLessThanOrEqual(allowance(x.data.length, y.data.length, conv.plan?.packedBytes ?? 0));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['3×3 64→64 at 56²', [1, 64, 56, 56], [64, 64, 3, 3], { padding: 1 }],
    ['3×3 512→512 at 7²', [1, 512, 7, 7], [512, 512, 3, 3], { padding: 1 }],
    ['7×7 stem', [1, 3, 224, 224], [64, 3, 7, 7], { strides: 2, padding: 3 }],
    ['1×1 512→128 at 28²', [1, 512, 28, 28], [128, 512, 1, 1], {}],
    ['depthwise 96 at 112², stride 2', [1, 96, 112, 112], [96, 1, 3, 3], { strides: 2, padding: 1, groups: 96 }],
    ['one plane at 1080p', [1, 1, 1080, 1920], [1, 1, 5, 5], { padding: 2 }],
  ] as const)('the same for %s', (_, shape, filterShape, options) => {
    const x = randomTensor(shape, 1);
    using conv = simd.engine.prepareConv2d(randomTensor(filterShape, 2), options);
    const y = conv.run(x);
    expect(conv.plan?.scratchBytes).toBeLessThanOrEqual(allowance(x.data.length, y.data.length, conv.plan?.packedBytes ?? 0));
  });
});
