/** Node, Deno and Bun: every way of loading in one process; prints a report of each as JSON. */
import { readFile } from 'node:fs/promises';
import { load, loadSync } from 'simdconv';
import { filters } from 'simdconv/image';
import { loadJs } from 'simdconv/js';
import { work } from './work.js';

const address = import.meta.resolve('simdconv/wasm/simd.wasm');
const ways = {
  'load()': () => load(),
  'threads: 2': () => load({ threads: 2 }),
  "variant: 'js'": () => load({ variant: 'js' }),
  'simdconv/js': () => loadJs(),
  'module: address': () => load({ module: address }),
  'loadSync, compiled': async () => loadSync({ module: new WebAssembly.Module(await readFile(new URL(address))) }),
};

const reports = {};
for (const [way, make] of Object.entries(ways)) {
  try {
    const engine = await make();
    reports[way] = await work(engine, filters);
    engine.dispose();
  } catch (error) {
    reports[way] = { error: String(error?.message ?? error) };
  }
}
console.log(JSON.stringify(reports));
