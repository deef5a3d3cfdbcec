import { operands, toNhwc } from './operands.mjs';
import { plainSubject } from './plain.mjs';
import { throughput } from './winograd-bound.mjs';

const EPS = 2 ** -24;
const EXPONENTIALS = new Set(['sigmoid', 'tanh', 'elu', 'gelu', 'softmax']);
/** Roundings besides one a channel, of any tile of Winograd's: docs/numerics.md. */
const WINOGRAD_ROUNDINGS = 9;

/** Where two results differ in their bits, as a sentence; undefined where they are the same. Any NaN equals any NaN. */
export function differingBits(actual, expected) {
  if (actual.length !== expected.length) return `${actual.length} elements, not ${expected.length}`;
  for (let i = 0; i < expected.length; i++)
    if (!Object.is(actual[i], expected[i])) return `element ${i} is ${actual[i]}, not ${expected[i]}`;
  return undefined;
}

/** Where a result is out of its bound, as a sentence; undefined where it is not. */
export function outOfBound(actual, expected, allowed) {
  if (actual.length !== expected.length) return `${actual.length} elements, not ${expected.length}`;
  for (let i = 0; i < expected.length; i++)
    if (!(Math.abs(actual[i] - expected[i]) <= allowed(i)))
      return `element ${i} is ${actual[i]}, not within ${allowed(i)} of ${expected[i]}`;
  return undefined;
}

/**
 * What everything is compared with: the result of plain JavaScript, which sums in doubles and rounds once, and for each algorithm of a
 * convolution how far from that it may be, by docs/numerics.md.
 *
 * @returns {{ data: Float32Array, allowed: (plan?: { algorithm: string, tile?: { outputs?: number } }) => (i: number) => number }}
 */
export function referenceOf(shape, layout) {
  const given = operands(shape, layout);
  const { run, out } = plainSubject(shape, layout, given);
  run();
  return { data: out.data, allowed: allowedOf(shape, layout, given, out.data) };
}

function allowedOf(shape, layout, given, exact) {
  const { operator, channels, kernel, groups } = shape;
  // Of numbers up to 1, where not x itself: two units of the last place by us, three by peers, one and a half by the plain gelu.
  if (EXPONENTIALS.has(operator)) return () => () => 8 * EPS;
  if (operator === 'linear' || operator === 'conv2d') {
    const magnitude = magnitudes(shape, layout, given);
    const products = (channels * kernel * kernel) / groups;
    const sums = (i) => (products + 2) * EPS * magnitude[i] + EPS * Math.abs(exact[i]);
    return (plan) => (plan?.algorithm === 'winograd' ? winogradBound(plan.tile.outputs, shape, layout, exact) : sums);
  }
  if (operator === 'batchNorm') return () => () => 16 * EPS;
  // Pools and the shrinking activations, of inputs within 1.
  return () => () => (kernel * kernel + 3) * EPS;
}

/** Σ|x·w| + |bias|. */
function magnitudes(shape, layout, given) {
  const absolute = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, { ...value, data: value.data.map(Math.abs) }]));
  const { run, out } = plainSubject(shape, layout, absolute);
  run();
  return out.data;
}

function winogradBound(size, shape, layout, exact) {
  const { x, filter } = operands(shape, 'nchw');
  const through = throughput(size, x.data, filter.data, shape);
  const measure = layout === 'nchw' ? through : toNhwc(through, shape.outChannels);
  return (i) => (shape.channels / shape.groups + WINOGRAD_ROUNDINGS) * EPS * measure[i] + EPS * Math.abs(exact[i]);
}
