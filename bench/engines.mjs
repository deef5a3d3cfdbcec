import { load } from 'simdconv';
import { relaxedSimd, simd } from 'wasm-feature-detect';

/** An engine of each variant that this host has: the twin first, which the others are compared with. */
export async function hostEngines() {
  const variants = ['js', ...((await simd()) ? ['simd'] : []), ...((await relaxedSimd()) ? ['relaxed-simd'] : [])];
  return Promise.all(variants.map((variant) => load({ variant })));
}
