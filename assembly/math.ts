/**
 * Exponentials and what is made of them, as polynomials in f32: four lanes at a time, without a table, a branch or a call.
 * docs/numerics.md has their errors. Coefficients are minimax fits of these very forms. Those that loops inline take their constants
 * as arguments, so that a loop may keep them.
 *
 * Each begins by e^x = 2^n · e^r with n = round(x · log2 e) and |r| ≤ ½ ln 2 (Cody and Waite, "Software Manual for the Elementary
 * Functions", 1980). n is rounded by adding 1.5 · 2²³: the sum's last bits are then n, and a shift by 23 makes 2^n of them.
 */
import { clampVector, madd } from './simd';

export const LOG2E: f32 = 1.44269504;
/** −ln 2, and in two parts: the first has 15 bits, so that its product with n is exact. */
export const MINUS_LN2: f32 = -0.693147182;
export const MINUS_LN2_HIGH: f32 = -0.693145751953125;
export const MINUS_LN2_LOW: f32 = -1.42860677e-6;
/** 1.5 · 2²³ + 127, the exponent's bias. */
export const ROUNDING: f32 = 12583039;
export const TINY: f32 = 5.9604644775390625e-8; // 2⁻²⁴
const TINIER: f32 = 2.3283064365386963e-10; // 2⁻³²
/** r coth(r / 2) is 2 + K1 r² + K2 r⁴. */
export const K1: f32 = 0.16666618;
export const K2: f32 = -0.00276598;

@inline
function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/**
 * Four times a constant that a compiler does not know to be one, for loops: what V8 knows, it makes anew at each use (18 bytes of code,
 * three instructions), what it does not know, it keeps. `zero` is 0, and found at run time.
 */
@inline
export function kept(x: f32, zero: i32): v128 {
  return i32x4.splat(reinterpret<i32>(x) ^ zero);
}

/** 0: parameter blocks lie at whole words. */
@inline
export function zeroOf(p: usize): i32 {
  return <i32>p & 3;
}

@inline
function power(rounded: v128): v128 {
  return i32x4.shl(rounded, 23);
}

@inline
function reduced(x: v128, n: v128, high: v128, low: v128): v128 {
  return madd(n, low, madd(n, high, x));
}

/** r − (r coth(r / 2) − 2). */
@inline
function bent(r: v128, k1: v128, k2: v128): v128 {
  const t = f32x4.mul(r, r);
  return f32x4.sub(r, f32x4.mul(t, madd(t, k2, k1)));
}

/** e^r − 1 = 2r / (r coth(r / 2) − r) for |r| ≤ ½ ln 2: the form of Sun's fdlibm. */
@inline
function expm1Reduced(r: v128, k1: v128, k2: v128, two: v128): v128 {
  return f32x4.div(f32x4.add(r, r), f32x4.sub(two, bent(r, k1, k2)));
}

/** e^x for x ≤ 0. The power is 2²⁴ times as large until the end: where the result is a denormal, it is not. */
@inline
export function expNegative(
  x: v128, least: v128, log2e: v128, rounding: v128, high: v128, low: v128, k1: v128, k2: v128, two: v128, one: v128, tiny: v128,
): v128 {
  x = f32x4.pmax(x, least);
  const rounded = madd(x, log2e, rounding);
  const w = expm1Reduced(reduced(x, f32x4.sub(rounded, rounding), high, low), k1, k2, two);
  return f32x4.mul(f32x4.mul(f32x4.add(w, one), power(rounded)), tiny);
}

/** Its w, not inlined as those below: for those who take their time, and would be many bytes. */
function expm1Of(x: v128, rounded: v128): v128 {
  const r = reduced(x, f32x4.sub(rounded, splat(ROUNDING + 24)), splat(MINUS_LN2_HIGH), splat(MINUS_LN2_LOW));
  return expm1Reduced(r, splat(K1), splat(K2), splat(2));
}

/** The same e^x. */
function expOf(x: v128): v128 {
  x = f32x4.pmax(x, splat(-104));
  const rounded = madd(x, splat(LOG2E), splat(ROUNDING + 24));
  return f32x4.mul(f32x4.mul(f32x4.add(expm1Of(x, rounded), splat(1)), power(rounded)), splat(TINY));
}

/**
 * ln(1 + e^x) as max(x, 0) + ln(1 + u), u = e^−|x|. u = s + s w is rounded once more than its logarithm can bear just below ½, where
 * places are finest: what that lost is added, times the logarithm's slope, 1 / (1 + u), for which 1 − u / 2 will do. u itself comes last,
 * so that one sum alone is rounded to the places of the result.
 */
function softplusOf(y: v128): v128 {
  const x = f32x4.pmax(f32x4.neg(f32x4.abs(y)), splat(-104));
  const rounded = madd(x, splat(LOG2E), splat(ROUNDING + 24));
  const s = f32x4.mul(power(rounded), splat(TINY));
  const sw = f32x4.mul(s, expm1Of(x, rounded));
  const u = f32x4.add(s, sw);
  const lost = f32x4.sub(sw, f32x4.sub(u, s));
  const slope = f32x4.sub(splat(1), f32x4.mul(u, splat(0.5)));
  return f32x4.add(u, madd(lost, slope, f32x4.sub(f32x4.pmax(y, splat(0)), log1pBend(u))));
}

