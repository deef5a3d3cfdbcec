import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import pc from 'picocolors';
import type { Engine } from '../engine.ts';
import { load } from '../load.ts';
import type { PrepareConv2dOptions } from '../ops/conv/options.ts';
import { conv2d as plainConv2d } from '../plain/index.ts';
import type { Variant } from '../runtime/backend.ts';
import { lengthOf, type Tensor } from '../tensor/tensor.ts';
import { describeHost, detectFeatures, hostLine } from './host.ts';

interface Shape {
  readonly name: string;
  readonly x: readonly number[];
  readonly filter: readonly number[];
  readonly options: PrepareConv2dOptions;
  /** Worth its time in `--quick`. */
  readonly quick: boolean;
}

const SHAPES: readonly Shape[] = [
  { name: '3×3 64→64 @56²', x: [1, 64, 56, 56], filter: [64, 64, 3, 3], options: { padding: 1 }, quick: true },
  { name: '1×1 64→256 @56²', x: [1, 64, 56, 56], filter: [256, 64, 1, 1], options: {}, quick: false },
  { name: '7×7 stride 2 3→64 @224²', x: [1, 3, 224, 224], filter: [64, 3, 7, 7], options: { padding: 3, strides: 2 }, quick: false },
  { name: 'depthwise 3×3 32 @112²', x: [1, 32, 112, 112], filter: [32, 1, 3, 3], options: { padding: 1, groups: 32 }, quick: true },
  { name: 'LeNet-5 C1, 5×5 1→6 @32²', x: [1, 1, 32, 32], filter: [6, 1, 5, 5], options: {}, quick: true },
  { name: 'one plane 3×3 @1920×1080', x: [1, 1, 1080, 1920], filter: [1, 1, 3, 3], options: { padding: 1 }, quick: false },
];

/** Plain JavaScript, which others are measured against, and the engines. */
type Contender = 'plain' | Variant;

const NAMES: Readonly<Record<Contender, string>> = {
  plain: 'plain JavaScript',
  js: 'bit-exact fallback',
  simd: 'simd',
  'relaxed-simd': 'relaxed-simd',
};

interface Measurement {
  readonly milliseconds: number;
  /** Of the direct sum: by Winograd fewer are computed. */
  readonly gflops: number;
  /** The time of plain JavaScript over this one, both taken in turn. */
  readonly speedup: number;
  readonly algorithm?: string;
}

interface Row {
  readonly shape: string;
  readonly flops: number;
  readonly results: Partial<Record<Contender, Measurement>>;
}

/** Floats in [−1, 1) that are the same every time: mulberry32. */
function noise(shape: readonly number[], seed: number): Tensor {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1;
  };
  return { shape, data: Float32Array.from({ length: lengthOf(shape) }, next) };
}

const magnitudes = ({ shape, data }: Tensor): Tensor => ({ shape, data: data.map(Math.abs) });

/** A shape on one engine, ready to be timed: nothing but `run` remains. */
function prepare(engine: Engine, { options }: Shape, x: Tensor, filter: Tensor) {
  const conv = engine.prepareConv2d(filter, options);
  const input = engine.tensor(x.shape, x.data);
  const output = conv.run(input);
  return {
    run: () => conv.run(input, output),
    result: () => output.data,
    plan: () => conv.plan!,
    dispose: () => {
      for (const held of [conv, input, output]) (held as { dispose?: () => void }).dispose?.();
    },
  };
}

/** The shape in plain JavaScript. */
function preparePlain({ options }: Shape, { shape: [, channels, height, width], data }: Tensor, filter: Tensor, outLength: number) {
  const [outChannels, , kernel] = filter.shape;
  const { strides = 1, padding = 0, groups = 1 } = options as { strides?: number; padding?: number; groups?: number };
  const shape = { channels, outChannels, height, width, kernel, stride: strides, padding, groups };
  const out = new Float32Array(outLength);
  const run = plainConv2d(shape, 'nchw', filter.data);
  return { run: () => run(data, out), out };
}

/** The same bits; or, of what sums in doubles or may fuse multiplication and addition, within twice the bound of a direct sum. */
function validate(shape: Shape, contender: Contender, actual: Float32Array, expected: Float32Array, bound: (i: number) => number): void {
  for (let i = 0; i < expected.length; i++) {
    const sameBits = contender === 'js' || contender === 'simd';
    const fits = sameBits ? Object.is(actual[i], expected[i]) : Math.abs(actual[i] - expected[i]) <= bound(i);
    if (!fits) throw new Error(`${shape.name}: element ${i} of ${NAMES[contender]} is ${actual[i]}, of 'js' ${expected[i]}`);
  }
}

/** The shortest of single runs, all taking turns, so that a slow moment of the machine meets all of them. */
function time(runs: ReadonlyMap<Contender, () => unknown>, budgetMs: number): Map<Contender, number> {
  const best = new Map<Contender, number>();
  const minimumRuns = 5;
  for (const run of runs.values()) for (let i = 0; i < 3; i++) run();
  const end = performance.now() + budgetMs;
  for (let round = 0; round < minimumRuns || performance.now() < end; round++) {
    for (const [contender, run] of runs) {
      const begin = performance.now();
      run();
      best.set(contender, Math.min(best.get(contender) ?? Infinity, performance.now() - begin));
    }
  }
  return best;
}

