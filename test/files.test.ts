import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeImage, ImageFileError, type Picture, readImage, writeImage } from '../src/codecs/index.ts';
import { chunk, header, png } from './png-chunks.ts';
import { random } from './random.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simdconv-files-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function decoded(bytes: Uint8Array, name = 'in'): Promise<Picture> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return readImage(path);
}

/** The refusal of one file, which is one line. */
async function refusal(bytes: Uint8Array, name = 'in'): Promise<string> {
  const error = await decoded(bytes, name).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(ImageFileError);
  const { message } = error as Error;
  expect(message).toMatch(/^\/?.*in: .+$/);
  return message;
}

function picture(width: number, height: number): Picture {
  const next = random(width);
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : Math.floor(next() * 256))),
  };
}

describe('JPEG', () => {
  let good: Buffer;
  let pixels: Uint8Array;
  beforeAll(async () => {
    good = await encodeImage('good', picture(16, 16), 'jpeg');
    ({ data: pixels } = await decoded(good));
  });

  const frame = () => good.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc1, 0xc2].includes(good[i + 1]));

  /** A sampling factor of 15, where 4 is the most: the decoder exits in the middle of its work. */
  function oversampled(): Buffer {
    const damaged = Buffer.from(good);
    damaged[frame() + 11] = 0xff;
    return damaged;
  }

  it('good images are decoded, however many damaged ones came before', async () => {
    const next = random(1);
    const below = (count: number) => Math.floor(next() * count);
    const damages = [
      oversampled,
      () => good.subarray(0, 4 + below(good.length - 4)),
      () => {
        const damaged = Buffer.from(good);
        for (let flips = 0; flips < 3; flips++) damaged[4 + below(damaged.length - 4)] ^= 1 << below(8);
        return damaged;
      },
    ];
    let refused = 0;
    for (let i = 0; i < 300; i++) {
      await decoded(damages[i % damages.length](), 'damaged').catch((error) => {
        expect(error).toBeInstanceOf(ImageFileError);
        refused++;
      });
      expect(Buffer.compare((await decoded(good)).data, pixels), `after ${i + 1} damaged images`).toBe(0);
    }
    expect(refused).toBeGreaterThan(200);
  });

  it('good images that are decoded at the same time as damaged ones', async () => {
    const path = join(folder, 'damaged');
    await writeFile(path, oversampled());
    await writeFile(join(folder, 'good'), good);
    const results = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => readImage(i % 2 === 0 ? path : join(folder, 'good'))));
    for (const [i, result] of results.entries()) {
      if (i % 2 === 0)
        expect(result).toMatchObject({ status: 'rejected', reason: { message: expect.stringMatching(/Bogus sampling factors/) } });
      else expect(result).toMatchObject({ status: 'fulfilled', value: { width: 16, height: 16 } });
    }
  });

  it('says what the decoder said', async () => {
    expect(await refusal(oversampled())).toMatch(/a JPEG image that cannot be decoded \(Bogus sampling factors\)$/);
  });

  it.each([
    [70000, 1],
    [1, 65501],
  ])('%i×%i pixels are refused before anything is encoded, and others are encoded afterwards', async (width, height) => {
    const path = join(folder, 'long.jpg');
    const long = { width, height, data: new Uint8Array(width * height * 4) };
    for (let i = 0; i < 20; i++) {
      await expect(writeImage(path, long)).rejects.toThrow(`long.jpg: ${width}×${height} pixels; a JPEG image has at most 65535`);
      expect(Buffer.compare(await encodeImage('good', picture(16, 16), 'jpeg'), good)).toBe(0);
    }
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('good images are encoded, however often the encoder gave up', async () => {
    for (let i = 0; i < 30; i++) {
      // Past the check of its sides, the codec exits at an image without pixels.
      await expect(encodeImage('none', { width: 0, height: 0, data: new Uint8Array(0) }, 'jpeg')).rejects.toThrow(
        /^none: a JPEG image that cannot be encoded \(.+\)$/,
      );
      expect(Buffer.compare(await encodeImage('good', picture(16, 16), 'jpeg'), good)).toBe(0);
    }
  });

  it('65,500 pixels in a row', async () => {
    const { width, height } = await decoded(
      await encodeImage('long', { width: 65500, height: 1, data: new Uint8Array(65500 * 4) }, 'jpeg'),
    );
    expect([width, height]).toEqual([65500, 1]);
  });
});

