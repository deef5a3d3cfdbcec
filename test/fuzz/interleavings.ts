/**
 * Calls, synchronous and not, disposals, growth, lost workers, in any order, on an engine of several threads. The twin says what every
 * tensor has to hold at the end of it, since calls take effect in the order in which they are made; and all memory comes back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { DisposedError, OptionError, ShapeError } from '../../dist/index.js';
import type { Tensor } from '../../src/index.ts';
import { expectSameBits } from './compare.ts';
import { jsPlatform, type Platform, threadedPlatform } from './engines.ts';
import { filled } from './generators/values.ts';
import { counts, type Property } from './property.ts';
import type { Source } from './source.ts';

/** Node tells of every worker that is made. */
const workers: Worker[] = [];
process.on('worker', (worker) => workers.push(worker));

const twin = await jsPlatform();

interface Opened {
  readonly platform: Platform;
  readonly workers: Worker[];
}

async function open(): Promise<Opened> {
  const before = workers.length;
  const platform = await threadedPlatform(3);
  return { platform, workers: workers.slice(before) };
}

/** One that was left as it should be serves again. */
let spare: Opened | undefined;

type KernelTensor = Tensor & { dispose(): void; readonly disposed: boolean };
type Prepared = { run(x: unknown, out?: unknown): Tensor; runAsync(x: unknown, out?: unknown): Promise<Tensor>; dispose(): void };

/** A tensor of the engine, and what it has to hold once everything that was begun has ended. */
interface Held {
  readonly tensor: KernelTensor;
  expected: Tensor;
  /** Calls that write it and have not ended. */
  writers: number;
}

/** An asynchronous call that has not ended. */
interface Running {
  readonly promise: Promise<void>;
}

const SHAPES = [
  [1, 8, 12, 13],
  [1, 16, 40, 41],
  [2, 3, 33, 40],
  [1, 24, 30, 30],
  [1, 4, 200, 201],
];
const CHANNELS = [...new Set(SHAPES.map(([, channels]) => channels))];
/** Filters that keep the shape, by channels. */
const FILTERS = new Map(CHANNELS.map((channels) => [channels, filled([channels, channels, 3, 3], channels)]));
const CONV = { padding: 1, algorithm: 'gemm' };
const OPERATORS = ['conv2d', 'relu', 'leakyRelu', 'add', 'maxPool2d', 'sigmoid', 'softmax'] as const;
type OperatorName = (typeof OPERATORS)[number];

/** Every one of them gives a result of the shape of x. */
function argumentsOf(name: OperatorName, x: unknown, shape: readonly number[], out?: unknown): unknown[] {
  const given = out === undefined ? {} : { out };
  if (name === 'conv2d') return [x, FILTERS.get(shape[1]), { ...CONV, ...given }];
  if (name === 'maxPool2d') return [x, { windowDimensions: 3, padding: 1, ...given }];
  return name === 'add' ? [x, x, given] : [x, given];
}

const TYPED = [DisposedError, OptionError, ShapeError];

const mayBeOver = (name: OperatorName) => !['conv2d', 'maxPool2d', 'add'].includes(name);

class Script {
  readonly #source: Source;
  readonly #engine: Platform;
  readonly #workers: Worker[];
  readonly #held: Held[] = [];
  readonly #running: Running[] = [];
  readonly #prepared: { conv: Prepared; channels: number }[] = [];
  /** The first thing that went wrong in a promise. */
  #wrong: unknown;
  #disposed = false;
  lost = false;

  constructor(source: Source, { platform, workers }: Opened) {
    this.#source = source;
    this.#engine = platform;
    this.#workers = workers;
  }

