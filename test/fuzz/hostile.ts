/**
 * Hostile arguments to everything that is exported: a typed error before anything is written, or the right result; every engine agrees,
 * and goes on afterwards.
 */

import * as image from '../../dist/image/index.js';
import * as index from '../../dist/index.js';
import * as js from '../../dist/js.js';
import * as nn from '../../dist/nn/index.js';
import type { Tensor } from '../../src/index.ts';
import { Arsenal, CallersOwn, type Strike, type Verdict } from './arsenal.ts';
import { expectSameBits, watch } from './compare.ts';
import { jsPlatform, type Platform, simdPlatform, threadedPlatform } from './engines.ts';
import { families, filterGenerators, generators } from './generators/index.ts';
import { type Arguments, filled, type Generator, isTensor, mapOperands, type Operand, type Options } from './generators/values.ts';
import { copyOf, Placing, resultsOf } from './placing.ts';
import { counts, type Property } from './property.ts';
import type { Source } from './source.ts';

const twin = await jsPlatform();
const simd = await simdPlatform();
const threaded = await threadedPlatform(2);
const other = await simdPlatform();
const goneEngine = await simdPlatform();
goneEngine.engine.dispose();

const TYPED = [
  index.DisposedError,
  index.OptionError,
  index.OutOfMemoryError,
  index.ShapeError,
  index.UnsupportedError,
  nn.NotFiniteError,
  nn.SafetensorsError,
] as const;

type Outcome =
  | { readonly kind: 'done'; readonly results: Readonly<Record<string, Operand>> }
  | { readonly kind: 'refused'; readonly error: Error & { readonly argument?: string } }
  | { readonly kind: 'thrown' };

/** Of what a call has thrown; whatever is neither typed nor the caller's own is a failure. */
function refused(error: unknown, what: string): Outcome {
  if (error instanceof CallersOwn) return { kind: 'thrown' };
  if (!TYPED.some((type) => error instanceof type)) {
    const raw = error instanceof Error ? error : new Error(String(error));
    throw Object.assign(new Error(`${what}: a raw ${raw.name}: ${raw.message}`, { cause: raw }), { stack: `${what}: a raw ${raw.stack}` });
  }
  counts.refusals++;
  return { kind: 'refused', error: error as Error };
}

const X = filled([1, 2, 5, 6], 1);
const FILTER = filled([4, 2, 3, 3], 2);
const EXPECTED = (twin.methods.conv2d(X, FILTER, { algorithm: 'gemm' }) as Tensor).data.slice();

/** An engine is well if a convolution has its bits. */
function expectWell({ methods, name }: Platform): void {
  expectSameBits((methods.conv2d(X, FILTER, { algorithm: 'gemm' }) as Tensor).data, EXPECTED, `${name} afterwards`);
}

/** Names that options of some operator have. */
const OPTIONS = [
  ...['bias', 'strides', 'padding', 'dilations', 'groups', 'inputLayout', 'filterLayout', 'activation', 'normalize', 'algorithm'],
  ...['paddingMode', 'layout', 'windowDimensions', 'outputSizes', 'outputPadding', 'roundingType', 'skip', 'axis', 'epsilon', 'alpha'],
  ...['border', 'borderValue', 'radius', 'divisor', 'value', 'mode', 'norm', 'seed', 'training', 'lower', 'upper', 'length', 'angle'],
] as const;

interface Attack {
  readonly args: unknown[];
  readonly strikes: readonly Strike[];
}

/** A result's place that shares memory with a plain operand, and does not begin where that begins. */
function overlapping(source: Source, given: readonly unknown[], like: Operand): Operand | undefined {
  const operand = given.find((value): value is Tensor => isTensor(value) && !('dispose' in value) && value.data.length > 0);
  if (operand === undefined || !isTensor(like) || like.data.length === 0) return undefined;
  const { buffer, byteOffset } = operand.data;
  const at = byteOffset + 4 * source.pick(-1, 1, -4, 4);
  if (at + like.data.byteLength > buffer.byteLength) return undefined;
  return { shape: like.shape, data: new Float32Array(buffer, at, like.data.length) };
}

