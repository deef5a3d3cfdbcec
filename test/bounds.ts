import type { Sums } from './oracle/conv-nd.ts';

/**
 * What the results of convolutions and their gradients differ from the exact ones at most: docs/numerics.md says the same, in tables that
 * bounds.test.ts makes of these constants. A float operation is off by 2⁻²⁴ of its result, or by 2⁻¹⁵⁰ where the result is a denormal.
 * Sums of denormals are exact, so only products and quotients lose the latter.
 */
export const EPS = 2 ** -24;
export const TINY = 2 ** -150;

/** Roundings on the way of a product besides one for each product: of a quotient, of the sum with the bias, and of a fused activation. */
const MORE_ROUNDINGS = 3;
/** The quotient and the activation. */
const MORE_LOSSES = 2;

interface SumOf {
  readonly products: number;
  /** Σ|x·w| / divisor + |bias|. */
  readonly magnitude: number;
  readonly divisor?: number;
  /** Sums that are added up, each of them divided: the images of a cell in a border that is not zeros. */
  readonly parts?: number;
}

/** Of products that are added one by one, in whatever order. */
export function sumBound({ products, magnitude, divisor = 1, parts = 1 }: SumOf): number {
  return (products + MORE_ROUNDINGS) * EPS * magnitude + (products / divisor + MORE_LOSSES * parts) * TINY;
}

/** Of each result of an oracle. */
export function sumBounds({ magnitude, products, parts }: Sums, divisor = 1): Float64Array {
  return magnitude.map((m, i) => sumBound({ products: products[i], magnitude: m / divisor, divisor, parts: parts[i] }));
}

/** Of sums of floats without a product. */
export function plainSumBounds({ magnitude, products: floats }: Sums): Float64Array {
  return magnitude.map((m, i) => floats[i] * EPS * m);
}

export const TILE_SIZES = [2, 4, 6] as const;
export type TileSize = (typeof TILE_SIZES)[number];

/** The points of one dimension, ∞ last, each with the scale of its row of the filter's matrix: src/js/conv/winograd-filter.ts. */
const POINTS: Readonly<Record<TileSize, readonly (readonly [at: number, scale: number])[]>> = {
  2: [0, 1, -1].map((at) => [at, at === 0 ? 1 : 1 / 2]),
  4: [[0, 1], ...both(Math.SQRT1_2, 2 / 3), ...both(Math.SQRT2, 1 / 6)],
  6: [[0, 1], ...both(1, 2 / 9), ...both(2, 1 / 90), ...both(1 / 2, 32 / 45)],
};

function both(at: number, scale: number): (readonly [number, number])[] {
  return [
    [at, scale],
    [-at, scale],
  ];
}

/**
 * What multiplications in the denormals lose in one pass, in units of 2⁻¹⁵⁰ of each position and of each output: counted in
 * src/js/conv/winograd-*.ts. A loss grows with the factors that follow; sums, and factors of 2 and more, lose nothing.
 */
const INPUT_LOSSES: Readonly<Record<TileSize, readonly number[]>> = {
  2: [0, 0, 0, 0],
  4: [1, 1, 1, 2 + Math.SQRT2, 2 + Math.SQRT2, 1],
  6: [1, 2, 2, 6, 6, 2.5, 2.5, 1],
};
const OUTPUT_LOSSES: Readonly<Record<TileSize, readonly number[]>> = { 2: [0, 0], 4: [0, 2, 1, 3.5], 6: [0, 1, 1, 1, 1, 1] };

/** Magnitudes that enter and leave each point: |Bᵀ|, |G| and |Aᵀ| by Toom and Cook's construction. */
export function magnitudes(size: TileSize) {
  const points = POINTS[size];
  const product = (roots: readonly number[]) => {
    let polynomial = [1];
    for (const root of roots) polynomial = [...polynomial, 0].map((_, i) => (polynomial[i - 1] ?? 0) - root * (polynomial[i] ?? 0));
    return polynomial;
  };
  const input: number[][] = [];
  const filter: number[][] = [];
  for (const [at, scale] of points) {
    const others = points.map(([other]) => other).filter((other) => other !== at);
    const divisor = others.reduce((all, other) => all * (at - other), 1);
    input.push([...product(others), 0].map((factor) => factor / (divisor * scale)));
    filter.push([scale, at * scale, at ** 2 * scale]);
  }
  input.push(product(points.map(([at]) => at)));
  filter.push([0, 0, 1]);
  const output = Array.from({ length: size }, (_, y) => [...points.map(([at]) => at ** y), y === size - 1 ? 1 : 0]);
  const abs = (matrix: number[][]) => matrix.map((row) => row.map(Math.abs));
  return { input: abs(input), filter: abs(filter), output: abs(output) };
}

/** Factors of the absolute term: largest over the outputs of a tile, rounded up. */
function lossesOf(size: TileSize) {
  const { input, filter, output } = magnitudes(size);
  const total = (row: readonly number[]) => row.reduce((sum, value) => sum + value, 0);
  const [b, g] = [input.map(total), filter.map(total)];
  const [loss, outputLoss] = [INPUT_LOSSES[size], OUTPUT_LOSSES[size]];
  /** Of one dimension, what reaches output `p` of as much as `of` says at each position. */
  const reach = (p: number, of: (position: number) => number) => total(output[p].map((factor, i) => factor * of(i)));
  const one = () => 1;
  const most = (of: (p: number, q: number) => number) => Math.ceil(Math.max(...output.flatMap((_, p) => output.map((_, q) => of(p, q)))));
  return {
    // A point of the filter is rounded once, and multiplied by one of the input.
    input: most((p, q) => reach(p, (i) => b[i]) * reach(q, (i) => b[i])),
    // A point of the input has what its row has lost, multiplied along its column, and what its column loses.
    filter: most(
      (p, q) => reach(p, (i) => g[i] * b[i]) * reach(q, (j) => g[j] * loss[j]) + reach(p, (i) => g[i] * loss[i]) * reach(q, (j) => g[j]),
    ),
    // Products, and the passes of the output.
    products: most((p, q) => reach(p, one) * reach(q, one) + outputLoss[p] * reach(q, one) + outputLoss[q]),
    through: most((p, q) => reach(p, (i) => g[i] * b[i]) * reach(q, (i) => g[i] * b[i])),
  };
}