  async run(): Promise<void> {
    for (let steps = this.#source.int(1, 24); steps > 0; steps--) await this.#step();
    await this.#end();
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  async #step(): Promise<void> {
    const source = this.#source;
    const { methods, engine } = this.#engine;
    switch (source.int(0, 15)) {
      case 0:
      case 1:
      case 2:
        this.#add(filled(source.pick(...SHAPES), source.seed()));
        return;
      case 3:
      case 4:
      case 5:
        this.#call(true);
        return;
      case 6:
      case 7:
        this.#call(false);
        return;
      case 8:
        this.#callPrepared();
        return;
      case 9: {
        const held = this.#pick();
        if (held !== undefined) this.#drop(held);
        return;
      }
      case 10:
        // Memory grows, and gets a hole.
        this.#refusedWhenDisposed(() => engine.tensor([source.pick(1000, 200_000, 1_000_000)]).dispose());
        return;
      case 11: {
        const channels = source.pick(...CHANNELS);
        this.#refusedWhenDisposed(() => {
          const conv = methods.prepareConv2d(FILTERS.get(channels), CONV) as Prepared;
          this.#prepared.push({ conv, channels });
        });
        return;
      }
      case 12:
        if (this.#prepared.length > 0) this.#prepared.splice(source.int(0, this.#prepared.length - 1), 1)[0].conv.dispose();
        return;
      case 13:
        await delay(source.int(0, 3));
        return;
      case 14:
        await this.#settle();
        return;
      default:
        if (source.oneIn(4)) {
          const worker = this.#workers.pop();
          this.lost ||= worker !== undefined;
          void worker?.terminate();
        } else if (source.oneIn(10)) {
          engine.dispose();
          this.#disposed = true;
        } else this.#plain();
    }
  }

