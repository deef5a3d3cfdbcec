import { crc32 } from 'node:zlib';

/** PNG files, chunk by chunk, right or wrong. */

export const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

export function chunk(type: string, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length);
  bytes.write(type, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8);
  return bytes;
}

/** Eight bits, RGB, unless said otherwise. */
export function header(width: number, height: number, interlaced = false, colorType = 2, depth = 8): Buffer {
  const data = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, depth, colorType, 0, 0, interlaced ? 1 : 0]);
  data.writeUInt32BE(width);
  data.writeUInt32BE(height, 4);
  return chunk('IHDR', data);
}

export const END = chunk('IEND');

export const png = (...chunks: Uint8Array[]) => Buffer.concat([SIGNATURE, ...chunks, END]);
