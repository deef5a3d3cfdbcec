export { load } from './load.ts';
export type { LoadOptions, LoadSyncOptions } from './load-options.ts';
export { loadSync } from './load-sync.ts';
export * from './public.ts';
export type { ModuleSource } from './wasm/compile.ts';
