import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DisposedError, type Engine, type KernelTensor, load, OutOfMemoryError } from '../src/index.ts';
import { KernelMemory } from '../src/wasm/memory.ts';
import { expectSameBits } from './equal.ts';
import { ownEngine } from './own-engine.ts';
import { js, platforms } from './platforms.ts';
import { randomTensor } from './random.ts';

const PAGE_BYTES = 65536;
const fresh = () => new KernelMemory(new WebAssembly.Memory({ initial: 1 }));

describe('the allocator', () => {
  it('never gives a byte twice, aligns to a cache line, and comes back to where it began', () => {
    const commands = fc.array(fc.oneof(fc.record({ take: fc.oneof(fc.nat(100), fc.nat(40_000)) }), fc.record({ give: fc.nat() })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(commands, (list) => {
        const memory = fresh();
        const first = memory.allocate(4);
        memory.free(first);
        const live: { address: number; length: number; tag: number }[] = [];
        const giveBack = ({ address, length, tag }: (typeof live)[0]) => {
          expect(memory.words.subarray(address / 4, address / 4 + length).every((word) => word === tag)).toBe(true);
          memory.free(address);
        };
        list.forEach((command, tag) => {
          if ('take' in command) {
            const address = memory.allocate(4 * command.take);
            expect(address % 64).toBe(0);
            // Kernels may read 64 bytes past the end, at the end of memory too.
            expect(address + command.take * 4 + 64).toBeLessThanOrEqual(memory.memory.buffer.byteLength);
            memory.words.fill(tag, address / 4, address / 4 + command.take);
            live.push({ address, length: command.take, tag });
          } else if (live.length > 0) giveBack(live.splice(command.give % live.length, 1)[0]);
        });
        expect(memory.takenBytes > 0).toBe(live.length > 0);
        live.forEach(giveBack);
        expect(memory.takenBytes).toBe(0);
        const grown = memory.memory.buffer.byteLength;
        expect(memory.allocate(grown - first - 64)).toBe(first);
        expect(memory.memory.buffer.byteLength).toBe(grown);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes the smallest run that fits, and joins the neighbours of what is freed', () => {
    const memory = fresh();
    const [a, , c, , e, f] = [4000, 40, 400, 40, 2000, 40].map((bytes) => memory.allocate(bytes));
    memory.free(a);
    memory.free(c);
    memory.free(e);
    expect(memory.allocate(360)).toBe(c);
    expect(memory.allocate(1960)).toBe(e);
    memory.free(e);
    memory.free(f);
    expect(memory.allocate(8000)).toBe(e);
  });

  it('does not mind what it never gave', () => {
    const memory = fresh();
    const address = memory.allocate(40);
    memory.free(0);
    memory.free(address + 64);
    memory.free(address);
    memory.free(address);
    expect(memory.takenBytes).toBe(0);
    expect(memory.allocate(40)).toBe(address);
    expect(memory.allocate(40)).not.toBe(address);
  });
});

describe('growth', () => {
  it('keeps tensors alive, and their data is a live view', async () => {
    const { engine, memory } = await ownEngine();
    const values = Float32Array.from({ length: 300 }, (_, i) => i);
    const tensor = engine.tensor([300], values);
    const before = tensor.data;
    engine.tensor([PAGE_BYTES]);
    expect(memory.memory.buffer.byteLength).toBeGreaterThan(PAGE_BYTES);
    expect(before.length).toBe(0);
    expectSameBits(tensor.data, values);
    tensor.data[7] = 70;
    expect(tensor.data[7]).toBe(70);
  });

  it.each([
    'conv2d',
    'prepareConv2d',
  ] as const)('in the middle of %s loses no view of a tensor that was given as a plain one', async (operator) => {
    const x = randomTensor([1, 2, 90, 90], 1);
    const filter = randomTensor([3, 2, 3, 3], 2);
    const bias = randomTensor([3], 3);
    const expected = js.engine.conv2d(x, filter, { bias, padding: 1, algorithm: 'gemm' });
    const { engine, memory } = await ownEngine();
    const held = [x, filter, bias].map(({ shape, data }) => engine.tensor([1, ...shape], data));
    const kernelOut = engine.tensor([expected.data.length]);
    const view = (index: number, { shape }: { shape: readonly number[] }) => ({ shape, data: held[index].data });
    const options = { bias: view(2, bias), padding: 1, algorithm: 'gemm' as const };
    const grown = memory.memory.buffer.byteLength;
    if (operator === 'conv2d') {
      const result = engine.conv2d(view(0, x), view(1, filter), { ...options, out: { shape: expected.shape, data: kernelOut.data } });
      expect(result.shape).toEqual(expected.shape);
    } else {
      const conv = engine.prepareConv2d(view(1, filter), options);
      conv.run(view(0, x), { shape: expected.shape, data: kernelOut.data });
    }
    expect(memory.memory.buffer.byteLength).toBeGreaterThan(grown);
    expectSameBits(kernelOut.data, expected.data);
  });

  it('in the middle of conv2d loses no view when the result is a new tensor', async () => {
    const x = randomTensor([1, 1, 200, 200], 1);
    const filter = randomTensor([1, 1, 1, 1], 2);
    const { engine } = await ownEngine();
    const kernelFilter = engine.tensor([1], filter.data);
    const result = engine.conv2d(engine.tensor(x.shape, x.data), { shape: filter.shape, data: kernelFilter.data });
    expectSameBits(result.data, js.engine.conv2d(x, filter).data);
  });

  it('in the middle of prepareConv2d loses no view of the bias', async () => {
    // A copy of the filter takes more than what is left of the last page.
    const filter = randomTensor([8, 8, 16, 17], 1);
    const bias = randomTensor([8], 2);
    const x = randomTensor([1, 8, 17, 18], 3);
    const { engine, memory } = await ownEngine();
    const [kernelFilter, kernelBias] = [filter, bias].map(({ shape, data }) => engine.tensor([1, ...shape], data));
    const grown = memory.memory.buffer.byteLength;
    const conv = engine.prepareConv2d({ shape: filter.shape, data: kernelFilter.data }, { bias: { shape: [8], data: kernelBias.data } });
    expectSameBits(conv.run(x).data, js.engine.conv2d(x, filter, { bias }).data);
    expect(memory.memory.buffer.byteLength).toBeGreaterThan(grown);
  });

  it('in the middle of tensor() loses no view of the tensor that it copies', async () => {
    const { engine } = await ownEngine();
    const values = Float32Array.from({ length: 10_000 }, (_, i) => i);
    const first = engine.tensor([10_000], values);
    const second = engine.tensor([100, 100], first.data);
    expectSameBits(second.data, values);
  });
});

describe('memory in the long run', () => {
  const x = randomTensor([1, 2, 6, 6], 1);
  const filter = randomTensor([3, 2, 3, 3], 2);
  const options = { padding: 1, bias: randomTensor([3], 3) };

  it.each([
    [
      'conv2d on plain tensors',
      async () => {
        const { engine, memory } = await ownEngine();
        return { memory, call: () => void engine.conv2d(x, filter, options) };
      },
    ],
    [
      'conv2d on engine tensors',
      async () => {
        const { engine, memory } = await ownEngine();
        const [kernelX, kernelFilter] = [x, filter].map(({ shape, data }) => engine.tensor(shape, data));
        return { memory, call: () => (engine.conv2d(kernelX, kernelFilter, options) as KernelTensor).dispose() };
      },
    ],
    [
      'a prepared convolution on plain tensors',
      async () => {
        const { engine, memory } = await ownEngine();
        const conv = engine.prepareConv2d(filter, options);
        return { memory, call: () => void conv.run(x) };
      },
    ],
    [
      'a prepared convolution on engine tensors',
      async () => {
        const { engine, memory } = await ownEngine();
        const conv = engine.prepareConv2d(filter, options);
        const kernelX = engine.tensor(x.shape, x.data);
        const out = engine.tensor([1, 3, 6, 6]);
        return { memory, call: () => void conv.run(kernelX, out) };
      },
    ],
  ] as const)('does not grow over 100,000 calls of %s', async (_, make) => {
    const { memory, call } = await make();
    call();
    const { takenBytes } = memory;
    const { byteLength } = memory.memory.buffer;
    for (let i = 0; i < 100_000; i++) call();
    expect(memory.takenBytes).toBe(takenBytes);
    expect(memory.memory.buffer.byteLength).toBe(byteLength);
  });

  it('does not grow when operators are prepared and disposed over and over', async () => {
    const { engine, memory } = await ownEngine();
    const cycle = (i: number) => {
      using conv = engine.prepareConv2d(filter, options);
      using input = engine.tensor([1, 2, 6, 6 + (i % 5)]);
      using result = conv.run(input) as KernelTensor;
      expect(result.shape[3]).toBe(6 + (i % 5));
    };
    for (let i = 0; i < 5; i++) cycle(i);
    const { takenBytes } = memory;
    const { byteLength } = memory.memory.buffer;
    for (let i = 0; i < 2000; i++) cycle(i);
    expect(memory.takenBytes).toBe(takenBytes);
    expect(memory.memory.buffer.byteLength).toBe(byteLength);
  });
});

describe.each(platforms)('what has been disposed of on $name', ({ name }) => {
  const x = randomTensor([1, 1, 4, 4], 1);
  const filter = randomTensor([1, 1, 3, 3], 2);

  it('is refused: a tensor', async () => {
    const engine = await load({ variant: name });
    const tensor = engine.tensor(x.shape, x.data);
    const conv = engine.prepareConv2d(filter);
    tensor.dispose();
    tensor.dispose();
    expect(tensor.disposed).toBe(true);
    expect(() => tensor.data).toThrow(DisposedError);
    expect(() => engine.conv2d(tensor, filter)).toThrow(DisposedError);
    expect(() => engine.conv2d(x, filter, { out: tensor })).toThrow(DisposedError);
    expect(() => engine.conv2d(x, filter, { bias: tensor })).toThrow(DisposedError);
    expect(() => engine.prepareConv2d(tensor)).toThrow(DisposedError);
    expect(() => conv.run(tensor)).toThrow(DisposedError);
    expect(() => conv.run(x, tensor)).toThrow(DisposedError);
    expectSameBits(conv.run(x).data, engine.conv2d(x, filter).data);
  });

  it('is refused: a prepared convolution', async () => {
    const engine = await load({ variant: name });
    const conv = engine.prepareConv2d(filter);
    conv.run(x);
    conv.dispose();
    conv.dispose();
    expect(() => conv.run(x)).toThrow(DisposedError);
    expect(conv.plan).toBeUndefined();
  });

  it('is refused: an engine, its tensors and its prepared convolutions', async () => {
    const engine = await load({ variant: name });
    const tensor = engine.tensor(x.shape, x.data);
    const out = engine.tensor([1, 1, 2, 2]);
    const conv = engine.prepareConv2d(filter);
    conv.run(tensor, out);
    engine.dispose();
    engine.dispose();
    expect(() => engine.conv2d(x, filter)).toThrow(DisposedError);
    expect(() => engine.prepareConv2d(filter)).toThrow(DisposedError);
    expect(() => engine.tensor([1])).toThrow(DisposedError);
    expect(() => conv.run(x)).toThrow(DisposedError);
    expect(() => conv.run(tensor, out)).toThrow(DisposedError);
    expect(() => tensor.data).toThrow(DisposedError);
    expect(tensor.disposed).toBe(true);
    tensor.dispose();
    conv.dispose();
    expect((await load({ variant: name })).conv2d(x, filter).shape).toEqual([1, 1, 2, 2]);
  });

  it('is given back at the end of a `using` block', async () => {
    using engine = await load({ variant: name });
    let kept: KernelTensor;
    {
      using tensor = engine.tensor([2, 3]);
      kept = tensor;
      expect(kept.disposed).toBe(false);
    }
    expect(kept.disposed).toBe(true);
  });
});

describe.each(platforms)('more memory than there is, on $name', ({ engine }) => {
  const x = randomTensor([1, 1, 1, 1], 1);
  const filter = randomTensor([1, 1, 1, 1], 2);
  /** Nine results, but a padded input of 6.4e9 floats. */
  const options = { padding: 40_000, strides: 40_000, algorithm: 'gemm' as const };

  it.each([
    ['a tensor', () => engine.tensor([2 ** 30])],
    ['a plain convolution', () => engine.conv2d(x, filter, options)],
    ['a convolution of an engine tensor', () => engine.conv2d(engine.tensor(x.shape, x.data), filter, options)],
    ['a prepared convolution', () => engine.prepareConv2d(filter, options).run(x)],
  ] as const)('is refused by name: %s', (_, call) => {
    expect(call).toThrow(OutOfMemoryError);
    expect(engine.conv2d(x, filter).data[0]).toBe(Math.fround(x.data[0] * filter.data[0]));
  });
});

describe('a memory that cannot grow', () => {
  const x = randomTensor([1, 1, 8, 8], 1);
  const filter = randomTensor([1, 1, 3, 3], 2);
  const largeX = randomTensor([1, 8, 20, 20], 3);
  const largeFilter = randomTensor([2, 8, 3, 3], 4);
  const largeOptions = { padding: 1, algorithm: 'gemm' as const };
  const expected = js.engine.conv2d(x, filter).data;
  const largeExpected = js.engine.conv2d(largeX, largeFilter, largeOptions).data;

  /** The room that is left shrinks step by step, so that each thing that a call asks for is at some time the one that fails. */
  it.each([
    ['conv2d on plain tensors', (engine: Engine) => engine.conv2d(largeX, largeFilter, largeOptions)],
    ['conv2d on an engine tensor', (engine: Engine, kernelX: KernelTensor) => engine.conv2d(kernelX, largeFilter, largeOptions)],
    [
      'prepareConv2d',
      (engine: Engine) => {
        using conv = engine.prepareConv2d(largeFilter, largeOptions);
        return conv.run(largeX);
      },
    ],
  ] as const)('refuses %s and loses nothing, and what was prepared goes on', async (_, call) => {
    let refused = 0;
    let done = 0;
    for (let room = 1024; room < 100_000; room += 1024) {
      const { engine, memory } = await ownEngine({ maximum: 3 });
      const conv = engine.prepareConv2d(filter);
      const kernelX = engine.tensor(x.shape, x.data);
      const largeKernelX = engine.tensor(largeX.shape, largeX.data);
      expectSameBits(conv.run(x).data, expected);
      const filler = engine.tensor([(3 * PAGE_BYTES - memory.takenBytes - room) / 4 - 512]);
      let takenBytes = 0;
      for (let again = 0; again < 3; again++) {
        try {
          const result = call(engine, largeKernelX);
          expectSameBits(result.data, largeExpected);
          if ('dispose' in result) (result as KernelTensor).dispose();
          done++;
        } catch (error) {
          expect(error).toBeInstanceOf(OutOfMemoryError);
          refused++;
        }
        // The first time may leave a larger scratch behind.
        if (again > 0) expect(memory.takenBytes).toBe(takenBytes);
        takenBytes = memory.takenBytes;
        using out = engine.tensor([1, 1, 6, 6]);
        expectSameBits(conv.run(kernelX, out).data, expected);
        expectSameBits(kernelX.data, x.data);
        expectSameBits(largeKernelX.data, largeX.data);
        expect(filler.data.every((value) => value === 0)).toBe(true);
      }
    }
    expect(refused).toBeGreaterThan(20);
    expect(done).toBeGreaterThan(20);
  });
});
