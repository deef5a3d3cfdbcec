import { subject } from './subject.mjs';

const EPS = 2 ** -24;
const EXPONENTIALS = new Set(['sigmoid', 'tanh', 'elu', 'gelu', 'softmax']);

/** Throws unless every float has the same bits; any NaN equals any NaN. */
export function expectSameBits(actual, expected, who) {
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(actual[i], expected[i])) throw new Error(`${who}: element ${i} is ${actual[i]}, not ${expected[i]}`);
  }
}

/**
 * How far two correct results of a shape may lie apart, element by element: for sums twice (products + 2) · 2⁻²⁴ · Σ|x·w|, the
 * bound of either from the exact sum; for exponentials, none of which is above 1 where it is not x itself, four units of the last place
 * of 1, of which TensorFlow.js and ONNX Runtime take three.
 *
 * @returns {(i: number) => number}
 */
export function tolerance(engine, shape, layout) {
  if (EXPONENTIALS.has(shape.operator)) return () => 8 * EPS;
  if (shape.operator !== 'conv2d') return () => shape.kernel * shape.kernel * 2 * EPS;
  const products = (shape.channels * shape.kernel * shape.kernel) / shape.groups;
  const magnitudes = subject(engine, shape, layout, { algorithm: 'gemm', magnitude: true });
  magnitudes.run();
  const magnitude = magnitudes.out.data.slice();
  magnitudes.dispose();
  return (i) => 2 * (products + 2) * EPS * magnitude[i];
}

/** Throws unless every float is within its tolerance. */
export function expectWithin(actual, expected, allowed, who) {
  if (actual.length !== expected.length) throw new Error(`${who}: ${actual.length} elements, not ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (!(difference <= allowed(i))) {
      throw new Error(`${who}: element ${i} is ${actual[i]}, not within ${allowed(i)} of ${expected[i]}`);
    }
  }
}
