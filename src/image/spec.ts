import { DisposedError, OptionError, ShapeError } from '../errors.ts';
import { Border } from '../kernels/image.ts';
import { count, finite, isCount, known, oneOf, show } from '../spec/check.ts';
import { type TensorData, viewOf } from '../tensor/dtype.ts';
import type { Live } from '../tensor/read.ts';
import { type AnyTensor, PlainTensor } from '../tensor/tensor.ts';
import { bufferOf, byteLengthOf, byteOffsetOf, isDetached, kindOf, lengthOfArray } from '../tensor/typed-array.ts';
import { KernelImage } from './kernel-image.ts';

/** Pixels of bytes, as any of the two arrays. */
export type ImageBytes = Uint8Array | Uint8ClampedArray;

/** Rows of pixels from the top, `channels` elements each. Bytes are 0…255; floats are whatever they are. */
export interface RawImage {
  /** Its type says which of the two. */
  readonly data: ImageBytes | Float32Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1 to 4; 4 unless given, as in an `ImageData`. The last of 2 or 4 is alpha. */
  readonly channels?: number;
}

/** What filters take: an `ImageData`, any object like it, or an image in kernel memory. */
export type Image = RawImage | KernelImage;

/** A caller's image as it was read, once; `source` is the object that it was read from. */
export class PlainImage implements RawImage {
  readonly data: RawImage['data'];
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly source: RawImage;

  constructor(source: RawImage) {
    this.data = source.data;
    this.width = source.width;
    this.height = source.height;
    this.channels = source.channels ?? 4;
    this.source = source;
  }
}

/** What filters read besides tensors and options: see read.ts. */
export function readImage(value: object, path: string, live?: Live): KernelImage | PlainImage | undefined {
  if (KernelImage.is(value)) return value;
  if (!('data' in value && 'width' in value) || 'shape' in value) return undefined;
  const image = new PlainImage(value as RawImage);
  if (kindOf(image.data) !== undefined) live?.(`${path}.data`, image.data);
  return image;
}

/**
 * What a window finds beyond the edge of the image: one value, the nearest pixel (aaa|abcd|ddd), the image mirrored with its last
 * pixel (cba|abcd|dcb) or without it (dcb|abcd|cba), or the image again (bcd|abcd|abc).
 */
export type BorderMode = 'constant' | 'replicate' | 'reflect' | 'reflect-101' | 'wrap';

/** What every filter takes besides the image. */
export interface FilterOptions {
  /** `'replicate'` unless given. */
  readonly border?: BorderMode;
  /** What lies beyond the edge with `border: 'constant'`, in every channel; 0 unless given. */
  readonly borderValue?: number;
  /** Whether alpha (the last of 2 or 4 channels) stays as it is (`'keep'`, the default) or is filtered like a colour. */
  readonly alpha?: 'keep' | 'filter';
  /** Where the result goes, instead of a new image: of the same size and kind. It may be the input itself. */
  readonly out?: Image;
}

/** What a filter with a kernel of the caller's takes. */
export interface Filter2dOptions extends FilterOptions {
  /** What each sum is divided by; 1 unless given. */
  readonly divisor?: number;
  /** What is added to each result; 0 unless given. */
  readonly bias?: number;
}

/** Rows of weights, laid over the image as they are written; or the same in one list, square unless a width is given. */
export type Kernel =
  | readonly (readonly number[])[]
  | ArrayLike<number>
  | {
      /** Row by row. */
      readonly weights: ArrayLike<number>;
      /** Weights of a row. */
      readonly width: number;
    };

/** Largest width and height of a kernel. */
const MAX_SIDE = 1023;
/** Largest side of an image, so that a row and its window are counted in 32 bits. */
const MAX_IMAGE_SIDE = 2 ** 26;
const MAX_ELEMENTS = 2 ** 30;
/** Of the weights of bytes over their divisor, the sum of their magnitudes; and of their bias. Beyond it nothing but 0 and 255 is left. */
const MAX_GAIN = 32767;

/** Of a colour in the grey of bytes. */
const MAX_COLOUR_WEIGHT = 64;

export const FILTER_OPTIONS = ['border', 'borderValue', 'alpha', 'out'] as const;

const BORDERS: Readonly<Record<BorderMode, number>> = {
  constant: Border.Constant,
  replicate: Border.Replicate,
  reflect: Border.Reflect,
  'reflect-101': Border.Reflect101,
  wrap: Border.Wrap,
};

/** An image, checked. */
export interface ImageShape {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly elementBytes: 1 | 4;
}

export interface ImageSpec extends ImageShape {
  readonly border: number;
  readonly borderValue: number;
  readonly keepAlpha: boolean;
  readonly outChannels: number;
  readonly inPlace: boolean;
}

export interface KernelSpec {
  readonly height: number;
  readonly width: number;
  readonly weights: readonly number[];
  readonly divisor: number;
  readonly bias: number;
}

function sideOf(argument: string, value: unknown): number {
  if (!isCount(value) || value === 0 || value > MAX_IMAGE_SIDE) {
    throw new ShapeError(argument, show(value), `a whole number from 1 to ${MAX_IMAGE_SIDE}`);
  }
  return value;
}

