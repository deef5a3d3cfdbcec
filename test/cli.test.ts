import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { kernelNames, parseKernel } from '../src/cli/filters.ts';
import { main } from '../src/cli/main.ts';
import { MAX_PIXELS, type Picture, readImage, writeImage } from '../src/codecs/index.ts';
import { filters } from '../src/image/index.ts';
import { js, simd } from './platforms.ts';
import { chunk, END, header, png, SIGNATURE } from './png-chunks.ts';
import { random } from './random.ts';
import { type Finished, runNode } from './run.ts';

/** The program as it is installed, in a process of its own, which takes its time. */
const program = (...args: string[]) => runNode('dist/cli/index.js', ...args);

/** All of it but its process. */
async function cli(...args: string[]): Promise<Finished> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += stripVTControlCharacters(String(text));
      return true;
    }),
  );
  try {
    await main(args);
    return { code: Number(process.exitCode ?? 0), ...written };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'simdconv-cli-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'case-'));
});

function noise(width: number, height: number, opaque: boolean): Picture {
  const next = random(width * height);
  const data = Uint8Array.from({ length: width * height * 4 }, (_, i) => (opaque && i % 4 === 3 ? 255 : Math.floor(next() * 256)));
  return { width, height, data };
}

function encode({ width, height, data }: Picture): Buffer {
  return PNG.sync.write(Object.assign(new PNG(), { width, height, data: Buffer.from(data) }));
}

const f = filters(js.engine);

/** What a filter makes of it. */
const EXPECTED: Readonly<Record<string, (image: Picture) => { readonly data: ArrayLike<number> }>> = {
  edge: (image) => f.edge(image),
  emboss: (image) => f.emboss(image),
  sharpen: (image) => f.sharpen(image),
  box: (image) => f.blur(image),
  gaussian5: (image) =>
    f.filter2d(
      image,
      [1, 4, 6, 4, 1].map((y) => [1, 4, 6, 4, 1].map((x) => x * y)),
      { divisor: 256 },
    ),
};

const expected = (image: Picture, name: string) => Uint8Array.from(EXPECTED[name](image).data);

