import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readImage } from '../src/codecs/index.ts';
import { chunk, END, header, png, SIGNATURE } from './png-chunks.ts';
import { runNode } from './run.ts';

/** Of the examples that have packages of their own, what needs none of them; test/hosts/examples.mjs tries them whole. */
interface Chunks {
  readonly MAX_PIXELS: number;
  readonly PngError: new (message: string) => Error;
  essentials(bytes: Uint8Array): { file: Uint8Array; hasPalette: boolean };
  maxFileBytes(pixels: number): number;
}

interface State {
  checkFolders(input: string, output: string): Promise<void>;
  keepTo(output: string, filter: string, recognise: () => Promise<readonly string[]>): Promise<void>;
  writeWhole(path: string, data: string | Uint8Array): Promise<void>;
}

const imported = async <T>(path: string) => (await import(new URL(`../examples/${path}`, import.meta.url).href)) as T;

async function output(example: string): Promise<string> {
  const { code, stdout, stderr } = await runNode(`examples/${example}.mjs`);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

describe('examples', () => {
  it('photo: both variants agree, pictures are written', async () => {
    const begin = Date.now();
    const text = await output('photo');
    expect(text).toMatch(/baboon\.png, 512×512 pixels/);
    for (const job of ['edge', 'emboss', 'conv → ReLU → max pool']) {
      expect(text).toMatch(
        new RegExp(`^${job} +\\S+ +[\\d.]+ ms +plain JavaScript +[\\d.]+ ms \\( *[\\d.]+×\\) +bit-exact fallback +[\\d.]+ ms$`, 'm'),
      );
    }
    for (const [name, width, height] of [
      ['photo', 512, 512],
      ['edge', 512, 512],
      ['emboss', 512, 512],
      ['features', 1024, 512],
    ] as const) {
      const path = `build/photo/${name}.png`;
      expect(text).toContain(path);
      expect((await stat(path)).mtimeMs).toBeGreaterThanOrEqual(begin - 2000);
      expect(await readImage(path)).toMatchObject({ width, height });
    }
    // The photograph is left as it was; its edges are mostly dark, its relief is not.
    const [photo, edge, emboss, original] = await Promise.all(
      ['build/photo/photo.png', 'build/photo/edge.png', 'build/photo/emboss.png', 'node_modules/baboon-image/baboon.png'].map((path) =>
        readImage(path),
      ),
    );
    expect(Buffer.compare(photo.data, original.data)).toBe(0);
    const dark = ({ data }: { data: Uint8Array }) => data.filter((byte, i) => i % 4 !== 3 && byte < 64).length / (data.length * 0.75);
    expect(dark(edge)).toBeGreaterThan(0.6);
    expect(dark(emboss)).toBeLessThan(0.4);
  });

  it("textbook-x: the textbook's table, and what is an X", async () => {
    const text = await output('textbook-x');
    expect(text).toContain(
      `
  0.77 -0.11  0.11  0.33  0.55 -0.11  0.33
 -0.11  1.00 -0.11  0.33 -0.11  0.11 -0.11
  0.11 -0.11  1.00 -0.33  0.11 -0.11  0.55
  0.33  0.33 -0.33  0.55 -0.33  0.33  0.33
  0.55 -0.11  0.11 -0.33  1.00 -0.11  0.11
 -0.11  0.11 -0.11  0.33 -0.11  1.00 -0.11
  0.33 -0.11  0.55  0.33  0.11 -0.11  0.77
`,
    );
    expect(text.match(/An X under the filter/g)).toHaveLength(3);
    for (const name of ['An X', 'Moved', 'Tilted', 'Thick', 'Short stroke']) expect(text).toMatch(new RegExp(`^${name} .* yes$`, 'm'));
    expect(text).toMatch(/^An O .* no$/m);
    const alike = (name: string) => Number(text.match(new RegExp(`^${name} +(\\d+) of 81`, 'm'))?.[1]);
    expect(alike('Moved')).toBeLessThan(alike('An O'));
  });

  it('output-size: the formula and conv2d agree', async () => {
    const text = await output('output-size');
    expect(text).toMatch(/^ {2}7 {3}3 {3}2 .* 3 +3$/m);
    expect(text).toMatch(/^224 .* 112 +112$/m);
  });

  it('dense-layer: the matrix and the convolution agree', async () => {
    const text = await output('dense-layer');
    expect(text).toMatch(/^ {2}w1 {2}w2 {2}0 {3}w3 {2}w4 {2}0 {3}0 {3}0 {3}0 *$/m);
    expect(text).toContain('conv2d:     29 35 47 53');
    expect(text).toContain('matrix · x: 29 35 47 53');
    expect(text).toMatch(/LeNet C1\) +150 weights shared, +4,816,896/);
  });

  it('neocognitron: an X told from an O in every way, where comparing pixels fails', async () => {
    const text = await output('neocognitron');
    const rows = Object.fromEntries(
      [...text.matchAll(/^(\w[\w ]*\w) +([\d.]+) % +([\d.]+) %$/gm)].map(([, way, ...numbers]) => [way, numbers.map(Number)]),
    );
    expect(Object.keys(rows)).toEqual(['as learned', 'shifted', 'tilted', 'thickened', 'cut short', 'all of it']);
    for (const [, cells] of Object.values(rows)) expect(cells).toBeGreaterThanOrEqual(99);
    for (const way of ['shifted', 'all of it']) expect(rows[way][0]).toBeLessThan(75);
    const [, pixels, cells] = text.match(/accuracy: comparing pixels ([\d.]+) %, simple and complex cells ([\d.]+) %/)!;
    expect(Number(cells)).toBeGreaterThan(Number(pixels) + 10);
  });

  it('activations: each column of the table', async () => {
    const text = await output('activations');
    const rows = text
      .trim()
      .split('\n')
      .slice(-9)
      .map((line) => line.trim().split(/\s+/).map(Number));
    expect(rows.map(([x]) => x)).toEqual([-3, -2, -1, -0.5, 0, 0.5, 1, 2, 3]);
    for (const [x, relu, leaky, first, second, inference] of rows) {
      expect(relu).toBe(Math.max(0, x) + 0);
      expect(leaky).toBeCloseTo(Math.max(0.2 * x, x), 3);
      expect(inference).toBeCloseTo(Math.max(0.2 * x, x), 3);
      for (const drawn of [first, second]) {
        expect(drawn).toBeGreaterThanOrEqual(x < 0 ? 0.3 * x - 0.001 : x);
        expect(drawn).toBeLessThanOrEqual(x < 0 ? 0.1 * x + 0.001 : x);
      }
    }
    expect(rows.map((row) => row[3])).not.toEqual(rows.map((row) => row[4]));
  });

  it('dying-neuron: one never learns, the other does', async () => {
    const [, relu, leaky] = (await output('dying-neuron')).split(/^(?=ReLU|leaky)/m);
    const rows = (text: string) => [...text.matchAll(/^ +\d+ .*$/gm)].map(([line]) => line.trim().split(/\s+/).map(Number));
    for (const [, weight, bias, loss, gradient] of rows(relu)) {
      expect([weight, bias, gradient]).toEqual([-5, -3, 0]);
      expect(loss).toBe(rows(relu)[0][3]);
    }
    expect(rows(relu)).toHaveLength(5);
    const learned = rows(leaky);
    expect(learned[0].slice(1, 3)).toEqual([-5, -3]);
    expect(learned[0][4]).toBeGreaterThan(0.1);
    expect(learned[4][1]).toBeGreaterThan(0.5);
    expect(learned[4][3]).toBeLessThan(learned[0][3] / 50);
  });
});