function elementBytesOf(argument: string, data: unknown): 1 | 4 {
  const kind = kindOf(data);
  if (kind !== 'Uint8Array' && kind !== 'Uint8ClampedArray' && kind !== 'Float32Array') {
    throw new ShapeError(`${argument}.data`, show(data), 'a Uint8Array, Uint8ClampedArray or Float32Array');
  }
  if (isDetached(data)) throw new ShapeError(`${argument}.data`, 'a detached buffer', 'an array that still holds its data');
  return kind === 'Float32Array' ? 4 : 1;
}

/** Sides and channels of an image to be made. */
export function imageShape(width: unknown, height: unknown, channels: unknown, elementBytes: 1 | 4, argument = ''): ImageShape {
  const shape = { width: sideOf(`${argument}width`, width), height: sideOf(`${argument}height`, height), elementBytes };
  if (!isCount(channels) || channels < 1 || channels > 4) throw new ShapeError(`${argument}channels`, show(channels), '1, 2, 3 or 4');
  if (shape.width * shape.height * channels * elementBytes > 4 * MAX_ELEMENTS - 64) {
    throw new ShapeError(`${argument}width`, `${width}×${height} pixels of ${channels} channels`, 'at most 4 GiB');
  }
  return { ...shape, channels };
}

export function image(argument: string, value: unknown): ImageShape {
  if (KernelImage.is(value)) {
    if (value.disposed) throw new DisposedError(argument);
    return { width: value.width, height: value.height, channels: value.channels, elementBytes: value.type === 'u8' ? 1 : 4 };
  }
  if (!(value instanceof PlainImage)) throw new ShapeError(argument, show(value), 'an image { data, width, height, channels }');
  const { data, width, height, channels } = value;
  const shape = imageShape(width, height, channels, elementBytesOf(argument, data), `${argument}.`);
  const length = shape.width * shape.height * shape.channels;
  const given = lengthOfArray(data);
  if (given !== length) {
    throw new ShapeError(`${argument}.data`, `${given} elements`, `${length} for ${width}×${height} pixels of ${channels} channels`);
  }
  return shape;
}

function bytesOf({ data }: Image): { buffer: ArrayBufferLike; begin: number; end: number } {
  const begin = byteOffsetOf(data);
  return { buffer: bufferOf(data), begin, end: begin + byteLengthOf(data) };
}

/** The caller's `out`: of the right shape, and apart from the input or exactly it. */
function checkOut(input: Image, out: unknown, shape: ImageShape): boolean {
  if (out === undefined) return false;
  const given = image('out', out);
  const told = ({ width, height, channels, elementBytes }: ImageShape) =>
    `${width}×${height} pixels of ${channels} ${elementBytes === 1 ? 'bytes' : 'floats'}`;
  if (told(given) !== told(shape)) throw new ShapeError('out', told(given), told(shape));
  const a = bytesOf(input);
  const b = bytesOf(out as Image);
  if (a.buffer !== b.buffer || a.begin >= b.end || b.begin >= a.end) return false;
  if (a.begin !== b.begin) throw new ShapeError('out', 'memory that overlaps the image', 'memory of its own, or exactly that of the image');
  return true;
}

/** An image and the options that every filter has. */
export function filterInput(input: Image, options: FilterOptions, outChannels?: number): ImageSpec {
  const shape = image('image', input);
  const border = BORDERS[oneOf('options.border', options.border, 'replicate', Object.keys(BORDERS) as BorderMode[])];
  const borderValue = finite('options.borderValue', options.borderValue, 0);
  if (shape.elementBytes === 1 && !(Number.isInteger(borderValue) && borderValue >= 0 && borderValue <= 255)) {
    throw new OptionError('options.borderValue', show(options.borderValue), 'a whole number from 0 to 255 for an image of bytes');
  }
  const keep = oneOf('options.alpha', options.alpha, 'keep', ['keep', 'filter']) === 'keep';
  const keepAlpha = keep && shape.channels % 2 === 0;
  const channels = outChannels ?? shape.channels;
  const inPlace = checkOut(input, options.out, { ...shape, channels });
  return { ...shape, border, borderValue, keepAlpha, outChannels: channels, inPlace };
}

const ROWS = 'rows of weights of one length, or a square list of them';

function rowsOf(kernel: unknown): { width: number; weights: unknown[] } {
  const bad = (given: string) => new ShapeError('kernel', given, ROWS);
  if (kernel === null || typeof kernel !== 'object') throw bad(show(kernel));
  if ('weights' in kernel) {
    const { weights, width } = kernel as { weights: unknown; width: unknown };
    if (!isCount(width)) throw bad(show(kernel));
    return { width, weights: listOf('kernel.weights', weights) };
  }
  const list = listOf('kernel', kernel);
  if (!Array.isArray(list[0])) return { width: Math.sqrt(list.length), weights: list };
  const width = list[0].length;
  if (!list.every((row) => Array.isArray(row) && row.length === width)) throw bad('rows of several lengths');
  return { width, weights: list.flat() };
}