describe('PNG', () => {
  const pixels = (...bytes: number[]) => chunk('IDAT', deflateSync(Buffer.from(bytes)));
  const palette = (length: number) => chunk('PLTE', Buffer.alloc(length, 7));

  it.each([
    ...[
      [0, 3],
      [2, 1],
      [2, 2],
      [2, 4],
      [3, 16],
      [4, 4],
      [6, 1],
    ].map(
      ([colorType, depth]) =>
        [
          `colour type ${colorType} of depth ${depth}`,
          png(header(1, 1, false, colorType, depth), palette(6), pixels(0, 0, 0, 0, 0)),
          new RegExp(`a PNG image of colour type ${colorType} with ${depth} bits a channel, expected one of `),
        ] as const,
    ),
    ['no palette', png(header(1, 1, false, 3), pixels(0, 0)), /whose palette is missing/],
    ['a palette behind the pixels', png(header(1, 1, false, 3), pixels(0, 0), palette(6)), /whose palette is missing/],
    ['an empty palette', png(header(1, 1, false, 3), palette(0), pixels(0, 0)), /a palette of 0 bytes/],
    ['part of a colour', png(header(1, 1, false, 3), palette(7), pixels(0, 0)), /a palette of 7 bytes/],
    ['257 colours', png(header(1, 1, false, 3), palette(771), pixels(0, 0)), /a palette of 771 bytes/],
    ['two palettes', png(header(1, 1, false, 3), palette(6), palette(6), pixels(0, 0)), /two palettes/],
    ['an index beyond the palette', png(header(1, 1, false, 3), palette(6), pixels(0, 2)), /index 2 not in palette/],
    ['an index beyond the palette, 1 bit', png(header(2, 1, false, 3, 1), palette(3), pixels(0, 0x40)), /index 1 not in palette/],
    ['no width', png(header(0, 3), pixels(0)), /0×3 pixels/],
    ['no height', png(header(3, 0), pixels(0)), /3×0 pixels/],
    ['half a transparent colour', png(header(1, 1, false, 0), chunk('tRNS', Buffer.alloc(1)), pixels(0, 0)), /cannot be decoded/],
  ] as const)('%s', async (_, bytes, message) => {
    expect(await refusal(bytes)).toMatch(message);
  });

  it('takes 256 colours, and a palette that an RGB image suggests', async () => {
    expect([...(await decoded(png(header(1, 1, false, 3), palette(768), pixels(0, 255)))).data]).toEqual([7, 7, 7, 255]);
    expect([...(await decoded(png(header(1, 1), palette(6), pixels(0, 1, 2, 3)))).data]).toEqual([1, 2, 3, 255]);
  });

  describe('what a few bytes inflate to', () => {
    let bomb: Buffer;
    beforeAll(() => {
      bomb = deflateSync(Buffer.alloc(2 ** 28));
    });

    /** The resident memory that `work` adds to what is there, at most, in MiB. */
    async function growth(work: () => Promise<unknown>): Promise<number> {
      const before = process.memoryUsage().rss;
      await work();
      return (process.memoryUsage().rss - before) / 2 ** 20;
    }

    it.each([false, true])('pixels: no more than the header says (interlaced: %s)', async (interlaced) => {
      const bytes = png(header(8, 8, interlaced), chunk('IDAT', bomb));
      expect(await growth(async () => expect(await refusal(bytes)).toMatch(/cannot be decoded \(more than \d+ bytes\)/))).toBeLessThan(100);
    });

    it.each(['zTXt', 'iTXt', 'iCCP', 'abCd'])('%s: not at all', async (type) => {
      const bytes = png(header(1, 1), chunk(type, Buffer.concat([Buffer.from('name\0\0'), bomb])), pixels(0, 1, 2, 3));
      expect(await growth(async () => expect([...(await decoded(bytes)).data]).toEqual([1, 2, 3, 255]))).toBeLessThan(100);
    });
  });
});
