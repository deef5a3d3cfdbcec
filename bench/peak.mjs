import { relaxedSimd } from 'wasm-feature-detect';
import { compile, MADD } from './compile.mjs';

/** Enough independent sums to keep two multipliers and two adders busy; with 16 registers, more than 12 may spill. */
const ACCUMULATORS = [6, 8, 10, 11, 12, 13, 14];
const STEPS = 4096;
/** The size of the activation shapes: a copy of them is what pools and activations are held against. */
const COPY_BYTES = 64 * 112 * 112 * 4;

function multiplyAdd(count) {
  const names = Array.from({ length: count }, (_, i) => `s${i}`);
  return `
export function multiplyAdd${count}(steps: i32, at: usize): void {
  const factor = v128.load(at), term = v128.load(at, 16);
  ${names.map((s, i) => `let ${s} = v128.load(at, ${32 + 16 * i});`).join(' ')}
  for (let k = steps; k > 0; k--) {
    ${names.map((s) => `${s} = madd(${s}, factor, term);`).join(' ')}
  }
  ${names.map((s, i) => `v128.store(at, ${s}, ${32 + 16 * i});`).join(' ')}
}`;
}

const COPY = `
export function copyBulk(from: usize, to: usize, bytes: usize): void { memory.copy(to, from, bytes); }
export function copyVectors(from: usize, to: usize, bytes: usize): void {
  for (let n = bytes >> 6; n > 0; n--) {
    v128.store(to, v128.load(from)); v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32); v128.store(to, v128.load(from, 48), 48);
    from += 64; to += 64;
  }
}`;

/** The shortest of many short runs, in milliseconds a call. */
function shortest(body, seconds) {
  let best = Infinity;
  const end = performance.now() + seconds * 1000;
  for (let calls = 1; performance.now() < end; ) {
    const begin = performance.now();
    for (let i = calls; i > 0; i--) body();
    const elapsed = performance.now() - begin;
    best = Math.min(best, elapsed / calls);
    if (elapsed < 0.5) calls *= 2;
  }
  return best;
}

async function variantPeak(relaxed, seconds) {
  const memory = new WebAssembly.Memory({ initial: Math.ceil((COPY_BYTES * 2) / 65536) + 1 });
  const source = MADD + ACCUMULATORS.map(multiplyAdd).join('') + COPY;
  const module = await WebAssembly.compile(await compile(source, relaxed));
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  // Sums that stay near 1: no denormal, no infinity.
  new Float32Array(memory.buffer).fill(0.5);
  const counts = ACCUMULATORS.map((count) => {
    const ms = shortest(() => exports[`multiplyAdd${count}`](STEPS, 1024), seconds);
    return { count, gflops: (count * STEPS * 8) / ms / 1e6 };
  });
  const copies = [exports.copyBulk, exports.copyVectors].map((copy) => shortest(() => copy(4096, 4096 + COPY_BYTES, COPY_BYTES), seconds));
  const best = counts.reduce((a, b) => (b.gflops > a.gflops ? b : a));
  return { gflops: best.gflops, accumulators: best.count, counts, copyGbps: (2 * COPY_BYTES) / Math.min(...copies) / 1e6 };
}

/**
 * What this machine's WebAssembly does at most, measured here and now: multiply-adds of four floats on registers alone, and a
 * copy (bytes read and written). The twin's share is of what `simd` reaches.
 */
export async function measurePeak(seconds) {
  const simd = await variantPeak(false, seconds);
  const relaxed = (await relaxedSimd()) && (await variantPeak(true, seconds));
  // The variants copy by the same instructions.
  const copyGbps = Math.max(simd.copyGbps, relaxed ? relaxed.copyGbps : 0);
  return {
    js: { ...simd, copyGbps },
    simd: { ...simd, copyGbps },
    ...(relaxed && { 'relaxed-simd': { ...relaxed, copyGbps } }),
  };
}