describe('edge: a PNG file is judged before a decoder has it', () => {
  let chunks: Chunks;
  let bomb: Buffer;
  beforeAll(async () => {
    chunks = await imported<Chunks>('edge/chunks.js');
    bomb = deflateSync(Buffer.alloc(2 ** 28));
  });

  const pixels = (...bytes: number[]) => chunk('IDAT', deflateSync(Buffer.from(bytes)));
  const palette = (length: number) => chunk('PLTE', Buffer.alloc(length, 7));
  const typesOf = (file: Uint8Array) => {
    const bytes = Buffer.from(file);
    const types: string[] = [];
    for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) types.push(bytes.toString('latin1', at + 4, at + 8));
    return types;
  };

  it('leaves the image as it is', async () => {
    const original = await readFile('node_modules/baboon-image/baboon.png');
    const { file, hasPalette } = chunks.essentials(original);
    expect({ hasPalette, types: typesOf(file) }).toEqual({ hasPalette: false, types: ['IHDR', 'IDAT', 'IEND'] });
    expect(Buffer.compare(PNG.sync.read(Buffer.from(file)).data, PNG.sync.read(original).data)).toBe(0);
  });

  it('keeps a palette and its alpha, and pixels in many chunks', () => {
    const [half, rest] = [deflateSync(Buffer.from([0, 1, 0])).subarray(0, 5), deflateSync(Buffer.from([0, 1, 0])).subarray(5)];
    const parts = [palette(6), chunk('tRNS', Buffer.from([0, 128])), chunk('IDAT', half), chunk('IDAT'), chunk('IDAT', rest)];
    const { file, hasPalette } = chunks.essentials(png(header(2, 1, false, 3), ...parts));
    expect({ hasPalette, types: typesOf(file) }).toEqual({ hasPalette: true, types: ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'] });
    expect([...PNG.sync.read(Buffer.from(file)).data]).toEqual([7, 7, 7, 128, 7, 7, 7, 0]);
  });

  it('takes interlaced images', () => {
    const rows = (count: number, width: number) => new Array(count).fill([0, ...new Array(width).fill(9)]).flat();
    const passes = [rows(1, 2), rows(1, 1), rows(1, 3), rows(2, 2), rows(1, 5), rows(3, 4), rows(3, 9)].flat();
    const { file } = chunks.essentials(png(header(9, 6, true, 0), pixels(...passes)));
    expect(PNG.sync.read(Buffer.from(file))).toMatchObject({ width: 9, height: 6 });
  });

  it.each(['zTXt', 'iTXt', 'iCCP', 'abCd'])('drops %s, and does not inflate it', (type) => {
    const { file } = chunks.essentials(png(header(1, 1), chunk(type, bomb), pixels(0, 1, 2, 3)));
    expect({ types: typesOf(file), isSmall: file.length < 100 }).toEqual({ types: ['IHDR', 'IDAT', 'IEND'], isSmall: true });
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    ['nothing', () => Buffer.alloc(0), /^not a PNG file$/],
    ['text', () => Buffer.from('This is no image at all.'), /^not a PNG file$/],
    ['no chunks', () => SIGNATURE, /breaks off after 8 bytes/],
    ['no end', () => png(header(1, 1), pixels(0, 1, 2, 3)).subarray(0, -12), /breaks off/],
    ['no header', () => png(pixels(0, 1, 2, 3)), /without a header/],
    ['two headers', () => png(header(1, 1), header(2000, 2000), pixels(0, 1, 2, 3)), /two chunks IHDR/],
    ['a damaged chunk', () => png(header(1, 1), pixels(0, 1, 2, 3).fill(0, 9, 10)), /chunk IDAT is damaged/],
    ['no width', () => png(header(0, 1), pixels(0)), /^0×1 pixels$/],
    ['too many pixels', () => png(header(2001, 2000), pixels(0)), /^2001×2000 pixels, more than 4000000$/],
    ['too many rows', () => png(header(1, 16385), pixels(0)), /^1×16385 pixels, more than 16384 on a side$/],
    ['an unknown colour type', () => png(header(1, 1, false, 7), pixels(0)), /unknown colour type, 7/],
    ['16 bits a channel', () => png(header(1, 1, false, 0, 16), pixels(0, 0, 0)), /^16 bits a channel/],
    ['a palette of depth 16', () => png(header(1, 1, false, 3, 16), palette(3), pixels(0, 0, 0)), /^16 bits a channel/],
    ['no palette', () => png(header(1, 1, false, 3), pixels(0, 0)), /palette is missing/],
    ['a palette without end', () => png(header(1, 1, false, 3), palette(3e6), pixels(0, 0)), /^a palette of 3000000 bytes$/],
    ['no pixels', () => png(header(1, 1)), /^not 4 bytes of pixels/],
    ['too few pixels', () => png(header(1, 1), pixels(0, 1, 2)), /^not 4 bytes of pixels: 3$/],
    ['a pixel too many', () => png(header(1, 1), pixels(0, 1, 2, 3, 4)), /^not 4 bytes of pixels/],
    ['256 MB of pixels for 8×8', () => png(header(8, 8), chunk('IDAT', bomb)), /^not 200 bytes of pixels/],
    [
      'nothing but chunks',
      () => Buffer.concat([SIGNATURE, header(1, 1), ...new Array(20000).fill(chunk('tEXt')), pixels(0, 1, 2, 3), END]),
      /^more than 16384 chunks$/,
    ],
  ])('%s', (_, make, message) => {
    const bytes = make();
    const before = process.memoryUsage().rss;
    expect(() => chunks.essentials(bytes)).toThrow(chunks.PngError);
    expect(() => chunks.essentials(bytes)).toThrow(message);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
  });

  it('a body is as long as the largest image needs, and no longer than an image of its size needs', () => {
    const { MAX_PIXELS, maxFileBytes } = chunks;
    const largest = png(header(2000, MAX_PIXELS / 2000, false, 6), chunk('IDAT', deflateSync(Buffer.alloc(2000 * 8001), { level: 0 })));
    expect(chunks.essentials(largest).file.length).toBeGreaterThan(4 * MAX_PIXELS);
    expect(maxFileBytes(MAX_PIXELS)).toBeGreaterThanOrEqual(largest.length);
    expect(maxFileBytes(MAX_PIXELS)).toBeLessThan(largest.length + 2 ** 20);
    expect(maxFileBytes(28 * 28)).toBeLessThan(2 ** 20 + 2 ** 12);
  });
});

describe('batch: a folder of results', () => {
  let root: string;
  let folder: string;
  let state: State;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'simdconv-batch-'));
    state = await imported<State>('batch/state.js');
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  beforeEach(async () => {
    folder = await mkdtemp(join(root, 'case-'));
  });

  const kept = async () => JSON.parse(await readFile(join(folder, 'batch.json'), 'utf8'));
  const none = () => Promise.reject(new Error('nothing has to be recognised'));
  const all = async () => ['blur', 'emboss'];

  it('is begun with a filter, and keeps to it', async () => {
    await state.keepTo(folder, 'emboss', all);
    expect(await kept()).toEqual({ filter: 'emboss' });
    await state.keepTo(folder, 'emboss', none);
    await expect(state.keepTo(folder, 'blur', none)).rejects.toThrow('was begun with the filter emboss, not blur');
    expect(await readdir(folder)).toEqual(['batch.json']);
  });

  it.each([
    ['empty', ''],
    ['cut off', '{"filter":"em'],
    ['null', 'null'],
    ['without a filter', '{}'],
    ['with a filter that is no name', '{"filter":{}}'],
  ])('whose state is %s is rebuilt from what is there', async (_, text) => {
    const path = join(folder, 'batch.json');
    await writeFile(path, text);
    await expect(state.keepTo(folder, 'blur', async () => ['emboss'])).rejects.toThrow('was begun with the filter emboss, not blur');
    expect(await kept()).toEqual({ filter: 'emboss' });
    await writeFile(path, text);
    await state.keepTo(folder, 'emboss', all);
    expect(await kept()).toEqual({ filter: 'emboss' });
    await writeFile(path, text);
    await expect(state.keepTo(folder, 'emboss', async () => [])).rejects.toThrow('no filter makes the results that are there');
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('has a whole file or none under a name', async () => {
    const path = join(folder, 'file');
    await state.writeWhole(path, 'one');
    // What a run that was killed has left.
    await writeFile(`${path}.partial`, 'a longer file than the next');
    await state.writeWhole(path, 'two');
    expect({ text: await readFile(path, 'utf8'), names: await readdir(folder) }).toEqual({ text: 'two', names: ['file'] });
    await mkdir(join(folder, 'taken'));
    await expect(state.writeWhole(join(folder, 'taken'), 'three')).rejects.toThrow();
    expect((await readdir(folder)).sort()).toEqual(['file', 'taken']);
  });

  it('is neither the folder of images, by whatever name, nor made for one that is missing', async () => {
    const [input, output, link, file] = ['in', 'out', 'link', 'file'].map((name) => join(folder, name));
    await expect(state.checkFolders(input, output)).rejects.toThrow(/in: no such folder$/);
    await mkdir(input);
    await symlink('in', link);
    await writeFile(file, '');
    await state.checkFolders(input, output);
    await expect(state.checkFolders(file, output)).rejects.toThrow(/file: not a folder$/);
    for (const same of [input, link, `${input}/`, join(input, '..', 'in')]) {
      await expect(state.checkFolders(input, same)).rejects.toThrow('results would replace the images of');
      await expect(state.checkFolders(same, input)).rejects.toThrow('results would replace the images of');
    }
    expect((await readdir(folder)).sort()).toEqual(['file', 'in', 'link']);
  });
});
