import { OptionError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { finite, known, oneOf, show } from './check.ts';

/** An activation that needs nothing but numbers: by name, or with the parameters of the operator of that name. */
export type FusedActivation =
  | ActivationName
  | { readonly type: 'relu' | 'relu6' }
  | { readonly type: 'clamp'; readonly minValue?: number; readonly maxValue?: number }
  | { readonly type: 'leakyRelu' | 'thresholdedRelu'; readonly alpha?: number };

/** Options of every operator on single floats. */
export interface ActivationOptions {
  /** Where the result goes, instead of a new tensor. It may be the input itself. */
  readonly out?: Tensor;
}

/** Options of `clamp`. */
export interface ClampOptions extends ActivationOptions {
  /** Lower bound; none unless given, or where it is NaN. */
  readonly minValue?: number;
  /** Upper bound; none unless given, or where it is NaN. Less than `minValue`, it is the result everywhere. */
  readonly maxValue?: number;
}

/** Options of `leakyRelu`. */
export interface LeakyReluOptions extends ActivationOptions {
  /** Slope of what is negative, 0.01 unless given. */
  readonly alpha?: number;
}

/** Options of `thresholdedRelu`. */
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
} as const satisfies Record<ActivationName, readonly string[]>;

/** An operator on single floats that others apply to their results. */
export type ActivationName = 'relu' | 'relu6' | 'clamp' | 'leakyRelu' | 'thresholdedRelu';

/** Whether an operator of this name can be the option `activation` of another. */
export const isFusedActivation = (name: string): name is ActivationName => Object.hasOwn(PARAMETERS, name);

/** Of all of them together. */
export interface ActivationParameters {
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly alpha?: number;
}

const clamp = (lower: number, upper: number): ActivationSpec => ({ kind: 'clamp', lower, upper, alpha: 0 });
export const leakyRelu = (alpha: number): ActivationSpec => ({ kind: 'leakyRelu', lower: 0, upper: 0, alpha });

/** NaN bounds nothing, as in WebNN. Bounds out of order make everything the upper one, as in ONNX, where the lower one comes first. */
function bounds(prefix: string, { minValue = -Infinity, maxValue = Infinity }: ActivationParameters): ActivationSpec {
  for (const [name, value] of Object.entries({ minValue, maxValue })) {
    if (typeof value !== 'number') throw new OptionError(`${prefix}.${name}`, show(value), 'a number');
  }
  const lower = Number.isNaN(minValue) ? -Infinity : Math.fround(minValue);
  const upper = Number.isNaN(maxValue) ? Infinity : Math.fround(maxValue);
  return clamp(lower, upper);
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
