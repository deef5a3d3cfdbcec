/**
 * How far pooling and batch normalisation may be from float64, for finite results that do not overflow: as functions, which tests
 * assert, and as the formulas of docs/numerics.md, which tests look for there. Both come from the same constants.
 */

/** ε: what rounding to a 32-bit float changes at most, relatively. */
const EPSILON = 2 ** -24;
/** δ, half of the smallest denormal: what it changes at most below 2⁻¹²⁶. Sums are exact there, products and quotients are not. */
const DELTA = 2 ** -150;

/** Roundings beside those that are counted, with some to spare for what errors multiply. */
const SPARE = { average: 2, norm: 2, sum: 3, normGradient: 4, batchNorm: 6, batchNormGradient: 5, batchNormSum: 6 } as const;

/** How often an average is divided: along the depth, and in the plane. */
const divisions = (rank: number): number => (rank === 3 ? 2 : 1);

/** `size` is Σ|x| / cells, of `taps` a window. */
export function averageBound(taps: number, size: number, rank = 2): number {
  return (taps + SPARE.average) * EPSILON * size + divisions(rank) * DELTA;
}

/** `size` is the p-norm of the window. */
export function normBound(taps: number, size: number, p: number): number {
  return (taps + SPARE.norm) * EPSILON * size + (p === 1 ? 0 : (taps * DELTA) ** (1 / p));
}

/** `size` is Σ|dy| of the windows whose maximum a cell is; `windows` are all over it. */
export function maxGradientBound(windows: number, size: number): number {
  return (windows + SPARE.sum) * EPSILON * size;
}

/** `size` is Σ|dy / cells| of the `windows` over a cell. */
export function averageGradientBound(windows: number, size: number, rank = 2): number {
  return (windows + SPARE.sum) * EPSILON * size + divisions(rank) * windows * DELTA;
}

/** `size` is Σ|dy · (x / y)^(p − 1)| of the `windows` over a cell x, of `taps` at most. */
export function normGradientBound(taps: number, windows: number, x: number, size: number, p: number): number {
  const lost = p === 1 ? 0 : (1 + windows * Math.abs(x) ** (p - 1)) * DELTA;
  return (taps + windows + p + SPARE.normGradient) * EPSILON * size + lost;
}

/** `centred` is x − mean, `factor` is scale / √(variance + epsilon). */
export function batchNormBound(centred: number, factor: number, y: number): number {
  return SPARE.batchNorm * EPSILON * (Math.abs(centred * factor) + Math.abs(y)) + (1 + Math.abs(centred)) * DELTA;
}

export function batchNormGradientBound(dy: number, dx: number): number {
  return SPARE.batchNormGradient * EPSILON * Math.abs(dx) + (1 + Math.abs(dy)) * DELTA;
}

/** `size` is Σ|dy · (x − mean)| · inverse, and `inverse` 1 / √(variance + epsilon). */
export function scaleGradientBound(images: number, positions: number, inverse: number, size: number): number {
  return (images + positions + SPARE.batchNormSum) * EPSILON * size + (1 + images * positions * inverse) * DELTA;
}

/** `size` is Σ|dy|. */
export function biasGradientBound(images: number, positions: number, size: number): number {
  return (images + positions + SPARE.batchNormSum) * EPSILON * size;
}

const superscript = (n: number): string => String(n).replace(/./g, (c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)] ?? '⁻');
const powerOfTwo = (x: number): string => `2${superscript(Math.log2(x))}`;

/** What the two letters of the formulas stand for. */
export const UNITS = `ε = ${powerOfTwo(EPSILON)} and δ = ${powerOfTwo(DELTA)}`;

/** Rows of a table of docs/numerics.md: the operators, and the bound on their errors. */
export const POOL_FORMULAS: readonly string[] = [
  `(n + ${SPARE.average}) · ε · Σ\\|x\\| / cells + r · δ`,
  `(n + ${SPARE.norm}) · ε · (Σ\\|x\\|ᵖ)^(1/p) + (n · δ)^(1/p)`,
  `(m + ${SPARE.sum}) · ε · Σ\\|dy\\|`,
  `(m + ${SPARE.sum}) · ε · Σ\\|dy / cells\\| + r · m · δ`,
  `(n + m + p + ${SPARE.normGradient}) · ε · Σ\\|dy · (x / y)^(p − 1)\\| + (1 + m · \\|x\\|^(p − 1)) · δ`,
];

export const BATCH_NORM_FORMULAS: readonly string[] = [
  `${SPARE.batchNorm} · ε · (\\|(x − mean) · factor\\| + \\|y\\|) + (1 + \\|x − mean\\|) · δ`,
  `${SPARE.batchNormGradient} · ε · \\|dx\\| + (1 + \\|dy\\|) · δ`,
  `(images + positions + ${SPARE.batchNormSum}) · ε · Σ\\|dy · (x − mean)\\| · inverse + (1 + images · positions · inverse) · δ`,
  `(images + positions + ${SPARE.batchNormSum}) · ε · Σ\\|dy\\|`,
];
