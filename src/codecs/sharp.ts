import { MAX_PIXELS, type Picture } from './picture.ts';

/** Every other format, by `sharp`, which is asked for only here and need not be installed. */

interface Raw {
  readonly data: Buffer;
  readonly info: { readonly width: number; readonly height: number };
}

/** The few of its methods that are used. */
interface Pipeline {
  rotate(): Pipeline;
  toColourspace(space: string): Pipeline;
  ensureAlpha(): Pipeline;
  raw(): Pipeline;
  toFormat(format: string, options: object): Pipeline;
  toBuffer(): Promise<Buffer>;
  toBuffer(options: { resolveWithObject: true }): Promise<Raw>;
}

type Sharp = (input: Uint8Array, options: object) => Pipeline;

async function load(reason: string): Promise<Sharp> {
  // A name in a variable is looked up when it is needed, and not by compilers and bundlers.
  const name = 'sharp';
  try {
    return ((await import(name)) as { default: Sharp }).default;
  } catch (error) {
    throw new Error(`${reason}; others need the package 'sharp', which cannot be loaded`, { cause: error });
  }
}

/** Throws a reason, as does the decoder. */
export async function sharpDecoder(): Promise<(bytes: Buffer) => Promise<Picture>> {
  const sharp = await load('neither a PNG nor a JPEG image');
  return async (bytes) => {
    try {
      const pipeline = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' }).rotate().toColourspace('srgb').ensureAlpha().raw();
      const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
      return { width: info.width, height: info.height, data: new Uint8Array(data) };
    } catch (error) {
      throw new Error(`an image that cannot be decoded (${(error as Error).message})`, { cause: error });
    }
  };
}

/** Throws a reason. */
export async function encodeWithSharp({ width, height, data }: Picture, format: string, quality: number): Promise<Buffer> {
  const sharp = await load(`'.${format}' is neither .png nor .jpg`);
  return sharp(data, { raw: { width, height, channels: 4 } })
    .toFormat(format, { quality })
    .toBuffer();
}
