import { type FileHandle, open } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileError } from './errors.ts';
import { decodeJpeg, encodeJpeg, isJpeg } from './jpeg.ts';
import type { Picture } from './picture.ts';
import { decodePng, encodePng, isPng, PNG_HEADER_BYTES, parseHeader } from './png.ts';
import { writeWhole } from './replace.ts';
import { decodeWithSharp, encodeWithSharp } from './sharp.ts';

/** Image files for the command line and the examples. Nothing of the package's entries knows them. */
export { ImageFileError } from './errors.ts';
export { MAX_PIXELS, type Picture } from './picture.ts';

/** JPEG's, of 100: mozjpeg's own choice is lower. */
export const DEFAULT_QUALITY = 90;

async function headOf(file: FileHandle): Promise<Buffer> {
  const head = Buffer.alloc(PNG_HEADER_BYTES);
  let length = 0;
  for (let count = -1; count !== 0 && length < head.length; length += count) {
    ({ bytesRead: count } = await file.read(head, length, head.length - length));
  }
  return head.subarray(0, length);
}

/** A PNG image's header is judged before the rest is read. */
async function decode(file: FileHandle): Promise<Picture> {
  const head = await headOf(file);
  if (head.length === 0) throw new Error('an empty file');
  if (isPng(head)) parseHeader(head);
  const bytes = Buffer.concat([head, await file.readFile()]);
  if (isPng(head)) return decodePng(bytes);
  return isJpeg(head) ? decodeJpeg(bytes) : decodeWithSharp(bytes);
}

/** @throws ImageFileError */
export async function readImage(path: string): Promise<Picture> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    return await decode(file);
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await file?.close();
  }
}

async function encode(path: string, picture: Picture, quality: number): Promise<Buffer> {
  const format = extname(path).slice(1).toLowerCase();
  if (format === 'jpg' || format === 'jpeg') return encodeJpeg(picture, quality);
  // A pipe or a device has no name that says.
  return format === 'png' || format === '' ? encodePng(picture) : encodeWithSharp(picture, format, quality);
}

/**
 * In the format that the name ends with.
 *
 * @throws ImageFileError
 */
export async function writeImage(path: string, picture: Picture, quality = DEFAULT_QUALITY): Promise<void> {
  try {
    await writeWhole(path, await encode(path, picture, quality));
  } catch (error) {
    throw fileError(path, error);
  }
}