/** One or two arguments, or parts of them, replaced. */
function attack(source: Source, arsenal: Arsenal, given: readonly unknown[], expected: Readonly<Record<string, Operand>>): Attack {
  const args = [...given];
  const last = args.length - 1;
  const strikes: Strike[] = [];
  let options = given[last] as Options;
  for (let count = source.pick(1, 1, 1, 2); count > 0; count--) {
    const junk = (): Strike => ({ value: arsenal.junk(), verdict: 'any', what: 'junk' });
    switch (source.int(0, 7)) {
      case 0:
      case 1:
      case 2: {
        const at = source.int(0, last);
        strikes.push(arsenal.strike(given[at]));
        args[at] = strikes.at(-1)!.value;
        if (at !== last) break;
        return { args, strikes };
      }
      case 3:
      case 4: {
        const names = Object.keys(given[last] as Options);
        const name = names.length > 0 && !source.oneIn(4) ? source.pick(...names) : source.pick(...OPTIONS);
        const honest = (given[last] as Options)[name];
        strikes.push(honest === undefined ? junk() : arsenal.strike(honest));
        options = { ...options, [name]: strikes.at(-1)!.value };
        args[last] = options;
        break;
      }
      case 5: {
        const names = Object.keys(expected);
        const name = source.pick(...(names.length > 0 ? names : ['out']));
        const honest = expected[name] as Operand | undefined;
        const laid = honest !== undefined && source.oneIn(3) ? overlapping(source, given, honest) : undefined;
        if (laid !== undefined) strikes.push({ value: laid, verdict: 'any', what: 'out over an operand' });
        else strikes.push(honest === undefined || source.oneIn(3) ? junk() : { ...arsenal.operand(honest), verdict: 'any' });
        options = { ...options, out: name === 'out' ? strikes.at(-1)!.value : { [name]: strikes.at(-1)!.value } };
        args[last] = options;
        break;
      }
      case 6:
        args.splice(source.int(0, last), 1);
        strikes.push({ value: undefined, verdict: 'any', what: 'an argument too few' });
        return { args, strikes };
      default: {
        const at = source.int(0, last);
        strikes.push(junk());
        args[at] = strikes.at(-1)!.value;
        return { args, strikes };
      }
    }
  }
  return { args, strikes };
}

function verdictOf(strikes: readonly Strike[]): Verdict {
  if (strikes.length === 1) return strikes[0].verdict;
  if (strikes.every(({ verdict }) => verdict === 'right')) return 'right';
  return 'any';
}

type Call = (platform: Platform, args: readonly unknown[]) => unknown;

/** What comes back in a hostile object that was given as `out` is not asked for: it answers otherwise by now. */
async function outcomeOf(call: () => unknown, placing: Placing, struck: ReadonlySet<unknown>, what: string): Promise<Outcome> {
  let value: unknown;
  try {
    value = await call();
  } catch (error) {
    return refused(error, what);
  }
  try {
    if (struck.has(value)) return { kind: 'done', results: {} };
    const results = Object.entries(resultsOf(value)).filter(([, result]) => !struck.has(result));
    for (const [, result] of results) placing.hold(result);
    return { kind: 'done', results: Object.fromEntries(results.map(([name, result]) => [name, copyOf(result)])) };
  } catch (error) {
    throw new Error(`${what}: what comes back is no result: ${(error as Error).message}`, { cause: error });
  }
}

/** The outcome of a call on one platform, whatever it is called with; and that nothing else has changed. */
async function strikeOn(platform: Platform, source: Source, honest: Arguments, call: Call, expected: Readonly<Record<string, Operand>>) {
  const placing = new Placing(platform);
  const arsenal = new Arsenal(source, platform, other);
  const inKernel = source.oneIn(2);
  const given = mapOperands(honest, (operand) => placing.place(operand, inKernel, 'an operand'));
  try {
    const { args, strikes } = attack(source, arsenal, given, expected);
    const what = `${platform.name}: ${strikes.map(({ what }) => what).join(', ')}`;
    const noGuardChanged = watch(placing.guards);
    const nothingChanged = watch(placing.watched);
    for (const act of arsenal.before) act();
    counts.calls++;
    const struck = new Set(strikes.map(({ value }) => value));
    const outcome = await outcomeOf(() => call(platform, args), placing, struck, what);
    if (outcome.kind === 'done') noGuardChanged();
    else nothingChanged();
    expectWell(platform);
    return { outcome, verdict: verdictOf(strikes), what };
  } finally {
    arsenal.dispose();
    placing.dispose();
  }
}

const told = (outcome: Outcome): string =>
  outcome.kind === 'refused'
    ? `${outcome.error.name} (${outcome.error.message})`
    : outcome.kind === 'done'
      ? 'a result'
      : 'what a getter threw';

