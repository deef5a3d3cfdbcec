import { Buffer } from 'node:buffer';
import { crc32, deflateSync, inflateSync } from 'node:zlib';

/** The file cannot be taken. */
export class PngError extends Error {
  name = 'PngError';
}

/** Larger images would take more memory than an isolate has. */
export const MAX_PIXELS = 4e6;

/** Decoding takes some time for each row, however short the row is. */
const MAX_SIDE = 2 ** 14;

/** The largest file of so many pixels: four bytes each and a megabyte for rows' filters, heads of chunks, profiles and text. */
export const maxFileBytes = (pixels) => 4 * pixels + 2 ** 20;

/** Encoders write kilobytes a chunk. Millions of empty chunks would take seconds to walk. */
const MAX_CHUNKS = 2 ** 14;
/** In bytes: 256 colours of three. */
const MAX_PALETTE_LENGTH = 768;

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const PALETTE = 3;
/** Channels of each colour type. */
const CHANNELS = { 0: 1, 2: 3, [PALETTE]: 1, 4: 2, 6: 4 };

/** First column, first row, and distance of both, of each pass over an image: one, or the seven of an interlaced one. */
const WHOLE = [[0, 0, 1, 1]];
// biome-ignore format: a table
const ADAM7 = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/** Bytes of all rows of all passes, once they are inflated. */
function bytesOf(width, height, bitsPerPixel, passes) {
  let bytes = 0;
  for (const [left, top, dx, dy] of passes) {
    const columns = Math.ceil((width - left) / dx);
    const rows = Math.ceil((height - top) / dy);
    if (columns > 0 && rows > 0) bytes += rows * (1 + Math.ceil((columns * bitsPerPixel) / 8));
  }
  return bytes;
}

function parseHeader(header) {
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  if (width === 0 || height === 0) throw new PngError(`${width}×${height} pixels`);
  if (width * height > MAX_PIXELS) throw new PngError(`${width}×${height} pixels, more than ${MAX_PIXELS}`);
  if (width > MAX_SIDE || height > MAX_SIDE) throw new PngError(`${width}×${height} pixels, more than ${MAX_SIDE} on a side`);
  const [depth, colorType, , , interlaced] = header.subarray(8);
  const hasPalette = colorType === PALETTE;
  if (!(colorType in CHANNELS)) throw new PngError(`an unknown colour type, ${colorType}`);
  if (depth !== 8 && !(hasPalette && [1, 2, 4].includes(depth))) throw new PngError(`${depth} bits a channel, expected 8`);
  const bitsPerPixel = depth * CHANNELS[colorType];
  return { hasPalette, pixelBytes: bytesOf(width, height, bitsPerPixel, interlaced === 1 ? ADAM7 : WHOLE) };
}

function* chunksOf(file) {
  if (!file.subarray(0, 8).equals(SIGNATURE)) throw new PngError('not a PNG file');
  let count = 0;
  for (let at = 8, type; type !== 'IEND'; ) {
    const end = at + 12 + (at + 8 <= file.length ? file.readUInt32BE(at) : 0);
    if (end > file.length) throw new PngError(`a PNG file that breaks off after ${file.length} bytes`);
    if (++count > MAX_CHUNKS) throw new PngError(`more than ${MAX_CHUNKS} chunks`);
    type = file.toString('latin1', at + 4, at + 8);
    yield {
      type,
      data: file.subarray(at + 8, end - 4),
      isWhole: () => crc32(file.subarray(at + 4, end - 4)) === file.readUInt32BE(end - 4),
    };
    at = end;
  }
}

function chunk(type, data) {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length);
  bytes.write(type, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8);
  return bytes;
}

/** Inflates no more than the header says. */
function inflate(compressed, pixelBytes) {
  let pixels;
  try {
    pixels = inflateSync(compressed, { maxOutputLength: pixelBytes });
  } catch (error) {
    throw new PngError(`not ${pixelBytes} bytes of pixels: ${error.message}`);
  }
  if (pixels.length !== pixelBytes) throw new PngError(`not ${pixelBytes} bytes of pixels: ${pixels.length}`);
  return pixels;
}

/**
 * The image as a file of header, palette and one chunk of pixels, which are not compressed. Decoders inflate pixels, text and colour
 * profiles without a limit: a megabyte can become a gigabyte.
 *
 * @param {Uint8Array} bytes
 * @returns {{ file: Uint8Array, hasPalette: boolean }}
 * @throws {PngError}
 */
export function essentials(bytes) {
  const parts = { IHDR: undefined, PLTE: undefined, tRNS: undefined };
  const pixels = [];
  let header;
  for (const { type, data, isWhole } of chunksOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
    if (header === undefined && (type !== 'IHDR' || data.length !== 13)) throw new PngError('a PNG file without a header');
    const isPart = Object.hasOwn(parts, type);
    if (!isPart && type !== 'IDAT') continue;
    if (!isWhole()) throw new PngError(`a PNG file whose chunk ${type} is damaged`);
    if (isPart && parts[type] !== undefined) throw new PngError(`a PNG file with two chunks ${type}`);
    if (isPart) parts[type] = chunk(type, data);
    else pixels.push(data);
    if (type === 'IHDR') header = parseHeader(data);
    if (type === 'PLTE' && (data.length === 0 || data.length > MAX_PALETTE_LENGTH)) throw new PngError(`a palette of ${data.length} bytes`);
  }
  const { hasPalette, pixelBytes } = header;
  if (hasPalette && parts.PLTE === undefined) throw new PngError('a PNG file whose palette is missing');
  const stored = deflateSync(inflate(Buffer.concat(pixels), pixelBytes), { level: 0 });
  const palette = hasPalette ? [parts.PLTE, parts.tRNS ?? Buffer.alloc(0)] : [];
  return { file: Buffer.concat([SIGNATURE, parts.IHDR, ...palette, chunk('IDAT', stored), chunk('IEND', Buffer.alloc(0))]), hasPalette };
}
