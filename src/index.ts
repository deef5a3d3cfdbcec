export { load } from './load.ts';
export { loadSync } from './load-sync.ts';
export * from './public.ts';
export type { LoadOptions, LoadSyncOptions } from './shape/load.ts';
export type { ModuleSource } from './wasm/compile.ts';
