import { expect } from 'vitest';
import type { TensorData } from '../src/tensor/dtype.ts';

/** Bit for bit, except that any NaN equals any NaN. Says where the first difference is. */
export function expectSameBits<D extends TensorData>(actual: D, expected: D): void {
  expect(actual.constructor).toBe(expected.constructor);
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    if (!Object.is(actual[i], expected[i])) expect.fail(`element ${i}: ${actual[i]} is not, bit for bit, ${expected[i]}`);
  }
}

/** Within `bound[i]` of a float64 oracle; where the oracle is no finite f32, the same NaN or infinity. */
export function expectWithin(actual: Float32Array, expected: Float64Array, bound: Float64Array): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    const want = Math.fround(expected[i]);
    const ok = Number.isFinite(want) ? Math.abs(actual[i] - expected[i]) <= bound[i] : Object.is(actual[i], want);
    if (!ok) expect.fail(`element ${i}: ${actual[i]} is not within ${bound[i]} of ${expected[i]}`);
  }
}