function measure(shape: Shape, engines: ReadonlyMap<Variant, Engine>, budgetMs: number): Row {
  const x = noise(shape.x, 1);
  const filter = noise(shape.filter, 2);
  const depth = lengthOf(shape.filter.slice(1));
  const prepared = new Map([...engines].map(([variant, engine]) => [variant, prepare(engine, shape, x, filter)]));
  const twin = prepared.get('js')!;
  const scale = engines.get('js')!.conv2d(magnitudes(x), magnitudes(filter), shape.options).data;
  const plain = preparePlain(shape, x, filter, twin.result().length);
  plain.run();
  const bound = (i: number) => 2 * (depth + 2) * 2 ** -24 * scale[i];
  validate(shape, 'plain', plain.out, twin.result(), bound);
  for (const [variant, { result }] of prepared) validate(shape, variant, result(), twin.result(), bound);
  const runs = new Map<Contender, () => unknown>([['plain', plain.run]]);
  for (const [variant, { run }] of prepared) runs.set(variant, run);
  const times = time(runs, budgetMs);
  const { flops } = twin.plan();
  const results: Row['results'] = {};
  for (const [contender, milliseconds] of times) {
    const algorithm = contender === 'plain' ? undefined : prepared.get(contender)!.plan().algorithm;
    results[contender] = {
      milliseconds,
      gflops: flops / milliseconds / 1e6,
      speedup: times.get('plain')! / milliseconds,
      ...(algorithm && { algorithm }),
    };
  }
  for (const { dispose } of prepared.values()) dispose();
  return { shape: shape.name, flops, results };
}

function print(rows: readonly Row[], contenders: readonly Contender[]): void {
  const table = new Table({
    head: ['', ...contenders.map((contender) => pc.bold(NAMES[contender]))],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...contenders.map(() => 'right' as const)],
  });
  const cell = (contender: Contender, { milliseconds, gflops, speedup, algorithm }: Measurement) => {
    const text = `${milliseconds.toFixed(3)} ms ${gflops.toFixed(1).padStart(5)} GF${algorithm === 'winograd' ? '*' : ' '}`;
    return contender === 'plain' ? text : `${text} ${pc.bold(`${speedup.toFixed(1)}×`.padStart(6))}`;
  };
  for (const { shape, results } of rows) table.push([shape, ...contenders.map((contender) => cell(contender, results[contender]!))]);
  process.stdout.write(`${table}\n`);
}

/** From the least to the most over all shapes: one number would be that of the luckiest. */
function range(rows: readonly Row[]): string {
  const sorted = rows.map(({ shape, results }) => ({ shape, ...results.simd! })).sort((a, b) => a.speedup - b.speedup);
  const [least, most] = [sorted[0], sorted.at(-1)!];
  const name = most.algorithm === 'winograd' ? `${most.shape}, by Winograd` : most.shape;
  return `simd is ${least.speedup.toFixed(1)} to ${most.speedup.toFixed(1)} times as fast as plain JavaScript; most of all ${name}.`;
}

export async function bench(version: string, json: boolean, quick: boolean): Promise<void> {
  const features = await detectFeatures();
  const variants: Variant[] = [
    'js',
    ...(features.simd ? ['simd' as const] : []),
    ...(features.relaxedSimd ? ['relaxed-simd' as const] : []),
  ];
  const engines = new Map<Variant, Engine>();
  for (const variant of variants) engines.set(variant, await load({ variant }));
  const shapes = SHAPES.filter((shape) => shape.quick || !quick);
  const bar = process.stderr.isTTY
    ? new SingleBar({ format: '{bar} {value}/{total} {shape}', stream: process.stderr, hideCursor: true, clearOnComplete: true })
    : undefined;
  bar?.start(shapes.length, 0, { shape: '' });
  const rows: Row[] = [];
  try {
    for (const shape of shapes) {
      bar?.update(rows.length, { shape: shape.name });
      bar?.render();
      // The bar is drawn before the measurement takes the thread.
      await new Promise((resolve) => setImmediate(resolve));
      rows.push(measure(shape, engines, quick ? 300 : 2000));
    }
  } finally {
    bar?.stop();
  }
  const host = describeHost();
  if (json) {
    process.stdout.write(`${JSON.stringify({ simdconv: version, host, variants: ['plain', ...variants], rows }, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${hostLine(host)}; one thread\n`);
  print(rows, ['plain', ...variants]);
  if (features.simd) process.stdout.write(`${range(rows)}\n`);
  process.stdout.write(
    'Shortest run. ×: as fast as plain JavaScript, which sums in doubles. GF: 10⁹ operations a second of the direct sum, of which Winograd (*)\n' +
      'computes fewer. The fallback has the bits of simd. Results were checked first.\n',
  );
}
