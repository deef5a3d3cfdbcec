/** workerd compiles no bytes at run time: what it imports has been compiled. */
export { default as module } from 'simdconv/wasm/simd.wasm';
export { default as weights } from './digits.safetensors';
