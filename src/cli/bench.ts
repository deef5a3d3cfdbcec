import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import pc from 'picocolors';
import type { Variant } from '../backend.ts';
import type { Engine } from '../engine.ts';
import { load } from '../load.ts';
import type { PrepareConv2dOptions } from '../shape/conv.ts';
import { lengthOf, type Tensor } from '../tensor.ts';
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

interface Measurement {
  readonly milliseconds: number;
  readonly gflops: number;
  /** The twin's time over this one, both taken in turn. */
  readonly speedup: number;
}

interface Row {
  readonly shape: string;
  readonly flops: number;
  readonly results: Partial<Record<Variant, Measurement>>;
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
    flops: () => conv.plan!.flops,
    dispose: () => {
      for (const held of [conv, input, output]) (held as { dispose?: () => void }).dispose?.();
    },
  };
}

/** The same bits; or, where multiplication and addition may be fused, within twice the bound of one of them. */
function validate(shape: Shape, variant: Variant, actual: Float32Array, expected: Float32Array, bound: (i: number) => number): void {
  for (let i = 0; i < expected.length; i++) {
    const fits = variant === 'relaxed-simd' ? Math.abs(actual[i] - expected[i]) <= bound(i) : Object.is(actual[i], expected[i]);
    if (!fits) throw new Error(`${shape.name}: element ${i} of '${variant}' is ${actual[i]}, of 'js' ${expected[i]}`);
  }
}

/** The shortest of single runs, the variants taking turns, so that a slow moment of the machine meets all of them. */
function time(runs: ReadonlyMap<Variant, () => unknown>, budgetMs: number): Map<Variant, number> {
  const best = new Map<Variant, number>();
  const minimumRuns = 5;
  for (const run of runs.values()) for (let i = 0; i < 3; i++) run();
  const end = performance.now() + budgetMs;
  for (let round = 0; round < minimumRuns || performance.now() < end; round++) {
    for (const [variant, run] of runs) {
      const begin = performance.now();
      run();
      best.set(variant, Math.min(best.get(variant) ?? Infinity, performance.now() - begin));
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
  for (const [variant, { result }] of prepared) {
    validate(shape, variant, result(), twin.result(), (i) => 2 * (depth + 2) * 2 ** -24 * scale[i]);
  }
  const times = time(new Map([...prepared].map(([variant, { run }]) => [variant, run])), budgetMs);
  const flops = twin.flops();
  for (const { dispose } of prepared.values()) dispose();
  const results: Row['results'] = {};
  for (const [variant, milliseconds] of times) {
    results[variant] = { milliseconds, gflops: flops / milliseconds / 1e6, speedup: times.get('js')! / milliseconds };
  }
  return { shape: shape.name, flops, results };
}

function print(rows: readonly Row[], variants: readonly Variant[]): void {
  const table = new Table({
    head: ['', ...variants.map(pc.bold)],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...variants.map(() => 'right' as const)],
  });
  const cell = (variant: Variant, { milliseconds, gflops, speedup }: Measurement) => {
    const text = `${milliseconds.toFixed(3)} ms ${gflops.toFixed(1).padStart(5)} GF`;
    return variant === 'js' ? text : `${text} ${pc.bold(`${speedup.toFixed(1)}×`.padStart(6))}`;
  };
  for (const { shape, results } of rows) table.push([shape, ...variants.map((variant) => cell(variant, results[variant]!))]);
  process.stdout.write(`${table}\n`);
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
    process.stdout.write(`${JSON.stringify({ simdconv: version, host, variants, rows }, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${hostLine(host)}; one thread\n`);
  print(rows, variants);
  process.stdout.write('Shortest run; GFLOP/s of the direct algorithm; times faster than JavaScript. Results were checked first.\n');
}
