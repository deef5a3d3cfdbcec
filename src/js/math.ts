/**
 * Exponentials and what is made of them, as polynomials in f32: assembly/math.ts says how. One float at a time.
 */
const { fround } = Math;

const LOG2E = fround(Math.LOG2E);
/** −ln 2, and in two parts: the first has 15 bits, so that its product with n is exact. */
const MINUS_LN2 = fround(-0.693147182);
const MINUS_LN2_HIGH = -0.693145751953125;
const MINUS_LN2_LOW = fround(-1.42860677e-6);
/** 1.5 · 2²³ + 127, the exponent's bias. */
const ROUNDING = 12583039;
const TINY = 2 ** -24;
const TINIER = 2 ** -32;
/** r coth(r / 2) is 2 + K1 r² + K2 r⁴. */
const K1 = fround(0.16666618);
const K2 = fround(-0.00276598);

const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

const madd = (a: number, b: number, c: number): number => fround(fround(a * b) + c);

function power(rounded: number): number {
  float[0] = rounded;
  word[0] <<= 23;
  return float[0];
}

function reduced(x: number, n: number): number {
  return madd(n, MINUS_LN2_LOW, madd(n, MINUS_LN2_HIGH, x));
}

/** r − (r coth(r / 2) − 2). */
function bent(r: number): number {
  const t = fround(r * r);
  return fround(r - fround(t * madd(t, K2, K1)));
}

/** e^r − 1 = 2r / (r coth(r / 2) − r) for |r| ≤ ½ ln 2: the form of Sun's fdlibm. */
function expm1Reduced(r: number): number {
  return fround((r + r) / fround(2 - bent(r)));
}

/** e^x for x ≤ 0. */
export function expNegative(x: number): number {
  if (x < -104) x = -104;
  const rounded = madd(x, LOG2E, ROUNDING + 24);
  const w = expm1Reduced(reduced(x, fround(rounded - (ROUNDING + 24))));
  return fround(fround(fround(w + 1) * power(rounded)) * TINY);
}

/** e^x − 1 for x ≤ 0. */
export function expm1Negative(x: number): number {
  if (x < -25) x = -25;
  const rounded = madd(x, LOG2E, ROUNDING);
  const w = expm1Reduced(madd(fround(rounded - ROUNDING), MINUS_LN2, x));
  const scale = power(rounded);
  return madd(scale, w, fround(scale - 1));
}

/** ln(1 + e^x), of which u is the last summand. */
export function softplusOf(y: number): number {
  let x = -Math.abs(y);
  if (x < -104) x = -104;
  const rounded = madd(x, LOG2E, ROUNDING + 24);
  const s = fround(power(rounded) * TINY);
  const sw = fround(s * expm1Reduced(reduced(x, fround(rounded - (ROUNDING + 24)))));
  const u = fround(s + sw);
  const lost = fround(sw - fround(u - s));
  return fround(u + madd(lost, fround(1 - fround(u * 0.5)), fround((y < 0 ? 0 : y) - log1pBend(u))));
}

/** 1 + e^−x, `one` times as large; `bias` is the exponent of `one`, and `least` as much as it allows. r, its bend and w are the negatives of the above. */
function onePlusExp(x: number, least: number, one: number, bias: number): number {
  const z = x < least ? least : x > 25 ? 25 : x;
  const rounded = madd(z, -LOG2E, ROUNDING + bias);
  const n = fround(rounded - (ROUNDING + bias));
  const r = madd(n, -MINUS_LN2_LOW, madd(n, -MINUS_LN2_HIGH, z));
  const t = fround(r * r);
  const w = fround((r + r) / fround(2 + fround(r + fround(t * madd(t, K2, K1)))));
  const scale = power(rounded);
  return fround((one < scale ? scale : one) + fround((scale < one ? scale : one) - fround(scale * w)));
}

/** 1 / (1 + e^−x). */
export function sigmoidVector(x: number): number {
  return fround(TINY / onePlusExp(x, -104, TINY, -24));
}

/** x times the sigmoid of u. */
export function gatedOf(x: number, u: number): number {
  if (x > 25) return x;
  return fround(fround((x < -110 ? -110 : x) / onePlusExp(u, -110, TINIER, -32)) * TINIER);
}

/** (1 − e^−2|x|) / (1 + e^−2|x|), under the sign of x. */
export function tanhVector(x: number): number {
  let z = -2 * Math.abs(x);
  if (z < -20) z = -20;
  const rounded = madd(z, LOG2E, ROUNDING);
  const r = madd(fround(rounded - ROUNDING), MINUS_LN2, z);
  const a = bent(r);
  const scale = power(rounded);
  const v = fround(scale * madd(r, fround(a / fround(2 - a)), r));
  const y = fround(fround(fround(1 - scale) - v) / fround(fround(1 + scale) + v));
  return x < 0 || Object.is(x, -0) ? -y : y;
}