/** Results that are drawn are not compared: a seed that was struck out is another one on every engine. */
function expectSame(one: Outcome, two: Outcome, what: string, isDrawn: boolean): void {
  if (one.kind !== two.kind) throw new Error(`${what}: ${told(one)}, but ${told(two)} on js`);
  if (one.kind === 'refused' && two.kind === 'refused') {
    const same = one.error.name === two.error.name && one.error.argument === two.error.argument;
    if (!same) throw new Error(`${what}: ${told(one)}, but ${told(two)} on js`);
  }
  if (one.kind === 'done' && two.kind === 'done' && !isDrawn) expectSameResults(one.results, two.results, what);
}

function expectSameResults(one: Readonly<Record<string, Operand>>, two: Readonly<Record<string, Operand>>, what: string): void {
  for (const [name, { data }] of Object.entries(two)) {
    if (one[name] === undefined) continue;
    counts.results++;
    expectSameBits(one[name].data, data, `${what}: ${name}`);
  }
}

/** A generator's calls, and what becomes of them. */
function operatorProperty(family: string, name: string, generate: Generator, call: Call, asynchronous: Call): Property {
  return {
    name: `b/${family}/${name}`,
    async check(source) {
      const isAsynchronous = source.oneIn(4);
      const honest = generate(source).args;
      const results = resultsOf(await call(twin, mapOperands(honest, copyOf)));
      const expected = Object.fromEntries(Object.entries(results).map(([result, value]) => [result, copyOf(value)]));
      const { outcome: byTwin } = await strikeOn(twin, source, honest, call, expected);
      // The same draws again: what is built of them belongs to one engine.
      const run = (platform: Platform, how: Call) => {
        const again = source.again();
        again.oneIn(4);
        return strikeOn(platform, again, generate(again).args, how, expected);
      };
      for (const [platform, how] of [[simd, call] as const, ...(isAsynchronous ? [[threaded, asynchronous] as const] : [])]) {
        const { outcome, verdict, what } = await run(platform, how);
        if (verdict === 'refused' && outcome.kind !== 'refused') throw new Error(`${what}: expected a refusal, got ${told(outcome)}`);
        if (verdict.startsWith('right')) {
          if (outcome.kind === 'done') expectSameResults(outcome.results, expected, what);
          else if (verdict === 'right' || outcome.kind === 'thrown') throw new Error(`${what}: expected a result, got ${told(outcome)}`);
        }
        if (verdict === 'any') expectSame(outcome, byTwin, what, name === 'rrelu');
      }
    },
  };
}

const method =
  (name: string): Call =>
  ({ methods }, args) =>
    methods[name](...args);
const filter =
  (name: string): Call =>
  ({ filters }, args) =>
    filters[name](...args);

const prepared =
  (run: 'run' | 'runAsync'): Call =>
  async ({ methods }, args) => {
    const [x, weights, options] = args;
    let parts: Options = { rest: options };
    try {
      if (typeof options === 'object' && options !== null) parts = { ...options };
    } catch {
      // Options that cannot be taken apart are given whole.
    }
    const { out, ...rest } = parts;
    const conv = methods.prepareConv2d(weights, 'rest' in rest ? options : rest) as Record<string, (...args: unknown[]) => unknown> &
      Disposable;
    try {
      return await conv[run](x, out);
    } finally {
      conv[Symbol.dispose]();
    }
  };

/** What is exported and no operator: its honest arguments, and what is done with them. */
interface Entry {
  readonly args: (world: World) => readonly unknown[];
  readonly call: (world: World, args: readonly unknown[]) => unknown;
}

/** Made anew for each case. */
interface World {
  readonly source: Source;
  readonly platform: Platform;
  /** Gives back at the end. */
  readonly hold: <T>(value: T) => T;
}

type Loose = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
const loose = (value: unknown) => value as Loose;

const plain = (...shape: number[]) => filled(shape, 3);
const kernelTensor = ({ platform, hold }: World, ...shape: number[]) => hold(platform.engine.tensor(shape, plain(...shape).data));
const LAYERS = () => [nn.conv2d(1, 2, 3), nn.relu(), nn.maxPool2d(2), nn.flatten(), nn.linear(8, 3)];
const network = ({ platform, hold }: World) => hold(nn.sequential(platform.engine as never, LAYERS()));
const parameters = (world: World) => network(world).parameters();
/** Makes a network of what a layer's function gives. */
const layer =
  (name: string) =>
  ({ platform, hold }: World, args: readonly unknown[]) =>
    void hold(nn.sequential(platform.engine as never, [loose(nn)[name](...args) as never]));

/** The threads of a hostile `load` are few. */
function fewThreads(options: unknown): unknown {
  if (typeof options !== 'object' || options === null) return options;
  try {
    return Number((options as Options).threads) > 2 ? { ...options, threads: 2 } : options;
  } catch {
    return options;
  }
}