/** e^x − 1 for x ≤ 0. ln 2 is one float: what n · ln 2 loses is, under the power, less than the last place of the 1. */
@inline
export function expm1Negative(
  x: v128, least: v128, log2e: v128, rounding: v128, ln2: v128, k1: v128, k2: v128, two: v128, one: v128,
): v128 {
  x = f32x4.pmax(x, least);
  const rounded = madd(x, log2e, rounding);
  const w = expm1Reduced(madd(f32x4.sub(rounded, rounding), ln2, x), k1, k2, two);
  const scale = power(rounded);
  return madd(scale, w, f32x4.sub(scale, one));
}

/**
 * 1 + e^−x. e^−x = s + s w, and the smaller of 1 and s is added to s w first, where its rounding is the smaller one. All of it is
 * `one` times as large, a power of 2, so that e^−least is a float too. Constants are those of −x: r, a and w are the negatives of the above.
 */
@inline
function onePlusExp(
  x: v128, least: v128, most: v128, log2e: v128, rounding: v128, high: v128, low: v128, k1: v128, k2: v128, two: v128, one: v128,
): v128 {
  const z = clampVector(x, least, most);
  const rounded = madd(z, log2e, rounding);
  const r = reduced(z, f32x4.sub(rounded, rounding), high, low);
  const t = f32x4.mul(r, r);
  const w = f32x4.div(f32x4.add(r, r), f32x4.add(two, f32x4.add(r, f32x4.mul(t, madd(t, k2, k1)))));
  const scale = power(rounded);
  return f32x4.add(f32x4.pmax(one, scale), f32x4.sub(f32x4.pmin(one, scale), f32x4.mul(scale, w)));
}

/** 1 / (1 + e^−x), `one` being 2⁻²⁴ and `least` −104. */
@inline
export function sigmoidVector(
  x: v128, least: v128, most: v128, log2e: v128, rounding: v128, high: v128, low: v128, k1: v128, k2: v128, two: v128, one: v128,
): v128 {
  return f32x4.div(one, onePlusExp(x, least, most, log2e, rounding, high, low, k1, k2, two, one));
}

/**
 * (1 − e^−2|x|) / (1 + e^−2|x|), under the sign of x. Both sums begin with what is exact. e^r − 1 is r + r a / (2 − a) here, which is
 * an operation more, and rounds less: n = 0 has nothing but it.
 */
@inline
export function tanhVector(
  x: v128, minusTwo: v128, least: v128, log2e: v128, rounding: v128, ln2: v128, k1: v128, k2: v128, two: v128, one: v128, sign: v128,
): v128 {
  const z = f32x4.pmax(f32x4.mul(v128.andnot(x, sign), minusTwo), least);
  const rounded = madd(z, log2e, rounding);
  const r = madd(f32x4.sub(rounded, rounding), ln2, z);
  const a = bent(r, k1, k2);
  const scale = power(rounded);
  const v = f32x4.mul(scale, madd(r, f32x4.div(a, f32x4.sub(two, a)), r));
  const y = f32x4.div(f32x4.sub(f32x4.sub(one, scale), v), f32x4.add(f32x4.add(one, scale), v));
  return v128.or(y, v128.and(x, sign));
}

/**
 * x times the sigmoid of u, as x / (1 + e^−u): one rounding, where a product with the sigmoid has two. e¹¹⁰ takes x to 0, so that x is no
 * further away, nor ∞; and where the sigmoid is 1, x may be more than a quotient by 2⁻³² can be.
 */
function gatedOf(x: v128, u: v128): v128 {
  const divisor = onePlusExp(
    u, splat(-110), splat(25), splat(-LOG2E), splat(ROUNDING - 32), splat(-MINUS_LN2_HIGH), splat(-MINUS_LN2_LOW), splat(K1), splat(K2),
    splat(2), splat(TINIER),
  );
  const y = f32x4.mul(f32x4.div(f32x4.pmax(x, splat(-110)), divisor), splat(TINIER));
  return v128.bitselect(x, y, f32x4.gt(x, splat(25)));
}

/** u − ln(1 + u) for √½ − 1 ≤ u ≤ 1: s (u − s² A(s²)), s = u / (2 + u), of whose inverse hyperbolic tangent the logarithm is twice. */
@inline
function log1pBend(u: v128): v128 {
  const s = f32x4.div(u, f32x4.add(u, splat(2)));
  const z = f32x4.mul(s, s);
  let a = madd(z, splat(0.24301005), splat(0.2142764));
  a = madd(z, a, splat(0.28616887));
  a = madd(z, a, splat(0.39998877));
  a = madd(z, a, splat(0.66666675));
  return f32x4.mul(s, f32x4.sub(u, f32x4.mul(z, a)));
}

