/** workerd compiles no bytes at run time: what it imports has been compiled. */
export { default } from 'simdconv/wasm/simd.wasm';
