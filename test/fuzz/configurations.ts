/**
 * Valid calls of every operator: `simd`, the twin, threads, pieces, the other layout, plain and engine tensors, new results and
 * given ones, in place too, synchronously and not: the same bits, and not a byte changed elsewhere.
 */
import type { Tensor } from '../../src/index.ts';
import { expectSameBits, watch } from './compare.ts';
import { guardedPlatform, jsPlatform, type Platform, simdPlatform, threadedPlatform } from './engines.ts';
import { families, filterGenerators, generators } from './generators/index.ts';
import {
  type Arguments,
  type Configuration,
  type Generator,
  isTensor,
  mapOperands,
  type Operand,
  type Options,
} from './generators/values.ts';
import { copyOf, Placing, resultsOf } from './placing.ts';
import { counts, type Property } from './property.ts';
import type { Source } from './source.ts';

type Results = Readonly<Record<string, Operand>>;

interface Way {
  readonly platform: Platform;
  /** Which operands lie in kernel memory, by their number. */
  readonly inKernel: (operand: number) => boolean;
  /** Where the results go: new tensors, plain ones or tensors of the engine that are given, or over an operand. */
  readonly out: 'new' | 'plain' | 'kernel' | 'over';
  readonly asynchronous: boolean;
}

/** One operator: how it is called on a platform. */
interface Subject {
  readonly name: string;
  /** Prepared convolutions and filters are no methods of the engine. */
  readonly call: (platform: Platform, args: Arguments, asynchronous: boolean) => unknown;
}

const js = await jsPlatform();
const simd = await simdPlatform();
const threaded = await threadedPlatform(2);

function method(name: string): Subject {
  return { name, call: ({ methods }, args, asynchronous) => methods[asynchronous ? `${name}Async` : name](...args) };
}

function filter(name: string): Subject {
  return { name, call: ({ filters }, args, asynchronous) => filters[asynchronous ? `${name}Async` : name](...args) };
}

/** Runs of a prepared convolution: the same input, another and the first again, so that what it keeps is used. */
const prepared: Subject = {
  name: 'prepareConv2d',
  async call({ methods }, args, asynchronous) {
    const [x, weights, given] = args as unknown as [Tensor, Tensor, Options];
    const { out, ...options } = given;
    const conv = methods.prepareConv2d(weights, options) as Record<'run' | 'runAsync', (...args: unknown[]) => Tensor> & Disposable;
    const { shape } = x;
    const data = x.data.slice();
    try {
      const first = conv.run({ shape, data });
      if (shape[0] > 0) conv.run({ shape: [2 * shape[0], ...shape.slice(1)], data: twice(data) });
      const result = await conv[asynchronous ? 'runAsync' : 'run'](x, ...(out === undefined ? [] : [out as Tensor]));
      expectSameBits(result.data, first.data, 'a prepared convolution that is run again');
      const once = methods.conv2d({ shape, data }, weights, options) as Tensor;
      expectSameBits(result.data, once.data, 'a prepared convolution, beside conv2d');
      counts.calls += 2;
      return result;
    } finally {
      conv[Symbol.dispose]();
    }
  },
};

function twice(data: Float32Array): Float32Array {
  const both = new Float32Array(2 * data.length);
  both.set(data);
  both.set(data, data.length);
  return both;
}