describe('simdconv info', () => {
  it('says what was chosen and why', async () => {
    const { code, stdout, stderr } = await program('info');
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

it('--version and --help are no failures', async () => {
  expect(await cli('--version')).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
  expect(await cli('filter', '--help')).toEqual({ code: 0, stdout: expect.stringMatching(/^Usage: simdconv filter/), stderr: '' });
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
    const run = kernel === 'gaussian5' ? program : cli;
    const { code, stderr } = await run('filter', '--kernel', kernel, input, '-o', output, '--variant', variant);
    expect(stderr).toContain(`23×17, on '${variant}'`);
    expect(code).toBe(0);
    const written = PNG.sync.read(await readFile(output));
    expect([written.width, written.height]).toEqual([23, 17]);
    expect(Buffer.compare(written.data, expected(image, kernel))).toBe(0);
    expect(await readdir(folder)).toEqual(['in.png', 'out.png']);
  });

  it('replaces a file that is there, even the input; through a link, the file it names', async () => {
    const image = noise(9, 9, true);
    const [file, link] = [join(folder, 'file.png'), join(folder, 'link.png')];
    await writeFile(file, encode(image));
    await symlink(file, link);
    expect((await cli('filter', '-k', 'sharpen', file, '-o', link)).code).toBe(0);
    expect(Buffer.compare((await readImage(file)).data, expected(image, 'sharpen'))).toBe(0);
    expect((await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isSymbolicLink())).toHaveLength(1);
  });

  it('writes the file that a dangling link names', async () => {
    const image = noise(9, 9, true);
    const [input, link] = ['in.png', 'link.png'].map((name) => join(folder, name));
    await writeFile(input, encode(image));
    await mkdir(join(folder, 'there'));
    await symlink('link2.png', link);
    await symlink(join('there', 'target.png'), join(folder, 'link2.png'));
    expect((await cli('filter', '-k', 'sharpen', input, '-o', link)).code).toBe(0);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readdir(join(folder, 'there'))).toEqual(['target.png']);
    expect(Buffer.compare((await readImage(link)).data, expected(image, 'sharpen'))).toBe(0);
  });

  it('refuses a link that leads back to itself, and leaves it', async () => {
    const [input, link] = ['in.png', 'link.png'].map((name) => join(folder, name));
    await writeFile(input, encode(noise(9, 9, true)));
    await symlink('link.png', link);
    const { code, stderr } = await cli('filter', '-k', 'sharpen', input, '-o', link);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^error: .*link\.png: a link that leads back to itself\n$/),
    });
    expect((await readdir(folder)).sort()).toEqual(['in.png', 'link.png']);
  });

  it('without an output, writes beside the image, which it leaves', async () => {
    const image = noise(9, 9, true);
    const [input, kernel] = ['photo.png', 'mine.json'].map((name) => join(folder, name));
    await writeFile(input, encode(image));
    await writeFile(kernel, '[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]');
    for (const args of [['sharpen'], ['gaussianBlur'], ['0 -1 0; -1 5 -1; 0 -1 0'], [kernel], ['sharpen', '--format', '.JPEG']]) {
      expect(await cli('filter', input, '-k', ...args)).toMatchObject({ code: 0, stderr: expect.stringContaining('9×9') });
    }
    const names = ['filtered.png', 'gaussian-blur.png', 'mine.png', 'sharpen.jpeg', 'sharpen.png'].map((name) => `photo.${name}`);
    expect((await readdir(folder)).sort()).toEqual(['mine.json', ...names, 'photo.png'].sort());
    expect(Buffer.compare((await readImage(input)).data, image.data)).toBe(0);
    for (const name of ['sharpen', 'filtered', 'mine']) {
      expect(Buffer.compare((await readImage(join(folder, `photo.${name}.png`))).data, expected(image, 'sharpen'))).toBe(0);
    }
    expect((await readFile(join(folder, 'photo.sharpen.jpeg'))).readUInt16BE(0)).toBe(0xffd8);
  });

  it('names that have no ending become PNG', async () => {
    const input = join(folder, 'photo');
    await writeFile(input, encode(noise(9, 9, true)));
    await cli('filter', '-k', 'edge', input);
    expect((await readFile(join(folder, 'photo.edge.png'))).subarray(0, 8)).toEqual(SIGNATURE);
  });

  describe('standard input and output', () => {
    /** Bytes through the program, in a folder of its own. */
    function pipe(bytes: Uint8Array, ...args: string[]) {
      const script = fileURLToPath(new URL('../dist/cli/index.js', import.meta.url));
      const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'filter', ...args], { input: bytes, cwd: folder });
      return { code: status, stdout, stderr: stripVTControlCharacters(String(stderr)) };
    }

    it("'-' is both, and '-' as input alone is enough", async () => {
      const image = noise(23, 17, false);
      for (const args of [['-', '-o', '-'], ['-']]) {
        const { code, stdout, stderr } = pipe(encode(image), '-k', 'emboss', ...args);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "emboss, 23×17, on 'simd' → standard output\n" });
        expect(Buffer.compare(PNG.sync.read(stdout).data, expected(image, 'emboss'))).toBe(0);
      }
      expect(await readdir(folder)).toEqual([]);
    });

    it('either of them', async () => {
      const image = noise(9, 8, true);
      await writeFile(join(folder, 'in.png'), encode(image));
      expect(pipe(encode(image), '-k', 'sharpen', '-', '-o', 'out.png').code).toBe(0);
      const { stdout } = pipe(Buffer.alloc(0), '-k', 'sharpen', 'in.png', '-o', '-');
      for (const data of [(await readImage(join(folder, 'out.png'))).data, PNG.sync.read(stdout).data]) {
        expect(Buffer.compare(data, expected(image, 'sharpen'))).toBe(0);
      }
      expect((await readdir(folder)).sort()).toEqual(['in.png', 'out.png']);
    });

    it('a JPEG image stays one, unless a format is given', () => {
      const jpeg = pipe(encode(noise(64, 64, true)), '-k', 'blur', '-', '--format', 'jpg', '--quality', '80').stdout;
      expect(jpeg.readUInt16BE(0)).toBe(0xffd8);
      expect(pipe(jpeg, '-k', 'edge', '-').stdout.readUInt16BE(0)).toBe(0xffd8);
      expect(PNG.sync.read(pipe(jpeg, '-k', 'edge', '-', '--format', 'png').stdout)).toMatchObject({ width: 64, height: 64 });
    });

    it('more bytes than a pipe holds at once', () => {
      const image = noise(512, 400, true);
      expect(Buffer.compare(PNG.sync.read(pipe(encode(image), '-k', 'identity', '-').stdout).data, image.data)).toBe(0);
    });

    it.each([
      ['nothing', Buffer.alloc(0), /^error: standard input: an empty file\n$/],
      ['text', Buffer.from('no image '.repeat(99)), /^error: standard input: neither a PNG nor a JPEG image.*\n$/],
      ['half an image', encode(noise(9, 9, true)).subarray(0, 99), /^error: standard input: a PNG image that breaks off after 99 bytes\n$/],
    ])('%s', async (_, bytes, message) => {
      const { code, stdout, stderr } = pipe(bytes, '-k', 'edge', '-');
      expect({ code, length: stdout.length, stderr }).toEqual({ code: 1, length: 0, stderr: expect.stringMatching(message) });
    });

    it.runIf(process.platform !== 'win32')('input without end is refused by its beginning', () => {
      const { status, stderr } = spawnSync(
        'sh',
        ['-c', `yes | NO_COLOR=1 '${process.execPath}' dist/cli/index.js filter -k edge - -o '${join(folder, 'out.png')}'`],
        { encoding: 'utf8' },
      );
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^error: standard input: neither/) });
    });

    it.runIf(existsSync('/dev/full'))('output that cannot be written', () => {
      const { status, stderr } = spawnSync(
        'sh',
        ['-c', `NO_COLOR=1 '${process.execPath}' dist/cli/index.js filter -k edge - > /dev/full`],
        { encoding: 'utf8', input: encode(noise(9, 9, true)) },
      );
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^error: standard output: .*ENOSPC.*\n$/) });
    });
  });

  it.runIf(process.platform !== 'win32')('writes to a pipe, which it does not replace', async () => {
    const image = noise(5, 4, true);
    const [input, pipe] = [join(folder, 'in.png'), join(folder, 'pipe')];
    await writeFile(input, encode(image));
    execFileSync('mkfifo', [pipe]);
    const [bytes, { code }] = await Promise.all([readFile(pipe), program('filter', '-k', 'identity', input, '-o', pipe)]);
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
      expect([...(await readImage(path)).data]).toEqual(rgba);
    }
  });

  it('reads the seven passes of an interlaced image', async () => {
    const path = join(folder, 'in.png');
    // A constant 9×6 image: each pass is its rows, each a filter byte and its pixels.
    const rows = (count: number, pixels: number) => new Array(count).fill([0, ...new Array(pixels * 3).fill(77)]).flat();
    const passes = [rows(1, 2), rows(1, 1), rows(1, 3), rows(2, 2), rows(1, 5), rows(3, 4), rows(3, 9)].flat();
    await writeFile(path, Buffer.concat([SIGNATURE, header(9, 6, true), chunk('IDAT', deflateSync(Buffer.from(passes))), END]));
    expect(new Set((await readImage(path)).data)).toEqual(new Set([77, 255]));
  });
});

