import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import decodeWithCodec, { init as initDecoder } from '@jsquash/jpeg/decode.js';
import encodeWithCodec, { init as initEncoder } from '@jsquash/jpeg/encode.js';
import { checkPixels, type Picture } from './picture.ts';

/** JPEG files, by mozjpeg in WebAssembly. */

const MARKER = 0xff;
const START = 0xd8;
const END = 0xd9;
const SCAN = 0xda;

export const isJpeg = (bytes: Buffer) => bytes.length > 2 && bytes[0] === MARKER && bytes[1] === START && bytes[2] === MARKER;

/** Markers of a frame's header: baseline, progressive and the rest of them, without tables that have numbers among theirs. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Those that have no length: padding, restarts, what begins and ends. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd9);

/** Where the next marker is behind compressed data, in which a byte of 255 is followed by 0 or is a restart. */
function behindScan(bytes: Buffer, from: number): number {
  for (let at = from; at + 1 < bytes.length; at++) {
    if (bytes[at] === MARKER && bytes[at + 1] !== 0 && bytes[at + 1] !== MARKER && !(bytes[at + 1] >= 0xd0 && bytes[at + 1] <= 0xd7))
      return at;
  }
  return bytes.length;
}

/** Walks the segments, since the decoder makes grey of what is missing: refuses a file that breaks off. Throws a reason. */
function checkSegments(bytes: Buffer): void {
  let frames = 0;
  let at = 2;
  while (at + 1 < bytes.length) {
    if (bytes[at] !== MARKER) throw new Error(`a JPEG image that cannot be decoded (no marker at byte ${at})`);
    const marker = bytes[at + 1];
    if (marker === END && frames > 0) return;
    if (marker === MARKER) at++;
    else if (isBare(marker)) at += 2;
    else {
      const end = at + 3 < bytes.length ? at + 2 + bytes.readUInt16BE(at + 2) : bytes.length;
      if (end >= bytes.length) break;
      if (isFrame(marker)) {
        // The decoder believes the first.
        if (frames++ > 0) throw new Error('a JPEG image with two headers');
        if (end - at < 10) throw new Error('a JPEG image without a header');
        checkPixels(bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5), 'JPEG');
      }
      at = marker === SCAN ? behindScan(bytes, end) : end;
    }
  }
  throw new Error(`a JPEG image that breaks off after ${bytes.length} bytes`);
}

const require = createRequire(import.meta.url);
const codec = async (name: string) => WebAssembly.compile(await readFile(require.resolve(`@jsquash/jpeg/codec/${name}.wasm`)));

/** The decoder's result is an `ImageData`, which only browsers have. */
class Decoded {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}

let decoder: Promise<void> | undefined;
let encoder: Promise<void> | undefined;
type Init = (module: WebAssembly.Module, options: object) => Promise<void>;

/** What the codec says: of broken data it makes grey, and complains. */
let complaint: string | undefined;
const LISTENING = {
  print: () => {},
  printErr: (text: string) => {
    complaint ??= text;
  },
};

async function openDecoder(): Promise<void> {
  const hosts = globalThis as { ImageData?: unknown };
  hosts.ImageData ??= Decoded;
  await (initDecoder as Init)(await codec('dec/mozjpeg_dec'), LISTENING);
}

/** As the camera was held. Throws a reason. */
export async function decodeJpeg(bytes: Buffer): Promise<Picture> {
  checkSegments(bytes);
  decoder ??= openDecoder();
  await decoder;
  complaint = undefined;
  try {
    const { width, height, data } = await decodeWithCodec(new Uint8Array(bytes).buffer, { preserveOrientation: true });
    if (complaint !== undefined) throw new Error(complaint);
    return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  } catch (error) {
    throw new Error(`a JPEG image that cannot be decoded (${error instanceof Error ? error.message : 'broken data'})`, { cause: error });
  }
}

/** Alpha is left out. */
export async function encodeJpeg({ width, height, data }: Picture, quality: number): Promise<Buffer> {
  encoder ??= codec('enc/mozjpeg_enc').then((module) => (initEncoder as Init)(module, LISTENING));
  await encoder;
  const image = { data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength), width, height, colorSpace: 'srgb' };
  return Buffer.from(await encodeWithCodec(image as ImageData, { quality }));
}
