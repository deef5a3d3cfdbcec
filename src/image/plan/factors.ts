import type { KernelSpec } from '../spec.ts';

/** How a kernel is computed: in whole numbers for bytes, in one pass or in two. */

/** A kernel that is a column times a row. */
export interface Factors {
  readonly column: readonly number[];
  readonly row: readonly number[];
}

/** Whole weights, and how their sums become bytes: (sum + begin) >> shift, or ⌊(sum + begin) / divisor⌋. */
export interface WholePass {
  readonly weights: readonly number[];
  readonly begin: number;
  readonly shift: number;
  readonly divisor: number;
}

const MAX_WEIGHT = 32767;
const MAX_SUM = 2 ** 31 - 1;
/** A quotient by a larger one is not far enough from the next whole number. */
const MAX_DIVISOR = 2 ** 20;
/** Bits behind the point of the weights of a kernel, and of either factor of one. */
const POINT_BITS = 20;
const FACTOR_BITS = 22;
/** Bits behind the point that a column's sums may keep: with 7 of them 255 fits 16 bits. */
const KEPT_BITS = [7, 6, 5, 4, 3] as const;
/** Relative to the largest weight: what a product of two doubles may be off. */
const RANK_TOLERANCE = 1e-12;

const greatest = (weights: readonly number[]) => weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);

const total = (weights: readonly number[]) => weights.reduce((sum, weight) => sum + Math.abs(weight), 0);

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

/** Is the kernel a column times a row? Of whole weights the factors are whole, and their product is exact. */
export function factors({ height, width, weights }: KernelSpec): Factors | undefined {
  const at = (y: number, x: number) => weights[y * width + x];
  let pivot = 0;
  for (let i = 0; i < weights.length; i++) if (Math.abs(weights[i]) > Math.abs(weights[pivot])) pivot = i;
  const most = weights[pivot];
  if (most === 0) return undefined;
  const whole = weights.every(Number.isInteger);
  const pivotRow = Array.from({ length: width }, (_, x) => at(Math.floor(pivot / width), x));
  const common = whole ? pivotRow.reduce(gcd, 0) : 1;
  const row = pivotRow.map((weight) => weight / common);
  const column = Array.from({ length: height }, (_, y) => at(y, pivot % width) / row[pivot % width]);
  const tolerance = whole ? 0 : RANK_TOLERANCE * Math.abs(most);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if (Math.abs(column[y] * row[x] - at(y, x)) > tolerance) return undefined;
  return { column, row };
}

/** Weights as multiples of 2⁻ᵇⁱᵗˢ, whose sum is the nearest to theirs: the largest weight takes what is missing. */
function quantised(weights: readonly number[], bits: number): number[] {
  const scale = 2 ** bits;
  const whole = weights.map((weight) => Math.round(weight * scale));
  let largest = 0;
  for (let i = 0; i < weights.length; i++) if (Math.abs(weights[i]) > Math.abs(weights[largest])) largest = i;
  const sum = weights.reduce((all, weight) => all + weight, 0);
  whole[largest] += Math.round(sum * scale) - whole.reduce((all, weight) => all + weight, 0);
  return whole;
}

const isPowerOfTwo = (n: number) => Math.log2(n) % 1 === 0;

/** A kernel whose weights, divisor and bias are whole, as it is. Halves are rounded up. */
function exact({ weights, divisor, bias }: KernelSpec): WholePass | undefined {
  if (!weights.every(Number.isInteger) || !Number.isInteger(divisor) || !Number.isInteger(bias)) return undefined;
  const by = Math.abs(divisor);
  const signed = weights.map((weight) => (divisor < 0 ? -weight : weight) + 0);
  const begin = bias * by + Math.floor(by / 2);
  if (by > MAX_DIVISOR || greatest(signed) > MAX_WEIGHT || total(signed) * 255 + Math.abs(begin) > MAX_SUM) return undefined;
  return isPowerOfTwo(by)
    ? { weights: signed, begin, shift: Math.log2(by), divisor: 1 }
    : { weights: signed, begin, shift: 0, divisor: by };
}

/** Weights in fixed point, with as many bits as fit. */
function fixed(weights: readonly number[], bias: number, mostBits: number, most: number, extraBits: number): WholePass {
  for (let bits = mostBits; ; bits--) {
    const whole = quantised(weights, bits);
    const shift = bits + extraBits;
    const begin = Math.round(bias * 2 ** shift) + (shift > 0 ? 2 ** (shift - 1) : 0);
    const fits = greatest(whole) <= MAX_WEIGHT && total(whole) * most + Math.abs(begin) <= MAX_SUM;
    if (fits || bits === 0) return { weights: whole, begin, shift, divisor: 1 };
  }
}

