import { DisposedError, LayoutError, OptionError, ShapeError } from '../errors.ts';
import { KernelTensor, lengthOf, type Tensor } from '../tensor.ts';

/** What validation of every operator is made of. Nothing outside `shape/` refuses an argument. */

/** Order of a tensor's dimensions: batch, channels, height, width. */
export type Layout = 'nchw' | 'nhwc';
/** The same in one dimension. */
export type Layout1d = 'ncw' | 'nwc';
/** The same in three dimensions. */
export type Layout3d = 'ncdhw' | 'ndhwc';
/** One number for each direction. */
export type Pair = readonly [height: number, width: number];
/** One number for each direction of three. */
export type Triple = readonly [depth: number, height: number, width: number];

/** The largest number of floats that one tensor may hold: what a 32-bit address reaches. */
export const MAX_LENGTH = 2 ** 30;

const SHOWN = 8;

/** Anything at all in a few words: it must not fail where it explains a failure. */
export function show(value: unknown): string {
  try {
    if (Array.isArray(value)) return `[${Array.from(value.slice(0, SHOWN), name).join(', ')}${value.length > SHOWN ? ', …' : ''}]`;
    return name(value);
  } catch {
    return 'an object that throws when it is read';
  }
}

function name(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 64 ? `${value.slice(0, 64)}…` : value}'`;
  if (typeof value === 'function') return 'a function';
  if (value === null || typeof value !== 'object') return String(value);
  const maker: unknown = value.constructor;
  return typeof maker === 'function' && typeof maker.name === 'string' && maker.name ? maker.name : 'an object';
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

/** An array of whole numbers, without the holes that `every` passes over. */
export function areCounts(value: unknown): value is readonly number[] {
  if (!Array.isArray(value)) return false;
  for (let i = 0; i < value.length; i++) if (!isCount(value[i])) return false;
  return true;
}

export function count(argument: string, value: unknown, fallback: number, least: number): number {
  const given = value === undefined ? fallback : value;
  if (!isCount(given) || given < least) throw new OptionError(argument, show(value), `a whole number of at least ${least}`);
  return given;
}

export function finite(argument: string, value: unknown, fallback: number): number {
  const given = value === undefined ? fallback : value;
  if (typeof given !== 'number' || !Number.isFinite(Math.fround(given))) {
    throw new OptionError(argument, show(value), 'a number that is finite as a 32-bit float');
  }
  return Math.fround(given);
}

export function boolean(argument: string, value: unknown, fallback: boolean): boolean {
  const given = value === undefined ? fallback : value;
  if (typeof given !== 'boolean') throw new OptionError(argument, show(value), 'true or false');
  return given;
}

export function oneOf<T extends string>(argument: string, value: unknown, fallback: T, allowed: readonly T[]): T {
  const given = value === undefined ? fallback : value;
  if (!allowed.includes(given as T)) throw new OptionError(argument, show(value), `one of ${allowed.map(show).join(', ')}`);
  return given as T;
}

export function layout<T extends string>(argument: string, value: unknown, fallback: T, allowed: readonly T[]): T {
  const given = value === undefined ? fallback : value;
  if (!allowed.includes(given as T)) throw new LayoutError(argument, show(value), `one of ${allowed.map(show).join(', ')}`);
  return given as T;
}

/** An options object with no name that the operator does not know. */
export function known<T extends object>(argument: string, options: T | undefined, names: readonly string[]): T {
  if (options === undefined) return {} as T;
  if (options === null || typeof options !== 'object') throw new OptionError(argument, show(options), 'an object');
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw new OptionError(`${argument}.${name}`, 'an unknown option', `one of ${names.join(', ')}`);
  }
  return options;
}

function isDetached(data: Float32Array): boolean {
  if (data.byteLength > 0) return false;
  try {
    new Uint8Array(data.buffer);
    return false;
  } catch {
    return true;
  }
}

