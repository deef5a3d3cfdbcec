import { expOf, gaussianOf, upperTailOf } from '../math';
import { ActivationBackwardParams, Curve } from '../generated/abi';
import { clampVector, madd, storeUpTo } from '../simd';
import { GELU_CUBIC, GELU_FAR, GELU_LINEAR } from './curve';

const FAR: f32 = 200;

@inline
function one(): v128 {
  return f32x4.splat(1);
}

@inline
function zero(): v128 {
  return f32x4.splat(0);
}

/** Φ(x) + x φ(x), φ the normal density. */
@inline
function geluSlope(x: v128): v128 {
  x = clampVector(x, f32x4.splat(-GELU_FAR), f32x4.splat(GELU_FAR));
  const z = f32x4.abs(x);
  const gaussian = gaussianOf(z);
  const tail = upperTailOf(z, gaussian);
  const below = v128.bitselect(tail, f32x4.sub(one(), tail), f32x4.lt(x, zero()));
  return f32x4.add(below, f32x4.mul(x, f32x4.mul(gaussian, f32x4.splat(0.3989423))));
}

/**
 * Slopes made of s, the sigmoid of u, and its derivative s (1 − s): with e = e^−|u|, d = 1 + e, they are e / d or 1 / d, and
 * e / d². u is x, for tanh 2x, for GELU 2 √(2 / π) (x + 0.044715 x³).
 */
@inline
function logisticSlope(kind: i32, x: v128): v128 {
  let u = x;
  let held = clampVector(x, f32x4.splat(-FAR), f32x4.splat(FAR));
  let inner = one();
  if (kind == Curve.Tanh) {
    u = f32x4.add(x, x);
  } else if (kind == Curve.GeluTanh) {
    held = clampVector(x, f32x4.splat(-GELU_FAR), f32x4.splat(GELU_FAR));
    const square = f32x4.mul(held, held);
    u = f32x4.mul(held, madd(square, f32x4.splat(GELU_CUBIC), f32x4.splat(GELU_LINEAR)));
    inner = madd(square, f32x4.splat(3 * GELU_CUBIC), f32x4.splat(GELU_LINEAR));
  }
  const left = f32x4.lt(u, zero());
  const e = expOf(f32x4.neg(f32x4.abs(u)));
  const d = f32x4.add(one(), e);
  const a = v128.bitselect(e, one(), left);
  const s = f32x4.div(a, d);
  const slope = f32x4.div(e, f32x4.mul(d, d));
  switch (kind) {
    case Curve.Sigmoid:
      return slope;
    case Curve.Tanh:
      return f32x4.mul(slope, f32x4.splat(4));
    case Curve.Softplus:
      return s;
    case Curve.Mish: {
      // t + x s (1 − t²), where t = n / d is the tanh, and d² − n² = (d − n) (d + n) = 2b² (d + n).
      const b = v128.bitselect(one(), e, left);
      const n = f32x4.mul(a, f32x4.add(a, f32x4.add(b, b)));
      const rest = f32x4.mul(f32x4.add(b, b), b);
      const below = f32x4.add(n, rest);
      const bend = f32x4.div(f32x4.mul(rest, f32x4.add(below, n)), f32x4.mul(below, below));
      return f32x4.add(f32x4.div(n, below), f32x4.mul(f32x4.mul(held, s), bend));
    }
    default:
      return f32x4.add(s, f32x4.mul(f32x4.mul(held, slope), inner));
  }
}

/**
 * `dx = dy * f'(x)` for every activation that is a function of one float; a gate that is closed gives 0, whatever `dy` is.
 * Where f has a kink it is the slope that PyTorch takes. A NaN in x is a NaN in dx.
 *
 * A task is `taskLength` floats. Tasks lie side by side, so that any range of them is one run.
 */
export function activationBackward(p: ActivationBackwardParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const kind = p.kind;
  const alpha = f32x4.splat(p.alpha);
  const lower = f32x4.splat(p.lower);
  const upper = f32x4.splat(p.upper);
  let input = p.input + (<usize>begin << 2);
  let at = p.x + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  for (let left = min(taskEnd * p.taskLength, p.length) - begin; left > 0; left -= 4) {
    const x = v128.load(at);
    let dx = v128.load(input);
    switch (kind) {
      case Curve.Elu: {
        const below = f32x4.mul(dx, f32x4.mul(alpha, expOf(f32x4.mul(lower, x))));
        dx = v128.bitselect(f32x4.mul(dx, upper), below, f32x4.gt(x, zero()));
        break;
      }
      case Curve.LeakyRelu: {
        dx = v128.bitselect(dx, f32x4.mul(dx, alpha), f32x4.gt(x, zero()));
        break;
      }
      case Curve.Threshold: {
        dx = v128.andnot(dx, f32x4.le(x, alpha));
        break;
      }
      case Curve.Clamp: {
        dx = v128.andnot(dx, v128.or(f32x4.lt(x, lower), f32x4.lt(upper, x)));
        break;
      }
      case Curve.HardTanh: {
        dx = v128.andnot(dx, v128.or(f32x4.le(x, lower), f32x4.le(upper, x)));
        break;
      }
      case Curve.HardShrink:
      case Curve.Softshrink: {
        dx = v128.andnot(dx, f32x4.le(f32x4.abs(x), upper));
        break;
      }
      case Curve.HardSigmoid: {
        const y = madd(x, alpha, lower);
        dx = v128.andnot(f32x4.mul(dx, alpha), v128.or(f32x4.le(y, zero()), f32x4.le(one(), y)));
        break;
      }
      case Curve.HardSwish: {
        const between = f32x4.mul(dx, madd(x, f32x4.splat(1.0 / 3), f32x4.splat(0.5)));
        const right = v128.bitselect(dx, between, f32x4.le(f32x4.splat(3), x));
        dx = v128.andnot(right, f32x4.le(x, f32x4.splat(-3)));
        break;
      }
      case Curve.Softsign: {
        const a = f32x4.add(one(), f32x4.abs(x));
        dx = f32x4.div(f32x4.div(dx, a), a);
        break;
      }
      case Curve.Gelu: {
        dx = f32x4.mul(dx, geluSlope(x));
        break;
      }
      default:
        dx = f32x4.mul(dx, logisticSlope(kind, x));
    }
    storeUpTo(output, v128.or(dx, f32x4.ne(x, x)), left);
    input += 16;
    at += 16;
    output += 16;
  }
}
