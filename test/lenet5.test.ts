import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load, type Tensor } from 'simdconv';
import type { Sequential } from 'simdconv/nn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convOracle } from './oracle/conv.ts';
import { random, randomTensor } from './random.ts';
import { type Finished, runNode } from './run.ts';

/** Examples are JavaScript, and use the package as it is built. */
const example = (name: string) => import(`../examples/lenet5/${name}.mjs`);
const [{ variants, inputShape, competingPenalties }, { bitmaps }, { C3_TABLE }, { accuracy, training }, { readMnist, MnistError }] =
  await Promise.all(['networks', 'bitmaps', 'layers', 'training', 'mnist'].map(example));
const engines = await Promise.all((['js', 'simd'] as const).map((variant) => load({ variant })));
const [js, simd] = engines;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lenet5-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Parameters by layer: their number. */
function counts(network: Sequential): number[] {
  return network.layers
    .map(({ parameters }) => Object.values(parameters).reduce((sum, { value }) => sum + value.data.length, 0))
    .filter((count) => count > 0);
}

describe('LeNet-5 as published', () => {
  it('has exactly 60,000 trainable parameters, layer by layer those of the paper', () => {
    const network = variants['1998'].make(js, 1);
    expect(counts(network)).toEqual([156, 12, 1516, 32, 48_120, 10_164]);
    expect(counts(network).reduce((sum, count) => sum + count)).toBe(60_000);
    const named = Object.entries<Tensor>(network.state()).map(([name, { shape }]) => `${name} [${shape}]`);
    expect(named).toEqual([
      '0.weight [6,1,5,5]',
      '0.bias [6]',
      '2.coefficient [6]',
      '2.bias [6]',
      '4.weight [60,5,5]',
      '4.bias [16]',
      '6.coefficient [16]',
      '6.bias [16]',
      '8.weight [120,16,5,5]',
      '8.bias [120]',
      '11.weight [84,120]',
      '11.bias [84]',
    ]);
    network.dispose();
  });

  it('has the connections of its Table I: six maps see 3, nine see 4, one sees all, each of S2 is seen by 10', () => {
    const seen = (C3_TABLE as number[][]).map((row) => row.length);
    expect(seen).toEqual([...Array(6).fill(3), ...Array(9).fill(4), 6]);
    expect([0, 1, 2, 3, 4, 5].map((map) => C3_TABLE.flat().filter((each: number) => each === map).length)).toEqual(Array(6).fill(10));
  });

  it('has codes of 84 times ±1, no two alike', () => {
    expect(bitmaps.shape).toEqual([10, 84]);
    expect(bitmaps.data.length).toBe(840);
    expect(new Set(bitmaps.data)).toEqual(new Set([1, -1]));
    for (let a = 0; a < 10; a++)
      for (let b = 0; b < a; b++) {
        const differ = Array.from({ length: 84 }, (_, i) => bitmaps.data[84 * a + i] !== bitmaps.data[84 * b + i]).filter(Boolean).length;
        expect(differ).toBeGreaterThanOrEqual(8);
      }
  });

  it('computes what the paper says, in float64, and has its gradients', () => {
    const network: Sequential = variants['1998'].make(simd, 3);
    const next = random(4);
    // Not all coefficients alike, nor all biases 0.
    for (const { value } of network.parameters()) for (let i = 0, { data } = value; i < data.length; i++) data[i] += 0.05 * (next() - 0.5);
    const x = randomTensor([1, 1, 32, 32], 5);
    const weights = Object.fromEntries(
      network.parameters().map(({ name, value }) => [name, { shape: value.shape, data: Float64Array.from(value.data) }]),
    );
    const label = 7;
    const f = () => competing(penalties(x, weights), label, 40);
    const y = network.forward(x);
    for (const [i, penalty] of penalties(x, weights).entries()) expect(y.data[i] / penalty).toBeCloseTo(1, 4);
    const { loss, gradient } = competingPenalties(y, [label], 40);
    expect(loss / f()).toBeCloseTo(1, 4);
    network.backward(gradient);
    for (const { name, gradient } of network.parameters()) {
      const { data } = weights[name];
      const scale = Math.max(...Array.from(gradient.data, Math.abs));
      expect(scale).toBeGreaterThan(0);
      for (const at of [0, data.length >> 1, data.length - 1]) {
        const [value, step] = [data[at], 1e-5];
        data[at] = value + step;
        const above = f();
        data[at] = value - step;
        const slope = (above - f()) / (2 * step);
        data[at] = value;
        expect(Math.abs(gradient.data[at] - slope)).toBeLessThan(1e-3 * scale);
      }
    }
    network.dispose();
  });

  it('counts penalties beyond that of rubbish for little', () => {
    const y = randomTensor([3, 10], 2);
    for (let i = 0; i < y.data.length; i++) y.data[i] = 20 * (y.data[i] + 1);
    const labels = [1, 5, 9];
    const { loss, gradient } = competingPenalties(y, labels, 15);
    const wide = Float64Array.from(y.data);
    const f = () => labels.reduce((sum, label, n) => sum + competing([...wide.subarray(10 * n, 10 * n + 10)], label, 15), 0) / 3;
    expect(loss).toBeCloseTo(f(), 5);
    for (let i = 0; i < wide.length; i++) {
      const value = wide[i];
      wide[i] = value + 1e-5;
      const above = f();
      wide[i] = value - 1e-5;
      const slope = (above - f()) / 2e-5;
      wide[i] = value;
      expect(gradient.data[i]).toBeCloseTo(slope, 5);
    }
    // Far beyond what f64 can raise e to.
    const far = { shape: [1, 10], data: new Float32Array(10).fill(5000) };
    expect(competingPenalties(far, [0], 15).loss).toBeCloseTo(4985, 5);
  });
});

