import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import createDecoder from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import createEncoder from '@jsquash/jpeg/codec/enc/mozjpeg_enc.js';
import { defaultOptions } from '@jsquash/jpeg/meta.js';
import { initEmscriptenModule } from '@jsquash/jpeg/utils.js';
import { checkPixels, type Picture } from './picture.ts';

/** JPEG files, by mozjpeg in WebAssembly. */

/** The most pixels in a row or a column: of the format, whose header has 16 bits for them, and of mozjpeg. */
const MAX_SIDE = 65535;
const MAX_ENCODED_SIDE = 65500;

const MARKER = 0xff;
const END = 0xd9;
const SCAN = 0xda;

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

type Listener = (text: string) => void;
type Factory = Parameters<typeof initEmscriptenModule>[0];

/**
 * One direction of the codec. A call that fails leaves its frames on the instance's stack and its pixels in the heap, until later calls
 * run out of both. An instance that has thrown is therefore dropped, and the next call makes a new one.
 */
class Codec<T> {
  readonly #factory: Factory;
  readonly #name: string;
  #compiled: Promise<WebAssembly.Module> | undefined;
  #instance: Promise<T> | undefined;
  #complaint: string | undefined;

  constructor(factory: unknown, name: string) {
    this.#factory = factory as Factory;
    this.#name = name;
  }

  async #instantiate(): Promise<T> {
    this.#compiled ??= readFile(require.resolve(`@jsquash/jpeg/codec/${this.#name}.wasm`)).then((bytes) => WebAssembly.compile(bytes));
    const printErr: Listener = (text) => {
      this.#complaint ??= text;
    };
    return (await initEmscriptenModule(this.#factory, await this.#compiled, { print: () => {}, printErr } as object)) as T;
  }

  /** Another call may have broken the instance while this one waited for it. */
  async #whole(): Promise<T> {
    for (;;) {
      this.#instance ??= this.#instantiate();
      const awaited = this.#instance;
      const codec = await awaited;
      if (awaited === this.#instance) return codec;
    }
  }

  /** Throws a reason where the codec throws or complains: of broken data it makes grey. */
  async run<R>(work: (codec: T) => R): Promise<R> {
    const codec = await this.#whole();
    this.#complaint = undefined;
    let result: R;
    try {
      result = work(codec);
    } catch (error) {
      this.#instance = undefined;
      throw new Error(this.#complaint ?? (error instanceof Error ? error.message : 'broken data'), { cause: error });
    }
    if (this.#complaint !== undefined) throw new Error(this.#complaint);
    return result;
  }
}

interface Decoder {
  decode(bytes: Uint8Array, preserveOrientation: boolean): Pick<ImageData, 'width' | 'height' | 'data'> | null;
}

interface Encoder {
  encode(data: Uint8Array, width: number, height: number, options: object): Uint8Array;
}

const decoder = new Codec<Decoder>(createDecoder, 'dec/mozjpeg_dec');
const encoder = new Codec<Encoder>(createEncoder, 'enc/mozjpeg_enc');

/** As the camera was held. Throws a reason. */
export async function decodeJpeg(bytes: Buffer): Promise<Picture> {
  checkSegments(bytes);
  try {
    const image = await decoder.run((codec) => codec.decode(bytes, true));
    if (image === null) throw new Error('broken data');
    const { width, height, data } = image;
    return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  } catch (error) {
    throw new Error(`a JPEG image that cannot be decoded (${(error as Error).message})`, { cause: error });
  }
}

/** Alpha is left out. Throws a reason. */
export async function encodeJpeg({ width, height, data }: Picture, quality: number): Promise<Buffer> {
  if (Math.max(width, height) > MAX_ENCODED_SIDE) {
    throw new Error(
      `${width}×${height} pixels; a JPEG image has at most ${MAX_SIDE} in a row or a column, and the encoder takes ${MAX_ENCODED_SIDE}`,
    );
  }
  try {
    return Buffer.from(await encoder.run((codec) => codec.encode(data, width, height, { ...defaultOptions, quality })));
  } catch (error) {
    throw new Error(`a JPEG image that cannot be encoded (${(error as Error).message})`, { cause: error });
  }
}
