import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { access, chmod, constants, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import type { Image } from './pixels.ts';

/** A file that cannot be read, is no image, or cannot be written. The message begins with its name. */
export class ImageFileError extends Error {
  override readonly name = 'ImageFileError';
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path}: ${reason}`, options);
  }
}

/** The most pixels that are decoded: 8192 × 8192. A file of a few bytes can claim billions. */
export const MAX_PIXELS = 2 ** 26;

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Signature, and the chunk IHDR whole: length, name, 13 bytes, checksum. */
const HEADER_BYTES = 33;

interface Header {
  readonly width: number;
  readonly height: number;
  /** Bytes of all rows, filter bytes and all, once they are decompressed. */
  readonly pixelBytes: number;
}

/** Channels of each colour type. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** First column, first row, and distance of both, of each pass over an image: one, or the seven of an interlaced one. */
const WHOLE = [[0, 0, 1, 1]];
// biome-ignore format: a table
const ADAM7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

function bytesOf(width: number, height: number, bitsPerPixel: number, interlaced: boolean): number {
  let bytes = 0;
  for (const [left, top, dx, dy] of interlaced ? ADAM7 : WHOLE) {
    const columns = Math.ceil((width - left) / dx);
    const rows = Math.ceil((height - top) / dy);
    if (columns > 0 && rows > 0) bytes += rows * (1 + Math.ceil((columns * bitsPerPixel) / 8));
  }
  return bytes;
}

/** What the first bytes say, before anything is decoded. Throws a reason. */
function parseHeader(bytes: Buffer): Header {
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) throw new Error('not a PNG image');
  if (bytes.length < HEADER_BYTES) throw new Error('a PNG image that breaks off in its header');
  if (bytes.toString('latin1', 12, 16) !== 'IHDR' || bytes.readUInt32BE(8) !== 13) throw new Error('a PNG image without a header');
  const width = bytes.readUInt32BE(16);
  const height = bytes.readUInt32BE(20);
  if (width === 0 || height === 0) throw new Error(`a PNG image of ${width}×${height} pixels`);
  if (width * height > MAX_PIXELS) throw new Error(`too large, ${width}×${height} pixels; at most ${MAX_PIXELS} are decoded`);
  const channels = CHANNELS[bytes[25]];
  if (channels === undefined) throw new Error(`a PNG image of an unknown colour type, ${bytes[25]}`);
  return { width, height, pixelBytes: bytesOf(width, height, channels * bytes[24], bytes[28] === 1) };
}

/**
 * Walks the chunks: refuses a file that breaks off, and a second header, which the decoder would believe. Throws a
 * reason, or returns the compressed pixels and where the image ends, whatever else the file holds.
 */
function walkChunks(bytes: Buffer): { pixels: Buffer[]; end: number } {
  const pixels: Buffer[] = [];
  for (let at = 8; ; ) {
    const end = at + 12 + (at + 8 <= bytes.length ? bytes.readUInt32BE(at) : 0);
    if (end > bytes.length) throw new Error(`a PNG image that breaks off after ${bytes.length} bytes`);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IEND') return { pixels, end };
    if (type === 'IHDR' && at > 8) throw new Error('a PNG image with two headers');
    if (type === 'IDAT') pixels.push(bytes.subarray(at + 8, end - 4));
    at = end;
  }
}

/** Throws unless the pixels are all there, and no more of them: the decoder takes what it gets. */
function checkPixels(pixels: readonly Buffer[], { pixelBytes }: Header): void {
  const { length } = inflateSync(Buffer.concat(pixels), { maxOutputLength: pixelBytes });
  if (length !== pixelBytes) throw new Error(`${length} bytes of ${pixelBytes}`);
}

/** A PNG image of any colour type and depth, as 8 bits a channel. Throws a reason. */
function decode(bytes: Buffer): Image {
  const header = parseHeader(bytes);
  const { pixels, end } = walkChunks(bytes);
  try {
    checkPixels(pixels, header);
    const { width, height, data } = PNG.sync.read(bytes.subarray(0, end));
    // Not the Buffer itself, whose slice() shares memory.
    return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  } catch (error) {
    throw new Error(`a PNG image that cannot be decoded (${(error as Error).message})`, { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such file or folder',
  EISDIR: 'a folder, not a file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  ENAMETOOLONG: 'the name is too long',
  ERR_FS_FILE_TOO_LARGE: 'a file of more than 2 GiB',
};

function fileError(path: string, error: unknown): ImageFileError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new ImageFileError(path, REASONS[code ?? ''] ?? message, { cause: error });
}

/** The header is judged before the rest is read. */
export async function readPng(path: string): Promise<Image> {
  let file: Awaited<ReturnType<typeof open>> | undefined;
  try {
    file = await open(path);
    const head = Buffer.alloc(HEADER_BYTES);
    let length = 0;
    for (let count = -1; count !== 0 && length < HEADER_BYTES; length += count) {
      ({ bytesRead: count } = await file.read(head, length, HEADER_BYTES - length));
    }
    parseHeader(head.subarray(0, length));
    return decode(Buffer.concat([head, await file.readFile()]));
  } catch (error) {
    throw fileError(path, error);
  } finally {
    await file?.close();
  }
}

/** What `path` names now, links followed; undefined where there is nothing. */
async function existing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Puts a whole file in the place of `path`. Not of a link, but of the file it names. */
async function replace(path: string, bytes: Buffer, old: Stats | undefined): Promise<void> {
  const target = old === undefined ? path : await realpath(path);
  const temporary = `${target}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, bytes, { flag: 'wx' });
    if (old !== undefined) await chmod(temporary, old.mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Without an alpha channel where every pixel is opaque. */
function encode({ width, height, data }: Image): Buffer {
  const png = new PNG();
  Object.assign(png, { width, height, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) });
  const opaque = data.every((byte, i) => (i & 3) !== 3 || byte === 255);
  return PNG.sync.write(png, { colorType: opaque ? 2 : 6 });
}

/**
 * Writes under another name, then renames: whoever reads `path` sees the old image or the new one, never half of one.
 * A device or a pipe is no file to be replaced, and is written to.
 */
export async function writePng(path: string, image: Image): Promise<void> {
  const bytes = encode(image);
  try {
    const old = await existing(path);
    if (old !== undefined) await access(path, constants.W_OK);
    if (old === undefined || old.isFile()) await replace(path, bytes, old);
    else await writeFile(path, bytes);
  } catch (error) {
    throw fileError(path, error);
  }
}
