import { DisposedError, LayoutError, OptionError, OutOfMemoryError, ShapeError } from '../errors.ts';
import { type ArrayOf, arrayNameOf, type DType, dtypeOf, elementBytes, newArray, nounOf, rangeOf } from '../tensor/dtype.ts';
import { classNameOf } from '../tensor/read.ts';
import { type AnyTensor, KernelTensor, lengthOf, Operand, PlainTensor, type Tensor } from '../tensor/tensor.ts';
import { bufferOf, byteLengthOf, byteOffsetOf, isDetached, lengthOfArray } from '../tensor/typed-array.ts';

/**
 * What validation of every operator is made of. Nothing outside `shape/` refuses an argument. Arguments are as `read` made them
 * (read.ts): values of our own, which say the same as often as they are asked.
 */

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
  return classNameOf(value) ?? 'an object';
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
  if (options === null || typeof options !== 'object' || KernelTensor.is(options) || ArrayBuffer.isView(options)) {
    throw new OptionError(argument, show(options), 'an object');
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw new OptionError(`${argument}.${name}`, 'an unknown option', `one of ${names.join(', ')}`);
  }
  return options;
}

/** A tensor of floats whose data fits its shape. Only the first dimension may be 0, unless `anyZero`. */
export function tensor(argument: string, value: unknown, rank?: number, anyZero = false): Tensor {
  return tensorOf(FLOATS, argument, value, rank, anyZero) as Tensor;
}

const FLOATS = ['float32'] as const;

/** A tensor of one of these types of elements, whose data fits its shape: the one place that refuses any other. */
export function tensorOf<D extends DType>(
  dtypes: readonly D[],
  argument: string,
  value: unknown,
  rank?: number,
  anyZero = false,
): Tensor<ArrayOf[D]> {
  if (KernelTensor.is(value)) {
    if (value.disposed) throw new DisposedError(argument);
    checkDtype(argument, value.dtype, dtypes);
    // Its shape was checked when it was made, and cannot change; its data is what the shape says.
    checkRank(argument, value.shape, rank, anyZero);
    return value as AnyTensor as Tensor<ArrayOf[D]>;
  }
  if (Operand.is(value)) {
    checkDtype(argument, value.dtype, dtypes);
    checkRank(argument, value.shape, rank, anyZero);
    return value as AnyTensor as Tensor<ArrayOf[D]>;
  }
  if (!PlainTensor.is(value)) throw new ShapeError(argument, show(value), `a tensor { shape, data: ${arraysOf(dtypes)} }`);
  checkShape(`${argument}.shape`, value.shape, rank, anyZero);
  checkData(`${argument}.data`, value.data, value.shape, dtypes);
  return value as AnyTensor as Tensor<ArrayOf[D]>;
}

/** The arrays that hold them, in words. */
const arraysOf = (dtypes: readonly DType[]): string => dtypes.map(arrayNameOf).join(' or ');

const withArticle = (name: string): string => `${/^Int/.test(name) ? 'an' : 'a'} ${name}`;

function checkDtype(argument: string, dtype: DType, dtypes: readonly DType[]): void {
  if (!dtypes.includes(dtype)) throw new ShapeError(`${argument}.data`, arrayNameOf(dtype), withArticle(arraysOf(dtypes)));
}

function checkData(argument: string, data: unknown, shape: readonly number[], dtypes: readonly DType[]): void {
  const dtype = dtypeOf(data);
  if (dtype === undefined || !dtypes.includes(dtype)) throw new ShapeError(argument, show(data), withArticle(arraysOf(dtypes)));
  if (isDetached(data)) {
    throw new ShapeError(argument, 'a detached buffer', `${withArticle(arrayNameOf(dtype))} that still holds its data`);
  }
  checkDataLength(argument, lengthOfArray(data), shape, dtype);
}

function checkDataLength(argument: string, given: number, shape: readonly number[], dtype: DType): void {
  const length = lengthOf(shape);
  const noun = nounOf(dtype);
  if (given !== length) throw new ShapeError(argument, `${given} ${noun}`, `${length} ${noun} for the shape ${show(shape)}`);
}

/** A caller's numbers as elements, as many as `shape` says: any array or typed array of numbers will do. */
export function elements<D extends DType>(argument: string, value: unknown, shape: readonly number[], dtype: D): ArrayOf[D] {
  if (dtypeOf(value) === dtype) {
    checkData(argument, value, shape, [dtype]);
    return value as ArrayOf[D];
  }
  if (value === null || typeof value !== 'object') throw new ShapeError(argument, show(value), numbersFor(dtype));
  return readElements(argument, value as ArrayLike<unknown>, shape, dtype);
}

