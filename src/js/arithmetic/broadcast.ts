import { powerOf } from '../pool/power.ts';

const { fround } = Math;

/** How far an operand's row is from its first float. The outermost dimension has no end. */
export function rowOffset(row: number, axes: number, counts: readonly number[], strides: readonly number[]): number {
  if (axes === 0) return 0;
  let offset = 0;
  let left = row;
  for (let axis = axes - 1; axis > 0; axis--) {
    offset += (left % counts[axis]) * strides[axis];
    left = Math.floor(left / counts[axis]);
  }
  return offset + left * strides[0];
}

/** `x^y` as IEEE 754 defines it; exponents of 2, −1 and ½ are a square, a reciprocal and a root. */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (y === 2) return fround(x * x);
  if (y === -1) return fround(1 / x);
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const size = Math.abs(x);
  if (Math.abs(y) === Infinity) return size === 1 ? 1 : size > 1 === y > 0 ? Infinity : 0;
  if (y === 0.5) return size === Infinity ? size : fround(Math.sqrt(x + 0));
  const whole = Number.isInteger(y);
  if (x < 0 && !whole && size !== Infinity) return Number.NaN;
  const isLarge = y > 0 ? size === Infinity : size === 0;
  const result = isLarge ? Infinity : size === 0 || size === Infinity ? 0 : fround(powerOf(size, y));
  const isOdd = whole && y % 2 !== 0;
  return isOdd && (x < 0 || Object.is(x, -0)) ? -result : result;
}
