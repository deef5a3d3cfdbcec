import { OptionError } from '../errors.ts';
import { attempt, read } from '../tensor/read.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkShape, known, show, tensor } from './check.ts';

/** Arguments read and checked at once, for what is no operator of an engine: networks, losses, files, filters. */

export function readShape(argument: string, value: unknown, anyZero = false): readonly number[] {
  const shape = read(value, argument);
  checkShape(argument, shape, undefined, anyZero);
  return shape as readonly number[];
}

export function readTensor(argument: string, value: unknown, rank?: number, anyZero = false): Tensor {
  return tensor(argument, read(value, argument), rank, anyZero);
}

/** Options of which every name is known. */
export function readOptions<T extends object>(options: T | undefined, names: readonly (keyof T & string)[]): T {
  return known('options', read(options, 'options') as T | undefined, names);
}

/** An array of what `is` takes. */
export function readList<T>(argument: string, value: unknown, expected: string, is: (each: unknown) => each is T): readonly T[] {
  const length = attempt(argument, 'an array', () => (Array.isArray(value) ? value.length : undefined));
  if (length === undefined) throw new OptionError(argument, show(value), 'an array');
  const own: T[] = [];
  // It ends at the first item that does not fit, however long the array says it is.
  for (let i = 0; i < length; i++) {
    const each = attempt(`${argument}[${i}]`, expected, () => (value as readonly unknown[])[i]);
    if (!is(each)) throw new OptionError(`${argument}[${i}]`, show(each), expected);
    own.push(each);
  }
  return own;
}

/** The values of an object by their names. What is iterated, such as a Map, would seem to be empty. */
export function readEntries(argument: string, value: unknown, expected: string): [name: string, value: unknown][] {
  const isRecord = () => value !== null && typeof value === 'object' && !(Symbol.iterator in value);
  const entries = attempt(argument, expected, () => (isRecord() ? Object.entries(value as object) : undefined));
  if (entries === undefined) throw new OptionError(argument, show(value), expected);
  return entries;
}

/** A class is a function that cannot be called. */
export const isCallable = (value: unknown): boolean =>
  typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));

export function callable(argument: string, value: unknown): void {
  if (!isCallable(value)) throw new OptionError(argument, show(value), 'a function');
}
