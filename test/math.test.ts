import { describe, expect, it } from 'vitest';
import { expectSameBits } from './equal.ts';
import { curves } from './oracle/curve.ts';
import { js, simd } from './platforms.ts';

/**
 * Every float of 32 bits, with SLOW=1; otherwise one in 4099, the neighbours of every power of two, and those of all that err most.
 * Errors are in units of the last place of the exact result, among the denormals in units of the smallest of them.
 */
const SLOW = process.env.SLOW === '1';
const CHUNK = 1 << 20;

/** Where a run over every float found the greatest errors of sigmoid, softplus, softplus as a plain sum, silu, mish and gelu. */
const WORST = [-0.0003449918, 0.0375887603, -0.443285018, -0.000488340738, -6.78301191, -6.10248327];

function* floats(): Generator<Float32Array> {
  if (SLOW) {
    for (let high = 0; high < 4096; high++) {
      yield new Float32Array(Uint32Array.from({ length: CHUNK }, (_, i) => high * CHUNK + i).buffer);
    }
    return;
  }
  const edges: number[] = [];
  for (let exponent = 0; exponent < 512; exponent++) for (let d = -64; d <= 64; d++) edges.push((exponent * 2 ** 23 + d) >>> 0);
  yield new Float32Array(Uint32Array.from(edges).buffer);
  yield Float32Array.from(WORST);
  yield new Float32Array(Uint32Array.from({ length: CHUNK }, (_, i) => i * 4099).buffer);
}

function unit(exact: number): number {
  const magnitude = Math.abs(exact);
  if (magnitude < 2 ** -126) return 2 ** -149;
  return 2 ** (Math.floor(Math.log2(magnitude)) - 23);
}

interface Row {
  readonly name: 'sigmoid' | 'tanh' | 'elu' | 'softplus' | 'softsign' | 'gelu' | 'silu' | 'mish';
  /** Units in the last place. */
  readonly bound: number;
  /** Denormals, where a product with x follows what was rounded as one. */
  readonly denormals?: number;
}

const rows: readonly Row[] = [
  { name: 'sigmoid', bound: 2 },
  { name: 'tanh', bound: 2 },
  { name: 'elu', bound: 2 },
  { name: 'softplus', bound: 2 },
  { name: 'softsign', bound: 2 },
  { name: 'silu', bound: 2 },
  { name: 'mish', bound: 5, denormals: 64 },
  { name: 'gelu', bound: 6, denormals: 16 },
];

describe('exponentials', () => {
  it.each(rows)(
    '$name: within $bound units of the last place, and the twin has the same bits',
    ({ name, bound, denormals = 0 }) => {
      let worst = 0;
      let at = 0;
      for (const data of floats()) {
        const x = { shape: [data.length], data };
        const { data: y } = simd.engine[name](x);
        expectSameBits(y, js.engine[name](x).data);
        for (let i = 0; i < y.length; i++) {
          const exact = curves[name](data[i]);
          const rounded = Math.fround(exact);
          if (!Number.isFinite(rounded)) {
            if (!Object.is(y[i], rounded)) expect.fail(`${name}(${data[i]}) is ${y[i]}, not ${rounded}`);
            continue;
          }
          const error = Math.max(0, Math.abs(y[i] - exact) - denormals * 2 ** -149) / unit(exact);
          if (!(error <= worst)) [worst, at] = [error, data[i]];
        }
      }
      console.log(`${name}: ${worst.toFixed(4)} units at ${at}`);
      expect(worst).toBeLessThanOrEqual(bound);
    },
    4 * 3600 * 1000,
  );
});