  #add(expected: Tensor): void {
    this.#refusedWhenDisposed(() => {
      const tensor = this.#engine.engine.tensor(expected.shape, expected.data) as unknown as KernelTensor;
      this.#held.push({ tensor, expected, writers: 0 });
    });
  }

  #pick(): Held | undefined {
    return this.#held.length === 0 ? undefined : this.#held[this.#source.int(0, this.#held.length - 1)];
  }

  /** Given back, and what is written to it is refused or lost. */
  #drop(held: Held): void {
    held.tensor.dispose();
    this.#held.splice(this.#held.indexOf(held), 1);
  }

  /** What is called after the engine was disposed of is refused. */
  #refusedWhenDisposed(act: () => void): void {
    counts.calls++;
    try {
      act();
    } catch (error) {
      if (!this.#disposed || !(error instanceof DisposedError)) throw error;
      counts.refusals++;
    }
  }

  /** One operator, over its operand, into another tensor, or into a new one. */
  #call(asynchronous: boolean): void {
    const source = this.#source;
    const x = this.#pick();
    if (x === undefined) return;
    const name = source.pick(...OPERATORS);
    const { shape } = x.expected;
    const fitting = this.#held.filter(({ expected }) => expected.shape.join() === shape.join());
    const wish = source.pick('new', 'new', 'other', 'over');
    const target = wish === 'over' && mayBeOver(name) ? x : wish === 'other' ? fitting.find((held) => held !== x) : undefined;
    const expected = twin.methods[name](...argumentsOf(name, x.expected, shape)) as Tensor;
    const args = argumentsOf(name, x.tensor, shape, target?.tensor);
    if (target !== undefined) target.expected = expected;
    if (asynchronous) this.#begin(() => this.#engine.methods[`${name}Async`](...args) as Promise<Tensor>, expected, target);
    else this.#refusedWhenDisposed(() => this.#took(this.#engine.methods[name](...args) as KernelTensor, expected, target));
  }

  #took(result: KernelTensor, expected: Tensor, target: Held | undefined): void {
    if (target === undefined) this.#held.push({ tensor: result, expected, writers: 0 });
    else if (result !== target.tensor) throw new Error('the result is not the tensor that was given');
  }

  /** Begins an asynchronous call; whatever it ends with is judged when it does. */
  #begin(call: () => Promise<Tensor>, expected: Tensor, target: Held | undefined): void {
    counts.calls++;
    if (target !== undefined) target.writers++;
    const promise = call().then(
      (result) => {
        if (target === undefined && 'dispose' in result) this.#took(result as KernelTensor, expected, target);
        else if (target === undefined) this.#compare(result, expected, 'a plain result');
        if (target !== undefined) target.writers--;
      },
      (error: unknown) => {
        counts.refusals++;
        if (target !== undefined) target.writers--;
        const isGone = this.#disposed || target?.tensor.disposed === true;
        if (!(error instanceof DisposedError) || !isGone) this.#wrong ??= error;
      },
    );
    this.#running.push({ promise });
  }

  #callPrepared(): void {
    const prepared = this.#prepared.at(-1);
    const x = this.#held.find(({ expected }) => expected.shape[1] === prepared?.channels);
    if (prepared === undefined || x === undefined) return;
    const expected = twin.methods.conv2d(x.expected, FILTERS.get(prepared.channels), CONV) as Tensor;
    if (this.#source.oneIn(2)) this.#begin(() => prepared.conv.runAsync(x.tensor), expected, undefined);
    else this.#refusedWhenDisposed(() => this.#took(prepared.conv.run(x.tensor) as KernelTensor, expected, undefined));
  }

  /** Plain tensors: the result is there when the promise settles; what is refused writes nothing; what has gone is told by name. */
  #plain(): void {
    const source = this.#source;
    const x = filled(source.pick(...SHAPES), source.seed());
    const name = source.pick(...OPERATORS);
    const call = (x: Tensor, out?: Tensor) =>
      this.#engine.methods[`${name}Async`](...argumentsOf(name, x, x.shape, out)) as Promise<Tensor>;
    const expected = twin.methods[name](...argumentsOf(name, x, x.shape)) as Tensor;
    const out = { shape: x.shape, data: new Float32Array(x.data.length).fill(7) };
    switch (source.int(0, 3)) {
      case 0:
        this.#begin(() => call(x), expected, undefined);
        return;
      case 1:
        this.#begin(() => call(x, out), expected, undefined);
        return;
      case 2: {
        const wrong = { shape: [1], data: new Float32Array(1).fill(7) };
        this.#beginWrong(call(x, wrong), [ShapeError], () => {
          if (wrong.data[0] !== 7) throw new Error(`${name}: was refused, but has written`);
        });
        return;
      }
      default: {
        // The buffer of a plain tensor goes to another thread while the call is under way.
        const promise = source.oneIn(2) ? call(x, out) : call(x);
        const gone = source.pick(out, x).data.buffer;
        structuredClone(gone, { transfer: [gone] });
        this.#beginWrong(promise, TYPED, () => {});
      }
    }
  }

  /** A call that is to be refused with one of these, or may have been done before. */
  #beginWrong(promise: Promise<Tensor>, types: readonly (abstract new (...args: never[]) => Error)[], look: () => void): void {
    counts.calls++;
    const ended = promise.then(
      () => {
        if (types !== TYPED) this.#wrong ??= new Error('a result of another shape was taken');
      },
      (error: unknown) => {
        counts.refusals++;
        if (![DisposedError, ...types].some((type) => error instanceof type)) this.#wrong ??= error;
      },
    );
    this.#running.push({ promise: ended.then(look) });
  }

  #compare(actual: Tensor, expected: Tensor, what: string): void {
    try {
      expectSameBits(actual.data, expected.data, what);
      counts.results++;
    } catch (error) {
      this.#wrong ??= error;
    }
  }

  /** Waits for what was begun, and compares everything that is there. */
  async #settle(): Promise<void> {
    await Promise.all(this.#running.splice(0).map(({ promise }) => promise));
    if (!this.#disposed) for (const { tensor, expected } of this.#held) this.#compare(tensor, expected, `a tensor of [${expected.shape}]`);
    if (this.#wrong !== undefined) throw this.#wrong;
  }

  async #end(): Promise<void> {
    await this.#settle();
    for (const held of [...this.#held]) this.#drop(held);
    for (const { conv } of this.#prepared.splice(0)) conv.dispose();
  }
}

/** Buffers that are taken when nothing is held: those of the threads, and one of scratch. */
async function check(source: Source): Promise<void> {
  const opened = spare ?? (await open());
  spare = undefined;
  const { memory, engine } = opened.platform;
  const live = memory!.live.size;
  const script = new Script(source, opened);
  let isWell = false;
  try {
    await script.run();
    isWell = !script.disposed && !script.lost;
    if (!script.disposed && memory!.live.size !== live) {
      isWell = false;
      throw new Error(`${memory!.live.size} buffers are taken at the end, ${live} were at the beginning`);
    }
  } finally {
    if (isWell) spare = opened;
    else engine.dispose();
  }
}

export function properties(): Property[] {
  return [{ name: 'd/script', check, runs: 20 }];
}

export function end(): void {
  spare?.platform.engine.dispose();
}
