import { relaxedSimd } from 'wasm-feature-detect';
import { type Engine, load } from '../src/index.ts';

/** Every backend that this host has, under one interface: suites run over this table. */
export interface Platform {
  readonly name: 'js' | 'simd' | 'relaxed-simd';
  readonly engine: Engine;
  /** Same bits as the twin? Relaxed SIMD may fuse. */
  readonly exact: boolean;
}

const js: Platform = { name: 'js', engine: await load({ variant: 'js' }), exact: true };
const simd: Platform = { name: 'simd', engine: await load({ variant: 'simd' }), exact: true };
const relaxed: Platform[] = (await relaxedSimd())
  ? [{ name: 'relaxed-simd', engine: await load({ variant: 'relaxed-simd' }), exact: false }]
  : [];

export const platforms: readonly Platform[] = [js, simd, ...relaxed];
export { js, simd };