describe('refusals: one line, exit code 1, nothing written', () => {
  let input: string;
  let output: string;
  beforeEach(async () => {
    [input, output] = [join(folder, 'in.png'), join(folder, 'out.png')];
    await writeFile(input, encode(noise(16, 16, true)));
  });

  async function refused(args: string[], message: RegExp, lines = 1, run = cli): Promise<void> {
    const before = await readdir(folder);
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stderr.trimEnd().split('\n')).toHaveLength(lines);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await readdir(folder)).toEqual(before);
  }

  const edge = (from: string, to: string) => ['filter', '-k', 'edge', from, '-o', to];

  it('a file that is missing', () => refused(edge(join(folder, 'none.png'), output), /none\.png: no such file/, 1, program));
  it('a folder', () => refused(edge(folder, output), /a folder, not a file/));
  it('an unknown kernel', () =>
    refused(
      ['filter', '-k', 'edgy', input, '-o', output],
      /unknown kernel 'edgy', expected one of identity, edge, outline, .*grayscale, a file/,
    ));
  it('a kernel with the name of a property', () => refused(['filter', '-k', 'constructor', input, '-o', output], /unknown kernel/));
  it('an output folder that is missing', () =>
    refused(edge(input, join(folder, 'none', 'out.png')), /none.out\.png: no such file or folder/));
  it('an output below a file', () => refused(edge(input, join(input, 'out.png')), /no such file or folder/));
  it('a folder that cannot be made', () => refused(edge(input, `${input}/`), /in\.png/));
  it('several images for one file', async () => {
    await writeFile(output, 'something');
    await refused(['filter', '-k', 'edge', input, join(folder, 'b.png'), '-o', output], /out\.png: a file, but there are 2 images/);
  });
  it('two images of one name', () =>
    refused(['filter', '-k', 'edge', input, join(folder, 'sub', 'in.png'), '-o', join(folder, 'out')], /would both become/));
  it('a pattern that matches nothing', () => refused(['filter', '-k', 'edge', join(folder, '*.jpg'), '-o', output], /no file matches/));
  it('a kernel file that is missing', () =>
    refused(['filter', '-k', join(folder, 'k.json'), input, '-o', output], /k\.json: no such file/));
  it('a kernel file that is no JSON', async () => {
    await writeFile(join(folder, 'k.json'), '[[1, 2');
    await refused(['filter', '-k', join(folder, 'k.json'), input, '-o', output], /k\.json: .*JSON/);
  });
  it('ragged weights', () => refused(['filter', '-k', '1 2; 3', input, '-o', output], /kernel: .*several lengths/));
  it('weights that are no numbers', () => refused(['filter', '-k', '1 - 3', input, '-o', output], /kernel\[0\]\[1\]: .*NaN/));
  it('an option that the kernel has not', () => refused([...edge(input, output), '--sigma', '2'], /options\.sigma: .*unknown option/));
  it('a number that is none', () => refused([...edge(input, output), '--radius', 'two'], /'two' is invalid/, 2));
  it('an output of an unknown format', () =>
    refused(edge(input, join(folder, 'out.xyz')), /out\.xyz: .*neither \.png nor \.jpg; .*'sharp'/));
  it('an unknown variant', () => refused([...edge(input, output), '--variant', 'mmx'], /variant.*'mmx' is invalid/, 2));
  it('no threads', () => refused([...edge(input, output), '--threads=0'], /threads: .*at least 1, or 'auto', got 0/));
  it('standard input among others', () => refused(['filter', '-k', 'edge', input, '-', '-o', output], /'-' is one image, but there are 2/));
  it('several images for standard output', () =>
    refused(['filter', '-k', 'edge', input, join(folder, 'b.png'), '-o', '-'], /'-' is one image, but there are 2/));
  it('standard input for a folder', () => refused(edge('-', `${folder}/`), /standard input has no name/));
  it('an image that another would replace', () =>
    refused(['filter', '-k', 'edge', input, join(folder, 'in.edge.png')], /in\.png would become .*in\.edge\.png, which is to be filtered/));
  it('two images of one default name', () =>
    refused(['filter', '-k', 'edge', input, join(folder, 'in.jpg'), '--format', 'png'], /would both become .*in\.edge\.png/));
  it('a format that is none', () => refused([...edge(input, output), '--format', '../x'], /'\.\.\/x' is invalid/, 2));

  it.each([
    ['an object with a length', '{ "kernel": { "length": 300000000 } }', /k\.json: kernel: expected rows of weights, got an object/],
    ['weights with a length', '{ "kernel": { "weights": { "length": 300000000 }, "width": 3 } }', /got an object/],
    ['a row with a length', '[[1], { "length": 300000000 }]', /kernel: .*several lengths/],
    ['a number', '{ "kernel": 9 }', /got a number/],
    ['null', '{ "kernel": null }', /got null/],
    ['no kernel', '{ "divisor": 9 }', /no kernel in it/],
    [
      'more weights than the largest kernel',
      `[${new Array(1024).fill(`[${new Array(1024).fill(0)}]`)}]`,
      /got 1048576 of them, more than 1046529/,
    ],
    ['brackets without end', '['.repeat(1e6), /k\.json: /],
    ['an output', '{ "kernel": [[1]], "out": { "data": [1] } }', /out: expected an image/],
    ['what is no JSON, over several lines', 'W[\n1\n,\n]', /k\.json: Unexpected token/],
    ['more bytes than a kernel has', ' '.repeat(2 ** 26 + 1), /k\.json: 67108865 bytes, expected a kernel of at most 67108864/],
  ])('a kernel file with %s', async (_, text, message) => {
    await writeFile(join(folder, 'k.json'), text);
    await refused(['filter', '-k', join(folder, 'k.json'), input, '-o', output], message);
  });
  it('an unknown command', () => refused(['filtre'], /unknown command 'filtre'/, 3, program));

  const pixels = (bytes: number, kept?: number) => chunk('IDAT', deflateSync(Buffer.alloc(bytes), { level: 1 }).subarray(0, kept));

  let bomb: Buffer;
  beforeAll(() => {
    bomb = pixels(2 ** 28);
  });

  it.each([
    ['an empty file', () => Buffer.alloc(0), /an empty file/],
    [
      'text',
      () => Buffer.from('This is no image, but it is long enough to be one.'),
      /neither a PNG nor a JPEG image; others need the package 'sharp'/,
    ],
    ['half a JPEG header', () => Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...new Array(60).fill(0)]), /a JPEG image/],
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
    ['an unknown depth', () => png(header(8, 8, false, 2, 3), pixels(80)), /colour type 2 with 3 bits a channel, expected one of 8, 16/],
    ['billions of pixels', () => png(header(0x7fffffff, 0x7fffffff)), /too large, 2147483647×2147483647 pixels; at most 134217728/],
    ['one pixel too many', () => png(header(MAX_PIXELS + 1, 1)), /too large/],
    ['a second, larger header', () => png(header(1, 1), header(60000, 60000)), /two headers/],
    ['256 MB of pixels for 8×8', () => png(header(8, 8), bomb), /cannot be decoded/],
    ['256 MB of pixels for 8×8, interlaced', () => png(header(8, 8, true), bomb), /cannot be decoded/],
  ] as const)('%s', async (_, make, message) => {
    await writeFile(input, make());
    await refused(edge(input, output), message);
  });

  it('an image cut off anywhere', async () => {
    const whole = encode(noise(5, 5, false));
    for (let length = 0; length < whole.length; length++) {
      await writeFile(input, whole.subarray(0, length));
      await expect(readImage(input)).rejects.toThrow(/in\.png: (an empty file|neither a PNG|a PNG image that breaks off)/);
    }
  });
});

