/** Threads need the built worker: everything here runs from dist/. */
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Engine } from '../dist/engine.js';
import { DisposedError, load, loadSync, ShapeError } from '../dist/index.js';
import { Binary } from '../dist/kernels/arithmetic.js';
import { planBinary } from '../dist/plan/arithmetic.js';
import { Plan } from '../dist/plan/plan.js';
import { WasmBackend } from '../dist/wasm/backend.js';
import { compileEmbedded } from '../dist/wasm/compile.js';
import { instantiate } from '../dist/wasm/instance.js';
import { taskOf } from '../dist/wasm/threads/control.js';
import { Threads } from '../dist/wasm/threads/index.js';
import { load as loadSource, type Tensor } from '../src/index.ts';
import { callOperator, callOperatorAsync, operatorNames } from './calls.ts';
import { expectSameBits } from './equal.ts';
import { random, randomTensor, specialTensor } from './random.ts';
import { runNode } from './run.ts';

/** Node tells of every worker that is made. */
const workers: Worker[] = [];
process.on('worker', (worker) => workers.push(worker));

const EngineOf = Engine as unknown as new (backend: unknown, notes: string[]) => Engine;

/** An engine whose insides can be seen. */
async function open(count: number) {
  const module = await compileEmbedded('simd', true);
  const instance = instantiate(module);
  const notes: string[] = [];
  const threads = (await Threads.start(module, instance.memory, count - 1, notes))!;
  return { engine: new EngineOf(new WasmBackend(instance, threads), notes), threads, memory: instance.memory };
}

const one = await load();
const several = await Promise.all([2, 3, 4].map(open));
afterAll(() => {
  for (const { engine } of several) engine.dispose();
});

type Call = (engine: Engine) => Tensor;
type AsyncCall = (engine: Engine) => Promise<Tensor>;

interface Case {
  readonly name: string;
  readonly call: Call;
  readonly async: AsyncCall;
}

/** Every operator on random sizes, of which most are worth sharing. */
function randomCase(seed: number): Case {
  const next = random(seed);
  const int = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  const pick = <T>(...from: T[]): T => from[int(0, from.length - 1)];
  const nhwc = next() < 0.5;
  const layout = nhwc ? ('nhwc' as const) : ('nchw' as const);
  const [batch, channels, height, width] = [int(1, 3), int(1, 40), int(5, 60), int(5, 60)];
  const shape = nhwc ? [batch, height, width, channels] : [batch, channels, height, width];
  const x = pick(randomTensor, randomTensor, specialTensor)(shape, seed);
  /** An activation over its own input: what is done twice shows. */
  const inPlace = next() < 0.3;
  const elementwise = (name: 'relu' | 'relu6' | 'clamp' | 'leakyRelu' | 'rrelu' | 'thresholdedRelu' | 'prelu'): Case => {
    const slope = randomTensor([pick(1, channels)], seed + 1);
    const options = {
      clamp: { minValue: -0.5, maxValue: 0.25 },
      leakyRelu: { alpha: 0.3 },
      rrelu: { training: true, seed: seed >>> 0 },
      thresholdedRelu: { alpha: 0.1 },
      prelu: { layout },
      relu: {},
      relu6: {},
    }[name];
    const run = (engine: Engine, method: string) => {
      const target = inPlace ? engine.tensor(shape, x.data) : x;
      const given = { ...options, ...(inPlace && { out: target }) };
      const operators = engine as unknown as Record<string, (...args: unknown[]) => never>;
      return name === 'prelu' ? operators[method](target, slope, given) : operators[method](target, given);
    };
    return { name, call: (engine) => run(engine, name), async: (engine) => run(engine, `${name}Async`) };
  };
  const pooling = (name: 'maxPool2d' | 'averagePool2d' | 'l2Pool2d'): Case => {
    const windowDimensions = int(1, 4);
    const options = next() < 0.2 ? { layout } : { windowDimensions, strides: int(1, 3), padding: int(0, windowDimensions - 1), layout };
    return { name, call: (engine) => engine[name](x, options), async: (engine) => engine[`${name}Async`](x, options) };
  };
  const convolution = (): Case => {
    const groups = pick(1, 1, channels);
    const outChannels = groups * int(1, groups === 1 ? 40 : 3);
    const kernel = int(1, 5);
    const strides = int(1, 2);
    const filter = randomTensor([outChannels, channels / groups, kernel, kernel], seed + 2);
    const options = {
      inputLayout: layout,
      groups,
      padding: pick(0, 1, 2),
      strides,
      bias: randomTensor([outChannels], seed + 3),
      activation: pick('relu' as const, 'leakyRelu' as const, undefined),
      algorithm: pick(
        'auto' as const,
        'gemm' as const,
        'direct' as const,
        kernel === 3 && strides === 1 ? ('winograd' as const) : ('auto' as const),
      ),
    };
    return {
      name: 'conv2d',
      call: (engine) => engine.conv2d(x, filter, options),
      async: (engine) => engine.conv2dAsync(x, filter, options),
    };
  };
  return pick(
    convolution,
    convolution,
    convolution,
    () => pooling(pick('maxPool2d', 'averagePool2d', 'l2Pool2d')),
    () => elementwise(pick('relu', 'relu6', 'clamp', 'leakyRelu', 'rrelu', 'thresholdedRelu', 'prelu')),
  )();
}

