import { OptionError } from '../errors.ts';
import { Curve } from '../kernels/elementwise.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ActivationOptions, type ActivationParameters, activationSpec, type Elementwise } from './activation.ts';
import { finite, known, oneOf, out, show, tensor } from './check.ts';
import { checkGradient, outOver } from './gradients.ts';

export interface AlphaOptions extends ActivationOptions {
  /** 1 unless given. */
  readonly alpha?: number;
}

export interface GeluOptions extends ActivationOptions {
  /** 'none' is the default: by the normal distribution itself. 'tanh': by Hendrycks and Gimpel's approximation. */
  readonly approximate?: 'none' | 'tanh';
}

export interface HardSigmoidOptions extends ActivationOptions {
  /** 0.2 unless given. */
  readonly alpha?: number;
  /** 0.5 unless given. */
  readonly beta?: number;
}

export interface HardTanhOptions extends ActivationOptions {
  /** Lower bound, −1 unless given. */
  readonly minValue?: number;
  /** Upper bound, 1 unless given. */
  readonly maxValue?: number;
}

export interface ShrinkOptions extends ActivationOptions {
  /** 0.5 unless given; not below 0. */
  readonly lambda?: number;
}

/** A function of one float, with the numbers that its kernels take. */
export interface CurveSpec {
  readonly kind: 'curve' | 'elu' | 'sigmoid' | 'tanh' | 'clamp' | 'leakyRelu' | 'thresholdedRelu';
  readonly curve: number;
  readonly lower: number;
  readonly upper: number;
  readonly alpha: number;
}

const PARAMETERS = {
  celu: ['alpha'],
  elu: ['alpha'],
  gelu: ['approximate'],
  hardShrink: ['lambda'],
  hardSigmoid: ['alpha', 'beta'],
  hardSwish: [],
  hardTanh: ['minValue', 'maxValue'],
  mish: [],
  selu: [],
  sigmoid: [],
  silu: [],
  softplus: [],
  softshrink: ['lambda'],
  softsign: [],
  tanh: [],
  relu: [],
  relu6: [],
  clamp: ['minValue', 'maxValue'],
  leakyRelu: ['alpha'],
  thresholdedRelu: ['alpha'],
} as const satisfies Record<string, readonly string[]>;

export type CurveName = keyof typeof PARAMETERS;

interface Parameters extends ActivationParameters {
  readonly approximate?: 'none' | 'tanh';
  readonly beta?: number;
  readonly lambda?: number;
}

/** As in Klambauer, Unterthiner, Mayr and Hochreiter, "Self-Normalizing Neural Networks", 2017. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

const none = { kind: 'curve', lower: 0, upper: 0, alpha: 0 } as const;

function shrink(curve: number, value: unknown): CurveSpec {
  const lambda = finite('options.lambda', value, 0.5);
  if (lambda < 0) throw new OptionError('options.lambda', String(value), 'a number of at least 0');
  return { ...none, curve, lower: -lambda, upper: lambda };
}

function celu(value: unknown): CurveSpec {
  const alpha = finite('options.alpha', value, 1);
  const inner = Math.fround(1 / alpha);
  if (!(alpha > 0 && Number.isFinite(inner))) {
    throw new OptionError('options.alpha', String(value), 'a number above 0 whose reciprocal is finite as a 32-bit float');
  }
  return { kind: 'elu', curve: Curve.Elu, lower: inner, upper: 1, alpha };
}

function elu(alpha: number, scale: number): CurveSpec {
  return { kind: 'elu', curve: Curve.Elu, lower: 1, upper: Math.fround(scale), alpha: Math.fround(alpha * scale) };
}

/** Of those with a kernel of their own, and what stands for each in the kernel of gradients. */
function older(name: 'relu' | 'relu6' | 'clamp' | 'leakyRelu' | 'thresholdedRelu', options: Parameters): CurveSpec {
  const spec = activationSpec(name, 'options', options);
  const curve = { relu: Curve.Threshold, relu6: Curve.HardTanh, clamp: Curve.Clamp, leakyRelu: Curve.LeakyRelu };
  return { ...spec, kind: spec.kind as CurveSpec['kind'], curve: name === 'thresholdedRelu' ? Curve.Threshold : curve[name] };
}

function curveSpec(name: CurveName, options: Parameters): CurveSpec {
  switch (name) {
    case 'celu':
      return celu(options.alpha);
    case 'elu':
      return elu(finite('options.alpha', options.alpha, 1), 1);
    case 'selu':
      return elu(SELU_ALPHA, SELU_SCALE);
    case 'gelu': {
      const form = oneOf('options.approximate', options.approximate, 'none', ['none', 'tanh']);
      return { ...none, curve: form === 'tanh' ? Curve.GeluTanh : Curve.Gelu };
    }
    case 'hardShrink':
      return shrink(Curve.HardShrink, options.lambda);
    case 'softshrink':
      return shrink(Curve.Softshrink, options.lambda);
    case 'hardSigmoid': {
      const [alpha, beta] = [finite('options.alpha', options.alpha, 0.2), finite('options.beta', options.beta, 0.5)];
      return { ...none, curve: Curve.HardSigmoid, alpha, lower: beta };
    }
    case 'hardSwish':
      return { ...none, curve: Curve.HardSwish };
    case 'hardTanh': {
      const spec = activationSpec('clamp', 'options', orderedBounds(options));
      return { ...spec, kind: 'clamp', curve: Curve.HardTanh };
    }
    case 'mish':
      return { ...none, curve: Curve.Mish };
    case 'sigmoid':
      return { ...none, kind: 'sigmoid', curve: Curve.Sigmoid };
    case 'silu':
      return { ...none, curve: Curve.Silu };
    case 'softplus':
      return { ...none, curve: Curve.Softplus };
    case 'softsign':
      return { ...none, curve: Curve.Softsign };
    case 'tanh':
      return { ...none, kind: 'tanh', curve: Curve.Tanh };
    default:
      return older(name, options);
  }
}

/** As in PyTorch, `hardTanh` refuses bounds that `clamp` computes with: out of order, or NaN. */
function orderedBounds({ minValue = -1, maxValue = 1 }: Parameters): ActivationParameters {
  for (const [name, value] of Object.entries({ minValue, maxValue })) {
    if (typeof value !== 'number' || Number.isNaN(value)) throw new OptionError(`options.${name}`, show(value), 'a number');
  }
  if (minValue > maxValue) throw new OptionError('options.minValue', String(minValue), `at most maxValue, ${maxValue}`);
  return { minValue, maxValue };
}

/** Any rank and any size, empty too; the result may take the input's place. */
export function curve(name: CurveName, x: Tensor, given: (Parameters & ActivationOptions) | undefined): Elementwise<CurveSpec> {
  const options = known('options', given, [...PARAMETERS[name], 'out']);
  tensor('x', x, undefined, true);
  return { spec: curveSpec(name, options), shape: [...x.shape], out: out(options.out, x.shape, { x }, true) };
}

/** The same for its gradient, which may take the place of `dy`. */
export function curveBackward(
  name: CurveName,
  dy: Tensor,
  x: Tensor,
  given: (Parameters & ActivationOptions) | undefined,
): Elementwise<CurveSpec> {
  const options = known('options', given, [...PARAMETERS[name], 'out']);
  tensor('x', x, undefined, true);
  checkGradient(dy, x.shape);
  const spec = curveSpec(name, options);
  // The slope of celu is e^(x / alpha): what is before the exponential and what is in it cancel.
  return { spec: name === 'celu' ? { ...spec, alpha: 1 } : spec, shape: [...x.shape], out: outOver(options.out, dy, x) };
}
