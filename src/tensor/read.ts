import { DisposedError, LayoutError, OptionError, OutOfMemoryError, ShapeError, UnsupportedError } from '../errors.ts';
import { copyOf } from './dtype.ts';
import { type AnyTensor, KernelTensor, Operand, PlainTensor, type Quantization, type Tensor } from './tensor.ts';
import { kindOf } from './typed-array.ts';

/**
 * The one place where a caller's objects are read: each property once, into values of our own. What is checked is then what is used,
 * whatever a getter or a proxy would answer the second time. What a read object is good for, `shape/` decides.
 *
 *     a tensor of an engine     itself: its shape and its memory are private, and frozen
 *     an operand of a graph     itself, while a graph is built
 *     { shape, data }           a PlainTensor, with scale and zeroPoint unless its data are floats
 *     an array                  an array of what it holds
 *     a typed array             itself: typed-array.ts reads what it really is
 *     any other object          an object of what it holds, its accessors' values too
 *     anything else             itself
 */

/** Items of the longest list that an operator takes: the 1023 × 1023 weights of a filter. */
const MAX_ITEMS = 2 ** 20;
/** Of options within options, and lists within lists. */
const MAX_DEPTH = 6;

/** Refuses a view of memory that no tensor has any more. */
export type Live = (argument: string, data: ArrayBufferView<ArrayBufferLike>) => void;
/** Takes objects of a family of its own: undefined for any other. */
export type ReadOther = (value: object, path: string, live?: Live) => object | undefined;

/** What reading asks of the outside. */
export interface Reading {
  readonly other?: ReadOther | undefined;
  readonly live?: Live;
  /** Whether operands of a graph may stand for tensors. */
  readonly operands?: boolean;
}

const NOTHING: Reading = {};

const TYPED = [DisposedError, LayoutError, OptionError, OutOfMemoryError, ShapeError, UnsupportedError];

/** What objects that were read are called where they come from, for messages: all but plain ones. */
const classNames = new WeakMap<object, string>();

/** The class of an object, read or not. Never throws: it is asked where a failure is explained. */
export function classNameOf(value: object): string | undefined {
  try {
    const name: unknown = classNames.get(value) ?? value.constructor?.name;
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}

/** @throws OptionError for what cannot be read, ShapeError for a list that is too long for anything */
export function read(value: unknown, path: string, reading = NOTHING, depth = 0): unknown {
  if (value === null || typeof value !== 'object' || KernelTensor.is(value) || PlainTensor.is(value)) return value;
  if (ArrayBuffer.isView(value)) return value;
  if (reading.operands && Operand.is(value)) return value;
  if (depth > MAX_DEPTH) throw new OptionError(path, 'objects within objects within objects', 'fewer of them');
  try {
    return reading.other?.(value, path, reading.live) ?? readObject(value, path, reading, depth);
  } catch (error) {
    if (TYPED.some((type) => error instanceof type)) throw error;
    throw new OptionError(path, `something that throws when it is read (${describe(error)})`, 'a value that can be read');
  }
}

/** What `get` reads of a caller's object and nothing else: whatever it throws is a refusal of `argument`. */
export function attempt<T>(argument: string, expected: string, get: () => T): T {
  try {
    return get();
  } catch {
    throw new OptionError(argument, 'an object that throws when it is read', expected);
  }
}

/** The fields of options whose values are objects that must stay what they are, such as a compiled module. */
export function readFields(value: unknown, path: string): unknown {
  const other = (held: object) => {
    if (held === value) return undefined;
    // A revoked proxy throws here, and would throw wherever it is used.
    Object.getPrototypeOf(held);
    return held;
  };
  return read(value, path, { other });
}

function describe(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'and so does what it throws';
  }
}

function readObject(value: object, path: string, reading: Reading, depth: number): object {
  if (Array.isArray(value)) return readList(value, path, reading, depth);
  if ('shape' in value && 'data' in value) {
    const { shape, data } = value as Tensor;
    const kind = kindOf(data);
    if (kind !== undefined) reading.live?.(`${path}.data`, data);
    const own = read(shape, `${path}.shape`, undefined, depth + 1) as readonly number[];
    const isQuantized = kind !== undefined && kind !== 'Float32Array';
    return new PlainTensor(own, data, value as Tensor, isQuantized ? readQuantization(value as AnyTensor, path) : undefined);
  }
  const own: Record<string, unknown> = {};
  const maker = Object.getPrototypeOf(value);
  if (maker !== Object.prototype) classNames.set(own, classNameOf(value) ?? 'an object');
  for (const name of namesOf(value, maker)) {
    if (name === '__proto__') throw new OptionError(`${path}.__proto__`, 'an unknown option', 'none of that name');
    const held = (value as Record<string, unknown>)[name];
    own[name] = held === null || typeof held !== 'object' ? held : read(held, `${path}.${name}`, reading, depth + 1);
  }
  return own;
}

/** Scales and zero points of channels are copied: plans are made of what they are now. */
function readQuantization(value: AnyTensor, path: string): Partial<Quantization> {
  const own = (name: 'scale' | 'zeroPoint') => read(copyOf(value[name]), `${path}.${name}`);
  return { scale: own('scale'), zeroPoint: own('zeroPoint') } as Partial<Quantization>;
}

function readList(list: readonly unknown[], path: string, reading: Reading, depth: number): unknown[] {
  const { length } = list;
  if (!(length <= MAX_ITEMS)) throw new ShapeError(path, `a list of ${length} items`, `at most ${MAX_ITEMS}`);
  const own: unknown[] = [];
  for (let i = 0; i < length; i++) {
    const held = list[i];
    own.push(held === null || typeof held !== 'object' ? held : read(held, `${path}[${i}]`, reading, depth + 1));
  }
  return own;
}

/** Own names, and what prototypes have: values, and the accessors of a class. */
function namesOf(value: object, maker: object | null): string[] {
  const names = Object.keys(value);
  // That of `arguments`, and of most classes that are like arrays, is not enumerable.
  if (Object.hasOwn(value, 'length') && !names.includes('length')) names.push('length');
  for (let level = maker; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [name, { get, value: held, enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      const isField = get !== undefined || (enumerable && typeof held !== 'function');
      if (isField && name !== '__proto__' && !names.includes(name)) names.push(name);
    }
  }
  return names;
}