const entries: Readonly<Record<string, Entry>> = {
  load: {
    args: () => [{ variant: 'simd', relaxed: false, threads: 1 }],
    call: async ({ hold }, [options, ...rest]) => void hold(await loose(index).load(fewThreads(options), ...rest)),
  },
  loadSync: { args: () => [{ variant: 'js' }], call: ({ hold }, args) => void hold(loose(index).loadSync(...args)) },
  loadJs: { args: () => [['a note']], call: ({ hold }, args) => void hold(loose(js).loadJs(...args)) },
  foldBatchNorm: {
    args: () => [
      plain(4, 2, 3, 3),
      { mean: plain(4), variance: plain(4), scale: plain(4), offset: plain(4), bias: plain(4), epsilon: 1e-3 },
    ],
    call: (_, args) => loose(index).foldBatchNorm(...args),
  },
  tensor: { args: () => [[2, 3], plain(2, 3).data], call: ({ platform, hold }, args) => void hold(platform.methods.tensor(...args)) },
  'tensor of numbers': {
    args: () => [
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ],
    call: ({ platform, hold }, args) => void hold(platform.methods.tensor(...args)),
  },
  prepareConv2d: {
    args: () => [FILTER, { padding: 1, bias: plain(4) }],
    call: ({ platform, hold }, args) => void hold(platform.methods.prepareConv2d(...args)),
  },
  'KernelTensor.view': { args: () => [[3, 2]], call: (world, args) => void loose(kernelTensor(world, 2, 3)).view(...args) },
  filters: {
    args: ({ platform }) => [platform.engine],
    call: (_, args) => loose(loose(image).filters(...args)).identity({ data: new Uint8Array(4), width: 1, height: 1 }),
  },
  'filters.image': { args: () => [3, 2, 4, 'u8'], call: ({ platform, hold }, args) => void hold(platform.filters.image(...args)) },
  Kept: {
    args: ({ platform }) => [platform.engine, [2, 3]],
    call: ({ hold }, args) => void loose(hold(new nn.Kept())).at(...args),
  },
  Parameter: {
    args: ({ platform }) => [platform.engine, [2, 3]],
    call: ({ hold }, args) => void hold(new (nn.Parameter as unknown as new (...args: readonly unknown[]) => Disposable)(...args)),
  },
  activation: { args: () => ['leakyRelu', { alpha: 0.5 }], call: layer('activation') },
  averagePool2d: { args: () => [2, { strides: 1, countIncludePad: true }], call: layer('averagePool2d') },
  maxPool2d: { args: () => [[2, 3], { padding: 1 }], call: layer('maxPool2d') },
  conv2d: { args: () => [2, 4, [3, 3], { strides: 2, groups: 2, bias: false, initialize: 'glorot' }], call: layer('conv2d') },
  linear: { args: () => [5, 3, { bias: true, initialize: () => 1 }], call: layer('linear') },
  flatten: { args: () => [], call: layer('flatten') },
  relu: { args: () => [], call: layer('relu') },
  leakyRelu: { args: () => [{ alpha: 0.1 }], call: layer('leakyRelu') },
  sigmoid: { args: () => [], call: layer('sigmoid') },
  tanh: { args: () => [], call: layer('tanh') },
  crossEntropy: { args: () => [plain(3, 4), [0, 3, 1]], call: (_, args) => void loose(nn).crossEntropy(...args) },
  meanSquare: { args: () => [plain(3, 4), plain(3, 4)], call: (_, args) => void loose(nn).meanSquare(...args) },
  generator: { args: () => [7], call: (_, args) => void loose(nn).generator(...args) },
  encodeSafetensors: {
    args: () => [{ a: plain(2), b: plain(3, 1) }, { note: 'x' }],
    call: (_, args) => void loose(nn).encodeSafetensors(...args),
  },
  decodeSafetensors: { args: () => [nn.encodeSafetensors({ a: plain(2) })], call: (_, args) => void loose(nn).decodeSafetensors(...args) },
  loadState: { args: () => [{ a: plain(2) }, nn.encodeSafetensors({ a: plain(2) })], call: (_, args) => void loose(nn).loadState(...args) },
  sequential: {
    args: ({ platform }) => [platform.engine, LAYERS(), { seed: 3 }],
    call: ({ hold }, args) => void hold(loose(nn).sequential(...args)),
  },
  'Sequential.forward': { args: () => [plain(1, 1, 6, 6)], call: (world, args) => void loose(network(world)).forward(...args) },
  'Sequential.backward': {
    args: () => [plain(1, 3), true],
    call(world, args) {
      const net = network(world);
      net.forward(plain(1, 1, 6, 6));
      loose(net).backward(...args);
    },
  },
  'Sequential.prepare': { args: () => [[1, 1, 6, 6]], call: (world, args) => void world.hold(loose(network(world)).prepare(...args)) },
  'Sequential.save': { args: () => [{ note: 'x' }], call: (world, args) => void loose(network(world)).save(...args) },
  'Sequential.load': { args: (world) => [network(world).save()], call: (world, args) => void loose(network(world)).load(...args) },
  'PreparedSequential.run': {
    args: () => [plain(1, 1, 6, 6), plain(1, 3)],
    call: (world, args) => void loose(world.hold(network(world).prepare([1, 1, 6, 6]))).run(...args),
  },
  sgd: {
    args: (world) => [parameters(world), { momentum: 0.5, weightDecay: 0.1, nesterov: true }],
    call: ({ hold }, args) => void hold(loose(nn).sgd(...args)),
  },
  adam: {
    args: (world) => [parameters(world), { beta1: 0.5, learningRate: 0.1 }],
    call: ({ hold }, args) => void hold(loose(nn).adam(...args)),
  },
  'Optimizer.learningRate': {
    args: () => [0.1],
    call: (world, [rate]) => {
      world.hold(nn.sgd(parameters(world))).learningRate = rate as number;
    },
  },
};

