import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { filterImage, type Image, imageKernel, imageKernelNames, imageKernels, MAX_PIXELS, readPng } from '../src/image/index.ts';
import { js } from './platforms.ts';
import { random } from './random.ts';
import { runNode } from './run.ts';

const cli = (...args: string[]) => runNode('dist/cli/index.js', ...args);

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'simdconv-cli-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'case-'));
});

function noise(width: number, height: number, opaque: boolean): Image {
  const next = random(width * height);
  const data = Uint8Array.from({ length: width * height * 4 }, (_, i) => (opaque && i % 4 === 3 ? 255 : Math.floor(next() * 256)));
  return { width, height, data };
}

function encode({ width, height, data }: Image): Buffer {
  return PNG.sync.write(Object.assign(new PNG(), { width, height, data: Buffer.from(data) }));
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

function chunk(type: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length);
  bytes.write(type, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8);
  return bytes;
}

/** Eight bits, RGB, unless said otherwise. */
function header(width: number, height: number, interlaced = false, colorType = 2, depth = 8): Buffer {
  const data = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, depth, colorType, 0, 0, interlaced ? 1 : 0]);
  data.writeUInt32BE(width);
  data.writeUInt32BE(height, 4);
  return chunk('IHDR', data);
}

const END = chunk('IEND', Buffer.alloc(0));

/** The filter's result by the definition, in plain loops over pixels. */
function expected(image: Image, name: string): Uint8Array {
  const { height, width, weights, mean } = imageKernel(name)!;
  const result = Uint8ClampedArray.from(image.data);
  for (let y = 0; y < image.height; y++)
    for (let x = 0; x < image.width; x++)
      for (let colour = 0; colour < 3; colour++) {
        let sum = 0;
        for (let i = 0; i < height; i++)
          for (let j = 0; j < width; j++) {
            const row = Math.min(Math.max(y + i - (height - 1) / 2, 0), image.height - 1);
            const column = Math.min(Math.max(x + j - (width - 1) / 2, 0), image.width - 1);
            sum += weights[i * width + j] * image.data[(row * image.width + column) * 4 + colour];
          }
        result[(y * image.width + x) * 4 + colour] = Math.fround(mean ? sum / weights.length : sum);
      }
  return new Uint8Array(result.buffer);
}

describe('simdconv info', () => {
  it('says what was chosen and why', async () => {
    const { code, stdout, stderr } = await cli('info');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^load\(\) +simd: /m);
    expect(stdout).toContain(`Node ${process.versions.node}`);
  });

  it('prints JSON', async () => {
    const { stdout } = await cli('info', '--json');
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      host: { node: process.versions.node, v8: process.versions.v8 },
      features: { webAssembly: true, simd: true },
      engine: { variant: 'simd', threads: 1, notes: [] },
    });
    expect(report.relaxed.variant).toBe(report.features.relaxedSimd ? 'relaxed-simd' : 'simd');
  });
});

