import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build } from 'esbuild';

const gzipped = promisify(gzip);
const installed = new URL('./node_modules/', import.meta.url);
const dist = new URL('../../dist/', import.meta.url);

/** Variants that a host with SIMD and without threads never fetches: they are imported only where they are chosen. */
const OTHERS = ['js', 'embedded/relaxed-simd', 'embedded/simd-threads', 'embedded/relaxed-simd-threads'].map((name) => `./${name}.js`);

/**
 * What a page fetches before it can compute: the JavaScript, bundled and minified by esbuild as a browser's ES module, and the WebAssembly that
 * it loads beside that. simdconv and OpenCV.js have theirs inside. ONNX Runtime's bundle loads a script of its own for its module.
 */
const pages = {
  'simdconv, load()': {
    code: `export { load } from '${fileURLToPath(new URL('index.js', dist))}'`,
    external: OTHERS,
  },
  'simdconv, loadJs()': { code: `export { loadJs } from '${fileURLToPath(new URL('js.js', dist))}'` },
  'tfjs-core, tfjs-backend-wasm': {
    code: `import '@tensorflow/tfjs-backend-wasm'; export { conv2d, depthwiseConv2d, maxPool, avgPool, relu, tensor } from '@tensorflow/tfjs-core'`,
    files: ['@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'],
  },
  'onnxruntime-web, wasm': {
    code: `export { InferenceSession, Tensor } from 'onnxruntime-web/wasm'`,
    files: ['onnxruntime-web/dist/ort-wasm-simd-threaded.wasm', 'onnxruntime-web/dist/ort-wasm-simd-threaded.mjs'],
  },
  'OpenCV.js': { code: `export { default } from '@techstark/opencv-js'` },
};

async function bundled({ code, external = [] }) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: [...external, 'fs', 'path', 'crypto', 'os', 'worker_threads', 'perf_hooks', 'util', 'module', 'node:*'],
    logLevel: 'error',
  });
  return Buffer.from(outputFiles[0].contents);
}

async function nativeFiles() {
  const folder = new URL(`onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}/`, installed);
  return (await readdir(folder)).map((file) => new URL(file, folder));
}

/** @returns {Promise<{ name: string, bytes: number, gzipBytes: number }[]>} */
export async function sizes() {
  const all = Object.entries(pages).map(async ([name, page]) => {
    const files = (page.files ?? []).map((file) => readFile(new URL(file, installed)));
    return [name, [await bundled(page), ...(await Promise.all(files))]];
  });
  const native = ['onnxruntime-node (native, no page)', await Promise.all((await nativeFiles()).map((file) => readFile(file)))];
  return Promise.all(
    [...(await Promise.all(all)), native].map(async ([name, contents]) => {
      const packed = await Promise.all(contents.map((content) => gzipped(content)));
      const total = (buffers) => buffers.reduce((sum, { length }) => sum + length, 0);
      return { name, bytes: total(contents), gzipBytes: total(packed) };
    }),
  );
}
