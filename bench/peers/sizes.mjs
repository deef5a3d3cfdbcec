import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const gzipped = promisify(gzip);
const installed = new URL('./node_modules/', import.meta.url);

/** What each has to load before it can compute: the WebAssembly, or what stands in its place. */
const parts = {
  'simdconv (simd)': [new URL('../../dist/wasm/simd.wasm', import.meta.url)],
  'simdconv (relaxed-simd)': [new URL('../../dist/wasm/relaxed-simd.wasm', import.meta.url)],
  'tfjs-wasm': [new URL('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm', installed)],
  'onnxruntime-web': [new URL('onnxruntime-web/dist/ort-wasm-simd-threaded.wasm', installed)],
  'OpenCV.js (wasm inside)': [new URL('@techstark/opencv-js/dist/opencv.js', installed)],
};

async function nativeParts() {
  const folder = new URL(`onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}/`, installed);
  return (await readdir(folder)).map((file) => new URL(file, folder));
}

/** @returns {Promise<{ name: string, bytes: number, gzipBytes: number }[]>} */
export async function sizes() {
  const all = { ...parts, 'onnxruntime-node (native)': await nativeParts() };
  return Promise.all(
    Object.entries(all).map(async ([name, files]) => {
      const contents = await Promise.all(files.map((file) => readFile(file)));
      const packed = await Promise.all(contents.map((content) => gzipped(content)));
      const total = (buffers) => buffers.reduce((sum, { length }) => sum + length, 0);
      return { name, bytes: total(contents), gzipBytes: total(packed) };
    }),
  );
}
