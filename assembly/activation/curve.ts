import { expOf, gatedOf, gaussianOf, softplusOf, upperTailOf } from '../math';
import { ActivationParams, Curve } from '../generated/abi';
import { clampVector, madd, storeUpTo } from '../simd';

/** Beyond it, every function here is 0, or x, or ±1: what it is multiplied with may be ∞ otherwise, and the product NaN. */
const FAR: f32 = 200;
/** The same of the two forms of GELU. */
export const GELU_FAR: f32 = 15;
/** 2 √(2 / π), and that times 0.044715. */
export const GELU_LINEAR: f32 = 1.5957691;
export const GELU_CUBIC: f32 = 0.071354814;

@inline
function zero(): v128 {
  return f32x4.splat(0);
}

/** x Φ(x), as x − x Φ(−x) on the right: accurate in its tail on the left, where 1 + erf is not. */
@inline
function gelu(x: v128): v128 {
  const z = f32x4.pmin(f32x4.abs(x), f32x4.splat(GELU_FAR));
  return f32x4.sub(f32x4.pmax(x, zero()), f32x4.mul(z, upperTailOf(z, gaussianOf(z))));
}

/** ½ (1 + tanh(u / 2)) is the sigmoid of u. */
@inline
function geluTanh(x: v128): v128 {
  const u = f32x4.mul(x, madd(f32x4.mul(x, x), f32x4.splat(GELU_CUBIC), f32x4.splat(GELU_LINEAR)));
  return gatedOf(x, u);
}

/**
 * x tanh(ln(1 + e^x)) = x n / d. With e = e^−|x|, a and b being 1 and e on the right, e and 1 on the left,
 * n = a (a + 2b) and d = n + 2b².
 */
@inline
function mish(x: v128): v128 {
  const e = expOf(f32x4.neg(f32x4.abs(x)));
  const left = f32x4.lt(x, zero());
  const a = v128.bitselect(e, f32x4.splat(1), left);
  const b = v128.bitselect(f32x4.splat(1), e, left);
  const n = f32x4.mul(a, f32x4.add(a, f32x4.add(b, b)));
  const d = f32x4.add(n, f32x4.mul(f32x4.add(b, b), b));
  return f32x4.mul(f32x4.pmax(x, f32x4.splat(-FAR)), f32x4.div(n, d));
}

@inline
function softsign(x: v128): v128 {
  x = clampVector(x, f32x4.splat(-f32.MAX_VALUE), f32x4.splat(f32.MAX_VALUE));
  return f32x4.div(x, f32x4.add(f32x4.abs(x), f32x4.splat(1)));
}

/** x min(max(x + 3, 0), 6) / 6. */
@inline
function hardSwish(x: v128): v128 {
  x = f32x4.pmax(x, f32x4.splat(-3));
  return f32x4.mul(x, f32x4.mul(f32x4.pmin(f32x4.add(x, f32x4.splat(3)), f32x4.splat(6)), f32x4.splat(1.0 / 6)));
}

/**
 * The functions that are not worth a loop of their own: `kind` says which. A task is `taskLength` floats. Tasks lie side by
 * side, so that any range of them is one run.
 */
export function curve(p: ActivationParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const kind = p.kind;
  const alpha = f32x4.splat(p.alpha);
  const lower = f32x4.splat(p.lower);
  const upper = f32x4.splat(p.upper);
  let input = p.input + (<usize>begin << 2);
  let output = p.output + (<usize>begin << 2);
  for (let left = min(taskEnd * p.taskLength, p.length) - begin; left > 0; left -= 4) {
    const x = v128.load(input);
    let y: v128;
    switch (kind) {
      case Curve.Gelu: {
        y = gelu(x);
        break;
      }
      case Curve.GeluTanh: {
        y = geluTanh(x);
        break;
      }
      case Curve.HardShrink: {
        y = v128.andnot(x, f32x4.le(f32x4.abs(x), upper));
        break;
      }
      case Curve.HardSigmoid: {
        y = clampVector(madd(x, alpha, lower), zero(), f32x4.splat(1));
        break;
      }
      case Curve.HardSwish: {
        y = hardSwish(x);
        break;
      }
      case Curve.Mish: {
        y = mish(x);
        break;
      }
      case Curve.Silu: {
        y = gatedOf(x, x);
        break;
      }
      case Curve.Softplus: {
        y = softplusOf(x);
        break;
      }
      case Curve.Softshrink: {
        y = f32x4.sub(x, clampVector(x, lower, upper));
        break;
      }
      default:
        y = softsign(x);
    }
    storeUpTo(output, y, left);
    input += 16;
    output += 16;
  }
}
