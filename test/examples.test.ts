import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readImage } from '../src/files/index.ts';
import { runNode } from './run.ts';

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
