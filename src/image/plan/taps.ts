/** Weights as the filters read them: which taps there are, which of them go together, and the words of their tables. */

/** A weight, and where in its kernel it lies. */
export interface Tap {
  readonly row: number;
  readonly column: number;
  readonly weight: number;
}

/** The taps of `width` columns that weigh something. */
export function taps(weights: readonly number[], width: number): Tap[] {
  const all = weights.map((weight, i) => ({ row: Math.floor(i / width), column: i % width, weight }));
  return all.filter(({ weight }) => weight !== 0);
}

/** What two neighbouring rows of output share: each tap over both windows, with its weight in the upper and in the lower one. */
export interface SharedTap {
  readonly row: number;
  readonly column: number;
  readonly upper: number;
  readonly lower: number;
}

/** Taps of the upper row alone, then of both, then of the lower alone. */
export interface SharedTaps {
  readonly taps: readonly SharedTap[];
  readonly upperTaps: number;
  readonly lowerTaps: number;
}

/** The taps of two rows of output. `ordered`: either row meets its own as they lie in the kernel, and if need be they share none. */
export function sharedTaps(weights: readonly number[], width: number, ordered: boolean): SharedTaps {
  const height = weights.length / width;
  const at = (row: number, column: number) => (row >= 0 && row < height ? weights[row * width + column] : 0);
  const all = Array.from({ length: (height + 1) * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return { row, column, upper: at(row, column), lower: at(row - 1, column) };
  });
  let upper = all.filter((tap) => tap.upper !== 0 && tap.lower === 0);
  let both = all.filter((tap) => tap.upper !== 0 && tap.lower !== 0);
  let lower = all.filter((tap) => tap.upper === 0 && tap.lower !== 0);
  if (ordered && !(follows([...upper, ...both]) && follows([...both, ...lower]))) {
    upper = all.filter((tap) => tap.upper !== 0);
    lower = all.filter((tap) => tap.lower !== 0);
    both = [];
  }
  return { taps: [...upper, ...both, ...lower], upperTaps: upper.length, lowerTaps: lower.length };
}

/** Are they as they lie in the kernel? */
const follows = (list: readonly SharedTap[]) =>
  list.every(({ row, column }, i) => i === 0 || row > list[i - 1].row || (row === list[i - 1].row && column > list[i - 1].column));

/** What a row is summed by: taps, and fours of them, of which the first two have one weight, and the last two. */
export interface AlongRow {
  readonly taps: readonly Tap[];
  readonly fours: readonly (readonly [Tap, Tap, Tap, Tap])[];
}

/** The taps of a row, those of equal weights around its middle in fours. */
export function alongRow(weights: readonly number[]): AlongRow {
  const all = taps(weights, weights.length);
  const mirror = ({ column }: Tap) => weights.length - 1 - column;
  const twins = all.filter((tap) => tap.column < mirror(tap) && weights[mirror(tap)] === tap.weight);
  const fours = Array.from({ length: Math.floor(twins.length / 2) }, (_, i) => {
    const [a, c] = [twins[2 * i], twins[2 * i + 1]];
    return [a, { ...a, column: mirror(a) }, c, { ...c, column: mirror(c) }] as const;
  });
  const inFours = new Set(fours.flat().map(({ column }) => column));
  return { taps: all.filter(({ column }) => !inFours.has(column)), fours };
}

const placeOf = ({ row, column }: Pick<Tap, 'row' | 'column'>) => (row << 16) | column;

/** Two weights of 16 bits as one word. */
const twoWeights = (low: number, high: number) => (low & 0xffff) | (high << 16);

/** Words as `image/bytes` reads them: [pair][place, place, weights]. */
export function pairs(of: readonly Tap[], place: (tap: Tap) => number = placeOf): number[] {
  const words: number[] = [];
  for (let i = 0; i < of.length; i += 2) {
    const [a, b] = [of[i], of[i + 1] ?? { ...of[i], weight: 0 }];
    words.push(place(a), place(b), twoWeights(a.weight, b.weight));
  }
  return words;
}

/** The same of sums of 16 bits, over two rows: [tap][place, weights]. */
export function narrowTaps({ taps }: SharedTaps): number[] {
  return taps.flatMap((tap) => [placeOf(tap), twoWeights(tap.upper, tap.lower)]);
}

/** The same of a column, over two rows: [pair][place, place, weights, weights]. */
export function columnPairs(weights: readonly number[]): number[] {
  const at = (row: number) => weights[row] ?? 0;
  const words: number[] = [];
  for (let row = 0; row <= weights.length; row += 2) {
    const [upper, lower] = [twoWeights(at(row), at(row + 1)), twoWeights(at(row - 1), at(row))];
    if (upper !== 0 || lower !== 0) words.push(placeOf({ row, column: 0 }), placeOf({ row: row + 1, column: 0 }), upper, lower);
  }
  return words;
}

/** The same of fours: [four][offset × 4, weights]. */
export function fourWords(fours: AlongRow['fours'], offset: (tap: Tap) => number): number[] {
  return fours.flatMap(([a, b, c, d]) => [offset(a), offset(b), offset(c), offset(d), twoWeights(a.weight, c.weight)]);
}

/** Words and weights as `image/floats` reads them, over two rows: [tap][place, weight, weight]. */
export function floatTaps({ taps }: SharedTaps): number[] {
  return taps.flatMap((tap) => [placeOf(tap), tap.upper, tap.lower]);
}
