import { OptionError, ShapeError } from '../errors.ts';
import { KernelTensor, type Tensor } from '../tensor.ts';
import { checkShape, known, show, tensor } from './check.ts';

/**
 * Reads a caller's objects once, into values of our own. A getter or a proxy may answer otherwise the second time, or throw.
 */

/** No tensor that fits into memory has so many dimensions, unless they are of 1. */
const MAX_RANK = 64;

const isObject = (value: unknown): value is object => value !== null && typeof value === 'object';

/** What `get` reads and nothing else: whatever it throws is a refusal of `argument`. */
export function read<T>(argument: string, expected: string, get: () => T): T {
  try {
    return get();
  } catch {
    throw new OptionError(argument, 'an object that throws when it is read', expected);
  }
}

/** A copy of a short array; anything else as it is, to be refused where it is checked. */
export function readArray(argument: string, value: unknown): unknown {
  return read(argument, 'an array', () => {
    if (!Array.isArray(value)) return value;
    const { length } = value;
    return length > MAX_RANK ? [`an array of ${length}`] : Array.from({ length }, (_, i) => value[i]);
  });
}

export function readShape(argument: string, value: unknown, anyZero = false): readonly number[] {
  const shape = readArray(argument, value);
  checkShape(argument, shape, undefined, anyZero);
  return shape as number[];
}

/** A checked tensor: one of an engine, or an object of our own with the caller's floats. */
export function readTensor(argument: string, value: unknown, rank?: number, anyZero = false): Tensor {
  const expected = 'a tensor { shape, data: Float32Array }';
  const own = read(argument, expected, () => {
    if (!isObject(value)) return undefined;
    // Only a true one has the private fields that `disposed` reads.
    if (value instanceof KernelTensor && typeof value.disposed === 'boolean') return value;
    if (!('shape' in value && 'data' in value)) return undefined;
    const { shape, data } = value as Tensor;
    if (data instanceof Float32Array && !ArrayBuffer.isView(data)) throw data;
    return { shape, data };
  });
  if (own === undefined) throw new ShapeError(argument, show(value), expected);
  if (own instanceof KernelTensor) return tensor(argument, own, rank, anyZero);
  return tensor(argument, { shape: readArray(`${argument}.shape`, own.shape), data: own.data }, rank, anyZero);
}

/** Options whose names are known, with copies of their arrays. */
export function readOptions<T extends object>(options: T | undefined, names: readonly (keyof T & string)[]): T {
  if (!isObject(options)) return known<T>('options', options as undefined, names);
  const own: Record<string, unknown> = Object.create(null);
  for (const name of read('options', 'an object', () => Object.keys(options))) own[name] = undefined;
  known('options', own, names);
  for (const name of names) {
    const value = read(`options.${name}`, 'a value', () => options[name]);
    if (value !== undefined) own[name] = isObject(value) ? readArray(`options.${name}`, value) : value;
  }
  return own as T;
}

/** An array of what `is` takes; reading ends at the first that it does not. */
export function readList<T>(argument: string, value: unknown, expected: string, is: (each: unknown) => each is T): readonly T[] {
  const length = read(argument, 'an array', () => (Array.isArray(value) ? value.length : undefined));
  if (length === undefined) throw new OptionError(argument, show(value), 'an array');
  const own: T[] = [];
  for (let i = 0; i < length; i++) {
    const each = read(`${argument}[${i}]`, expected, () => (value as readonly unknown[])[i]);
    if (!is(each)) throw new OptionError(`${argument}[${i}]`, show(each), expected);
    own.push(each);
  }
  return own;
}

/** The values of an object by their names. What is iterated, such as a Map, would seem to be empty. */
export function readEntries(argument: string, value: unknown, expected: string): [name: string, value: unknown][] {
  const entries = read(argument, expected, () => (isObject(value) && !(Symbol.iterator in value) ? Object.entries(value) : undefined));
  if (entries === undefined) throw new OptionError(argument, show(value), expected);
  return entries;
}
