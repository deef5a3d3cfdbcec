/**
 * Hashes of results: seeded configurations of every operator on the `simd` engine, one SHA-256 for each operator's arguments and one for
 * its results. A change of bits shows in the second; a change of a generator in the first, and then in both.
 */
import { createHash, type Hash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { filters } from '../../dist/image/index.js';
import { load } from '../../dist/index.js';
import { families, filterGenerators } from './generators/index.ts';
import { type Arguments, type Generator, isPicture, isTensor, type Operand } from './generators/values.ts';
import { Source } from './source.ts';

interface Golden {
  readonly seed: number;
  readonly count: number;
  readonly operators: Readonly<Record<string, { readonly arguments: string; readonly results: string }>>;
}

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

const { values } = parseArgs({
  options: {
    write: { type: 'string' },
    check: { type: 'string' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '100' },
  },
});
if ((values.write === undefined) === (values.check === undefined)) {
  console.error('usage: node test/fuzz/golden.mjs (--write | --check) <file> [--seed n] [--count n]');
  process.exit(2);
}

/** A tensor's extents and bits; NaNs, whose bits a host may choose, are one. */
function addOperand(hash: Hash, operand: Operand): void {
  hash.update(JSON.stringify(isTensor(operand) ? operand.shape : [operand.width, operand.height, operand.channels]));
  // Whole numbers are hashed as floats, which the places of maxima once were.
  const own: ArrayLike<number> = operand.data.slice();
  const data = own instanceof Int32Array ? Float32Array.from(own) : (own as Operand['data']);
  if (data instanceof Float32Array) for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) data[i] = Number.NaN;
  hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function addValue(hash: Hash, value: unknown): void {
  if (isTensor(value) || isPicture(value)) addOperand(hash, value);
  else if (ArrayBuffer.isView(value)) hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      hash.update(name);
      addValue(hash, part);
    }
  } else hash.update(Object.is(value, -0) ? '-0' : String(value));
}

function hashes(call: (args: Arguments) => unknown, generate: Generator, seed: number, count: number) {
  const [given, results] = [createHash('sha256'), createHash('sha256')];
  for (let i = 0; i < count; i++) {
    const { args } = generate(Source.seeded(seed + i));
    addValue(given, args);
    addValue(results, call(args));
  }
  return { arguments: given.digest('hex'), results: results.digest('hex') };
}

async function compute(seed: number, count: number): Promise<Golden> {
  using engine = await load({ variant: 'simd' });
  const methods = engine as unknown as Methods;
  const ofImages = filters(engine) as unknown as Methods;
  const entries = Object.values(families).flatMap((list) => Object.entries<Generator>(list));
  const operators = entries.map(([name, generate]) => {
    const method = (name in filterGenerators ? ofImages : methods)[name];
    return [name, hashes((args) => method.apply(methods, [...args]), generate, seed, count)] as const;
  });
  return { seed, count, operators: Object.fromEntries(operators.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

if (values.write !== undefined) {
  const golden = await compute(Number(values.seed), Number(values.count));
  await writeFile(values.write, `${JSON.stringify(golden, null, 2)}\n`);
  console.log(`${Object.keys(golden.operators).length} operators, ${golden.count} configurations each`);
} else {
  const kept = JSON.parse(await readFile(values.check!, 'utf8')) as Golden;
  const { operators } = await compute(kept.seed, kept.count);
  const names = new Set([...Object.keys(kept.operators), ...Object.keys(operators)]);
  for (const name of names) {
    const [a, b] = [kept.operators[name], operators[name]];
    if (a?.results === b?.results && a?.arguments === b?.arguments) continue;
    const reason = a && b ? (a.arguments === b.arguments ? 'other bits' : 'other configurations') : a ? 'it is gone' : 'it is new';
    console.error(`${name}: ${reason}`);
    process.exitCode = 1;
  }
  if (process.exitCode === undefined) console.log(`${names.size} operators have the bits of ${values.check}`);
}