const disposeOf = (value: unknown): (() => void) | undefined => {
  const dispose = (value as { dispose?: unknown } | null | undefined)?.dispose;
  return typeof dispose === 'function' ? () => dispose.call(value) : undefined;
};

/** One argument, or a part of it, replaced; or one more than there should be. */
function attackEntry(source: Source, arsenal: Arsenal, honest: readonly unknown[]): { args: unknown[]; what: string } {
  const args = [...honest];
  if (args.length === 0 || source.oneIn(10)) return { args: [...args, arsenal.junk()], what: 'an argument more' };
  const at = source.int(0, args.length - 1);
  const argument = args[at];
  if (argument === simd.engine) {
    args[at] = source.pick(Promise.resolve(argument), goneEngine.engine, arsenal.junk(), {});
    return { args, what: 'another engine' };
  }
  const isRecord = typeof argument === 'object' && argument !== null && Object.getPrototypeOf(argument) === Object.prototype;
  if (isRecord && !isTensor(argument) && source.oneIn(3)) {
    const name = source.pick(...Object.keys(argument));
    const { value, what } = arsenal.strike((argument as Options)[name]);
    args[at] = { ...argument, [name]: value };
    return { args, what: `argument ${at}, ${name}: ${what}` };
  }
  const { value, what } = arsenal.strike(argument);
  args[at] = value;
  return { args, what: `argument ${at}: ${what}` };
}

function entryProperty(name: string, entry: Entry): Property {
  return {
    name: `b/entry/${name}`,
    async check(source) {
      const held: unknown[] = [];
      const live = simd.memory!.live.size;
      const hold = <T>(value: T): T => {
        held.push(value);
        return value;
      };
      const placing = new Placing(simd);
      const arsenal = new Arsenal(source, simd, other);
      const world = { source, platform: simd, hold };
      const { args, what } = attackEntry(source, arsenal, entry.args(world));
      const unchanged = watch(placing.watched);
      for (const act of arsenal.before) act();
      counts.calls++;
      try {
        await entry.call(world, args);
        counts.results++;
      } catch (error) {
        refused(error, what);
      } finally {
        for (const value of held.reverse()) disposeOf(value)?.();
        arsenal.dispose();
      }
      unchanged();
      expectWell(simd);
      placing.dispose();
      if (simd.memory!.live.size > live) throw new Error(`${what}: ${simd.memory!.live.size} buffers are taken, ${live} were`);
    },
  };
}

/** What is called besides operators: everything that the entries export, and methods of what that gives. */
export const entryNames: readonly string[] = Object.keys(entries);

export function properties(): Property[] {
  const all = Object.entries(families).flatMap(([family, list]) =>
    Object.entries<Generator>(list).map(([name, generate]) => {
      const how = name in filterGenerators ? filter : method;
      return operatorProperty(family, name, generate, how(name), how(`${name}Async`));
    }),
  );
  all.push(operatorProperty('conv', 'PreparedConv2d.run', generators.conv2d, prepared('run'), prepared('runAsync')));
  return [...all, ...Object.entries(entries).map(([name, entry]) => entryProperty(name, entry))];
}

export function end(): void {
  for (const { engine } of [twin, simd, threaded, other]) engine.dispose();
}
