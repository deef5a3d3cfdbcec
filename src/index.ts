export { load, loadSync } from './load.ts';
export * from './public.ts';
export type { LoadOptions, LoadSyncOptions } from './shape/load.ts';
