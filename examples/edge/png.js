import { convertIndexedToRgb, decode, encode } from 'fast-png';
import { essentials, PngError } from './chunks.js';

/** Of 8 bits a channel; a palette is resolved. */
export function readPng(bytes) {
  const { file, hasPalette } = essentials(bytes);
  try {
    const image = decode(file);
    const { width, height, palette } = image;
    if (hasPalette) return { width, height, channels: palette[0].length, data: convertIndexedToRgb(image) };
    return { width, height, channels: image.channels, data: new Uint8Array(image.data) };
  } catch (error) {
    throw new PngError(`not a PNG file that can be read: ${error.message}`);
  }
}

export const writePng = (image) => encode({ ...image, depth: 8 });
