import { type ActivationBackwardParams, Curve } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';
import { expNegative, gaussianOf, upperTailOf } from '../math.ts';
import { GELU_CUBIC, GELU_FAR, GELU_LINEAR } from './curve.ts';

type Params = Block<typeof ActivationBackwardParams>;

const { fround } = Math;
const FAR = 200;

const clamp = (x: number, far: number): number => (x < -far ? -far : far < x ? far : x);

/** Φ(x) + x φ(x), φ the normal density. */
function geluSlope(given: number): number {
  const x = clamp(given, GELU_FAR);
  const z = Math.abs(x);
  const gaussian = gaussianOf(z);
  const tail = upperTailOf(z, gaussian);
  const below = x < 0 ? tail : fround(1 - tail);
  return fround(below + fround(x * fround(gaussian * fround(0.3989423))));
}

/** Slopes made of s, the sigmoid of u, and its derivative s (1 − s): with e = e^−|u|, d = 1 + e, they are e / d or 1 / d, and e / d². */
function logisticSlope(kind: number, x: number): number {
  let u = x;
  let held = clamp(x, FAR);
  let inner = 1;
  if (kind === Curve.Tanh) {
    u = fround(x + x);
  } else if (kind === Curve.GeluTanh) {
    held = clamp(x, GELU_FAR);
    const square = fround(held * held);
    u = fround(held * fround(fround(square * GELU_CUBIC) + GELU_LINEAR));
    inner = fround(fround(square * fround(3 * GELU_CUBIC)) + GELU_LINEAR);
  }
  const e = expNegative(-Math.abs(u));
  const d = fround(1 + e);
  const a = u < 0 ? e : 1;
  const s = fround(a / d);
  const slope = fround(e / fround(d * d));
  switch (kind) {
    case Curve.Sigmoid:
      return slope;
    case Curve.Tanh:
      return fround(slope * 4);
    case Curve.Softplus:
      return s;
    case Curve.Mish: {
      // t + x s (1 − t²), where t = n / d is the tanh, and d² − n² = (d − n) (d + n) = 2b² (d + n).
      const b = u < 0 ? 1 : e;
      const n = fround(a * fround(a + fround(b + b)));
      const rest = fround(fround(b + b) * b);
      const below = fround(n + rest);
      const bend = fround(fround(rest * fround(below + n)) / fround(below * below));
      return fround(fround(n / below) + fround(fround(held * s) * bend));
    }
    default:
      return fround(s + fround(fround(held * slope) * inner));
  }
}

/** One function of dy and x for each kind. `lower`, `upper` and `alpha` are those of the parameter block. */
function chosen({ kind, lower, upper, alpha }: Params): (dy: number, x: number) => number {
  switch (kind) {
    case Curve.Elu:
      return (dy, x) => (x > 0 ? dy * upper : dy * fround(alpha * expNegative(fround(lower * x))));
    case Curve.LeakyRelu:
      return (dy, x) => (x > 0 ? dy : dy * alpha);
    case Curve.Threshold:
      return (dy, x) => (x <= alpha ? 0 : dy);
    case Curve.Clamp:
      return (dy, x) => (x < lower || upper < x ? 0 : dy);
    case Curve.HardTanh:
      return (dy, x) => (x <= lower || upper <= x ? 0 : dy);
    case Curve.HardShrink:
    case Curve.Softshrink:
      return (dy, x) => (Math.abs(x) <= upper ? 0 : dy);
    case Curve.HardSigmoid:
      return (dy, x) => {
        const y = fround(fround(x * alpha) + lower);
        return y <= 0 || 1 <= y ? 0 : dy * alpha;
      };
    case Curve.HardSwish:
      return (dy, x) => (x <= -3 ? 0 : 3 <= x ? dy : dy * fround(fround(x * fround(1 / 3)) + 0.5));
    case Curve.Softsign:
      return (dy, x) => {
        const a = fround(1 + Math.abs(x));
        return fround(dy / a) / a;
      };
    case Curve.Gelu:
      return (dy, x) => dy * geluSlope(x);
    default:
      return (dy, x) => dy * logisticSlope(kind, x);
  }
}

/**
 * `dx = dy * f'(x)` for every activation that is a function of one float; a gate that is closed gives 0, whatever `dy` is.
 * Where f has a kink it is the slope that PyTorch takes. A NaN in x is a NaN in dx. A task is `taskLength` floats.
 */
export function activationBackward(p: Params, taskBegin: number, taskEnd: number): void {
  const { input, x, output } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  const f = chosen(p);
  for (let i = taskBegin * p.taskLength; i < end; i++) output[i] = Number.isNaN(x[i]) ? Number.NaN : f(input[i], x[i]);
}