const numbersFor = (dtype: DType): string => `${withArticle(arrayNameOf(dtype))} or an array of numbers`;

/** A list may be as long as memory, so it is not read like other arguments: each of its numbers becomes an element at once. */
function readElements<D extends DType>(argument: string, numbers: ArrayLike<unknown>, shape: readonly number[], dtype: D): ArrayOf[D] {
  let made = newArray(dtype, 0);
  let at = 0;
  try {
    const { length } = numbers;
    if (!isCount(length)) throw new ShapeError(argument, show(numbers), numbersFor(dtype));
    checkDataLength(argument, length, shape, dtype);
    made = newArray(dtype, length);
    for (; at < length; at++) made[at] = element(`${argument}[${at}]`, numbers[at], dtype);
  } catch (error) {
    if (error instanceof ShapeError || error instanceof OutOfMemoryError) throw error;
    throw new ShapeError(`${argument}[${at}]`, 'something that throws when it is read', 'a number');
  }
  return made;
}

/** A number that an element can be: a float is rounded, a whole number has to be one of its type. */
function element(argument: string, value: unknown, dtype: DType): number {
  if (typeof value !== 'number') throw new ShapeError(argument, show(value), 'a number');
  if (dtype === 'float32') return value;
  const [least, greatest] = rangeOf(dtype);
  if (!Number.isInteger(value) || value < least || value > greatest) {
    throw new ShapeError(argument, show(value), `a whole number from ${least} to ${greatest}`);
  }
  return value;
}

export function checkShape(argument: string, shape: unknown, rank?: number, anyZero = false, dtype?: DType): void {
  if (!areCounts(shape)) throw new ShapeError(argument, show(shape), 'an array of whole numbers of at least 0');
  checkRank(argument, shape, rank, anyZero);
  checkLength(argument, shape, dtype);
}

function checkRank(argument: string, shape: readonly number[], rank: number | undefined, anyZero: boolean): void {
  if (rank !== undefined && shape.length !== rank)
    throw new ShapeError(argument, `${shape.length} dimensions ${show(shape)}`, `${rank} dimensions`);
  if (anyZero) return;
  for (let axis = 1; axis < shape.length; axis++) {
    if (shape[axis] === 0) throw new ShapeError(argument, show(shape), 'no dimension of 0 after the first');
  }
}

/** Refuses a shape with more elements than memory can ever hold. */
export function checkLength(argument: string, shape: readonly number[], dtype: DType = 'float32'): void {
  const extents = shape.filter((extent) => extent > 0);
  const most = (MAX_LENGTH * elementBytes('float32')) / elementBytes(dtype);
  if (lengthOf(extents) > most) throw new ShapeError(argument, show(shape), `at most ${most} ${nounOf(dtype)} in all`);
}

/** Do two tensors share a byte? Those of an engine share none, unless they are one. */
function overlap({ data: a }: AnyTensor, { data: b }: AnyTensor): boolean {
  const [beginA, beginB] = [byteOffsetOf(a), byteOffsetOf(b)];
  return bufferOf(a) === bufferOf(b) && beginA < beginB + byteLengthOf(b) && beginB < beginA + byteLengthOf(a);
}

function samePlace(a: AnyTensor, b: AnyTensor): boolean {
  return a === b || (bufferOf(a.data) === bufferOf(b.data) && byteOffsetOf(a.data) === byteOffsetOf(b.data));
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** The caller's `out`: floats of the right shape, apart from every operand. With `inPlace` it may be exactly the first. */
export function out(
  value: unknown,
  shape: readonly number[],
  operands: Readonly<Record<string, AnyTensor | undefined>>,
  inPlace = false,
  argument = 'out',
): Tensor | undefined {
  return outOf('float32', value, shape, operands, inPlace, argument);
}

/** `out` of another type of elements. */
export function outOf<D extends DType>(
  dtype: D,
  value: unknown,
  shape: readonly number[],
  operands: Readonly<Record<string, AnyTensor | undefined>>,
  inPlace: boolean,
  argument: string,
): Tensor<ArrayOf[D]> | undefined {
  if (value === undefined) return undefined;
  const target = tensorOf([dtype], argument, value, undefined, true);
  if (!sameShape(target.shape, shape)) {
    throw new ShapeError(`${argument}.shape`, show(target.shape), show(shape));
  }
  let first = true;
  for (const name in operands) {
    const operand = operands[name];
    if (operand === undefined) continue;
    const apart = KernelTensor.is(operand) && KernelTensor.is(target) && !operand.shares(target);
    if (!apart && !(inPlace && first && samePlace(operand, target)) && overlap(operand, target)) {
      throw new ShapeError(argument, `memory that overlaps ${name}`, 'memory of its own');
    }
    first = false;
  }
  return target;
}
