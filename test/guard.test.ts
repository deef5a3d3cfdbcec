import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type KernelName, kernels } from '../src/params.ts';
import { configuration, operands } from './conv-configuration.ts';
import { expectSameBits } from './equal.ts';
import { bufferOf, type MeasuredMemory, ownEngine } from './own-engine.ts';
import { js } from './platforms.ts';
import { randomTensor, toNhwc } from './random.ts';

/**
 * The whole linear memory is a guard zone: around every kernel call it is compared byte by byte, but for the kernel's
 * output and scratch, which end where the host asked them to, slack not included.
 */
const WRITABLE = ['output', 'scratch'];
const FILL = 0xa5;

let snapshot = new Uint8Array(0);
const called = new Map<string, number>();
const { engine, memory } = await ownEngine({
  initial: 8,
  around: (name, kernel, memory) => (block, begin, end) => {
    const written = WRITABLE.filter((field) => field in kernels[name]).map((field) => bufferOf(name, field, block, memory));
    if (snapshot.length !== memory.memory.buffer.byteLength) snapshot = new Uint8Array(memory.memory.buffer.byteLength);
    const before = snapshot;
    before.set(bytesOf(memory));
    kernel(block, begin, end);
    const after = bytesOf(memory);
    for (const { begin, end } of written) before.set(after.subarray(begin, end), begin);
    if (Buffer.compare(before, after) !== 0) throw new Error(strayWrite(name, before, after, memory));
    called.set(name, (called.get(name) ?? 0) + 1);
  },
});
bytesOf(memory).fill(FILL);

function bytesOf({ memory }: MeasuredMemory): Uint8Array {
  return new Uint8Array(memory.buffer);
}

function strayWrite(name: KernelName, before: Uint8Array, after: Uint8Array, memory: MeasuredMemory): string {
  const at = after.findIndex((byte, i) => byte !== before[i]);
  const owner = [...memory.lengths].find(([begin, length]) => begin <= at && at < begin + 4 * length + 64);
  const place = owner ? `byte ${at - owner[0]} of a buffer of ${4 * owner[1]} bytes` : 'no buffer';
  return `${name} wrote to address ${at}, ${place}`;
}

it('no kernel of conv2d writes a byte outside its output and scratch', () => {
  fc.assert(
    fc.property(configuration, fc.constantFrom('nchw' as const, 'nhwc' as const), (c, inputLayout) => {
      const made = operands(c);
      const x = inputLayout === 'nchw' ? made.x : toNhwc(made.x);
      const options = { ...made.options, inputLayout };
      const expected = js.engine.conv2d(x, made.filter, options);
      expectSameBits(engine.conv2d(x, made.filter, options).data, expected.data);
      using conv = engine.prepareConv2d(made.filter, options);
      using kernelX = engine.tensor(x.shape, x.data);
      using out = engine.tensor(expected.shape);
      expectSameBits(conv.run(kernelX, out).data, expected.data);
    }),
    { numRuns: 500 },
  );
  for (const name of ['pad', 'packFilterRows', 'packFilterColumns', 'convGemmNchw', 'convGemmNhwc']) {
    expect(called.get(name)).toBeGreaterThan(50);
  }
});

it('no kernel writes outside its output and scratch at the edges of its tiles', () => {
  for (const inputLayout of ['nchw', 'nhwc'] as const)
    for (const channels of [1, 3, 4, 5, 7, 8, 9, 11, 16, 17])
      for (const width of [1, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 95, 96, 97, 191, 193]) {
        const x = randomTensor(inputLayout === 'nchw' ? [1, 2, 1, width] : [1, 1, width, 2], width);
        const filter = randomTensor([channels, 2, 1, 1], channels);
        const expected = js.engine.conv2d(x, filter, { inputLayout, algorithm: 'gemm' });
        expectSameBits(engine.conv2d(x, filter, { inputLayout, algorithm: 'gemm' }).data, expected.data);
      }
});
