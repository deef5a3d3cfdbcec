import { OutOfMemoryError } from '../errors.ts';
import { sameShape, show, tensor } from '../spec/check.ts';
import { readEntries, readTensor } from '../spec/read.ts';
import { attempt } from '../tensor/read.ts';
import { lengthOf, newFloats, type Tensor } from '../tensor/tensor.ts';

/**
 * The safetensors format (https://huggingface.co/docs/safetensors), with tensors of the type F32:
 *
 *     ┌ 8 bytes ┬ n bytes ──────────────────────────────────────────────────────────┬ …
 *     │ n, u64  │ {"name":{"dtype":"F32","shape":[…],"data_offsets":[begin,end]},…} │ floats, back to back
 *     └─────────┴───────────────────────────────────────────────────────────────────┴ …
 *
 * all little-endian, offsets in bytes from the end of the header, which is padded with spaces to a multiple of 8.
 */
const MAX_HEADER_BYTES = 100_000_000;

/** Bytes that are no file of this format, or hold something else than is asked for. */
export class SafetensorsError extends RangeError {
  /** The class's name. */
  override readonly name = 'SafetensorsError';
  /** Which part of the file, or argument, by its path: `header."0.weight".dtype`. */
  readonly argument: string;
  /** What it was, in words. */
  readonly given: string;
  /** What it may be, in words. */
  readonly expected: string;
  /** @internal */
  constructor(argument: string, given: string, expected: string) {
    super(`${argument}: expected ${expected}, got ${given}`);
    this.argument = argument;
    this.given = given;
    this.expected = expected;
  }
}