describe('simdconv filter, of many', () => {
  const images = ['a.png', 'b.png', 'c.png'];
  beforeEach(async () => {
    for (const [i, name] of images.entries()) await writeFile(join(folder, name), encode(noise(8 + i, 9, true)));
  });

  it('files and patterns into a folder that is made', async () => {
    const out = join(folder, 'new', 'out');
    const { code, stderr } = await cli('filter', '-k', 'emboss', join(folder, '[bc].png'), join(folder, 'a.png'), '-o', out);
    expect({ code, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 0, lines: 3 });
    expect((await readdir(out)).sort()).toEqual(images);
    for (const [i, name] of images.entries()) {
      expect(Buffer.compare((await readImage(join(out, name))).data, expected(noise(8 + i, 9, true), 'emboss'))).toBe(0);
    }
  });

  it('a broken one is told, and the rest are done', async () => {
    await writeFile(join(folder, 'b.png'), 'no image');
    const out = join(folder, 'out');
    const { code, stderr } = await program('filter', '-k', 'edge', ...images.map((name) => join(folder, name)), '-o', out);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*b\.png: neither a PNG nor a JPEG image/m);
    expect((await readdir(out)).sort()).toEqual(['a.png', 'c.png']);
  });

  it('whatever is wrong with PNG files', async () => {
    const row = (...bytes: number[]) => chunk('IDAT', deflateSync(Buffer.from([0, ...bytes])));
    const palette = chunk('PLTE', Buffer.alloc(6));
    const broken: Record<string, Buffer> = {
      'depth16.png': png(header(1, 1, false, 3, 16), palette, row(0, 0)),
      'depth1.png': png(header(1, 1, false, 2, 1), row(0)),
      'bare.png': png(header(1, 1, false, 3), row(0)),
      'beyond.png': png(header(1, 1, false, 3), palette, row(2)),
      'nothing.png': png(header(1, 0), row()),
    };
    for (const [name, bytes] of Object.entries(broken)) await writeFile(join(folder, name), bytes);
    const out = join(folder, 'out');
    const inputs = ['a.png', ...Object.keys(broken), 'b.png', 'c.png'].map((name) => join(folder, name));
    const { code, stderr } = await program('filter', '-k', 'edge', ...inputs, '-o', out);
    expect(code).toBe(1);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(inputs.length);
    expect(lines.filter((line) => line.startsWith('edge, '))).toHaveLength(3);
    for (const name of Object.keys(broken)) expect(stderr).toMatch(new RegExp(`^error: .*${name}: a PNG image `, 'm'));
    expect((await readdir(out)).sort()).toEqual(images);
  });

  it('an image that is too large for the engine is told, and the rest are done', async () => {
    // A pixel more than an image's side may have.
    const side = 2 ** 26 + 1;
    await writeFile(
      join(folder, 'b.png'),
      png(header(side, 1, false, 0), chunk('IDAT', deflateSync(Buffer.alloc(side + 1), { level: 1 }))),
    );
    const out = join(folder, 'out');
    const { code, stderr } = await cli('filter', '-k', 'edge', ...images.map((name) => join(folder, name)), '-o', out);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^error: .*b\.png: image\.width: /m) });
    expect((await readdir(out)).sort()).toEqual(['a.png', 'c.png']);
  });

  it('a folder whose images keep their names, and take the ending of a format', async () => {
    const out = join(folder, 'out');
    await cli('filter', '-k', 'edge', ...images.map((name) => join(folder, name)), '-o', out, '--format', 'jpg');
    expect((await readdir(out)).sort()).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
    expect((await readFile(join(out, 'a.jpg'))).readUInt16BE(0)).toBe(0xffd8);
  });

  it('no folder is made for arguments that are wrong', async () => {
    const out = join(folder, 'out');
    expect((await cli('filter', '-k', 'edge', '--sigma', '2', join(folder, 'a.png'), '-o', `${out}/`)).code).toBe(1);
    expect(await readdir(folder)).toEqual(images);
  });

  it('a kernel file that begins with a byte order mark', async () => {
    const [input, out, file] = ['a.png', 'out.png', 'k.json'].map((name) => join(folder, name));
    await writeFile(file, '\uFEFF[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]');
    expect((await cli('filter', '-k', file, input, '-o', out)).code).toBe(0);
    expect(Buffer.compare((await readImage(out)).data, expected(noise(8, 9, true), 'sharpen'))).toBe(0);
  });

  it('weights from the command line or a file', async () => {
    const image = noise(8, 9, true);
    const [input, out, file] = ['a.png', 'out.png', 'k.json'].map((name) => join(folder, name));
    await writeFile(file, '{ "kernel": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]], "divisor": 1 }');
    for (const kernel of ['0 -1 0; -1 5 -1; 0 -1 0', '0,-1,0;-1,5,-1;0,-1,0', file]) {
      expect((await cli('filter', `--kernel=${kernel}`, input, '-o', out)).stderr).toMatch(/8×9/);
      expect(Buffer.compare((await readImage(out)).data, expected(image, 'sharpen'))).toBe(0);
    }
    await cli('filter', '-k', '1 2 1', '--divisor', '4', '--bias', '10', '--border', 'wrap', '--alpha', 'filter', input, '-o', out);
    const wrapped = f.filter2d(image, [[1, 2, 1]], { divisor: 4, bias: 10, border: 'wrap', alpha: 'filter' });
    expect(Buffer.compare((await readImage(out)).data, Uint8Array.from(wrapped.data))).toBe(0);
  });

  it.each(kernelNames)('the kernel %s', async (name) => {
    const { apply } = await parseKernel(name);
    const image = noise(10, 9, true);
    const made = apply(f, image, {});
    expect(made.data).toHaveLength(360);
    expect(Buffer.compare(made.data as Uint8Array, apply(filters(simd.engine), image, {}).data as Uint8Array)).toBe(0);
  });

  it('parameters of a kernel', async () => {
    const [input, out] = ['a.png', 'out.png'].map((name) => join(folder, name));
    const image = noise(8, 9, true);
    await cli('filter', '-k', 'gaussian-blur', '--threads', '2', '--sigma', '1.5', '--radius', '2', input, '-o', out);
    expect(Buffer.compare((await readImage(out)).data, Uint8Array.from(f.gaussianBlur(image, 1.5, { radius: 2 }).data))).toBe(0);
    await cli('filter', '-k', 'emboss', '--direction', 'left', input, '-o', out);
    expect(Buffer.compare((await readImage(out)).data, Uint8Array.from(f.emboss(image, { direction: 'left' }).data))).toBe(0);
  });
});

