import { type ActivationParams, Curve } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';
import { expNegative, gatedOf, gaussianOf, softplusOf, upperTailOf } from '../math.ts';

const { fround } = Math;

/** Beyond it, every function here is 0, or x, or ±1: what it is multiplied with may be ∞ otherwise, and the product NaN. */
const FAR = 200;
/** The same of the two forms of GELU. */
export const GELU_FAR = 15;
/** 2 √(2 / π), and that times 0.044715. */
export const GELU_LINEAR = fround(1.5957691);
export const GELU_CUBIC = fround(0.071354814);
const MAX_VALUE = (2 - 2 ** -23) * 2 ** 127;

const positive = (x: number): number => (x < 0 ? 0 : x);
const near = (x: number): number => (x < -FAR ? -FAR : x);

/** x Φ(x), as x − x Φ(−x) on the right. */
function gelu(x: number): number {
  const z = Math.abs(x) > GELU_FAR ? GELU_FAR : Math.abs(x);
  return fround(positive(x) - fround(z * upperTailOf(z, gaussianOf(z))));
}

/** ½ (1 + tanh(u / 2)) is the sigmoid of u. */
function geluTanh(x: number): number {
  const u = fround(x * fround(fround(fround(x * x) * GELU_CUBIC) + GELU_LINEAR));
  return gatedOf(x, u);
}

/**
 * x tanh(ln(1 + e^x)) = x n / d. With e = e^−|x|, a and b being 1 and e on the right, e and 1 on the left,
 * n = a (a + 2b) and d = n + 2b².
 */
function mish(x: number): number {
  const e = expNegative(-Math.abs(x));
  const a = x < 0 ? e : 1;
  const b = x < 0 ? 1 : e;
  const n = fround(a * fround(a + fround(b + b)));
  const d = fround(n + fround(fround(b + b) * b));
  return fround(near(x) * fround(n / d));
}

function softsign(x: number): number {
  const held = x < -MAX_VALUE ? -MAX_VALUE : MAX_VALUE < x ? MAX_VALUE : x;
  return fround(held / fround(Math.abs(held) + 1));
}

/** x min(max(x + 3, 0), 6) / 6. */
function hardSwish(x: number): number {
  const held = x < -3 ? -3 : x;
  const raised = fround(held + 3);
  return fround(held * fround((6 < raised ? 6 : raised) * fround(1 / 6)));
}

function clamp(x: number, lower: number, upper: number): number {
  return x < lower ? lower : upper < x ? upper : x;
}

/** One function for each kind. `lower`, `upper` and `alpha` are those of the parameter block. */
function chosen({ kind, lower, upper, alpha }: Block<typeof ActivationParams>): (x: number) => number {
  switch (kind) {
    case Curve.Gelu:
      return gelu;
    case Curve.GeluTanh:
      return geluTanh;
    case Curve.HardShrink:
      return (x) => (Math.abs(x) <= upper ? 0 : x);
    case Curve.HardSigmoid:
      return (x) => clamp(fround(fround(x * alpha) + lower), 0, 1);
    case Curve.HardSwish:
      return hardSwish;
    case Curve.Mish:
      return mish;
    case Curve.Silu:
      return (x) => gatedOf(x, x);
    case Curve.Softplus:
      return softplusOf;
    case Curve.Softshrink:
      return (x) => fround(x - clamp(x, lower, upper));
    default:
      return softsign;
  }
}

/** The functions that are not worth a loop of their own: `kind` says which. A task is `taskLength` floats. */
export function curve(p: Block<typeof ActivationParams>, taskBegin: number, taskEnd: number): void {
  const { input, output } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  const f = chosen(p);
  for (let i = taskBegin * p.taskLength; i < end; i++) output[i] = f(input[i]);
}
