import { readFile } from 'node:fs/promises';

export default await WebAssembly.compile(await readFile(new URL(import.meta.resolve('simdconv/wasm/simd.wasm'))));