/** Calls a subject one way, and compares its results and every byte around them. */
async function tryOut(
  subject: Subject,
  { args, over }: Configuration,
  way: Way,
  expected: Results | undefined,
  title: string,
): Promise<Results> {
  const { platform, inKernel, out, asynchronous } = way;
  const live = platform.memory?.live.size;
  const placing = new Placing(platform);
  try {
    let number = 0;
    const placed: Operand[] = [];
    const overArgument = out === 'over' && expected !== undefined && over!.result in expected ? over!.argument : undefined;
    const given = mapOperands(args, (operand) => {
      const isTarget = overArgument !== undefined && operand === args[overArgument];
      const what = `${title}: operand ${number}`;
      placed.push(placing.place(operand, inKernel(number++), what, isTarget));
      return placed[placed.length - 1];
    }) as [...unknown[], Options];
    const outs: Record<string, Operand> = {};
    if (overArgument !== undefined) outs[over!.result] = given[overArgument] as Operand;
    else if ((out === 'plain' || out === 'kernel') && expected !== undefined) {
      for (const [name, result] of Object.entries(expected))
        outs[name] = placing.placeOut(result, out === 'kernel', `${title}: around ${name}`);
    }
    const names = Object.keys(outs);
    const isOne = names[0] === 'out';
    if (names.length > 0) given[given.length - 1] = { ...(given.at(-1) as Options), out: isOne ? outs.out : outs };
    const unchanged = watch(placing.watched);
    counts.calls++;
    const returned = await subject.call(platform, given as unknown as Arguments, asynchronous);
    const results = resultsOf(returned);
    for (const result of Object.values(results)) placing.hold(result);
    unchanged();
    for (const name of names) if (results[name] !== outs[name]) throw new Error(`${title}: ${name} is not the tensor that was given`);
    const copies = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, copyOf(result)]));
    if (expected !== undefined) expectSameResults(copies, expected, title);
    if (names.length === 0 && placed.length > 0 && placed.every((operand) => 'dispose' in operand)) {
      for (const [name, result] of Object.entries(results))
        if (!('dispose' in result)) throw new Error(`${title}: ${name} is a plain tensor, though every operand is one of the engine`);
    }
    placing.dispose();
    if (platform.memory !== undefined && platform.memory.live.size > Math.max(live!, 1)) {
      throw new Error(`${title}: ${platform.memory.live.size} buffers are taken, ${live} were`);
    }
    return copies;
  } finally {
    placing.dispose();
  }
}

function expectSameResults(actual: Results, expected: Results, title: string): void {
  const names = Object.keys(expected);
  if (Object.keys(actual).join() !== names.join()) throw new Error(`${title}: results ${Object.keys(actual)}, expected ${names}`);
  for (const name of names) {
    const [a, b] = [actual[name], expected[name]];
    if (isTensor(a) && isTensor(b) && a.shape.join() !== b.shape.join())
      throw new Error(`${title}: ${name} of shape [${a.shape}], expected [${b.shape}]`);
    expectSameBits(a.data, b.data, `${title}: ${name}`);
    counts.results++;
  }
}

const every = () => true;
const none = () => false;

function property(family: string, subject: Subject, generate: Generator): Property {
  const { name } = subject;
  return {
    name: `a/${family}/${name}`,
    async check(source) {
      const c = generate(source);
      const mask = source.int(0, 15);
      const inKernel = source.pick(every, none, (operand: number) => ((mask >> operand) & 1) === 1);
      const out = source.pick('new', 'plain', 'kernel', ...(c.over ? (['over'] as const) : []));
      const seed = source.seed();
      const expected = await tryOut(subject, c, { platform: js, inKernel: none, out: 'new', asynchronous: false }, undefined, 'js');
      const ways: [string, Omit<Way, 'inKernel' | 'out'>][] = [
        ['simd', { platform: simd, asynchronous: seed % 2 === 0 }],
        ['js again', { platform: js, asynchronous: seed % 2 === 1 }],
        ['2 threads', { platform: threaded, asynchronous: seed % 3 === 0 }],
      ];
      if (seed % 4 === 0 && Object.values(expected).every(({ data }) => data.length < 20_000)) {
        ways.push(['simd in pieces', { platform: await guardedPlatform(seed), asynchronous: false }]);
      }
      for (const [title, way] of ways) await tryOut(subject, c, { ...way, inKernel, out }, expected, `${title}, ${out}`);
      if (c.elsewhere === undefined) return;
      const { args, back } = c.elsewhere;
      const way = { platform: seed % 2 === 0 ? simd : js, inKernel, out: 'new', asynchronous: false } as const;
      const results = await tryOut(subject, { args }, way, undefined, 'the other layout');
      const turned = Object.entries(results).map(([name, result]) => [name, back(result as Tensor, name)]);
      expectSameResults(Object.fromEntries(turned), expected, 'the other layout');
    },
  };
}

/** A prepared convolution takes what conv2d takes; empty batches have no result to be compared with. */
const prepareGenerator: Generator = (source: Source) => generators.conv2d(source);

export function properties(): Property[] {
  const all: Property[] = [property('conv', prepared, prepareGenerator)];
  for (const [family, list] of Object.entries(families)) {
    for (const [name, generate] of Object.entries<Generator>(list)) {
      all.push(property(family, name in filterGenerators ? filter(name) : method(name), generate));
    }
  }
  return all;
}

export function end(): void {
  for (const { engine } of [js, simd, threaded]) engine.dispose();
}
