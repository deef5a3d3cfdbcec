import { convertIndexedToRgb, decode, encode } from 'fast-png';

/** The file cannot be taken. */
export class PngError extends Error {
  name = 'PngError';
}

/** Larger images would take more floats than an isolate has memory. */
const MAX_PIXELS = 4e6;

/** Of 8 bits a channel; a palette is resolved. */
export function readPng(bytes) {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 24 || header.getUint32(0) !== 0x89504e47) throw new PngError('not a PNG file');
  // Extents lie at the beginning: whoever wants too much is told before anything is unpacked.
  if (header.getUint32(16) * header.getUint32(20) > MAX_PIXELS) throw new PngError(`more than ${MAX_PIXELS} pixels`);
  let image;
  try {
    image = decode(bytes, { checkCrc: true });
  } catch (error) {
    throw new PngError(`not a PNG file that can be read: ${error.message}`);
  }
  const { width, height, depth, palette } = image;
  if (palette !== undefined) return { width, height, channels: palette[0].length, data: new Uint8Array(convertIndexedToRgb(image)) };
  if (depth !== 8) throw new PngError(`${depth} bits a channel, expected 8`);
  return { width, height, channels: image.channels, data: new Uint8Array(image.data) };
}

export const writePng = (image) => encode({ ...image, depth: 8 });
