/** Bundles edge.js as Cloudflare's own tool does, imported modules left outside, runs it in workerd and prints what it answers. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.argv[2], 'package.json'));
const { build } = require('esbuild');
const { Miniflare } = require('miniflare');

await build({
  entryPoints: ['edge.js'],
  outfile: 'out/edge.js',
  bundle: true,
  format: 'esm',
  external: ['*.wasm'],
  conditions: ['workerd', 'worker', 'browser'],
  logLevel: 'error',
});
const worker = new Miniflare({
  compatibilityDate: '2026-06-01',
  modules: [
    { type: 'ESModule', path: 'edge.js', contents: await readFile('out/edge.js', 'utf8') },
    {
      type: 'CompiledWasm',
      path: 'simdconv/wasm/simd.wasm',
      contents: await readFile(new URL(import.meta.resolve('simdconv/wasm/simd.wasm'))),
    },
  ],
});
try {
  const response = await worker.dispatchFetch('http://localhost/');
  console.log(await response.text());
} finally {
  await worker.dispose();
}