/** A file, decoded. */
export interface Safetensors {
  /** By name; copies of the file's floats. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The file's notes, `__metadata__` in its header; none is an empty object. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Little-endian, whatever the host is. */
function writeFloats(from: Float32Array, to: Uint8Array): void {
  const view = new DataView(to.buffer, to.byteOffset, to.byteLength);
  for (let i = 0; i < from.length; i++) view.setFloat32(4 * i, from[i], true);
}

const TENSORS = 'tensors by name';
const NOTES = 'strings by name';

/**
 * Tensors by name, and notes, as the bytes of a file. The same tensors give the same bytes.
 *
 * @throws SafetensorsError, OptionError, ShapeError, DisposedError, OutOfMemoryError
 */
export function encodeSafetensors(tensors: Readonly<Record<string, Tensor>>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const header: Record<string, unknown> = Object.create(null);
  const notes = readEntries('metadata', metadata, NOTES);
  for (const [name, value] of notes) {
    if (typeof value !== 'string') throw new SafetensorsError(`metadata.${name}`, show(value), 'a string');
  }
  if (notes.length > 0) header.__metadata__ = Object.fromEntries(notes);
  const own = readEntries('tensors', tensors, TENSORS).map(([name, given]) => [name, readTensor(name, given, undefined, true)] as const);
  let end = 0;
  for (const [name, { shape }] of own) {
    if (name === '__metadata__') throw new SafetensorsError('tensors', "the name '__metadata__'", 'another name');
    const begin = end;
    end += 4 * lengthOf(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
  }
  const text = encodeHeader(header);
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const bytes = newBytes(8 + headerBytes + end).fill(0x20, 8, 8 + headerBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(text, 8);
  let at = 8 + headerBytes;
  for (const [, { data }] of own) {
    writeFloats(data, bytes.subarray(at, at + 4 * data.length));
    at += 4 * data.length;
  }
  return bytes;
}

function encodeHeader(header: unknown): Uint8Array {
  let text: Uint8Array | undefined;
  try {
    text = new TextEncoder().encode(JSON.stringify(header));
  } catch {
    // Longer than a string can be.
  }
  if (text === undefined || text.length > MAX_HEADER_BYTES) {
    const given = text === undefined ? 'more than a string can hold' : `${text.length} bytes`;
    throw new SafetensorsError('header', given, `names, shapes and notes of at most ${MAX_HEADER_BYTES} bytes`);
  }
  return text;
}

function newBytes(length: number): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch {
    throw new OutOfMemoryError(length, 'the host refused an array of that size');
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const areOffsets = (value: unknown): value is number[] =>
  Array.isArray(value) && Array.from(value).every((n) => Number.isSafeInteger(n) && n >= 0);

/**
 * What a file holds. Checked whole before anything is given back.
 *
 * @throws SafetensorsError
 */
export function decodeSafetensors(given: Uint8Array): Safetensors {
  const bytes = ownView(given);
  if (bytes.length < 8) throw new SafetensorsError('bytes', `${bytes.length} bytes`, 'at least the 8 of the length of a header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const most = Math.min(MAX_HEADER_BYTES, bytes.length - 8);
  if (headerBytes > most) throw new SafetensorsError('header', `a length of ${headerBytes} bytes`, `at most ${most}`);
  // A copy, since nothing decodes text in shared memory.
  const header = parseHeader(bytes.slice(8, 8 + headerBytes));
  const { __metadata__: notes = {}, ...entries } = header;
  if (!isObject(notes) || !Object.values(notes).every((value) => typeof value === 'string'))
    throw new SafetensorsError('header.__metadata__', show(notes), 'strings by name');
  const floats = bytes.subarray(8 + headerBytes);
  const places = Object.entries(entries).map(([name, entry]) => place(name, entry, floats.length));
  checkPlaces(places, floats.length);
  const tensors = new Map<string, Tensor>();
  for (const { name, shape, begin, end } of places) {
    tensors.set(name, { shape, data: readFloats(floats.subarray(begin, end)) });
  }
  return { tensors, metadata: { ...notes } as Record<string, string> };
}

/** A view of the caller's bytes that nobody else has. */
function ownView(given: unknown): Uint8Array {
  const view = attempt('bytes', 'a Uint8Array', () => {
    if (!ArrayBuffer.isView(given) || !(given instanceof Uint8Array)) return undefined;
    const { buffer, byteOffset, byteLength } = given;
    return new Uint8Array(buffer, byteOffset, byteLength);
  });
  if (view === undefined) throw new SafetensorsError('bytes', show(given), 'a Uint8Array');
  return view;
}

function readFloats(from: Uint8Array): Float32Array {
  const view = new DataView(from.buffer, from.byteOffset, from.byteLength);
  const to = newFloats(from.byteLength / 4);
  for (let i = 0; i < to.length; i++) to[i] = view.getFloat32(4 * i, true);
  return to;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw new SafetensorsError('header', `text that is no JSON (${(error as Error).message})`, 'JSON in UTF-8');
  }
  if (!isObject(header)) throw new SafetensorsError('header', show(header), 'an object');
  const twice = duplicate(text);
  if (twice !== undefined) throw new SafetensorsError('header', `the name ${show(twice)} twice`, 'each name once');
  return header;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** A name that an object of a valid JSON text has twice: `JSON.parse` keeps the last and says nothing. */
function duplicate(text: string): string | undefined {
  /** Names of the objects around this place; none for an array. */
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{') open.push(new Set());
    else if (char === '[') open.push(undefined);
    else if (char === '}' || char === ']') open.pop();
    if (char !== '"') continue;
    const begin = at;
    for (at++; text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
    let after = at + 1;
    while (' \t\n\r'.includes(text[after])) after++;
    if (text[after] !== ':') continue;
    const name = JSON.parse(text.slice(begin, at + 1)) as string;
    const names = open.at(-1)!;
    if (names.has(name)) return name;
    names.add(name);
  }
  return undefined;
}

interface Place {
  readonly name: string;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

function place(name: string, entry: unknown, available: number): Place {
  const where = `header.${show(name)}`;
  if (!isObject(entry)) throw new SafetensorsError(where, show(entry), 'an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (dtype !== 'F32') throw new SafetensorsError(`${where}.dtype`, show(dtype), "'F32'");
  if (!areOffsets(shape)) throw new SafetensorsError(`${where}.shape`, show(shape), 'an array of whole numbers of at least 0');
  if (!areOffsets(offsets) || offsets.length !== 2)
    throw new SafetensorsError(`${where}.data_offsets`, show(offsets), 'two whole numbers of at least 0');
  const [begin, end] = offsets;
  if (end > available || begin > end)
    throw new SafetensorsError(`${where}.data_offsets`, show(offsets), `a range within the ${available} bytes after the header`);
  const length = 4 * lengthOf(shape);
  if (end - begin !== length)
    throw new SafetensorsError(`${where}.data_offsets`, `${end - begin} bytes`, `the ${length} of the shape ${show(shape)}`);
  return { name, shape, begin, end };
}

/** Tensors lie back to back, in any order: none over another, no byte between them or after. */
function checkPlaces(places: readonly Place[], available: number): void {
  let at = 0;
  for (const { name, begin, end } of places.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      throw new SafetensorsError(`header.${show(name)}.data_offsets`, `a beginning at ${begin}`, `${at}, where what is before it ends`);
    at = end;
  }
  if (at !== available) throw new SafetensorsError('bytes', `${available} bytes after the header`, `the ${at} that it speaks of`);
}

interface Restriction {
  readonly allows: (value: number) => boolean;
  readonly expected: string;
}

const restrictions = new WeakMap<Tensor, Restriction>();

/** What a file may put into a tensor that cannot take every float. */
export function restrict(tensor: Tensor, allows: (value: number) => boolean, expected: string): void {
  restrictions.set(tensor, { allows, expected });
}

/**
 * Puts a file's tensors into those of `state`. Names and shapes must be the same: else nothing is changed.
 *
 * @returns the file's notes
 * @throws SafetensorsError, OptionError, ShapeError, DisposedError before anything is changed
 */
export function loadState(state: Readonly<Record<string, Tensor>>, bytes: Uint8Array): Readonly<Record<string, string>> {
  const own = readEntries('state', state, TENSORS).map(([name, to]) => ({ name, to: readTensor(name, to, undefined, true) }));
  const { tensors, metadata } = decodeSafetensors(bytes);
  const loads = own.map(({ name, to }) => {
    const from = tensors.get(name);
    if (from === undefined) throw new SafetensorsError('bytes', `no tensor ${show(name)}`, `one of the shape ${show(to.shape)}`);
    if (!sameShape(from.shape, to.shape)) throw new SafetensorsError(`${show(name)}.shape`, show(from.shape), show(to.shape));
    const { allows, expected } = restrictions.get(to) ?? {};
    const at = allows === undefined ? -1 : from.data.findIndex((value) => !allows(value));
    if (at >= 0) throw new SafetensorsError(`${show(name)}[${at}]`, show(from.data[at]), expected!);
    // What a getter did meanwhile, of another tensor, shows here.
    return { from: from.data, to: tensor(name, to, undefined, true).data };
  });
  const names = new Set(own.map(({ name }) => name));
  for (const name of tensors.keys()) {
    if (!names.has(name)) throw new SafetensorsError('bytes', `a tensor ${show(name)}`, `only ${[...names].map(show).join(', ')}`);
  }
  for (const { from, to } of loads) to.set(from);
  return metadata;
}