type Wide = { shape: readonly number[]; data: Float64Array };
const plain = { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 } as const;

/** The paper's network in float64, from its text. */
function penalties(x: Tensor, weights: Record<string, Wide>): number[] {
  const squash = (wide: Wide): Wide => ({ shape: wide.shape, data: wide.data.map((a) => 1.7159 * Math.tanh((2 / 3) * a)) });
  const conv = (input: Wide, filter: Wide, bias: Wide): Wide => {
    const { shape, data } = convOracle(input as unknown as Tensor, filter as unknown as Tensor, plain);
    return { shape, data: data.map((value, i) => value + bias.data[Math.floor(i / (shape[2] * shape[3]))]) };
  };
  const subsampled = ({ shape: [, maps, side], data }: Wide, coefficient: Wide, bias: Wide): Wide => {
    const half = side / 2;
    const out = new Float64Array(maps * half * half);
    for (let m = 0, i = 0; m < maps; m++)
      for (let r = 0; r < half; r++)
        for (let c = 0; c < half; c++) {
          const at = (dy: number, dx: number) => data[(m * side + 2 * r + dy) * side + 2 * c + dx];
          out[i++] = coefficient.data[m] * (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) + bias.data[m];
        }
    return { shape: [1, maps, half, half], data: out };
  };
  const partial: Wide = { shape: [16, 6, 5, 5], data: new Float64Array(16 * 6 * 25) };
  let kernel = 0;
  for (const [map, seen] of (C3_TABLE as number[][]).entries())
    for (const channel of seen) {
      partial.data.set(weights['4.weight'].data.subarray(kernel, kernel + 25), (map * 6 + channel) * 25);
      kernel += 25;
    }
  const c1 = squash(conv({ shape: x.shape, data: Float64Array.from(x.data) }, weights['0.weight'], weights['0.bias']));
  const s2 = squash(subsampled(c1, weights['2.coefficient'], weights['2.bias']));
  const c3 = squash(conv(s2, partial, weights['4.bias']));
  const s4 = squash(subsampled(c3, weights['6.coefficient'], weights['6.bias']));
  const c5 = squash(conv(s4, weights['8.weight'], weights['8.bias']));
  const f6 = squash(conv(c5, { ...weights['11.weight'], shape: [84, 120, 1, 1] }, weights['11.bias']));
  return Array.from({ length: 10 }, (_, digit) => f6.data.reduce((sum, value, i) => sum + (value - bitmaps.data[84 * digit + i]) ** 2, 0));
}