/** u − ln(1 + u) for √½ − 1 ≤ u ≤ 1. */
function log1pBend(u: number): number {
  const s = fround(u / fround(u + 2));
  const z = fround(s * s);
  let a = madd(z, fround(0.24301005), fround(0.2142764));
  a = madd(z, a, fround(0.28616887));
  a = madd(z, a, fround(0.39998877));
  a = madd(z, a, fround(0.66666675));
  return fround(s * fround(u - fround(z * a)));
}

/** ln x for 1 ≤ x < ∞, and NaN for NaN. */
export function logOf(x: number): number {
  float[0] = x;
  const k = (word[0] - 0x3f3504f3) >> 23;
  word[0] -= k << 23;
  const u = fround(float[0] - 1);
  const y = madd(-k, MINUS_LN2_HIGH, madd(-k, MINUS_LN2_LOW, fround(u - log1pBend(u))));
  return Number.isNaN(x) ? x : y;
}

/** e^(−z²/2) for 0 ≤ z ≤ 15. */
export function gaussianOf(z: number): number {
  const h = fround(fround(z * 0.5) * z);
  float[0] = z;
  word[0] &= 0xfffff000;
  const high = float[0];
  const low = fround(z - high);
  const lost = fround(
    fround(fround(fround(fround(high * high) * 0.5) - h) + fround(high * low)) + fround(fround(low * low) * 0.5),
  );
  const e = expNegative(-h);
  return fround(e - fround(e * lost));
}

/** Φ(−z) for 0 ≤ z ≤ 15 and the Gaussian of z. */
export function upperTailOf(z: number, gaussian: number): number {
  const below = fround(z + 2);
  const u = fround(fround(z - 2) / below);
  let p = madd(u, fround(-0.00007747763), fround(0.0000290842));
  p = madd(u, p, fround(0.0007252072));
  p = madd(u, p, fround(0.0008862647));
  p = madd(u, p, fround(-0.0018908299));
  p = madd(u, p, fround(-0.0067524145));
  p = madd(u, p, fround(-0.00048323));
  p = madd(u, p, fround(0.036721725));
  p = madd(u, p, fround(0.028798402));
  p = madd(u, p, fround(-0.33140457));
  p = madd(u, p, fround(0.672408));
  return fround(fround(gaussian * p) / below);
}

const SMALLEST_NORMAL = 2 ** -126;
const HUGE = 2 ** 24;
const LN_HUGE = fround(16.635532);

/** e^x for any x. The power of 2 is 2²⁴ times as large for x ≤ 0, and as small for x > 0, until the end. */
export function exponentialOf(x: number): number {
  const held = x < -104 ? -104 : x > 89 ? 89 : x;
  const shift = x > 0 ? ROUNDING - 24 : ROUNDING + 24;
  const rounded = madd(held, LOG2E, shift);
  const w = expm1Reduced(reduced(held, fround(rounded - shift)));
  return fround(fround(fround(w + 1) * power(rounded)) * (x > 0 ? HUGE : TINY));
}

/** ln x for any x: denormals are multiplied by 2²⁴ first. */
export function logarithmOf(x: number): number {
  if (x < 0) return Number.NaN;
  if (x === 0) return -Infinity;
  if (x === Infinity) return x;
  return x < SMALLEST_NORMAL ? fround(logOf(fround(x * HUGE)) - LN_HUGE) : logOf(x);
}

/** The error function: an odd polynomial where |x| < 1, beyond it 1 − 2 Φ(−√2 |x|) under the sign of x. */
export function erfOf(x: number): number {
  const size = Math.abs(x);
  if (size < 1) {
    const t = fround(x * x);
    let p = madd(t, fround(-0.00000966704465), fround(0.000112659589));
    p = madd(t, p, fround(-0.000848408032));
    p = madd(t, p, fround(0.00522103161));
    p = madd(t, p, fround(-0.0268654302));
    p = madd(t, p, fround(0.112837821));
    p = madd(t, p, fround(-0.376126379));
    p = madd(t, p, fround(0.128379166));
    return madd(x, p, x);
  }
  const scaled = fround(size * fround(Math.SQRT2));
  const z = scaled > 15 ? 15 : scaled;
  const tail = upperTailOf(z, gaussianOf(z));
  const y = fround(1 - fround(tail + tail));
  return x < 0 ? -y : y;
}
