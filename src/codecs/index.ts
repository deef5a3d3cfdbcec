import { type FileHandle, open } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileError } from './errors.ts';
import type { Picture } from './picture.ts';
import { decodePng, encodePng, isPng, PNG_HEADER_BYTES, parseHeader } from './png.ts';
import { writeWhole } from './replace.ts';
import { encodeWithSharp, sharpDecoder } from './sharp.ts';

/** Image files for the command line and the examples. Nothing of the package's entries knows them. */
export { ImageFileError } from './errors.ts';
export { MAX_PIXELS, type Picture } from './picture.ts';

/** JPEG's, of 100: mozjpeg's own choice is lower. */
export const DEFAULT_QUALITY = 90;

/** As Node bounds what it reads of a file at once. */
const MAX_STREAM_BYTES = 2 ** 31 - 1;

/** A picture, and the format to write it in where nothing else says: JPEG as it came, anything else without loss. */
export interface ReadPicture extends Picture {
  readonly format: 'png' | 'jpeg';
}

export interface WriteOptions {
  /** What the name ends with, unless given: `png`, `jpg`, `jpeg`, or what sharp writes. */
  readonly format?: string;
  /** Of JPEG and what sharp writes, from 1 to 100. */
  readonly quality?: number;
}

type Decoder = (bytes: Buffer) => Promise<ReadPicture>;

const isJpeg = (head: Buffer) => head.length > 2 && head.readUIntBE(0, 3) === 0xffd8ff;

/** Its codec is fetched where there is a JPEG image. */
const jpeg = () => import('./jpeg.ts');

async function headOf(file: FileHandle): Promise<Buffer> {
  const head = Buffer.alloc(PNG_HEADER_BYTES);
  let length = 0;
  for (let count = -1; count !== 0 && length < head.length; length += count) {
    ({ bytesRead: count } = await file.read(head, length, head.length - length));
  }
  return head.subarray(0, length);
}

/** Judges a file by its first bytes, before the rest is read. Throws a reason. */
async function decoderOf(head: Buffer): Promise<Decoder> {
  if (head.length === 0) throw new Error('an empty file');
  if (isPng(head)) {
    parseHeader(head);
    return async (bytes) => ({ ...decodePng(bytes), format: 'png' });
  }
  if (isJpeg(head)) {
    const { decodeJpeg } = await jpeg();
    return async (bytes) => ({ ...(await decodeJpeg(bytes)), format: 'jpeg' });
  }
  const decode = await sharpDecoder();
  return async (bytes) => ({ ...(await decode(bytes)), format: 'png' });
}

/** @throws ImageFileError */
export async function readImage(path: string): Promise<ReadPicture> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const head = await headOf(file);
    const decode = await decoderOf(head);
    return await decode(Buffer.concat([head, await file.readFile()]));
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await file?.close();
  }
}

/**
 * An image from a stream. Errors begin with `name`.
 *
 * @throws ImageFileError
 */
export async function readImageFrom(stream: AsyncIterable<Buffer>, name: string): Promise<ReadPicture> {
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    let decode: Decoder | undefined;
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_STREAM_BYTES) throw new Error('more than 2 GiB');
      if (length >= PNG_HEADER_BYTES) decode ??= await decoderOf(Buffer.concat(chunks));
    }
    const bytes = Buffer.concat(chunks);
    decode ??= await decoderOf(bytes);
    return await decode(bytes);
  } catch (error) {
    throw fileError(name, error);
  }
}

async function encode(picture: Picture, format: string, quality: number): Promise<Buffer> {
  if (format === 'jpg' || format === 'jpeg') return (await jpeg()).encodeJpeg(picture, quality);
  return format === 'png' ? encodePng(picture) : encodeWithSharp(picture, format, quality);
}

/**
 * The bytes of a file in `format`. Errors begin with `name`.
 *
 * @throws ImageFileError
 */
export async function encodeImage(name: string, picture: Picture, format: string, quality = DEFAULT_QUALITY): Promise<Buffer> {
  try {
    return await encode(picture, format, quality);
  } catch (error) {
    throw fileError(name, error);
  }
}

/** @throws ImageFileError */
export async function writeImage(path: string, picture: Picture, { format, quality = DEFAULT_QUALITY }: WriteOptions = {}): Promise<void> {
  try {
    // A pipe or a device has no name that says.
    const named = extname(path).slice(1).toLowerCase() || 'png';
    await writeWhole(path, await encode(picture, format ?? named, quality));
  } catch (error) {
    throw fileError(path, error);
  }
}
