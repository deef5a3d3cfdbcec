import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LEAST_CHANNELS } from '../src/plan/conv/winograd.ts';
import { EPS, type Errors, errorTable, MOST_RMS, sumTable, TILE_SIZES, WINOGRAD, winogradTable } from './bounds.ts';
import { type ConvAttributes, convOracle } from './oracle/conv.ts';
import { simd } from './platforms.ts';
import { randomTensor } from './random.ts';
import { runWinograd } from './winograd-run.ts';

const page = fileURLToPath(new URL('../docs/numerics.md', import.meta.url));
const CHANNELS = [1, 2, 4, 8, 16, 32, 64, 256];

/** Errors of 64 filters over 24 × 24 results, inputs and weights uniform in [−1, 1): of the sum, then of each tile size. */
function measure(channels: number): Errors[] {
  const x = randomTensor([1, channels, 26, 26], 2 * channels);
  const filter = randomTensor([64, channels, 3, 3], 2 * channels + 1);
  const attributes: ConvAttributes = { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 };
  const { data, magnitude } = convOracle(x, filter, attributes);
  const sum = simd.engine.conv2d(x, filter, { algorithm: 'gemm' }).data;
  const tiles = TILE_SIZES.map((size) => runWinograd(size, x, filter, { algorithm: 'winograd' }).simd.data);
  return [sum, ...tiles].map((y) => {
    const errors = y.map((value, at) => Math.abs(value - data[at]) / (EPS * magnitude[at]));
    return { rms: Math.sqrt(errors.reduce((all, error) => all + error ** 2, 0) / errors.length), most: Math.max(...errors) };
  });
}

describe('bounds', () => {
  const measured = CHANNELS.map((channels) => ({ channels, errors: measure(channels) }));

  /** `vitest -u` writes the tables anew. */
  it('in docs/numerics.md are those that tests assert, and errors those that are measured', async () => {
    const tables = { sums: sumTable(), winograd: winogradTable(), errors: errorTable(measured) };
    let text = await readFile(page, 'utf8');
    for (const [name, rows] of Object.entries(tables)) {
      const section = new RegExp(`(<!-- ${name}: made by test/bounds.test.ts -->\\n)[^]*?(<!-- end of ${name} -->)`);
      expect(text).toMatch(section);
      text = text.replace(section, (_, begin: string, end: string) => `${begin}\n${rows}\n\n${end}`);
    }
    await expect(text).toMatchFileSnapshot(page);
  });

  it('of Winograd leave a third above what was found, and are no looser than what is proven', () => {
    for (const size of TILE_SIZES) {
      const { k, counted, found } = WINOGRAD[size];
      expect(k).toBeLessThanOrEqual(counted);
      expect(1 + k).toBeGreaterThan((4 / 3) * found);
    }
  });

  it('of the error of a tile decide from how many channels on it may be chosen', () => {
    for (const { channels, errors } of measured) {
      for (const [i, size] of TILE_SIZES.entries()) {
        const { rms } = errors[i + 1];
        if (channels >= LEAST_CHANNELS[size]) expect(rms, `F(${size}×${size}), ${channels} channels`).toBeLessThan(MOST_RMS);
        else if (2 * channels < LEAST_CHANNELS[size]) expect(rms, `F(${size}×${size}), ${channels} channels`).toBeGreaterThan(MOST_RMS);
      }
    }
  });
});
