import { readFile } from 'node:fs/promises';

export const module = await WebAssembly.compile(await readFile(new URL(import.meta.resolve('simdconv/wasm/simd.wasm'))));
/** Empty, if no network has been put there. */
export const weights = await readFile(new URL('digits.safetensors', import.meta.url)).catch(() => new Uint8Array(0));
