import type { Tensor } from '../../../src/index.ts';
import { lengthOf } from '../../../src/tensor/tensor.ts';
import { random, relayout } from '../../random.ts';
import type { Source } from '../source.ts';

/** An image of floats or bytes, as `simdconv/image` takes it. */
export interface Picture {
  readonly data: Uint8Array | Uint8ClampedArray | Float32Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

export type Operand = Tensor | Picture;
export type Options = Readonly<Record<string, unknown>>;
/** Arguments of a method; the options are last, and there are always some. */
export type Arguments = readonly [...unknown[], Options];

/** A call that is valid, without `out`. */
export interface Configuration {
  readonly args: Arguments;
  /** The same computation in another layout, and how its results are brought into the layout of `args`. */
  readonly elsewhere?: { readonly args: Arguments; readonly back: (result: Tensor, name: string) => Tensor };
  /** Which argument may lie where a result goes: its number, and the result's name. */
  readonly over?: { readonly argument: number; readonly result: string };
}

export type Generator = (source: Source) => Configuration;

export const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'shape' in value && 'data' in value;
export const isPicture = (value: unknown): value is Picture =>
  typeof value === 'object' && value !== null && 'width' in value && 'height' in value && 'data' in value;

/** Options that an operand may be. */
const OPERANDS = ['bias', 'scale', 'mean', 'variance', 'offset'];

/** Arguments with `change` made to every operand among them, in their order. */
export function mapOperands(args: Arguments, change: (operand: Operand) => unknown): Arguments {
  const one = (value: unknown) => (isTensor(value) || isPicture(value) ? change(value) : value);
  const options = Object.fromEntries(
    Object.entries(args[args.length - 1] as Options).map(([name, value]) => [name, OPERANDS.includes(name) ? one(value) : value]),
  );
  return [...args.slice(0, -1).map(one), options];
}

const SPECIAL = [0, -0, Number.NaN, Infinity, -Infinity, 1e-40, -1e-40, 2 ** -149, 3.4e38, -3.4e38, 1, -1, 2 ** 24];

type Fill = (next: () => number) => number;
const uniform: Fill = (next) => 2 * next() - 1;
/** Floats that tests have found to matter: ordinary ones, ties, specials among ordinary ones, and the ends of the range. */
const FILLS: readonly Fill[] = [
  uniform,
  (next) => Math.floor(5 * next()) - 2,
  (next) => (next() < 0.25 ? SPECIAL[Math.floor(next() * SPECIAL.length)] : 2 * next() - 1),
  (next) => (2 * next() - 1) * 2 ** (Math.floor(next() * 200) - 100),
  () => 1,
  (next) => (next() < 0.5 ? 0 : -0),
];

export function filled(shape: readonly number[], seed: number, fill: Fill = uniform): Tensor {
  const next = random(seed);
  const data = new Float32Array(lengthOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = fill(next);
  return { shape, data };
}

/** Floats of any kind; of ordinary ones most often. */
export function floats(source: Source, shape: readonly number[]): Tensor {
  const fill = FILLS[source.pick(0, 0, 0, 1, 2, 3, 4, 5)];
  return filled(shape, source.seed(), fill);
}

/** A number for an option. */
export function parameter(source: Source, ...usual: number[]): number {
  return source.oneIn(3) ? Math.fround((source.int(0, 4000) - 2000) / 1000) : source.pick(...usual);
}

/** An extent from 1 on, often at the edge of a tile or of a vector. */
export function extent(source: Source, most: number): number {
  const edges = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 95, 96, 97].filter((n) => n <= most);
  return source.oneIn(2) ? source.pick(...edges) : source.int(1, most);
}

/** `rank` extents of at most `most` cells in all. */
export function extents(source: Source, rank: number, most: number): number[] {
  const made: number[] = [];
  let left = most;
  for (let axis = 0; axis < rank; axis++) {
    const share = Math.max(1, Math.floor(left ** (1 / Math.max(1, (rank - axis) * 0.8))));
    made.push(extent(source, share));
    left = Math.max(1, Math.floor(left / made[axis]));
  }
  return made;
}

/** Any shape, of no dimension and of none too many; an empty one at times. */
export function anyShape(source: Source, leastRank = 0, most = 3000): number[] {
  const rank = source.int(leastRank, 5);
  const shape = extents(source, rank, most);
  if (rank > 0 && source.oneIn(25)) shape[source.int(0, rank - 1)] = 0;
  return shape;
}

/** Once in a while work that is worth another thread's while. */
export const isLarge = (source: Source): boolean => source.oneIn(24);

/** Options less those that are undefined. */
export function given(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** A list, or the one number that it consists of, or nothing where that is the default. */
export function brief(source: Source, list: readonly number[], fallback?: number): number | readonly number[] | undefined {
  if (!list.every((n) => n === list[0])) return list;
  const forms: (number | readonly number[] | undefined)[] = [list[0], list];
  if (list[0] === fallback) forms.push(undefined);
  return source.pick(...forms);
}

const SPATIAL = ['', 'w', 'hw', 'dhw'];
export type Rank = 1 | 2 | 3;

/** Layouts with channels first and last. */
export const layouts = (rank: Rank): readonly [first: string, last: string] => [`nc${SPATIAL[rank]}`, `n${SPATIAL[rank]}c`];

/** A tensor given channels first, in both layouts, and which of them is to be the first one. */
export function inLayouts(rank: Rank, tensor: Tensor): readonly [first: Tensor, last: Tensor] {
  const [first, last] = layouts(rank);
  return [tensor, relayout(tensor, first, last)];
}

/** Brings results from layout `from` of a rank's two into `to`, whatever has as many dimensions. */
export function moved(rank: Rank, from: number, to: number): (result: Tensor) => Tensor {
  const names = layouts(rank);
  return (result) => (result.shape.length === rank + 2 ? relayout(result, names[from], names[to]) : result);
}
