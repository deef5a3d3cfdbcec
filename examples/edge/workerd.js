/** Bundles the service as Cloudflare's own tool does, imported files left outside, and runs it in workerd. */
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';

const { outputFiles } = await build({
  entryPoints: ['service.js'],
  bundle: true,
  write: false,
  format: 'esm',
  external: ['*.wasm', '*.safetensors', 'node:*'],
  conditions: ['workerd', 'worker', 'browser'],
});
const wasm = 'simdconv/wasm/simd.wasm';
const workerd = new Miniflare({
  port: Number(process.env.PORT ?? 8787),
  compatibilityDate: '2026-06-01',
  // node:zlib inflates no more than it is told to.
  compatibilityFlags: ['nodejs_compat'],
  modules: [
    { type: 'ESModule', path: 'service.js', contents: outputFiles[0].text },
    { type: 'CompiledWasm', path: wasm, contents: await readFile(new URL(import.meta.resolve(wasm))) },
    { type: 'Data', path: 'digits.safetensors', contents: await readFile('digits.safetensors').catch(() => new Uint8Array(0)) },
  ],
});
console.log(String(await workerd.ready));
process.on('SIGTERM', () => workerd.dispose());