interface WinogradConstants {
  /** What is asserted: c + k is at least four thirds of the greatest error that was found. */
  readonly k: number;
  /** By counting the roundings on the longest way, quotient and bias among them: what is proven. */
  readonly counted: number;
  /** The greatest error that searches found for one channel, mean and bias, in units of 2⁻²⁴ · (W / divisor + |bias|). */
  readonly found: number;
  /** The factors of max|x|, of max|w| and of 1 in the absolute term; W is at most `through` · c · max|x| · max|w|. */
  readonly losses: { readonly input: number; readonly filter: number; readonly products: number; readonly through: number };
}

export const WINOGRAD: Readonly<Record<TileSize, WinogradConstants>> = {
  2: { k: 9, counted: 9, found: 6.8, losses: lossesOf(2) },
  4: { k: 9, counted: 19, found: 7.1, losses: lossesOf(4) },
  6: { k: 9, counted: 17, found: 7.1, losses: lossesOf(6) },
};

interface WinogradOf {
  /** Of a group. */
  readonly channels: number;
  /** |Aᵀ| (Σ |G||w||Gᵀ| · |Bᵀ||x||B|) |A| of the result. */
  readonly through: number;
  readonly maxInput: number;
  readonly maxFilter: number;
  readonly divisor?: number;
  readonly bias?: number;
}

export function winogradBound(size: TileSize, { channels, through, maxInput, maxFilter, divisor = 1, bias = 0 }: WinogradOf): number {
  const { k, losses } = WINOGRAD[size];
  const lost = channels * (losses.input * maxInput + losses.filter * maxFilter + losses.products);
  return (channels + k) * EPS * (through / divisor + Math.abs(bias)) + (lost / divisor + MORE_LOSSES) * TINY;
}

/** The same where nothing is known but the largest magnitudes: of whatever tiles. */
export function coarseWinogradBound(of: Omit<WinogradOf, 'through'>): number {
  const { channels, maxInput, maxFilter } = of;
  return Math.max(
    ...TILE_SIZES.map((size) => winogradBound(size, { ...of, through: WINOGRAD[size].losses.through * channels * maxInput * maxFilter })),
  );
}

/** Root mean square of the error, in units of 2⁻²⁴ · Σ|x·w|, that a tile size may have for uniform inputs: ten times that of a sum. */
export const MOST_RMS = 4;

/** Errors by channels, in units of 2⁻²⁴ · Σ|x·w|. */
export interface Errors {
  readonly rms: number;
  readonly most: number;
}

type Cell = string | number;
const count = (value: number) => value.toLocaleString('en-US');

function table(head: readonly Cell[], rows: readonly (readonly Cell[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The bounds of sums, as docs/numerics.md has them. */
export function sumTable(): string {
  const relative = `(n + ${MORE_ROUNDINGS}) · 2⁻²⁴`;
  const absolute = (parts: string) => `(n / divisor + ${MORE_LOSSES}${parts}) · 2⁻¹⁵⁰`;
  return table(
    ['result', 'n', 'is off by at most'],
    [
      [
        '`conv1d`, `conv2d`, `conv3d`, `linear`',
        'taps · channels of the group',
        `${relative} · (Σ\\|x·w\\| / divisor + \\|bias\\|) + ${absolute('')}`,
      ],
      [
        '`convTranspose1d`, `convTranspose2d`, `convTranspose3d`',
        'taps · channels of the group',
        `${relative} · (Σ\\|x·w\\| + \\|bias\\|) + ${absolute('').replace(' / divisor', '')}`,
      ],
      ['`dx`', 'products that reach the cell, by all p of its images', `${relative} · Σ\\|dy·w\\| / divisor + ${absolute('p')}`],
      ['`dFilter`, `dWeight`', 'images · output pixels', `${relative} · Σ\\|dy·x\\| / divisor + ${absolute('')}`],
      ['`dBias`', 'images · output pixels', 'n · 2⁻²⁴ · Σ\\|dy\\|'],
    ],
  );
}

/** The constants of Winograd's bound. */
export function winogradTable(): string {
  return table(
    ['', 'k', 'k by counting', 'greatest found, c = 1', 'α', 'β', 'γ', 'W at most'],
    TILE_SIZES.map((size) => {
      const { k, counted, found, losses } = WINOGRAD[size];
      return [
        `F(${size}×${size})`,
        k,
        counted,
        found.toFixed(1),
        count(losses.input),
        count(losses.filter),
        count(losses.products),
        `${count(losses.through)} · c · max\\|x\\| · max\\|w\\|`,
      ];
    }),
  );
}

/** What was measured, a column for the sum and for each tile size. */
export function errorTable(measured: readonly { readonly channels: number; readonly errors: readonly Errors[] }[]): string {
  return table(
    ['input channels', 'sum', ...TILE_SIZES.map((size) => `F(${size}×${size})`)],
    measured.map(({ channels, errors }) => [channels, ...errors.map(({ rms, most }) => `${rms.toFixed(2)}, ${most.toFixed(1)}`)]),
  );
}
