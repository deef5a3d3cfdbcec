import { OptionError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { finite, known, oneOf, show } from './check.ts';

/** An activation that needs nothing but numbers: by name, or with its parameters. */
export type FusedActivation =
  | 'relu'
  | 'relu6'
  | 'leakyRelu'
  | { readonly type: 'relu' | 'relu6' }
  | { readonly type: 'clamp'; readonly minValue?: number; readonly maxValue?: number }
  | { readonly type: 'leakyRelu'; readonly alpha?: number };

export interface ClampOptions {
  /** Lower bound, −∞ unless given. */
  readonly minValue?: number;
  /** Upper bound, +∞ unless given. */
  readonly maxValue?: number;
  readonly out?: Tensor;
}

/** What a kernel does with a finished sum. */
export interface ActivationSpec {
  readonly kind: 'none' | 'clamp' | 'leakyRelu';
  readonly lower: number;
  readonly upper: number;
  readonly alpha: number;
}

export const LEAKY_ALPHA = 0.01;

const clamp = (lower: number, upper: number): ActivationSpec => ({ kind: 'clamp', lower, upper, alpha: 0 });

export function bounds(prefix: string, options: { minValue?: number; maxValue?: number }): { lower: number; upper: number } {
  const { minValue = -Infinity, maxValue = Infinity } = options;
  for (const [name, value] of Object.entries({ minValue, maxValue })) {
    if (typeof value !== 'number' || Number.isNaN(value)) throw new OptionError(`${prefix}.${name}`, show(value), 'a number');
  }
  if (minValue > maxValue) throw new OptionError(`${prefix}.minValue`, String(minValue), `at most maxValue, ${maxValue}`);
  return { lower: Math.fround(minValue), upper: Math.fround(maxValue) };
}

export function fusedActivation(value: unknown): ActivationSpec {
  if (value === undefined) return { kind: 'none', lower: 0, upper: 0, alpha: 0 };
  const options = (typeof value === 'string' ? { type: value } : value) as {
    type?: unknown;
    minValue?: number;
    maxValue?: number;
    alpha?: number;
  };
  if (options === null || typeof options !== 'object') {
    throw new OptionError('options.activation', show(value), "a name, or an object such as { type: 'clamp', minValue, maxValue }");
  }
  const type = oneOf('options.activation', options.type ?? show(value), 'relu', ['relu', 'relu6', 'clamp', 'leakyRelu']);
  const prefix = 'options.activation';
  switch (type) {
    case 'relu':
      known(prefix, options, ['type']);
      return clamp(0, Infinity);
    case 'relu6':
      known(prefix, options, ['type']);
      return clamp(0, 6);
    case 'clamp': {
      const { lower, upper } = bounds(prefix, known(prefix, options, ['type', 'minValue', 'maxValue']));
      return clamp(lower, upper);
    }
    case 'leakyRelu': {
      const { alpha } = known(prefix, options, ['type', 'alpha']);
      return { kind: 'leakyRelu', lower: 0, upper: 0, alpha: finite(`${prefix}.alpha`, alpha, LEAKY_ALPHA) };
    }
  }
}
