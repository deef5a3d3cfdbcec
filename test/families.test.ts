/** Families of kernels that are linked to an engine after it was made. From dist/, since threads need the built worker. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Engine } from '../dist/engine.js';
import { imageFamily } from '../dist/image/family.js';
import { type Filters, filters } from '../dist/image/index.js';
import { load, loadSync, UnsupportedError } from '../dist/index.js';
import { WasmBackend } from '../dist/wasm/backend.js';
import { compileEmbedded } from '../dist/wasm/compile.js';
import { hasFamily, instantiate } from '../dist/wasm/instance.js';
import { Threads } from '../dist/wasm/threads/index.js';
import { expectSameBits } from './equal.ts';
import { randomTensor } from './random.ts';

const EngineOf = Engine as unknown as new (backend: unknown, notes: string[]) => Engine;
const image = {
  data: Uint8Array.from(randomTensor([700 * 500 * 4], 1).data, (value) => 128 + 127 * value),
  width: 700,
  height: 500,
  channels: 4,
};
const plane = { data: randomTensor([500 * 700], 2).data, width: 700, height: 500, channels: 1 };
const x = randomTensor([1, 8, 60, 60], 3);
const filter = randomTensor([16, 8, 3, 3], 4);

const twin = filters(loadSync());
const results = (f: Filters) => [f.outline(image), f.median(image), f.blur(image, { radius: 3 }), f.gaussianBlur(plane, 2)];
const expected = results(twin).map(({ data }) => data);
const works = (f: Filters) => {
  for (const [i, { data }] of results(f).entries()) expect(Buffer.compare(bytesOf(data), bytesOf(expected[i]))).toBe(0);
};
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBufferLike>) => Buffer.from(buffer, byteOffset, byteLength);

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** An engine on threads whose insides can be seen. */
async function open(count: number) {
  const module = await compileEmbedded('simd', true);
  const instance = instantiate(module);
  const notes: string[] = [];
  const threads = (await Threads.start(module, instance.memory, count - 1, notes))!;
  return { engine: new EngineOf(new WasmBackend(instance, threads), notes), threads, instance };
}

describe('the kernels of images', () => {
  it('are not in the module that load fetches, and are linked once', async () => {
    const { engine, instance } = await open(2);
    expect(hasFamily(instance, imageFamily)).toBe(false);
    const compiled = vi.spyOn(WebAssembly, 'Module');
    const f = filters(engine);
    works(f);
    works(filters(engine));
    expect(hasFamily(instance, imageFamily)).toBe(true);
    expect(compiled).toHaveBeenCalledTimes(1);
    engine.dispose();
  });

  it('reach workers that have worked before, and they go on with the others', async () => {
    const { engine, threads } = await open(3);
    const y = engine.conv2d(x, filter).data;
    const before = threads.jobs;
    const f = filters(engine);
    for (let round = 0; round < 10; round++) {
      const [outline, median] = await Promise.all([f.outlineAsync(image), f.medianAsync(image)]);
      expect(Buffer.compare(bytesOf(outline.data), bytesOf(expected[0]))).toBe(0);
      expect(Buffer.compare(bytesOf(median.data), bytesOf(expected[1]))).toBe(0);
      works(f);
      expectSameBits(engine.conv2d(x, filter).data, y);
    }
    // Only a worker can do what a message was asked for, and one that cannot link ends.
    expect(threads.jobs).toBeGreaterThan(before + 20);
    await delay(50);
    expect([engine.threads, engine.notes]).toEqual([3, []]);
    engine.dispose();
  });

  it('can be linked while asynchronous calls are under way, in a memory that has grown', async () => {
    const { engine } = await open(2);
    using large = engine.tensor([1, 16, 1000, 1000]);
    const promised = [engine.reluAsync(large), engine.conv2dAsync(x, filter)];
    works(filters(engine));
    await Promise.all(promised);
    await delay(50);
    expect([engine.threads, engine.notes]).toEqual([2, []]);
    engine.dispose();
  });

  it('are in every module that is a file, and nothing is compiled for them', async () => {
    for (const [name, threads] of [
      ['simd', 1],
      ['simd-threads', 2],
    ] as const) {
      const engine = await load({ module: `dist/wasm/${name}.wasm`, threads });
      const compiled = vi.spyOn(WebAssembly, 'Module');
      works(filters(engine));
      expect(compiled).not.toHaveBeenCalled();
      expect([engine.threads, engine.notes]).toEqual([threads, []]);
      engine.dispose();
    }
  });

  it('are linked to a shared memory without threads', async () => {
    const engine = new EngineOf(new WasmBackend(instantiate(await compileEmbedded('simd', true))), []);
    works(filters(engine));
  });

  it('are refused where the host compiles nothing at once, and the engine goes on', async () => {
    const engine = await load();
    const y = engine.conv2d(x, filter).data;
    vi.spyOn(WebAssembly, 'Module').mockImplementation(function refuse(): never {
      throw new RangeError('disallowed on the main thread');
    });
    expect(() => filters(engine)).toThrow(UnsupportedError);
    expect(() => filters(engine)).toThrow(
      /^the kernels of simdconv\/image: this host refuses to compile them synchronously \(disallowed on/,
    );
    expectSameBits(engine.conv2d(x, filter).data, y);
    vi.restoreAllMocks();
    works(filters(engine));
  });

  it('are of no use to an engine that is disposed of', async () => {
    for (const engine of [await load(), loadSync()]) {
      engine.dispose();
      const f = filters(engine);
      expect(() => f.outline(image)).toThrow('the engine');
    }
  });
});
