import { OptionError } from '../errors.ts';
import { isCount, show } from '../spec/check.ts';
import { isCallable } from '../spec/read.ts';

/** Numbers in [0, 1), the same for the same seed wherever this runs: mulberry32. */
export function generator(seed: number): () => number {
  if (!isCount(seed) || seed >= 2 ** 32) throw new OptionError('seed', show(seed), 'a whole number of at least 0 and below 2^32');
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * How weights begin: uniform in [−b, b), with a b for each layer from the number of weights that a result has (`fanIn`), and of
 * results that a value of the input reaches (`fanOut`).
 *
 * - `'he'`: b = √(6 / fanIn), which keeps variance through ReLUs. He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", 2015
 * - `'glorot'`: b = √(6 / (fanIn + fanOut)), for tanh and sigmoid. Glorot and Bengio, "Understanding the difficulty of training
 *   deep feedforward neural networks", 2010
 * - a function that gives b
 */
export type Initialization = 'he' | 'glorot' | ((fanIn: number, fanOut: number) => number);

export function bound(initialize: Initialization | undefined, fanIn: number, fanOut: number): number {
  const given = boundOf(initialize, fanIn, fanOut);
  if (typeof given !== 'number' || !(Math.fround(given) >= 0 && Math.fround(given) < Infinity)) {
    throw new OptionError('options.initialize', show(initialize), "'he', 'glorot' or a function that gives a bound of at least 0");
  }
  return given;
}

function boundOf(initialize: Initialization | undefined, fanIn: number, fanOut: number): unknown {
  if (initialize === undefined || initialize === 'he') return Math.sqrt(6 / fanIn);
  if (initialize === 'glorot') return Math.sqrt(6 / (fanIn + fanOut));
  return isCallable(initialize) ? (initialize as Exclude<Initialization, string>)(fanIn, fanOut) : undefined;
}

export function uniform(into: Float32Array, bound: number, random: () => number): void {
  for (let i = 0; i < into.length; i++) {
    const number: unknown = random();
    if (typeof number !== 'number' || !(number >= 0 && number < 1)) throw new OptionError('random()', show(number), 'a number in [0, 1)');
    into[i] = bound * (2 * number - 1);
  }
}
