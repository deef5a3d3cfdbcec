/** Times compiled candidates on the Node that runs this. In: one JSON object on the standard input. Out: another. */
import { text } from 'node:stream/consumers';
import { relaxedSimd } from 'wasm-feature-detect';
import { floats } from '../operands.mjs';
import { machine } from '../output.mjs';
import { measurePeak } from '../peak.mjs';
import { expected, nameOf } from './candidates.mjs';

const { modules, candidates, depth, rounds, peakSeconds } = JSON.parse(await text(process.stdin));

// Where things lie in memory: apart, and not on the same cache sets.
const [A, B, FROM, C, BIAS] = [0x10000, 0x60440, 0xb0880, 0xc0cc0, 0xd1100];
const CALLS = 400;
const [LOWER, UPPER] = [0, 6];

async function instantiate(base64) {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const { instance } = await WebAssembly.instantiate(Buffer.from(base64, 'base64'), { env: { memory } });
  return { exports: instance.exports, memory: new Float32Array(memory.buffer) };
}

/** `from` and `c` are dense: rows as far apart as they are long. */
function argumentsOf({ columns }) {
  return [depth, A, B, FROM, 4 * columns, C, 4 * columns, BIAS, LOWER, UPPER];
}

function validate({ exports, memory }, candidate, exact) {
  const { rows, columns } = candidate;
  const given = {
    depth,
    a: floats(rows * depth, 1),
    b: floats(columns * depth, 2),
    from: floats(rows * columns, 3),
    bias: floats(columns, 4),
    lower: LOWER,
    upper: UPPER,
  };
  memory.set(given.a, A / 4);
  memory.set(given.b, B / 4);
  memory.set(given.from, FROM / 4);
  memory.set(given.bias, BIAS / 4);
  exports[nameOf(candidate)](...argumentsOf(candidate));
  const want = expected(candidate, given);
  const got = memory.subarray(C / 4, C / 4 + want.length);
  const bound = exact ? 0 : 2 * (depth + 2) * depth * 2 ** -24;
  for (const [i, value] of want.entries()) {
    if (!(Math.abs(got[i] - value) <= bound)) throw new Error(`${nameOf(candidate)}: element ${i} is ${got[i]}, not ${value}`);
  }
}

async function timeVariant(variant) {
  const instance = await instantiate(modules[variant]);
  const best = new Map();
  for (const candidate of candidates) validate(instance, candidate, variant === 'simd');
  for (let round = 0; round < rounds; round++) {
    for (const candidate of candidates) {
      const name = nameOf(candidate);
      const repeat = instance.exports[`repeat_${name}`];
      const given = argumentsOf(candidate);
      for (let i = 0; i < 5; i++) {
        const begin = performance.now();
        repeat(CALLS, ...given);
        best.set(name, Math.min(best.get(name) ?? Infinity, performance.now() - begin));
      }
    }
  }
  return candidates.map((candidate) => {
    const name = nameOf(candidate);
    return { name, ...candidate, gflops: (2 * candidate.rows * candidate.columns * depth * CALLS) / best.get(name) / 1e6 };
  });
}

const variants = { simd: await timeVariant('simd') };
if (await relaxedSimd()) variants['relaxed-simd'] = await timeVariant('relaxed-simd');
process.stdout.write(JSON.stringify({ machine: machine(), peak: await measurePeak(peakSeconds), variants }));
