import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Engine } from '../src/index.ts';
import { callOperator, operatorNames } from './calls.ts';
import { configuration, operands } from './conv-configuration.ts';
import { expectSameBits } from './equal.ts';
import { descriptorOf } from './kernels.ts';
import { bufferOf, ownEngine } from './own-engine.ts';
import { js, simd } from './platforms.ts';
import { random, randomTensor, toNhwc } from './random.ts';
import { pieces } from './split.ts';

/** A kernel's tasks are independent: any split of their range, in any order and with any scratch, gives the same bits. */
vi.mock('../src/js/generated/twins.ts', async (original) => {
  const { inPieces } = await import('./split.ts');
  const { twins } = await original<typeof import('../src/js/generated/twins.ts')>();
  return { twins: inPieces(twins) };
});

const next = random(1);
let most = 0;
const { engine: splitSimd } = await ownEngine({
  around: (name, kernel, memory) => (block, taskBegin, taskEnd) => {
    most = Math.max(most, taskEnd - taskBegin);
    for (const [begin, end] of pieces(taskBegin, taskEnd, next)) {
      if ('scratch' in descriptorOf(name).block) {
        const scratch = bufferOf(name, 'scratch', block, memory);
        new Float32Array(memory.memory.buffer).fill(Number.NaN, scratch.begin / 4, scratch.end / 4);
      }
      kernel(block, begin, end);
    }
  },
});

describe.each<[string, Engine]>([
  ['kernels', splitSimd],
  ['twins', js.engine],
])('the tasks of %s', (_, split) => {
  it('of conv2d can be done in any pieces', () => {
    fc.assert(
      fc.property(configuration, fc.constantFrom('nchw' as const, 'nhwc' as const), (c, inputLayout) => {
        const made = operands(c);
        const x = inputLayout === 'nchw' ? made.x : toNhwc(made.x);
        const options = { ...made.options, inputLayout };
        expectSameBits(split.conv2d(x, made.filter, options).data, simd.engine.conv2d(x, made.filter, options).data);
      }),
      { numRuns: 500 },
    );
  });

  it.each(operatorNames)('of %s can be done in any pieces', (name) => {
    const expected = callOperator(simd.engine, name);
    for (let i = 0; i < 4; i++) {
      const results = callOperator(split, name);
      expect(results.length).toBe(expected.length);
      for (const [j, data] of results.entries()) expectSameBits(data, expected[j]);
    }
  });

  it.each(['nchw', 'nhwc'] as const)('of a depthwise gradient can be done in any pieces, %s', (inputLayout) => {
    const plain = [randomTensor([3, 13, 9, 8], 1), randomTensor([3, 13, 5, 5], 2)];
    const [x, dy] = inputLayout === 'nchw' ? plain : plain.map(toNhwc);
    const filter = randomTensor([13, 1, 5, 4], 3);
    const options = { groups: 13, inputLayout } as const;
    const expected = simd.engine.conv2dBackward(dy, x, filter, options);
    for (let i = 0; i < 5; i++) expectSameBits(split.conv2dBackward(dy, x, filter, options).dFilter!.data, expected.dFilter!.data);
  });
});

it('there were tasks to split', () => {
  expect(most).toBeGreaterThan(10);
});
