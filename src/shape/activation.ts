import { OptionError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { finite, known, oneOf, show } from './check.ts';

/** An activation that needs nothing but numbers: by name, or with its parameters. */
export type FusedActivation =
  | ActivationName
  | { readonly type: 'relu' | 'relu6' }
  | { readonly type: 'clamp'; readonly minValue?: number; readonly maxValue?: number }
  | { readonly type: 'leakyRelu' | 'thresholdedRelu'; readonly alpha?: number };

export interface ActivationOptions {
  /** Where the result goes, instead of a new tensor. It may be the input itself. */
  readonly out?: Tensor;
}

export interface ClampOptions extends ActivationOptions {
  /** Lower bound, −∞ unless given. */
  readonly minValue?: number;
  /** Upper bound, +∞ unless given. */
  readonly maxValue?: number;
}

export interface LeakyReluOptions extends ActivationOptions {
  /** Slope of what is negative, 0.01 unless given. */
  readonly alpha?: number;
}

export interface ThresholdedReluOptions extends ActivationOptions {
  /** What is not above it becomes 0; 1 unless given. */
  readonly alpha?: number;
}

/** What a kernel does with a float: its own, or the finished sum of another operator. */
export interface ActivationSpec {
  readonly kind: 'none' | 'clamp' | 'leakyRelu' | 'thresholdedRelu';
  readonly lower: number;
  readonly upper: number;
  readonly alpha: number;
}

/** An operator on single floats, checked. */
export interface Elementwise<S> {
  readonly spec: S;
  readonly shape: readonly number[];
  readonly out: Tensor | undefined;
}

const PARAMETERS = {
  relu: [],
  relu6: [],
  clamp: ['minValue', 'maxValue'],
  leakyRelu: ['alpha'],
  thresholdedRelu: ['alpha'],
} as const satisfies Record<string, readonly string[]>;

export type ActivationName = keyof typeof PARAMETERS;

/** Of all of them together. */
export interface ActivationParameters {
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly alpha?: number;
}

const clamp = (lower: number, upper: number): ActivationSpec => ({ kind: 'clamp', lower, upper, alpha: 0 });
export const leakyRelu = (alpha: number): ActivationSpec => ({ kind: 'leakyRelu', lower: 0, upper: 0, alpha });

function bounds(prefix: string, { minValue = -Infinity, maxValue = Infinity }: ActivationParameters): ActivationSpec {
  for (const [name, value] of Object.entries({ minValue, maxValue })) {
    if (typeof value !== 'number' || Number.isNaN(value)) throw new OptionError(`${prefix}.${name}`, show(value), 'a number');
  }
  if (minValue > maxValue) throw new OptionError(`${prefix}.minValue`, String(minValue), `at most maxValue, ${maxValue}`);
  return clamp(Math.fround(minValue), Math.fround(maxValue));
}

export function activationSpec(name: ActivationName, prefix: string, options: ActivationParameters): ActivationSpec {
  switch (name) {
    case 'relu':
      return clamp(0, Infinity);
    case 'relu6':
      return clamp(0, 6);
    case 'clamp':
      return bounds(prefix, options);
    case 'leakyRelu':
      return leakyRelu(finite(`${prefix}.alpha`, options.alpha, 0.01));
    case 'thresholdedRelu':
      return { kind: 'thresholdedRelu', lower: 0, upper: 0, alpha: finite(`${prefix}.alpha`, options.alpha, 1) };
  }
}

/** The option `activation` of another operator. */
export function fusedActivation(value: unknown): ActivationSpec {
  if (value === undefined) return { kind: 'none', lower: 0, upper: 0, alpha: 0 };
  const prefix = 'options.activation';
  const options = (typeof value === 'string' ? { type: value } : value) as ActivationParameters & { type?: unknown };
  if (options === null || typeof options !== 'object') {
    throw new OptionError(prefix, show(value), "a name, or an object such as { type: 'clamp', minValue, maxValue }");
  }
  const name = oneOf(prefix, options.type ?? show(value), 'relu', Object.keys(PARAMETERS) as ActivationName[]);
  return activationSpec(name, prefix, known(prefix, options, ['type', ...PARAMETERS[name]]));
}
