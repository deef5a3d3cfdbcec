import { inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { checkPixels, type Picture } from './picture.ts';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Signature, and the chunk IHDR whole: length, name, 13 bytes, checksum. */
export const PNG_HEADER_BYTES = 33;

interface Header {
  /** Pixels are indices into one. */
  readonly hasPalette: boolean;
  /** Bytes of all rows, filter bytes and all, once they are decompressed. */
  readonly pixelBytes: number;
}

const PALETTE = 3;

/** Channels of each colour type, and the depths that it may have, in bits a channel. */
const COLOR_TYPES: Readonly<Record<number, { readonly channels: number; readonly depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  [PALETTE]: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};

/** In bytes: 256 colours of three. */
const MAX_PALETTE_LENGTH = 768;

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

export const isPng = (bytes: Buffer) => bytes.subarray(0, 8).equals(SIGNATURE);

/** What the first bytes say, before anything is decoded. Throws a reason. */
export function parseHeader(bytes: Buffer): Header {
  if (bytes.length < PNG_HEADER_BYTES) throw new Error('a PNG image that breaks off in its header');
  if (bytes.toString('latin1', 12, 16) !== 'IHDR' || bytes.readUInt32BE(8) !== 13) throw new Error('a PNG image without a header');
  const width = bytes.readUInt32BE(16);
  const height = bytes.readUInt32BE(20);
  checkPixels(width, height, 'PNG');
  const [depth, colorType] = bytes.subarray(24, 26);
  const known = COLOR_TYPES[colorType];
  if (known === undefined) throw new Error(`a PNG image of an unknown colour type, ${colorType}`);
  const { channels, depths } = known;
  if (!depths.includes(depth)) {
    throw new Error(`a PNG image of colour type ${colorType} with ${depth} bits a channel, expected one of ${depths.join(', ')}`);
  }
  return { hasPalette: colorType === PALETTE, pixelBytes: bytesOf(width, height, channels * depth, bytes[28] === 1) };
}

/**
 * Walks the chunks: refuses a file that breaks off, and what the decoder would believe: a second header, a palette that is missing, late
 * or broken. Throws a reason, or returns the compressed pixels and where the image ends, whatever else the file holds.
 */
function walkChunks(bytes: Buffer, { hasPalette }: Header): { pixels: Buffer[]; end: number } {
  const pixels: Buffer[] = [];
  let palettes = 0;
  for (let at = 8; ; ) {
    const end = at + 12 + (at + 8 <= bytes.length ? bytes.readUInt32BE(at) : 0);
    if (end > bytes.length) throw new Error(`a PNG image that breaks off after ${bytes.length} bytes`);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const length = end - at - 12;
    if (type === 'IEND') return { pixels, end };
    if (type === 'IHDR' && at > 8) throw new Error('a PNG image with two headers');
    if (type === 'PLTE') {
      if (palettes++ > 0) throw new Error('a PNG image with two palettes');
      if (length === 0 || length % 3 !== 0 || length > MAX_PALETTE_LENGTH) throw new Error(`a PNG image with a palette of ${length} bytes`);
    }
    if (type === 'IDAT') {
      if (hasPalette && palettes === 0) throw new Error('a PNG image whose palette is missing');
      pixels.push(bytes.subarray(at + 8, end - 4));
    }
    at = end;
  }
}

/** Throws unless the pixels are all there, and no more of them: the decoder inflates whatever it gets. */
function checkInflated(pixels: readonly Buffer[], { pixelBytes }: Header): void {
  let length: number;
  try {
    ({ length } = inflateSync(Buffer.concat(pixels), { maxOutputLength: pixelBytes }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new Error(`more than ${pixelBytes} bytes`, { cause: error });
  }
  if (length !== pixelBytes) throw new Error(`${length} bytes of ${pixelBytes}`);
}

/** A PNG image of any colour type and depth, as 8 bits a channel. Throws a reason. */
export function decodePng(bytes: Buffer): Picture {
  const header = parseHeader(bytes);
  const { pixels, end } = walkChunks(bytes, header);
  try {
    checkInflated(pixels, header);
    const { width, height, data } = PNG.sync.read(bytes.subarray(0, end));
    // Not the Buffer itself, whose slice() shares memory.
    return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  } catch (error) {
    throw new Error(`a PNG image that cannot be decoded (${(error as Error).message})`, { cause: error });
  }
}

/** Without an alpha channel where every pixel is opaque. */
export function encodePng({ width, height, data }: Picture): Buffer {
  const png = new PNG();
  Object.assign(png, { width, height, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) });
  const opaque = data.every((byte, i) => (i & 3) !== 3 || byte === 255);
  return PNG.sync.write(png, { colorType: opaque ? 2 : 6 });
}