/** ln x for 1 ≤ x < ∞, and NaN for NaN: x = 2^k m with √½ ≤ m < √2. */
function logOf(x: v128): v128 {
  const k = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
  const m = i32x4.sub(x, i32x4.shl(k, 23));
  const n = f32x4.neg(f32x4.convert_i32x4_s(k));
  const u = f32x4.sub(m, splat(1));
  const y = madd(n, splat(MINUS_LN2_HIGH), madd(n, splat(MINUS_LN2_LOW), f32x4.sub(u, log1pBend(u))));
  return v128.or(y, f32x4.ne(x, x));
}

/** e^(−z²/2) for 0 ≤ z ≤ 15. What z²/2 lost when it was rounded is made good: 100 ± ½ ulp would be e^−100 ± 64 ulp. */
function gaussianOf(z: v128): v128 {
  const half = f32x4.mul(z, splat(0.5));
  const h = f32x4.mul(half, z);
  const high = v128.and(z, i32x4.splat(0xfffff000));
  const low = f32x4.sub(z, high);
  const lost = f32x4.add(
    f32x4.add(f32x4.sub(f32x4.mul(f32x4.mul(high, high), splat(0.5)), h), f32x4.mul(high, low)),
    f32x4.mul(f32x4.mul(low, low), splat(0.5)),
  );
  const e = expOf(f32x4.neg(h));
  return f32x4.sub(e, f32x4.mul(e, lost));
}

/**
 * Φ(−z), half the complementary error function of z / √2, for 0 ≤ z ≤ 15 and the Gaussian of z: a polynomial in
 * (z − 2) / (z + 2), divided by z + 2.
 */
function upperTailOf(z: v128, gaussian: v128): v128 {
  const below = f32x4.add(z, splat(2));
  const u = f32x4.div(f32x4.sub(z, splat(2)), below);
  let p = madd(u, splat(-0.00007747763), splat(0.00002908420));
  p = madd(u, p, splat(0.0007252072));
  p = madd(u, p, splat(0.0008862647));
  p = madd(u, p, splat(-0.0018908299));
  p = madd(u, p, splat(-0.0067524145));
  p = madd(u, p, splat(-0.00048323));
  p = madd(u, p, splat(0.036721725));
  p = madd(u, p, splat(0.028798402));
  p = madd(u, p, splat(-0.33140457));
  p = madd(u, p, splat(0.672408));
  return f32x4.div(f32x4.mul(gaussian, p), below);
}

/**
 * e^x for any x. The power of 2 is 2²⁴ times as large for x ≤ 0, and as small for x > 0, until the end: where the result is a denormal or
 * near overflow, the power alone is neither.
 */
function exponentialOf(x: v128): v128 {
  const grows = f32x4.gt(x, splat(0));
  x = clampVector(x, splat(-104), splat(89));
  const shift = v128.bitselect(splat(ROUNDING - 24), splat(ROUNDING + 24), grows);
  const rounded = madd(x, splat(LOG2E), shift);
  const r = reduced(x, f32x4.sub(rounded, shift), splat(MINUS_LN2_HIGH), splat(MINUS_LN2_LOW));
  const w = expm1Reduced(r, splat(K1), splat(K2), splat(2));
  const scale = v128.bitselect(splat(16777216), splat(TINY), grows);
  return f32x4.mul(f32x4.mul(f32x4.add(w, splat(1)), power(rounded)), scale);
}

/** ln x for any x: denormals are multiplied by 2²⁴ first. */
function logarithmOf(x: v128): v128 {
  const small = f32x4.lt(x, splat(1.1754943508222875e-38));
  const y = logOf(v128.bitselect(f32x4.mul(x, splat(16777216)), x, small));
  const lowered = v128.bitselect(f32x4.sub(y, splat(16.635532)), y, small);
  const ended = v128.bitselect(x, lowered, f32x4.eq(x, splat(Infinity)));
  const begun = v128.bitselect(splat(-Infinity), ended, f32x4.eq(x, splat(0)));
  return v128.or(begun, f32x4.lt(x, splat(0)));
}

/** The error function: an odd polynomial where |x| < 1, beyond it 1 − 2 Φ(−√2 |x|) under the sign of x. */
function erfOf(x: v128): v128 {
  const size = f32x4.abs(x);
  const t = f32x4.mul(x, x);
  let p = madd(t, splat(-0.00000966704465), splat(0.000112659589));
  p = madd(t, p, splat(-0.000848408032));
  p = madd(t, p, splat(0.00522103161));
  p = madd(t, p, splat(-0.0268654302));
  p = madd(t, p, splat(0.112837821));
  p = madd(t, p, splat(-0.376126379));
  p = madd(t, p, splat(0.128379166));
  const z = f32x4.pmin(f32x4.mul(size, splat(1.4142135623730951)), splat(15));
  const tail = upperTailOf(z, gaussianOf(z));
  const y = f32x4.sub(splat(1), f32x4.add(tail, tail));
  const far = v128.or(y, v128.and(x, splat(-0)));
  return v128.bitselect(madd(x, p, x), far, f32x4.lt(size, splat(1)));
}

export { erfOf, exponentialOf, expOf, gatedOf, gaussianOf, logarithmOf, logOf, softplusOf, upperTailOf };