describe('output that nobody reads any more', () => {
  it.runIf(process.platform !== 'win32')('ends the program quietly', () => {
    const { status, stderr } = spawnSync('sh', ['-c', `'${process.execPath}' dist/cli/index.js info | true`], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('simdconv filter', () => {
  it.each([
    ['simd', 'edge', true],
    ['js', 'edge', true],
    ['simd', 'emboss', false],
    ['simd', 'gaussian5', false],
    ['js', 'box', false],
  ] as const)('on %s, %s: the result of the definition, alpha kept', async (variant, kernel, opaque) => {
    const image = noise(23, 17, opaque);
    const [input, output] = [join(folder, 'in.png'), join(folder, 'out.png')];
    await writeFile(input, encode(image));
    const { code, stderr } = await cli('filter', '--kernel', kernel, input, '-o', output, '--variant', variant);
    expect(stderr).toContain(`23×17, on '${variant}'`);
    expect(code).toBe(0);
    const png = PNG.sync.read(await readFile(output));
    expect([png.width, png.height]).toEqual([23, 17]);
    expect(Buffer.compare(png.data, expected(image, kernel))).toBe(0);
    expect(await readdir(folder)).toEqual(['in.png', 'out.png']);
  });

  it('replaces a file that is there, even the input; through a link, the file it names', async () => {
    const image = noise(9, 9, true);
    const [file, link] = [join(folder, 'file.png'), join(folder, 'link.png')];
    await writeFile(file, encode(image));
    await symlink(file, link);
    expect((await cli('filter', '-k', 'sharpen', file, '-o', link)).code).toBe(0);
    expect(Buffer.compare((await readPng(file)).data, expected(image, 'sharpen'))).toBe(0);
    expect((await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isSymbolicLink())).toHaveLength(1);
  });

  it.runIf(process.platform !== 'win32')('writes to a pipe, which it does not replace', async () => {
    const image = noise(5, 4, true);
    const [input, pipe] = [join(folder, 'in.png'), join(folder, 'pipe')];
    await writeFile(input, encode(image));
    execFileSync('mkfifo', [pipe]);
    const [bytes, { code }] = await Promise.all([readFile(pipe), cli('filter', '-k', 'identity', input, '-o', pipe)]);
    expect(code).toBe(0);
    expect(Buffer.compare(PNG.sync.read(bytes).data, image.data)).toBe(0);
    expect((await stat(pipe)).isFIFO()).toBe(true);
  });

  it.each([
    ['grey, 1 bit', 0, 1, [0x80], [255, 255, 255, 255]],
    ['grey, 8 bits', 0, 8, [100], [100, 100, 100, 255]],
    ['grey, 16 bits', 0, 16, [100, 100], [100, 100, 100, 255]],
    ['grey with alpha', 4, 8, [100, 50], [100, 100, 100, 50]],
    ['RGB', 2, 8, [10, 20, 30], [10, 20, 30, 255]],
    ['RGB, 16 bits', 2, 16, [10, 10, 20, 20, 30, 30], [10, 20, 30, 255]],
    ['RGBA', 6, 8, [10, 20, 30, 40], [10, 20, 30, 40]],
    ['a palette, 2 bits', 3, 2, [0x40], [7, 8, 9, 255]],
  ])('reads %s, interlaced or not, whatever follows its end', async (_, colorType, depth, pixel, rgba) => {
    const path = join(folder, 'in.png');
    const palette = colorType === 3 ? chunk('PLTE', Buffer.from([4, 5, 6, 7, 8, 9])) : Buffer.alloc(0);
    const pixels = chunk('IDAT', deflateSync(Buffer.from([0, ...pixel])));
    for (const interlaced of [false, true]) {
      await writeFile(
        path,
        Buffer.concat([SIGNATURE, header(1, 1, interlaced, colorType, depth), palette, pixels, END, Buffer.from('more')]),
      );
      expect([...(await readPng(path)).data]).toEqual(rgba);
    }
  });

  it('reads the seven passes of an interlaced image', async () => {
    const path = join(folder, 'in.png');
    // A constant 9×6 image: each pass is its rows, each a filter byte and its pixels.
    const rows = (count: number, pixels: number) => new Array(count).fill([0, ...new Array(pixels * 3).fill(77)]).flat();
    const passes = [rows(1, 2), rows(1, 1), rows(1, 3), rows(2, 2), rows(1, 5), rows(3, 4), rows(3, 9)].flat();
    await writeFile(path, Buffer.concat([SIGNATURE, header(9, 6, true), chunk('IDAT', deflateSync(Buffer.from(passes))), END]));
    expect(new Set((await readPng(path)).data)).toEqual(new Set([77, 255]));
  });
});

describe('refusals: one line, exit code 1, nothing written', () => {
  let input: string;
  let output: string;
  beforeEach(async () => {
    [input, output] = [join(folder, 'in.png'), join(folder, 'out.png')];
    await writeFile(input, encode(noise(16, 16, true)));
  });

  async function refused(args: string[], message: RegExp, lines = 1): Promise<void> {
    const before = await readdir(folder);
    const { code, stdout, stderr } = await cli(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stderr.trimEnd().split('\n')).toHaveLength(lines);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await readdir(folder)).toEqual(before);
  }

  const edge = (from: string, to: string) => ['filter', '-k', 'edge', from, '-o', to];

  it('a file that is missing', () => refused(edge(join(folder, 'none.png'), output), /none\.png: no such file/));
  it('a folder', () => refused(edge(folder, output), /a folder, not a file/));
  it('an unknown kernel', () =>
    refused(['filter', '-k', 'edgy', input, '-o', output], /unknown kernel 'edgy', expected one of identity, edge, .*outline, blur/));
  it('a kernel with the name of a property', () => refused(['filter', '-k', 'constructor', input, '-o', output], /unknown kernel/));
  it('an output folder that is missing', () =>
    refused(edge(input, join(folder, 'none', 'out.png')), /none.out\.png: no such file or folder/));
  it('an output below a file', () => refused(edge(input, join(input, 'out.png')), /no such file or folder/));
  it('an output that is a folder', async () => {
    await mkdir(output);
    await refused(edge(input, output), /out\.png: a folder, not a file/);
  });
  it('an unknown variant', () => refused([...edge(input, output), '--variant', 'mmx'], /variant.*'mmx' is invalid/, 2));
  it('no output', () => refused(['filter', '-k', 'edge', input], /required option '-o, --output <file>'/, 2));
  it('an unknown command', () => refused(['filtre'], /unknown command 'filtre'/, 3));

  const png = (...chunks: Uint8Array[]) => Buffer.concat([SIGNATURE, ...chunks, END]);
  const pixels = (bytes: number, kept?: number) => chunk('IDAT', deflateSync(Buffer.alloc(bytes)).subarray(0, kept));

  it.each([
    ['an empty file', () => Buffer.alloc(0), /not a PNG image/],
    ['text', () => Buffer.from('This is no image, but it is long enough to be one.'), /not a PNG image/],
    ['another format', () => Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...new Array(60).fill(0)]), /not a PNG image/],
    ['half a header', () => png(header(9, 9)).subarray(0, 20), /breaks off/],
    ['half an image', () => encode(noise(16, 16, true)).subarray(0, 300), /breaks off after 300 bytes/],
    ['no end', () => encode(noise(16, 16, true)).subarray(0, -12), /breaks off/],
    ['another chunk first', () => png(chunk('IDAT', Buffer.alloc(13)), header(4, 4)), /without a header/],
    ['no pixels', () => png(header(4, 4)), /cannot be decoded/],
    ['too few pixels', () => png(header(4, 4), pixels(4 * 13 - 1)), /cannot be decoded \(51 bytes of 52\)/],
    ['pixels that break off', () => png(header(99, 99), pixels(99 * 298, 20)), /cannot be decoded/],
    ['a wrong checksum', () => encode(noise(16, 16, true)).fill(1, 60, 64), /cannot be decoded/],
    ['no width', () => png(header(0, 4)), /0×4 pixels/],
    ['an unknown colour type', () => png(header(8, 8, false, 5)), /unknown colour type, 5/],
    ['an unknown depth', () => png(header(8, 8, false, 2, 3), pixels(80)), /cannot be decoded/],
    ['billions of pixels', () => png(header(0x7fffffff, 0x7fffffff)), /too large, 2147483647×2147483647 pixels; at most 67108864/],
    ['one pixel too many', () => png(header(MAX_PIXELS + 1, 1)), /too large/],
    ['a second, larger header', () => png(header(1, 1), header(60000, 60000)), /two headers/],
    ['256 MB of pixels for 8×8', () => png(header(8, 8), pixels(2 ** 28)), /cannot be decoded/],
    ['256 MB of pixels for 8×8, interlaced', () => png(header(8, 8, true), pixels(2 ** 28)), /cannot be decoded/],
  ] as const)('%s', async (_, make, message) => {
    await writeFile(input, make());
    await refused(edge(input, output), message);
  });

  it('an image cut off anywhere', async () => {
    const whole = encode(noise(5, 5, false));
    for (let length = 0; length < whole.length; length++) {
      await writeFile(input, whole.subarray(0, length));
      await expect(readPng(input)).rejects.toThrow(/in\.png: (not a PNG image|a PNG image that breaks off)/);
    }
  });
});

describe('image kernels', () => {
  const image = noise(12, 7, true);
  it.each(imageKernelNames)('%s: the result of the definition', (name) => {
    const result = filterImage(js.engine, image, imageKernel(name)!);
    expect(Buffer.compare(result.data, expected(image, name))).toBe(0);
  });

  it('leave a constant image as it is, or take everything', () => {
    const constant = { width: 6, height: 5, data: new Uint8Array(120).fill(255) };
    for (const [name, kernel] of Object.entries(imageKernels)) {
      const total = kernel.mean ? 1 : kernel.weights.reduce((sum, weight) => sum + weight, 0);
      expect([0, 1], name).toContain(total);
      const { data } = filterImage(js.engine, constant, kernel);
      expect(new Set(data.filter((_, i) => i % 4 !== 3)), name).toEqual(new Set([255 * total]));
    }
  });

  it('do not touch the image they are given', () => {
    const before = Uint8Array.from(image.data);
    filterImage(js.engine, image, imageKernels.edge);
    expect(image.data).toEqual(before);
  });
});

describe('simdconv bench', () => {
  it('prints JSON', async () => {
    const { code, stdout, stderr } = await cli('bench', '--quick', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { variants, rows } = JSON.parse(stdout);
    expect(variants.slice(0, 2)).toEqual(['js', 'simd']);
    expect(rows).toHaveLength(3);
    for (const { flops, results } of rows) {
      for (const variant of variants) {
        const { milliseconds, gflops } = results[variant];
        expect(milliseconds).toBeGreaterThan(0);
        expect(gflops).toBeCloseTo(flops / milliseconds / 1e6, 6);
      }
      expect(results.simd.speedup).toBeGreaterThan(1);
    }
  });

  it('prints a table', async () => {
    const { code, stdout } = await cli('bench', '--quick');
    expect(code).toBe(0);
    expect(stdout).toMatch(/3×3 64→64 @56² .* ms .* GF .* ms .* GF .*×/);
  });
});