describe('JPEG files', () => {
  const smooth: Picture = {
    width: 40,
    height: 30,
    data: Uint8Array.from({ length: 4800 }, (_, i) => (i % 4 === 3 ? 255 : 4 * (Math.floor(i / 4) % 40) + (i % 4) * 20)),
  };
  let whole: Buffer;
  let path: string;
  beforeEach(async () => {
    path = join(folder, 'in.jpg');
    await writeImage(path, smooth);
    whole = await readFile(path);
  });

  it('come back much as they were', async () => {
    const { width, height, data } = await readImage(path);
    expect([width, height]).toEqual([40, 30]);
    expect(data.reduce((most, byte, i) => Math.max(most, Math.abs(byte - smooth.data[i])), 0)).toBeLessThan(12);
  });

  it('are filtered from and to', async () => {
    const out = join(folder, 'out.jpeg');
    expect((await cli('filter', '-k', 'emboss', '--quality', '60', path, '-o', out)).code).toBe(0);
    expect(await readImage(out)).toMatchObject({ width: 40, height: 30 });
    expect((await readdir(folder)).sort()).toEqual(['in.jpg', 'out.jpeg']);
  });

  it('cut off anywhere are refused', async () => {
    for (let length = 3; length < whole.length; length += 3) {
      await writeFile(path, whole.subarray(0, length));
      await expect(readImage(path), `${length} bytes`).rejects.toThrow(/in\.jpg: a JPEG image that breaks off after/);
    }
  });

  it('with what is missing inside', async () => {
    const scan = whole.indexOf(Buffer.from([0xff, 0xda]));
    await writeFile(path, Buffer.concat([whole.subarray(0, scan + 14), whole.subarray(-2)]));
    await expect(readImage(path)).rejects.toThrow(/in\.jpg: a JPEG image that cannot be decoded/);
  });

  const frame = (bytes: Buffer) => bytes.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc1, 0xc2].includes(bytes[i + 1]));
  it('of billions of pixels, or of none', async () => {
    const bomb = Buffer.from(whole);
    bomb.writeUInt32BE(0xffffffff, frame(bomb) + 5);
    await writeFile(path, bomb);
    await expect(readImage(path)).rejects.toThrow(/too large, 65535×65535 pixels/);
    bomb.writeUInt32BE(0, frame(bomb) + 5);
    await writeFile(path, bomb);
    await expect(readImage(path)).rejects.toThrow(/0×0 pixels/);
  });

  it('with a second header', async () => {
    const at = frame(whole);
    const header = whole.subarray(at, at + 2 + whole.readUInt16BE(at + 2));
    await writeFile(path, Buffer.concat([whole.subarray(0, at), header, whole.subarray(at)]));
    await expect(readImage(path)).rejects.toThrow(/two headers/);
  });
});

describe('simdconv bench', () => {
  it('prints JSON', async () => {
    const { code, stdout, stderr } = await cli('bench', '--quick', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { variants, rows } = JSON.parse(stdout);
    expect(variants.slice(0, 3)).toEqual(['plain', 'js', 'simd']);
    expect(rows).toHaveLength(3);
    for (const { flops, results } of rows) {
      for (const variant of variants) {
        const { milliseconds, gflops } = results[variant];
        expect(milliseconds).toBeGreaterThan(0);
        expect(gflops).toBeCloseTo(flops / milliseconds / 1e6, 6);
      }
      expect(results.plain.speedup).toBe(1);
      expect(results.simd.speedup).toBe(results.plain.milliseconds / results.simd.milliseconds);
    }
  });

  it('prints a table', async () => {
    const { code, stdout } = await cli('bench', '--quick');
    expect(code).toBe(0);
    expect(stdout).toMatch(/plain JavaScript .* bit-exact fallback .* simd/);
    expect(stdout).toMatch(/3×3 64→64 @56² .* ms .* GF .* ms .* GF.*× .* ms .* GF.*×/);
    expect(stdout).toMatch(/simd is [\d.]+ to [\d.]+ times as fast as plain JavaScript; most of all /);
  });
});
