import { read } from '../read.ts';
import { sameShape, show, tensor } from '../shape/check.ts';
import { lengthOf, type Tensor } from '../tensor.ts';

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

/** Tensors by name, and notes, as the bytes of a file. The same tensors give the same bytes. */
export function encodeSafetensors(tensors: Readonly<Record<string, Tensor>>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) {
    for (const [name, value] of Object.entries(metadata)) {
      if (typeof value !== 'string') throw new SafetensorsError(`metadata.${name}`, show(value), 'a string');
    }
    header.__metadata__ = metadata;
  }
  let end = 0;
  for (const [name, given] of Object.entries(tensors)) {
    const { shape } = tensor(name, read(given, name), undefined, true);
    if (name === '__metadata__') throw new SafetensorsError('tensors', "the name '__metadata__'", 'another name');
    const begin = end;
    end += 4 * lengthOf(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + end).fill(0x20, 8, 8 + headerBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(text, 8);
  let at = 8 + headerBytes;
  for (const { data } of Object.values(tensors)) {
    writeFloats(data, bytes.subarray(at, at + 4 * data.length));
    at += 4 * data.length;
  }
  return bytes;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const areOffsets = (value: unknown): value is number[] =>
  Array.isArray(value) && Array.from(value).every((n) => Number.isSafeInteger(n) && n >= 0);

/**
 * What a file holds. Checked whole before anything is given back.
 *
 * @throws SafetensorsError
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  if (!(bytes instanceof Uint8Array)) throw new SafetensorsError('bytes', show(bytes), 'a Uint8Array');
  if (bytes.length < 8) throw new SafetensorsError('bytes', `${bytes.length} bytes`, 'at least the 8 of the length of a header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const most = Math.min(MAX_HEADER_BYTES, bytes.length - 8);
  if (headerBytes > most) throw new SafetensorsError('header', `a length of ${headerBytes} bytes`, `at most ${most}`);
  const header = parseHeader(bytes.subarray(8, 8 + headerBytes));
  const { __metadata__: notes = {}, ...entries } = header;
  if (!isObject(notes) || !Object.values(notes).every((value) => typeof value === 'string'))
    throw new SafetensorsError('header.__metadata__', show(notes), 'strings by name');
  const floats = bytes.subarray(8 + headerBytes);
  const places = Object.entries(entries).map(([name, entry]) => place(name, entry, floats.length));
  checkPlaces(places, floats.length);
  const tensors = new Map<string, Tensor>();
  for (const { name, shape, begin, end } of places) {
    const from = new DataView(floats.buffer, floats.byteOffset + begin, end - begin);
    tensors.set(name, { shape, data: Float32Array.from({ length: (end - begin) / 4 }, (_, i) => from.getFloat32(4 * i, true)) });
  }
  return { tensors, metadata: { ...notes } as Record<string, string> };
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

/** A name that an object of a valid JSON text has twice: `JSON.parse` keeps the last and says nothing. */
function duplicate(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (const [token, string, colon] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*(:?)|[{}[\]]/g)) {
    if (string === undefined) {
      if (token === '{') open.push(new Set());
      else if (token === '[') open.push(undefined);
      else open.pop();
    } else if (colon === ':') {
      const name = JSON.parse(string) as string;
      const names = open.at(-1)!;
      if (names.has(name)) return name;
      names.add(name);
    }
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

/**
 * Puts a file's tensors into those of `state`. Names and shapes must be the same: else nothing is changed.
 *
 * @returns the file's notes
 * @throws SafetensorsError
 */
export function loadState(state: Readonly<Record<string, Tensor>>, bytes: Uint8Array): Readonly<Record<string, string>> {
  const { tensors, metadata } = decodeSafetensors(bytes);
  for (const [name, { shape }] of Object.entries(state)) {
    const given = tensors.get(name);
    if (given === undefined) throw new SafetensorsError('bytes', `no tensor ${show(name)}`, `one of the shape ${show(shape)}`);
    if (!sameShape(given.shape, shape)) throw new SafetensorsError(`${show(name)}.shape`, show(given.shape), show(shape));
  }
  for (const name of tensors.keys()) {
    if (!Object.hasOwn(state, name))
      throw new SafetensorsError('bytes', `a tensor ${show(name)}`, `only ${Object.keys(state).map(show).join(', ')}`);
  }
  for (const [name, { data }] of Object.entries(state)) data.set(tensors.get(name)!.data);
  return metadata;
}