/** Weights in any kind of list: an array, a typed array, or an object that is like one. */
function listOf(argument: string, list: unknown): unknown[] {
  const length = kindOf(list) === undefined ? (list as { length?: unknown } | null | undefined)?.length : lengthOfArray(list);
  if (typeof list !== 'object' || !isCount(length)) throw new ShapeError(argument, show(list), ROWS);
  if (length > MAX_SIDE * MAX_SIDE) throw new ShapeError(argument, `${length} weights`, `at most ${MAX_SIDE}×${MAX_SIDE}`);
  return Array.from({ length }, (_, i) => (list as ArrayLike<unknown>)[i]);
}

/** A kernel of any size and its divisor and bias, over an image of `elementBytes`. */
export function kernelSpec(kernel: unknown, options: Filter2dOptions, { elementBytes }: ImageShape): KernelSpec {
  const { width, weights } = rowsOf(kernel);
  const height = weights.length / width;
  if (!isCount(width) || !isCount(height) || width === 0 || height === 0) {
    throw new ShapeError(
      'kernel',
      `${weights.length} weights in rows of ${width}`,
      'rows of weights of one length, or a square list of them',
    );
  }
  if (width > MAX_SIDE || height > MAX_SIDE)
    throw new ShapeError('kernel', `${height}×${width} weights`, `at most ${MAX_SIDE}×${MAX_SIDE}`);
  for (const [i, weight] of weights.entries()) {
    if (typeof weight !== 'number' || !Number.isFinite(Math.fround(weight))) {
      throw new OptionError(`kernel[${Math.floor(i / width)}][${i % width}]`, show(weight), 'a number that is finite as a 32-bit float');
    }
  }
  const divisor = finite('options.divisor', options.divisor, 1);
  if (divisor === 0) throw new OptionError('options.divisor', '0', 'a number other than 0');
  const spec = { height, width, weights: weights as number[], divisor: options.divisor ?? 1, bias: options.bias ?? 0 };
  finite('options.bias', options.bias, 0);
  if (elementBytes === 1) {
    const gain = spec.weights.reduce((sum, weight) => sum + Math.abs(weight / spec.divisor), 0);
    if (!(gain <= MAX_GAIN))
      throw new OptionError('kernel', `weights of ${gain} in all over their divisor`, `at most ${MAX_GAIN} for an image of bytes`);
    if (Math.abs(spec.bias) > MAX_GAIN) throw new OptionError('options.bias', show(spec.bias), `at most ${MAX_GAIN} for an image of bytes`);
  }
  return spec;
}

/** The options of a filter that has these besides those of all. */
export function filterOptions<T extends FilterOptions>(options: T | undefined, ...names: (keyof T & string)[]): T {
  return known('options', options, [...names, ...FILTER_OPTIONS]);
}

/** Pixels that a window reaches in every direction. */
export function radius(argument: string, value: unknown, fallback: number): number {
  const given = count(argument, value, fallback, 0);
  if (2 * given + 1 > MAX_SIDE) throw new OptionError(argument, show(value), `at most ${(MAX_SIDE - 1) / 2}`);
  return given;
}

export function positive(argument: string, value: unknown, fallback: number): number {
  const given = finite(argument, value, fallback);
  if (given <= 0) throw new OptionError(argument, show(value), 'a number above 0');
  return given;
}

export function within(argument: string, value: unknown, fallback: number, most: number): number {
  const given = finite(argument, value, fallback);
  if (Math.abs(given) > most) throw new OptionError(argument, show(value), `at most ${most} for an image of bytes`);
  return given;
}

/** Weights of red, green and blue: of bytes small enough that sums stay within 32 bits. */
export function colourWeights(value: unknown, fallback: readonly number[], { channels, elementBytes }: ImageShape): number[] {
  if (channels < 3) throw new ShapeError('image.channels', show(channels), '3 or 4, red, green and blue among them');
  const given = value === undefined ? fallback : value;
  if (!Array.isArray(given) || given.length !== 3)
    throw new OptionError('options.weights', show(value), 'three numbers [red, green, blue]');
  const most = elementBytes === 1 ? MAX_COLOUR_WEIGHT : Number.MAX_VALUE;
  return given.map((weight, i) => {
    const number = finite(`options.weights[${i}]`, weight, Number.NaN);
    if (Math.abs(number) > most) throw new OptionError(`options.weights[${i}]`, show(weight), `at most ${most} for an image of bytes`);
    return number;
  });
}

/** What the elements of an image are as those of a tensor. */
export const dtypeOf = ({ elementBytes }: Pick<ImageShape, 'elementBytes'>): 'uint8' | 'float32' =>
  elementBytes === 1 ? 'uint8' : 'float32';

/** The shape of a tensor of an image's elements. */
export const tensorShape = ({ width, height, channels }: ImageShape): readonly number[] => [height, width, channels];

/** The image as a tensor, in its own memory. */
export function placed(input: Image, shape: ImageShape): AnyTensor {
  if (KernelImage.is(input)) return input.tensor;
  const { data } = input;
  return new PlainTensor<TensorData>(tensorShape(shape), viewOf(dtypeOf(shape), bufferOf(data), byteOffsetOf(data), lengthOfArray(data)));
}