/** One pass over bytes. */
export function wholePass(kernel: KernelSpec): WholePass {
  const { weights, divisor, bias } = kernel;
  return (
    exact(kernel) ??
    fixed(
      weights.map((weight) => weight / divisor),
      bias,
      POINT_BITS,
      255,
      0,
    )
  );
}

/** Two passes: down the column, whose sums are words of 16 bits, then along the row. */
export interface WholePasses {
  readonly column: WholePass;
  readonly row: WholePass;
}

/** Factors of whole numbers as they are; nothing where a sum of the column could be too large. */
function exactPasses(kernel: KernelSpec, { column, row }: Factors): WholePasses | undefined {
  const one = exact(kernel);
  if (one === undefined || total(column) * 255 > MAX_WEIGHT) return undefined;
  const signed = kernel.divisor < 0 ? row.map((weight) => -weight) : row;
  return { column: { weights: column, begin: 0, shift: 0, divisor: 1 }, row: { ...one, weights: signed } };
}

/** A column's weights with as many bits as fit, so that its sums fit 16 bits with `keptBits` behind the point; and the largest sum. */
function fixedColumn(weights: readonly number[], keptBits: number): { readonly column: WholePass; readonly most: number } {
  for (let bits = FACTOR_BITS; ; bits--) {
    const whole = quantised(weights, bits);
    const shift = bits - keptBits;
    const begin = shift > 0 ? 2 ** (shift - 1) : 0;
    const sum = total(whole) * 255 + begin;
    const most = Math.floor(sum / 2 ** shift);
    const fits = greatest(whole) <= MAX_WEIGHT && sum <= MAX_SUM && most <= MAX_WEIGHT;
    if (fits || shift === 0) return { column: { weights: whole, begin, shift, divisor: 1 }, most };
  }
}

/** What weights are off in fixed point, in all. */
const loss = (weights: readonly number[], whole: readonly number[], bits: number) =>
  weights.reduce((sum, weight, i) => sum + Math.abs(whole[i] / 2 ** bits - weight), 0);

/**
 * Factors in fixed point. A sum of the row has 32 bits: the more of them the column's sums keep, the fewer are left for the row's
 * weights. Long rows of small weights need those more.
 */
export function fixedPasses(factors: Factors, bias = 0): WholePasses {
  const scale = total(factors.column);
  const down = factors.column.map((weight) => weight / scale);
  const along = factors.row.map((weight) => weight * scale);
  const gain = total(along);
  const passes = KEPT_BITS.map((keptBits) => {
    const { column, most } = fixedColumn(down, keptBits);
    const row = fixed(along, bias, FACTOR_BITS, most, keptBits);
    const rounded = column.shift > 0 ? gain / 2 ** (keptBits + 1) : 0;
    // The sum of the weights is kept: those that are too large and those that are too small are off by as much.
    const weighed = (loss(down, column.weights, column.shift + keptBits) * gain + loss(along, row.weights, row.shift - keptBits)) / 2;
    return { column, row, error: most > MAX_WEIGHT ? Number.POSITIVE_INFINITY : rounded + 255 * weighed };
  });
  const { column, row } = passes.reduce((least, other) => (other.error < least.error ? other : least));
  return { column, row };
}

export function wholePasses(kernel: KernelSpec, both: Factors): WholePasses | undefined {
  if (exact(kernel) !== undefined) return exactPasses(kernel, both);
  return fixedPasses({ ...both, row: both.row.map((weight) => weight / kernel.divisor) }, kernel.bias);
}

/** Whether every sum on the way fits 16 bits. */
export function isNarrow({ weights, begin, divisor }: WholePass): boolean {
  return divisor === 1 && total(weights) * 255 + Math.abs(begin) <= MAX_WEIGHT;
}

/** The same sums, but the column's are centred about 0, so that two of them fit 16 bits; nothing if they never do. */
export function centred({ column, row }: WholePasses): WholePasses | undefined {
  const sum = (weights: readonly number[], of: (weight: number) => number) => weights.reduce((all, weight) => all + of(weight), 0);
  const most = (sum(column.weights, (weight) => Math.max(weight, 0)) * 255 + column.begin) >> column.shift;
  const least = (sum(column.weights, (weight) => Math.min(weight, 0)) * 255 + column.begin) >> column.shift;
  const middle = Math.floor((most + least) / 2);
  if (2 * (most - middle) > MAX_WEIGHT || 2 * (least - middle) < -MAX_WEIGHT) return undefined;
  return {
    column: { ...column, begin: column.begin - middle * 2 ** column.shift },
    row: { ...row, begin: row.begin + middle * sum(row.weights, (weight) => weight) },
  };
}