/** A tensor whose data fits its shape. Only the first dimension may be 0, unless `anyZero`. */
export function tensor(argument: string, value: unknown, rank?: number, anyZero = false): Tensor {
  if (value instanceof KernelTensor) {
    if (value.disposed) throw new DisposedError(argument);
    // Its shape was checked when it was made, and cannot change; its data is what the shape says.
    checkRank(argument, value.shape, rank, anyZero);
    return value;
  }
  if (value === null || typeof value !== 'object' || !('shape' in value) || !('data' in value)) {
    throw new ShapeError(argument, show(value), 'a tensor { shape, data: Float32Array }');
  }
  const { shape, data } = value as Tensor;
  checkShape(`${argument}.shape`, shape, rank, anyZero);
  checkData(`${argument}.data`, data, shape);
  return value as Tensor;
}

function checkData(argument: string, data: unknown, shape: readonly number[]): void {
  if (!(data instanceof Float32Array)) throw new ShapeError(argument, show(data), 'a Float32Array');
  if (isDetached(data)) throw new ShapeError(argument, 'a detached buffer', 'a Float32Array that still holds its data');
  checkDataLength(argument, data.length, shape);
}

function checkDataLength(argument: string, given: number, shape: readonly number[]): void {
  const length = lengthOf(shape);
  if (given !== length) throw new ShapeError(argument, `${given} floats`, `${length} floats for the shape ${show(shape)}`);
}

/** A caller's numbers as floats, as many as `shape` says: any array or typed array of numbers will do. */
export function floats(argument: string, value: unknown, shape: readonly number[]): Float32Array {
  if (value instanceof Float32Array) {
    checkData(argument, value, shape);
    return value;
  }
  const numbers = value as ArrayLike<unknown>;
  if (value === null || typeof value !== 'object' || !isCount(numbers.length)) {
    throw new ShapeError(argument, show(value), 'a Float32Array or an array of numbers');
  }
  checkDataLength(argument, numbers.length, shape);
  const made = new Float32Array(numbers.length);
  for (let i = 0; i < made.length; i++) {
    const number = numbers[i];
    if (typeof number !== 'number') throw new ShapeError(`${argument}[${i}]`, show(number), 'a number');
    made[i] = number;
  }
  return made;
}

export function checkShape(argument: string, shape: unknown, rank?: number, anyZero = false): void {
  if (!areCounts(shape)) throw new ShapeError(argument, show(shape), 'an array of whole numbers of at least 0');
  checkRank(argument, shape, rank, anyZero);
  checkLength(argument, shape);
}

function checkRank(argument: string, shape: readonly number[], rank: number | undefined, anyZero: boolean): void {
  if (rank !== undefined && shape.length !== rank)
    throw new ShapeError(argument, `${shape.length} dimensions ${show(shape)}`, `${rank} dimensions`);
  if (anyZero) return;
  for (let axis = 1; axis < shape.length; axis++) {
    if (shape[axis] === 0) throw new ShapeError(argument, show(shape), 'no dimension of 0 after the first');
  }
}

/** Refuses a shape with more floats than memory can ever hold. */
export function checkLength(argument: string, shape: readonly number[]): void {
  const extents = shape.filter((extent) => extent > 0);
  if (lengthOf(extents) > MAX_LENGTH) throw new ShapeError(argument, show(shape), `at most ${MAX_LENGTH} floats in all`);
}

/** Do two tensors share a byte? Those of an engine share none, unless they are one. */
function overlap({ data: a }: Tensor, { data: b }: Tensor): boolean {
  return a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

function samePlace(a: Tensor, b: Tensor): boolean {
  return a === b || (a.data.buffer === b.data.buffer && a.data.byteOffset === b.data.byteOffset);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** The caller's `out`: of the right shape, and apart from every operand. With `inPlace` it may be exactly the first. */
export function out(
  value: unknown,
  shape: readonly number[],
  operands: Readonly<Record<string, Tensor | undefined>>,
  inPlace = false,
  argument = 'out',
): Tensor | undefined {
  if (value === undefined) return undefined;
  const target = tensor(argument, value, undefined, true);
  if (!sameShape(target.shape, shape)) {
    throw new ShapeError(`${argument}.shape`, show(target.shape), show(shape));
  }
  let first = true;
  for (const name in operands) {
    const operand = operands[name];
    if (operand === undefined) continue;
    const apart = operand instanceof KernelTensor && target instanceof KernelTensor && !operand.shares(target);
    if (!apart && !(inPlace && first && samePlace(operand, target)) && overlap(operand, target)) {
      throw new ShapeError(argument, `memory that overlaps ${name}`, 'memory of its own');
    }
    first = false;
  }
  return target;
}