/** Equation 9, of one digit. */
function competing(y: readonly number[], label: number, rubbish: number): number {
  return y[label] + Math.log(y.reduce((sum, penalty) => sum + Math.exp(-penalty), Math.exp(-rubbish)));
}

describe('MNIST', () => {
  it('has 60,000 and 10,000 digits of ten kinds', async () => {
    for (const [set, count] of [
      ['train', 60_000],
      ['test', 10_000],
    ]) {
      const digits = await readMnist(set);
      expect([digits.count, digits.pixels.length, digits.labels.length]).toEqual([count, Number(count) * 784, count]);
      expect(new Set(digits.labels)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    }
  });

  it('that is not there, cut off or something else is refused with a clear message', async () => {
    const from = join(folder, 'mnist');
    await mkdir(from);
    const name = { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' };
    const images = new Uint8Array(16 + 7_840_000);
    new DataView(images.buffer).setUint32(0, 0x803);
    for (const [i, extent] of [10_000, 28, 28].entries()) new DataView(images.buffer).setUint32(4 + 4 * i, extent);
    const labels = new Uint8Array(8 + 10_000);
    new DataView(labels.buffer).setUint32(0, 0x801);
    new DataView(labels.buffer).setUint32(4, 10_000);
    await expect(readMnist('test', from)).rejects.toThrow(/^t10k-images-idx3-ubyte cannot be read: ENOENT/);
    await writeFile(join(from, name.images), images);
    await writeFile(join(from, name.labels), labels);
    expect((await readMnist('test', from)).labels[0]).toBe(0);
    await writeFile(join(from, name.labels), labels.with(108, 10));
    await expect(readMnist('test', from)).rejects.toThrow('expected labels from 0 to 9, got 10 for digit 100');
    await writeFile(join(from, name.labels), labels.with(3, 3));
    await expect(readMnist('test', from)).rejects.toThrow('expected a header of 2049, 10000, got 2051, 10000');
    await truncate(join(from, name.images), 1000);
    const cut = readMnist('test', from);
    await expect(cut).rejects.toThrow('expected 7840016 bytes, got 1000');
    await expect(cut).rejects.toThrow(MnistError);
  });
});

/** npm run train:lenet5, where nobody looks. */
const train = (out: string, ...args: string[]): Promise<Finished> =>
  runNode('examples/lenet5/train.mjs', '--out', join(folder, out), '--variant', 'modern', ...args);
const SHORT = ['--digits', '320', '--epochs', '3', '--shift', '1'];

describe('npm run train:lenet5', () => {
  it('--quick reaches 95 %', async () => {
    const { stdout, stderr, code } = await train('quick', '--quick');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^lenet5 \(modern\): epoch 1 of 4, loss [\d.]+, accuracy [\d.]+ % in training, \d+ digits\/s, \d+ s left$/m);
    const [, percent] = stdout.trimEnd().match(/\nlenet5 \(modern\): test accuracy ([\d.]+) %$/)!;
    expect(Number(percent)).toBeGreaterThanOrEqual(95);
  });

  it('goes on after it was killed, to the same bits', async () => {
    const whole = await train('whole', ...SHORT);
    expect(whole.code).toBe(0);
    const script = fileURLToPath(new URL('../examples/lenet5/train.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, '--out', join(folder, 'killed'), '--variant', 'modern', ...SHORT]);
    // The line of the second epoch comes before its checkpoint: at most it is lost.
    await new Promise<void>((resolve) => {
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (more) => {
        text += more;
        if (text.includes('epoch 2 of 3')) child.kill('SIGKILL');
      });
      child.on('close', () => resolve());
    });
    const rest = await train('killed', ...SHORT);
    expect(rest.code).toBe(0);
    expect(rest.stdout).toMatch(/modern\.checkpoint\.safetensors is there, [12] of 3 epochs are done/);
    for (const name of ['modern.safetensors', 'modern.checkpoint.safetensors']) {
      const [a, b] = await Promise.all(['whole', 'killed'].map((out) => readFile(join(folder, out, name))));
      expect(b.equals(a)).toBe(true);
    }
    const again = await train('whole', ...SHORT);
    expect(again.stdout).toMatch(/3 of 3 epochs are done\nlenet5 \(modern\): test accuracy/);
    expect(again.stdout.split('\n').at(-2)).toBe(whole.stdout.split('\n').at(-2));
  });

  it('refuses a checkpoint of another run or network, or a damaged one, and leaves it', async () => {
    const made = join(folder, 'whole', 'modern.checkpoint.safetensors');
    const bytes = await readFile(made);
    const cases: [string, Uint8Array, string[], RegExp][] = [
      ['seed', bytes, ['--seed', '2'], /it is of seed 1, not 2$/m],
      ['batch', bytes, ['--batch', '32'], /it is of batch 64, not 32$/m],
      ['variant', bytes, ['--variant', '1998'], /it is of variant modern, not 1998$/m],
      ['cut', bytes.subarray(0, 5000), [], /1998|header|data_offsets/],
    ];
    for (const [name, contents, args, message] of cases) {
      const out = join(folder, `refused-${name}`);
      await mkdir(out);
      const file = join(out, `${name === 'variant' ? '1998' : 'modern'}.checkpoint.safetensors`);
      await writeFile(file, contents);
      const { code, stdout, stderr } = await train(`refused-${name}`, ...SHORT, ...args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^error: \S+checkpoint\.safetensors cannot be gone on from: /);
      expect(stderr).toMatch(message);
      expect(Buffer.compare(await readFile(file), contents)).toBe(0);
    }
    const other = join(folder, 'refused-other');
    await cp(join(folder, 'refused-seed'), other, { recursive: true });
    const { code } = await train('refused-other', '--digits', '64', '--epochs', '1', '--fresh');
    expect(code).toBe(0);
  });

  it('says what an option should be', async () => {
    for (const [args, message] of [
      [['--epochs', '0'], /A whole number from 1 to 10000/],
      [['--batch', 'x'], /A whole number from 1 to 60000/],
      [['--variant', '2024'], /Allowed choices are 1998, modern, both/],
    ] as const) {
      const { code, stderr } = await train('none', ...args);
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
    }
  });

  /** Where these change, so do the figures of the README: `npm run train:lenet5` gives them. */
  it.each([
    ['1998', 200, [simd], '920f831de79343417084a3ea88a472351c4854bbbdea53a12806a78f3b62b094'],
    ['1998', 50, engines, 'eaa43aba910b45af7cc7d0f5b437fe24a2163f52be77862a3b0a28722f3a3a8e'],
    ['modern', 200, [simd], '29ed5d73207f283de5e05045d667332debf7035d14fb76afafbc989429a307ab'],
    ['modern', 50, engines, '6c36059f750a736365f422289ae7daa28c69b8d6828be7c63a0d2d17556d39ff'],
  ])('trains %s in %i steps to the same bits everywhere', async (variant, steps, on, expected) => {
    const digits = { ...(await readMnist('train')), count: 4 * steps };
    for (const engine of on) {
      const run = training(engine, digits, { variant, seed: 1, epochs: 1, batch: 4, shift: 1 });
      run.runEpoch(() => {});
      const hash = createHash('sha256').update(run.network.save()).digest('hex');
      expect([engine.variant, hash]).toEqual([engine.variant, expected]);
      run.dispose();
    }
  });
});

describe('the weights in the example', () => {
  it('tell the digits of the test set with the accuracy that they say', async () => {
    const network: Sequential = variants.modern.make(simd, 1);
    const notes = network.load(await readFile(new URL('../examples/lenet5/modern.safetensors', import.meta.url)));
    const right = accuracy(network, 'modern', await readMnist('test'));
    expect(`${(100 * right).toFixed(2)} %`).toBe(notes.accuracy);
    expect(right).toBeGreaterThanOrEqual(0.99);
    expect(inputShape(1)).toEqual([1, 1, 32, 32]);
    network.dispose();
  });
});
