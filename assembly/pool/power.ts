import { PowerParams } from '../generated/abi';
import { loadTail, storeTail, storeUpTo } from '../simd';

/**
 * `factor ⊗ unit`, where `unit = sign(base) · |base|^e` and 0 for a base of 0, or without a factor `|base|^e`; with e = −1
 * `factor ⊘ base`. What p-norms, and their gradients, consist of.
 *
 * Exponents of 1, 0 and −1 are exact, those of 2 and ½, without a factor, a square and a root of f32. Any other is computed in f64
 * and rounded once.
 */
export function timesPower(p: PowerParams, taskBegin: i32, taskEnd: i32): void {
  const e = <f64>p.exponent / <f64>p.root;
  const zero = f32x4.splat(0);
  const hasFactor = p.factor != 0;
  let at = <usize>(taskBegin * p.taskLength) << 2;
  let left = min(taskEnd * p.taskLength, p.length) - taskBegin * p.taskLength;
  // Squares are of a whole input, where roots are of a result.
  if (e == 2 && !hasFactor) {
    for (; left > 0; left -= 4) {
      const base = v128.load(p.base + at);
      storeUpTo(p.output + at, f32x4.mul(base, base), left);
      at += 16;
    }
  }
  for (; left > 0; left -= 4) {
    const base = left < 4 ? loadTail(p.base + at, left) : v128.load(p.base + at);
    let unit = hasFactor ? base : f32x4.abs(base);
    if (e == 0) {
      // The sign of one, of zero nothing, and of NaN NaN.
      const signs = v128.or(v128.and(base, f32x4.splat(-0)), v128.andnot(f32x4.splat(1), f32x4.eq(base, zero)));
      unit = v128.or(hasFactor ? signs : f32x4.abs(signs), f32x4.ne(base, base));
    } else if (e == 0.5 && !hasFactor) unit = f32x4.sqrt(unit);
    else if (e != 1 && e != -1) {
      unit = f32x4(
        signedPower(f32x4.extract_lane(unit, 0), e), signedPower(f32x4.extract_lane(unit, 1), e),
        signedPower(f32x4.extract_lane(unit, 2), e), signedPower(f32x4.extract_lane(unit, 3), e),
      );
    }
    if (hasFactor) {
      const factor = left < 4 ? loadTail(p.factor + at, left) : v128.load(p.factor + at);
      unit = e == -1 ? v128.andnot(f32x4.div(factor, base), f32x4.eq(base, zero)) : f32x4.mul(factor, unit);
    }
    if (left < 4) storeTail(p.output + at, unit, left);
    else v128.store(p.output + at, unit);
    at += 16;
  }
}

function signedPower(base: f32, e: f64): f32 {
  const size = abs(base);
  if (size == 0 || size != size) return base;
  if (size == <f32>Infinity) return e > 0 ? base : 0;
  return copysign<f32>(<f32>powerOf(size, e), base);
}

/**
 * `x^e` of a finite, positive `x`, to 10⁻¹⁰ of it: 2^(e · log₂ x), by the series of log((1 + t) / (1 − t)) and of exp, over
 * the reduced range of each.
 */
export function powerOf(x: f32, e: f64): f64 {
  let exponent = 0;
  if (x < 1.1754943508222875e-38) {
    x *= 16777216;
    exponent = -24;
  }
  const bits = reinterpret<i32>(x);
  // The mantissa lies between √½, whose bits these are, and √2.
  const whole = (bits - 0x3f3504f3) >> 23;
  const mantissa = <f64>reinterpret<f32>(bits - (whole << 23));
  const t = (mantissa - 1) / (mantissa + 1);
  let sum = <f64>0;
  for (let k = 17; k > 0; k -= 2) sum = sum * (t * t) + 1 / <f64>k;
  const z = max<f64>(-300, min<f64>(300, e * (<f64>(exponent + whole) + t * sum * 2.8853900817779268)));
  const n = <i32>floor(z + 0.5);
  const f = (z - <f64>n) * 0.6931471805599453;
  let y = <f64>1;
  for (let k = 13; k > 0; k--) y = 1 + y * f / <f64>k;
  const half = n >> 1;
  return y * powerOfTwo(half) * powerOfTwo(n - half);
}

/** Of a whole number that a normal f32 has for its exponent, and 0 below. */
@inline
function powerOfTwo(n: i32): f64 {
  return <f64>reinterpret<f32>(max(0, min(255, n + 127)) << 23);
}
