import { OptionError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ActivationOptions, type ActivationSpec, type Elementwise, leakyRelu } from './activation.ts';
import { boolean, finite, isCount, known, out, show, tensor } from './check.ts';
import { checkGradient, outOver } from './gradients.ts';

/** Options of `rrelu`. */
export interface RreluOptions extends ActivationOptions {
  /** Least slope, 1/8 unless given. */
  readonly lower?: number;
  /** Greatest slope, 1/3 unless given. */
  readonly upper?: number;
  /** Draws a slope for every negative element. Otherwise, and by default, all have the mean of the bounds. */
  readonly training?: boolean;
  /** What is drawn depends on this and on the element's index alone: 0 up to 2³² − 1, another one every call unless given. */
  readonly seed?: number;
}

/** Slopes drawn at random: `lower + step · n`, n whole and below 2²⁴. */
export interface RreluSpec {
  readonly kind: 'rrelu';
  readonly seed: number;
  readonly lower: number;
  readonly step: number;
}

const SEEDS = 2 ** 32;

function checked(options: RreluOptions): ActivationSpec | RreluSpec {
  const lower = finite('options.lower', options.lower, 1 / 8);
  const upper = finite('options.upper', options.upper, 1 / 3);
  if (lower > upper || !Number.isFinite(Math.fround(upper - lower))) {
    throw new OptionError('options.lower', String(lower), `at most upper, ${upper}, and below it by no more than a 32-bit float holds`);
  }
  const training = boolean('options.training', options.training, false);
  const seed = options.seed === undefined ? Math.floor(Math.random() * SEEDS) : options.seed;
  if (!isCount(seed) || seed >= SEEDS) throw new OptionError('options.seed', show(seed), 'a whole number of at least 0 and below 2^32');
  return training
    ? { kind: 'rrelu', seed, lower, step: Math.fround((upper - lower) / 2 ** 24) }
    : leakyRelu(Math.fround((lower + upper) / 2));
}

const OPTIONS = ['lower', 'upper', 'training', 'seed', 'out'];

export function rrelu(x: Tensor, given: RreluOptions | undefined): Elementwise<ActivationSpec | RreluSpec> {
  const options = known('options', given, OPTIONS);
  tensor('x', x, undefined, true);
  return { spec: checked(options), shape: [...x.shape], out: out(options.out, x.shape, { x }, true) };
}

/** Another seed than the call's before would be another function's gradient: in training it has to be given. */
export function rreluBackward(dy: Tensor, x: Tensor, given: RreluOptions | undefined): Elementwise<ActivationSpec | RreluSpec> {
  const options = known('options', given, OPTIONS);
  tensor('x', x, undefined, true);
  checkGradient(dy, x.shape);
  if (options.training === true && options.seed === undefined) {
    throw new OptionError('options.seed', 'undefined', 'the seed of the call whose gradient this is');
  }
  return { spec: checked(options), shape: [...x.shape], out: outOver(options.out, dy, x) };
}