const seeds = fc.integer();

describe('the same bits', () => {
  it('on 1, 2, 3 and 4 threads', () => {
    const before = several.map(({ threads }) => threads.jobs);
    const names = new Set<string>();
    fc.assert(
      fc.property(seeds, (seed) => {
        const { name, call } = randomCase(seed);
        names.add(name);
        const expected = call(one).data;
        for (const { engine } of several) expectSameBits(call(engine).data, expected);
      }),
      { numRuns: 400 },
    );
    expect(names.size).toBe(11);
    for (const [i, { threads }] of several.entries()) expect(threads.jobs - before[i]).toBeGreaterThan(100);
  });

  it.each(operatorNames)('%s, at once and asynchronously', async (name) => {
    const expected = callOperator(one, name);
    for (const { engine } of several) {
      for (const results of [callOperator(engine, name), await callOperatorAsync(engine, name)]) {
        for (const [i, data] of results.entries()) expectSameBits(data, expected[i]);
      }
    }
  });

  it('asynchronously, many calls under way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(seeds, { minLength: 4, maxLength: 8 }), async (list) => {
        const cases = list.map(randomCase);
        const expected = cases.map(({ call }) => Float32Array.from(call(one).data));
        for (const { engine } of several) {
          const results = await Promise.all(cases.map(({ async }) => async(engine)));
          for (const [i, { data }] of results.entries()) expectSameBits(data, expected[i]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('gives all memory back when an array goes away before its call ends', async () => {
    const { engine, memory } = several[0];
    const x = randomTensor([1, 16, 120, 120], 1);
    const filter = randomTensor([16, 16, 3, 3], 2);
    const options = { padding: 1, algorithm: 'gemm' as const };
    const lose = ({ data }: Tensor) => structuredClone(data, { transfer: [data.buffer] });
    const copy = ({ shape, data }: Tensor): Tensor => ({ shape, data: data.slice() });
    const expected = (await engine.conv2dAsync(x, filter, options)).data;
    const { takenBytes } = memory;
    for (let i = 0; i < 20; i++) {
      const out = { shape: x.shape, data: new Float32Array(x.data.length) };
      const queued = engine.conv2dAsync(x, filter, options);
      const lostOut = engine.conv2dAsync(x, filter, { ...options, out });
      const input = copy(x);
      const lostInput = engine.conv2dAsync(input, filter, options);
      for (const tensor of [out, input]) lose(tensor);
      await expect(lostOut).rejects.toThrow(ShapeError);
      await expect(lostInput).rejects.toThrow(/^x\.data: expected the 230400 floats that it had/);
      expectSameBits((await queued).data, expected);
    }
    expect(memory.takenBytes).toBe(takenBytes);
  });

  it('prepared, with synchronous and asynchronous runs of several shapes mixed', async () => {
    const filter = randomTensor([24, 16, 3, 3], 1);
    const options = { padding: 1, bias: randomTensor([24], 2) };
    const inputs = Array.from({ length: 12 }, (_, i) => randomTensor([1, 16, 20 + 7 * (i % 3), 40], 3 + i));
    const expected = inputs.map((x) => one.conv2d(x, filter, options).data);
    for (const { engine } of several) {
      const conv = engine.prepareConv2d(filter, options);
      const results = inputs.map((x, i) => {
        const own = i % 4 < 2 ? engine.tensor(x.shape, x.data) : x;
        return i % 5 === 4 ? conv.run(own) : conv.runAsync(own);
      });
      for (const [i, y] of (await Promise.all(results)).entries()) expectSameBits(y.data, expected[i]);
      conv.dispose();
    }
  });

  it('on engines that work at the same time', async () => {
    const filter = randomTensor([32, 32, 3, 3], 5);
    const x = randomTensor([1, 32, 40, 40], 6);
    const expected = one.conv2d(x, filter).data;
    const engines = await Promise.all([2, 2, 3].map((threads) => load({ threads })));
    for (let round = 0; round < 5; round++) {
      const results = await Promise.all(engines.map((engine) => engine.conv2dAsync(x, filter)));
      for (const { data } of results) expectSameBits(data, expected);
      for (const engine of engines) expectSameBits(engine.conv2d(x, filter).data, expected);
    }
    for (const engine of engines) engine.dispose();
  });
});

describe('what is shared', () => {
  const [{ engine, threads }] = several;

  it('every task once, whatever the number of chunks', () => {
    for (let tasks = 1; tasks < 300; tasks++) {
      for (const chunks of [1, 2, 3, 8, 12, 16, 256]) {
        if (chunks > tasks) continue;
        expect([taskOf(0, tasks, chunks), taskOf(chunks, tasks, chunks)]).toEqual([0, tasks]);
        for (let i = 0; i < chunks; i++) expect(taskOf(i, tasks, chunks)).toBeLessThanOrEqual(taskOf(i + 1, tasks, chunks));
      }
    }
  });

  it('large steps are, small ones stay on the caller', () => {
    const jobs = (call: () => unknown) => {
      const before = threads.jobs;
      call();
      return threads.jobs - before;
    };
    const filter = randomTensor([64, 64, 3, 3], 7);
    expect(jobs(() => engine.conv2d(randomTensor([1, 64, 56, 56], 8), filter))).toBeGreaterThan(0);
    expect(jobs(() => engine.relu(randomTensor([1000000], 9)))).toBe(1);
    expect(jobs(() => engine.maxPool2d(randomTensor([1, 64, 56, 56], 10), { windowDimensions: 2 }))).toBe(1);
    expect(jobs(() => engine.relu(randomTensor([1000], 11)))).toBe(0);
    expect(jobs(() => engine.conv2d(randomTensor([1, 1, 32, 32], 12), randomTensor([6, 1, 5, 5], 13)))).toBe(0);
    expect(jobs(() => engine.maxPool2d(randomTensor([1, 6, 28, 28], 14), { windowDimensions: 2 }))).toBe(0);
  });

  it('not what would be spoilt when done twice', () => {
    const x = engine.tensor([1000000], randomTensor([1000000], 15).data);
    const before = threads.jobs;
    engine.leakyRelu(x, { out: x });
    expect(threads.jobs).toBe(before);
    engine.relu(x, { out: x });
    expect(threads.jobs).toBe(before + 1);
    x.dispose();
  });
});

describe('asynchronous calls', () => {
  const filter = randomTensor([64, 64, 3, 3], 20);
  const x = randomTensor([1, 64, 56, 56], 21);
  const expected = one.conv2d(x, filter, { padding: 1 }).data;

  it('take effect in order, and synchronous ones wait for them', async () => {
    for (const { engine } of several) {
      const [a, b] = [engine.tensor(x.shape, x.data), engine.tensor(x.shape)];
      const settled: number[] = [];
      const first = engine.conv2dAsync(a, filter, { padding: 1, out: b }).then(() => settled.push(1));
      const second = engine.clampAsync(b, { minValue: -1, maxValue: 1, out: a }).then(() => settled.push(2));
      const third = engine.conv2dAsync(a, filter, { padding: 1 }).then((y) => {
        settled.push(3);
        return y;
      });
      const plain = { shape: x.shape, data: new Float32Array(x.data.length) };
      const fourth = engine.conv2dAsync(a, filter, { padding: 1, out: plain });
      const now = engine.relu(plain).data;
      const clamped = one.clamp({ shape: x.shape, data: expected }, { minValue: -1, maxValue: 1 });
      const last = one.conv2d(clamped, filter, { padding: 1 });
      expectSameBits(now, one.relu(last).data);
      await Promise.all([first, second, fourth]);
      expectSameBits((await third).data, last.data);
      expectSameBits(a.data, clamped.data);
      expect(settled).toEqual([1, 2, 3]);
    }
  });

  it('are finished before what they write is copied', async () => {
    for (const { engine } of several) {
      const [a, b] = [engine.tensor(x.shape, x.data), engine.tensor(x.shape)];
      const first = engine.conv2dAsync(a, filter, { padding: 1, out: b });
      expectSameBits(engine.tensor(x.shape, b.data).data, expected);
      const weights = engine.tensor(filter.shape);
      const second = engine.clampAsync(engine.tensor(filter.shape, filter.data), { out: weights });
      const conv = engine.prepareConv2d(weights, { padding: 1 });
      expectSameBits(conv.run(x).data, expected);
      await Promise.all([first, second]);
      conv.dispose();
    }
  });

  it('leave the thread free', async () => {
    const [{ engine }] = several;
    const big = randomTensor([8, 64, 56, 56], 22);
    const kept = engine.tensor(big.shape, big.data);
    const conv = engine.prepareConv2d(filter, { padding: 1 });
    const out = conv.run(kept);
    let turns = 0;
    let running = true;
    const result = conv.runAsync(kept, out).finally(() => {
      running = false;
    });
    while (running) {
      turns++;
      await delay(1);
    }
    await result;
    expect(turns).toBeGreaterThan(5);
    conv.dispose();
  });

  it('reject what synchronous ones refuse, before anything is written', async () => {
    const [{ engine }] = several;
    const out = { shape: [1, 64, 56, 55], data: new Float32Array(64 * 56 * 55).fill(7) };
    await expect(engine.conv2dAsync(x, filter, { padding: 1, out })).rejects.toThrow(ShapeError);
    await expect(engine.reluAsync(x, { out })).rejects.toThrow(ShapeError);
    expect(new Set(out.data)).toEqual(new Set([7]));
    const conv = engine.prepareConv2d(filter);
    await expect(conv.runAsync(randomTensor([1, 3, 8, 8], 1))).rejects.toThrow(ShapeError);
    conv.dispose();
    await expect(conv.runAsync(x)).rejects.toThrow(DisposedError);
    expectSameBits((await engine.conv2dAsync(x, filter, { padding: 1 })).data, expected);
  });

  it('keep buffers that are given up meanwhile', async () => {
    const [{ engine, memory }] = several;
    const taken = memory.takenBytes;
    const a = engine.tensor(x.shape, x.data);
    const conv = engine.prepareConv2d(filter, { padding: 1 });
    const [first, second] = [conv.runAsync(a), conv.runAsync(a)];
    conv.dispose();
    a.dispose();
    engine.tensor(x.shape).dispose();
    for (const y of await Promise.all([first, second])) {
      expectSameBits(y.data, expected);
      (y as unknown as Disposable)[Symbol.dispose]();
    }
    expect(memory.takenBytes).toBe(taken);
  });

  it('work without workers', async () => {
    for (const engine of [one, loadSync()]) {
      expectSameBits((await engine.conv2dAsync(x, filter, { padding: 1 })).data, expected);
      const conv = engine.prepareConv2d(filter, { padding: 1 });
      expectSameBits((await conv.runAsync(x)).data, expected);
      conv.dispose();
    }
  });
});

describe('a worker that is lost', () => {
  const filter = randomTensor([64, 64, 3, 3], 30);
  const x = randomTensor([4, 64, 56, 56], 31);
  const expected = one.conv2d(x, filter, { padding: 1 }).data;

  async function loaded(threads: number): Promise<{ engine: Engine; own: Worker[] }> {
    const before = workers.length;
    const engine = await load({ threads });
    expect(engine.threads).toBe(threads);
    return { engine, own: workers.slice(before) };
  }

  it('while it sleeps: the others go on', async () => {
    const { engine, own } = await loaded(3);
    await own[0].terminate();
    expect(engine.threads).toBe(2);
    expect(engine.notes).toEqual(['a worker ended (exit code 1): 2 threads go on']);
    expectSameBits(engine.conv2d(x, filter, { padding: 1 }).data, expected);
    void own[1].terminate();
    for (let i = 0; i < 3; i++) expectSameBits(engine.conv2d(x, filter, { padding: 1 }).data, expected);
    await delay(50);
    expect(engine.threads).toBe(1);
    expect(engine.notes[1]).toBe('a worker ended (exit code 1): one thread goes on');
    expectSameBits(engine.conv2d(x, filter, { padding: 1 }).data, expected);
    expectSameBits((await engine.conv2dAsync(x, filter, { padding: 1 })).data, expected);
    engine.dispose();
  });

  it.each([2, 3])('in the middle of an asynchronous call, of %i threads', async (threads) => {
    for (let round = 0; round < 4; round++) {
      const { engine, own } = await loaded(threads);
      const results = [1, 2].map(() => engine.conv2dAsync(x, filter, { padding: 1 }));
      await delay(1 + 3 * round);
      void own[0].terminate();
      for (const { data } of await Promise.all(results)) expectSameBits(data, expected);
      await delay(50);
      expect(engine.threads).toBe(threads - 1);
      engine.dispose();
    }
  });

  it.each([2, 3])('while the caller waits for it, of %i threads', async (threads) => {
    for (let round = 0; round < 4; round++) {
      const { engine, own } = await loaded(threads);
      const result = engine.conv2dAsync(x, filter, { padding: 1 });
      await delay(1 + 3 * round);
      void own[0].terminate();
      // The call before is finished first, with what the lost worker had of it.
      expectSameBits(engine.conv2d(x, filter, { padding: 1 }).data, expected);
      expectSameBits((await result).data, expected);
      await delay(50);
      expect(engine.threads).toBe(threads - 1);
      expect(engine.notes).toHaveLength(1);
      engine.dispose();
    }
  });
});

describe('fewer threads than were asked for', () => {
  it('without shared memory', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    const engine = await load({ threads: 2 });
    vi.unstubAllGlobals();
    expect(engine.threads).toBe(1);
    expect(engine.notes).toEqual([expect.stringMatching(/^one thread: this host has no SharedArrayBuffer/)]);
    expect(engine.relu(randomTensor([100], 1)).shape).toEqual([100]);
  });

  it('when workers cannot start: sources have no worker.js', async () => {
    const engine = await loadSource({ threads: 3 });
    expect(engine.threads).toBe(1);
    expect(engine.notes).toEqual([expect.stringMatching(/^2 of 2 workers did not start \(.*worker\.js.*\)/)]);
    expectSameBits(engine.relu(randomTensor([1000000], 1)).data, one.relu(randomTensor([1000000], 1)).data);
  });

  it('on the twin', async () => {
    const engine = await load({ variant: 'js', threads: 2 });
    expect(engine.threads).toBe(1);
    expect(engine.notes).toEqual(['one thread: the JavaScript twin has no more']);
  });

  it("with a module of one's own that shares no memory; with one that does there are as many", async () => {
    const plain = await load({ threads: 2, module: 'dist/wasm/simd.wasm' });
    expect(plain.threads).toBe(1);
    expect(plain.notes).toEqual([expect.stringMatching(/^one thread: options\.module does not import a shared memory/)]);
    const shared = await load({ threads: 2, module: 'dist/wasm/simd-threads.wasm' });
    expect([shared.threads, shared.notes, shared.variant]).toEqual([2, [], 'simd']);
    shared.dispose();
    const alone = await load({ module: 'dist/wasm/simd-threads.wasm' });
    expect([alone.threads, alone.notes]).toEqual([1, []]);
  });

  it("'auto' is as many as the host runs at once", async () => {
    const engine = await load({ threads: 'auto' });
    expect(engine.threads).toBe(Math.min(8, availableParallelism()));
    engine.dispose();
  });
});

describe('the end', () => {
  const program = (last: string) => `
    import { load } from './dist/index.js';
    const engine = await load({ threads: 3 });
    const x = { shape: [1000000], data: new Float32Array(1000000).fill(-1) };
    engine.relu(x);
    console.log(engine.threads, (await engine.reluAsync(x)).data[0]);
    ${last}`;

  it.each([
    ['dispose', 'engine.dispose();'],
    ['nothing', ''],
    ['a call that is not awaited', 'engine.reluAsync(x).then(() => console.log("done"));'],
  ])('a process ends by itself after %s', async (name, last) => {
    const { code, stdout, stderr } = await runNode('--input-type=module', '-e', program(last));
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `3 -0\n${name.startsWith('a call') ? 'done\n' : ''}`.replace('-0', '0'),
      stderr: '',
    });
  });

  it('of an engine refuses everything, and what is under way', async () => {
    const engine = await load({ threads: 2 });
    const x = randomTensor([1, 64, 56, 56], 40);
    const filter = randomTensor([64, 64, 3, 3], 41);
    const own = engine.tensor(x.shape, x.data);
    const conv = engine.prepareConv2d(filter);
    const out = conv.run(own);
    const running = engine.conv2dAsync(x, filter);
    engine.dispose();
    engine.dispose();
    await expect(running).rejects.toThrow(DisposedError);
    await expect(engine.reluAsync(x)).rejects.toThrow(DisposedError);
    await expect(conv.runAsync(x)).rejects.toThrow(DisposedError);
    expect(() => engine.relu(x)).toThrow(DisposedError);
    expect(() => engine.relu(own)).toThrow(DisposedError);
    expect(() => conv.run(own, out)).toThrow(DisposedError);
    expect(() => conv.run(x)).toThrow(DisposedError);
    expect(() => engine.tensor([1])).toThrow(DisposedError);
    expect(() => own.data).toThrow(DisposedError);
    own.dispose();
    conv.dispose();
  });

  it('gives workers and memory back, over and over', async () => {
    const x = randomTensor([1, 16, 40, 40], 42);
    const filter = randomTensor([16, 16, 3, 3], 43);
    const expected = one.conv2d(x, filter).data;
    const before = workers.length;
    for (let round = 0; round < 40; round++) {
      const engine = await load({ threads: 3 });
      expectSameBits(engine.conv2d(x, filter).data, expected);
      engine.dispose();
    }
    await delay(200);
    // A worker that has ended has no number.
    expect(workers.slice(before).map(({ threadId }) => threadId)).toEqual(new Array(80).fill(-1));
  });

  it('of a million calls leaves memory as it was', async () => {
    const [{ engine, memory }] = several;
    const [x, out] = [engine.tensor([200000]), engine.tensor([200000])];
    const taken = memory.takenBytes;
    const { byteLength } = memory.words.buffer;
    for (let i = 0; i < 2000; i++) engine.relu(x, { out });
    for (let i = 0; i < 200; i++) await engine.reluAsync(x, { out });
    await Promise.all(Array.from({ length: 200 }, () => engine.reluAsync(x, { out })));
    expect(memory.takenBytes).toBe(taken);
    expect(memory.words.buffer.byteLength - byteLength).toBeLessThan(4000000);
    x.dispose();
    out.dispose();
  });
});

it('a step whose result lies over any operand is not shared, so that no lost worker can spoil what is done again', () => {
  const { engine, threads } = several[0];
  const { backend } = engine as unknown as { readonly backend: WasmBackend };
  const length = 1 << 20;
  const [a, b, out] = [0, 1, 2].map(() => backend.allocate(4 * length));
  const jobsOf = (x: number, y: number, to: number) => {
    const plan = new Plan();
    const operand = (name: string) => ({ value: plan.named(name), shape: [length] });
    planBinary(plan, Binary.Add, operand('a'), operand('b'), plan.named('out'), [length]);
    const buffers: number[] = [];
    buffers[plan.named('a').id] = x;
    buffers[plan.named('b').id] = y;
    buffers[plan.named('out').id] = to;
    const call = backend.bind(plan, buffers);
    const before = threads.jobs;
    call.run(() => {});
    call.release();
    return threads.jobs - before;
  };
  expect(jobsOf(a, b, out)).toBe(1);
  expect(jobsOf(a, b, a)).toBe(0);
  expect(jobsOf(a, b, b)).toBe(0);
  for (const buffer of [a, b, out]) backend.free(buffer);
});
