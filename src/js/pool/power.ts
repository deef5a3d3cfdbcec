import type { PowerParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';

/**
 * `factor ⊗ unit`, where `unit = sign(base) · |base|^e` and 0 for a base of 0, or without a factor `|base|^e`; with e = −1
 * `factor ⊘ base`. What p-norms, and their gradients, consist of.
 *
 * Exponents of 1, 0 and −1 are exact, those of 2 and ½, without a factor, a square and a root of f32. Any other is computed in f64
 * and rounded once.
 */
export function timesPower(p: Block<typeof PowerParams>, taskBegin: number, taskEnd: number): void {
  const e = p.exponent / p.root;
  const hasFactor = p.factor.length > 0;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  for (let i = taskBegin * p.taskLength; i < end; i++) {
    const base = p.base[i];
    if (hasFactor && e === -1) p.output[i] = base === 0 ? 0 : p.factor[i] / base;
    else if (!hasFactor && e === 2) p.output[i] = base * base;
    else if (!hasFactor && e === 0.5) p.output[i] = Math.sqrt(Math.abs(base));
    else {
      const unit = e === 0 ? Math.sign(base) : e === 1 ? base : signedPower(base, e);
      p.output[i] = hasFactor ? p.factor[i] * unit : Math.abs(unit);
    }
  }
}

function signedPower(base: number, e: number): number {
  const size = Math.abs(base);
  if (size === 0 || Number.isNaN(size)) return base;
  if (size === Infinity) return e > 0 ? base : 0;
  return Math.sign(base) * Math.fround(powerOf(size, e));
}

const floats = new Float32Array(1);
const words = new Int32Array(floats.buffer);

/**
 * `x^e` of a finite, positive `x`, to 10⁻¹⁰ of it: 2^(e · log₂ x), by the series of log((1 + t) / (1 − t)) and of exp, over
 * the reduced range of each.
 */
export function powerOf(x: number, e: number): number {
  let exponent = 0;
  if (x < 1.1754943508222875e-38) {
    x *= 16777216;
    exponent = -24;
  }
  floats[0] = x;
  const bits = words[0];
  // The mantissa lies between √½, whose bits these are, and √2.
  const whole = (bits - 0x3f3504f3) >> 23;
  words[0] = bits - (whole << 23);
  const mantissa = floats[0];
  const t = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let k = 17; k > 0; k -= 2) sum = sum * (t * t) + 1 / k;
  const z = Math.max(-300, Math.min(300, e * (exponent + whole + t * sum * 2.8853900817779268)));
  const n = Math.floor(z + 0.5);
  const f = (z - n) * Math.LN2;
  let y = 1;
  for (let k = 13; k > 0; k--) y = 1 + (y * f) / k;
  const half = n >> 1;
  return y * powerOfTwo(half) * powerOfTwo(n - half);
}

/** Of a whole number that a normal f32 has for its exponent, and 0 below. */
function powerOfTwo(n: number): number {
  words[0] = Math.max(0, Math.min(255, n + 127)) << 23;
  return floats[0];
}
