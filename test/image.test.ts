import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type BorderMode, type Filters, filters, type Image, KernelImage, type RawImage } from '../src/image/index.ts';
import { gaussian } from '../src/image/kernels.ts';
import { fixedPasses } from '../src/image/plan/factors.ts';
import { load } from '../src/index.ts';
import { expectSameBits } from './equal.ts';
import { guardedEngine } from './guarded-engine.ts';
import { type Around, nearestByte, type Pixels, sumOfProducts, windows } from './oracle/image.ts';
import { js, simd } from './platforms.ts';
import { random } from './random.ts';

const twin = filters(js.engine);
const wasm = filters(simd.engine);
const BORDERS = ['constant', 'replicate', 'reflect', 'reflect-101', 'wrap'] as const satisfies BorderMode[];
const CHANNELS = [1, 2, 3, 4] as const;

/** What a Gaussian of bytes is off at most, by its σ: docs/images.md. */
const GAUSSIAN_BOUNDS = [
  { to: 20, error: 0.536 },
  { to: 60, error: 0.56 },
  { to: 170, error: 0.6 },
] as const;

type Kind = typeof Uint8Array | typeof Uint8ClampedArray | typeof Float32Array;

function noise(width: number, height: number, channels: number, kind: Kind = Uint8Array): Pixels {
  const next = random(width * 1000 + height * 10 + channels);
  const value = kind === Float32Array ? () => 2 * next() - 1 : () => Math.floor(next() * 256);
  const data = new kind(width * height * channels);
  for (let i = 0; i < data.length; i++) data[i] = value();
  return { data, width, height, channels };
}

const rows = (kernel: string) => kernel.split(';').map((row) => row.trim().split(/\s+/).map(Number));
const outer = (a: readonly number[], b: readonly number[]) => a.map((y) => b.map((x) => x * y));
const square = (window: number[][]) => window.flat();
const BINOMIAL = [1, 4, 6, 4, 1];
const round = (x: number) => Math.min(Math.max(Math.round(x), 0), 255);

/** A filter, and its exact result from a window of bytes. */
interface Case {
  readonly run: (f: Filters, image: RawImage, options: object) => Image;
  readonly height: number;
  readonly width: number;
  readonly exact: (window: number[][]) => number;
}

function kernelCase(kernel: number[][], divisor = 1, bias = 0, run?: Case['run']): Case {
  return {
    run: run ?? ((f, image, options) => f.filter2d(image, kernel, { ...options, divisor, bias })),
    height: kernel.length,
    width: kernel[0].length,
    exact: (window) => nearestByte(sumOfProducts(window, kernel) + bias * divisor, divisor),
  };
}

function gradientCase(name: 'sobel' | 'scharr' | 'prewitt', side: number, centre: number): Case {
  const kernel = [
    [-side, 0, side],
    [-centre, 0, centre],
    [-side, 0, side],
  ];
  const turned = kernel.map((_, i) => kernel.map((row) => row[i]));
  return {
    run: (f, image, options) => f[name](image, options),
    height: 3,
    width: 3,
    exact: (window) => round(Math.hypot(sumOfProducts(window, kernel), sumOfProducts(window, turned))),
  };
}

const all = (weight: number, height: number, width: number) => Array.from({ length: height }, () => new Array<number>(width).fill(weight));

const cases: Readonly<Record<string, Case>> = {
  identity: kernelCase([[1]], 1, 0, (f, image, options) => f.identity(image, options)),
  'sums of 16 bits': kernelCase(rows('1 2 3; 4 -5 6; 7 8 9'), 32, 3),
  'sums of 32 bits': kernelCase(rows('100 2 3; 4 -150 6; 7 8 9'), 128, -20),
  'weights of 16 bits': kernelCase(rows('32767 -32767; 20000 3'), 1024),
  'a divisor that is no power of two': kernelCase(rows('1 2 3; 4 5 6; 7 8 9'), 45),
  'a large divisor': kernelCase(rows('30000 -7 20000'), 49993, 7),
  'a negative divisor': kernelCase(rows('1 -2 -1; 0 -3 -5'), -10),
  'a negative divisor, separable': kernelCase(outer([1, -2, 1, 1], [3, 1, 2, 1]), -7),
  'an even kernel': kernelCase(rows('1 2; 3 4; 5 6; 7 8'), 36),
  'a row': kernelCase([[1, 0, 0, 0, 2, 1, 1]], 5),
  'a column': kernelCase([[3], [-1], [1]], 3),
  'nothing but zeros': kernelCase(all(0, 3, 3), 1, 77),
  separable: kernelCase(outer(BINOMIAL, BINOMIAL), 256),
  'separable, divided': kernelCase(outer([1, 2, 3, 4], [1, 1, 1, 1, 1, -2]), 30),
  'separable, of both signs': kernelCase(outer([-1, 3, -1], [1, -2, 5, 5, -2, 1]), 8, 128),
  'separable, as large as words can be': kernelCase(outer([64, 0, -64], [1, 2, 3, 4, 3, 2, 1]), 256, 100),
  'separable, with a middle and fours and twos': kernelCase(outer([1, 2, 3, 4, 3, 2, 1], [2, 1, 3, 9, 3, 1, 2]), 1024),
  'too large for words, though separable': kernelCase(outer([60, 60, 60, 1], [1, 2, 3, 4, 5]), 2700),
  sharpen: kernelCase(rows('0 -1 0; -1 5 -1; 0 -1 0'), 1, 0, (f, image, options) => f.sharpen(image, options)),
  emboss: kernelCase(rows('-2 -1 0; -1 1 1; 0 1 2'), 1, 0, (f, image, options) => f.emboss(image, options)),
  'emboss, from the right': kernelCase(rows('1 0 -1; 2 1 -2; 1 0 -1'), 1, 0, (f, image, options) =>
    f.emboss(image, { ...options, direction: 'right' }),
  ),
  outline: kernelCase(rows('-1 -1 -1; -1 8 -1; -1 -1 -1'), 1, 0, (f, image, options) => f.outline(image, options)),
  edge: kernelCase(rows('-1 -1 -1; -1 8 -1; -1 -1 -1'), 1, 0, (f, image, options) => f.edge(image, options)),
  laplacian: kernelCase(rows('0 -1 0; -1 4 -1; 0 -1 0'), 2, 128, (f, image, options) =>
    f.laplacian(image, { ...options, divisor: 2, bias: 128 }),
  ),
  'sobel x': kernelCase(rows('-1 0 1; -2 0 2; -1 0 1'), 8, 128, (f, image, options) =>
    f.sobel(image, { ...options, direction: 'x', divisor: 8, bias: 128 }),
  ),
  'scharr y': kernelCase(rows('-3 -10 -3; 0 0 0; 3 10 3'), 1, 0, (f, image, options) => f.scharr(image, { ...options, direction: 'y' })),
  'prewitt y': kernelCase(rows('-1 -1 -1; 0 0 0; 1 1 1'), 1, 0, (f, image, options) => f.prewitt(image, { ...options, direction: 'y' })),
  sobel: gradientCase('sobel', 1, 2),
  scharr: gradientCase('scharr', 3, 10),
  prewitt: gradientCase('prewitt', 1, 1),
  'blur of 3×3': kernelCase(all(1, 3, 3), 9, 0, (f, image, options) => f.blur(image, options)),
  'blur of 5×15': kernelCase(all(1, 5, 15), 75, 0, (f, image, options) => f.blur(image, { ...options, radius: [2, 7] })),
  'motion blur': kernelCase([[1, 1, 1, 1, 1]], 5, 0, (f, image, options) => f.motionBlur(image, { ...options, length: 5 })),
  'motion blur upwards': kernelCase(rows('0 0 1; 0 1 0; 1 0 0'), 3, 0, (f, image, options) =>
    f.motionBlur(image, { ...options, length: 3, angle: 45 }),
  ),
  median: { run: (f, image, options) => f.median(image, options), height: 3, width: 3, exact: (w) => square(w).sort((a, b) => a - b)[4] },
  erode: { run: (f, image, options) => f.erode(image, options), height: 3, width: 3, exact: (w) => Math.min(...square(w)) },
  'dilate by 5×1': {
    run: (f, image, options) => f.dilate(image, { ...options, radius: [2, 0] }),
    height: 5,
    width: 1,
    exact: (w) => Math.max(...square(w)),
  },
};

function expectSame(actual: Image, expected: ArrayLike<number>, what: string): void {
  const { data } = actual;
  expect(data.length).toBe(expected.length);
  for (let i = 0; i < data.length; i++)
    if (!Object.is(data[i], expected[i])) expect.fail(`${what}: element ${i} is ${data[i]}, not ${expected[i]}`);
}

/** In place and not, plain and in kernel memory. */
function everyWay(run: Case['run'], f: Filters, image: Pixels, options: object): Image[] {
  const before = image.data.slice();
  const made = [run(f, image, options)];
  expectSame(image, before, 'the input');
  const own = { ...image, data: image.data.slice() };
  expect(run(f, own, { ...options, out: own })).toBe(own);
  const kernel = f.image(image.width, image.height, image.channels, image.data instanceof Float32Array ? 'f32' : 'u8');
  kernel.data.set(image.data);
  const apart = run(f, kernel, options) as KernelImage;
  expect(apart).toBeInstanceOf(KernelImage);
  made.push(own, { ...image, data: apart.data.slice() });
  run(f, kernel, { ...options, out: kernel });
  made.push({ ...image, data: kernel.data.slice() });
  for (const held of [kernel, apart]) held.dispose();
  return made;
}

describe('filters over bytes: exactly the definition, by either backend', () => {
  it.each(Object.entries(cases))('%s', (name, { run, height, width, exact }) => {
    const next = random(name.length);
    for (const channels of CHANNELS)
      for (const border of BORDERS) {
        const around: Around = { border, borderValue: border === 'constant' ? 99 : 0, alpha: next() < 0.5 ? 'keep' : 'filter' };
        const image = noise(
          1 + Math.floor(next() * 12),
          1 + Math.floor(next() * 9),
          channels,
          next() < 0.5 ? Uint8Array : Uint8ClampedArray,
        );
        const expected = windows(image, height, width, around, exact);
        const what = `${image.width}×${image.height}, ${channels} channels, ${border}, alpha ${around.alpha}`;
        for (const f of [twin, wasm]) for (const made of everyWay(run, f, image, around)) expectSame(made, expected, what);
        expect(run(wasm, image, around).data.constructor).toBe(image.data.constructor);
      }
  });

  it('at any width from 1 to 40, and over several tasks', () => {
    for (let width = 1; width <= 40; width++) {
      const channels = CHANNELS[width % 4];
      const around = { border: BORDERS[width % 5], borderValue: 0, alpha: 'keep' } as const;
      for (const name of ['sums of 16 bits', 'a large divisor', 'separable', 'blur of 3×3', 'median', 'erode', 'sobel']) {
        const { run, height, width: kernelWidth, exact } = cases[name];
        const image = noise(width, name === 'median' ? 37 : 4, channels);
        expectSame(run(wasm, image, around), windows(image, height, kernelWidth, around, exact), `${name}, ${width} wide`);
      }
    }
  });

  it('where rows end with a vector, over several tasks, the last of an odd number of rows', () => {
    const names = Object.keys(cases).filter((name) => /separable|sums|divisor|column|motion/.test(name));
    for (const [i, name] of names.entries())
      for (const [width, channels] of [
        [64, 1],
        [32, 2],
        [16, 4],
        [8, 4],
        [24, 4],
      ] as const)
        for (const alpha of ['keep', 'filter'] as const)
          for (const rowCount of [1, 16, 35]) {
            const { run, height, width: kernelWidth, exact } = cases[name];
            const around = { border: BORDERS[(i + rowCount) % 5], borderValue: 0, alpha };
            const image = noise(width, rowCount, channels);
            const expected = windows(image, height, kernelWidth, around, exact);
            for (const made of everyWay(run, wasm, image, around))
              expectSame(made, expected, `${name}, ${width}×${rowCount}×${channels}, ${alpha}`);
          }
  });
});

describe('filters over bytes with real weights', () => {
  const around: Around = { border: 'replicate', borderValue: 0, alpha: 'filter' };

  function worst(actual: Image, exact: Float64Array): number {
    return exact.reduce((most, value, i) => Math.max(most, Math.abs(actual.data[i] - Math.min(Math.max(value, 0), 255))), 0);
  }

  it('one pass: within half and what weights of 2⁻¹⁵ are off', () => {
    const kernel = rows('0.11 -0.2 0.3; 0.4 0.05 -0.6; 0.7 0.123 0.2');
    const image = noise(29, 17, 3);
    const exact = windows(image, 3, 3, around, (window) => sumOfProducts(window, kernel) / 0.9 + 10.25);
    const made = wasm.filter2d(image, kernel, { ...around, divisor: 0.9, bias: 10.25 });
    expect(worst(made, exact)).toBeLessThan(0.5 + (9 * 255) / 2 ** 16);
    expectSame(twin.filter2d(image, kernel, { ...around, divisor: 0.9, bias: 10.25 }), made.data, 'the twin');
  });

  /** The factors of a Gaussian, and what their product in fixed point is off at each of its weights. */
  function gaussianErrors(sigma: number) {
    const factor = gaussian(sigma, Math.ceil(3 * sigma));
    const { column, row } = fixedPasses({ column: factor, row: factor });
    const sumOf = (weights: readonly number[]) => weights.reduce((sum, weight) => sum + weight, 0);
    const scale = sumOf(column.weights) * sumOf(row.weights);
    const errors = new Float64Array(factor.length ** 2);
    let [over, under] = [0, 0];
    for (const [i, y] of column.weights.entries())
      for (const [j, x] of row.weights.entries()) {
        const error = (y * x) / scale - factor[i] * factor[j];
        errors[i * factor.length + j] = error;
        over += Math.max(error, 0);
        under += Math.max(-error, 0);
      }
    const keptBits = row.shift - Math.log2(sumOf(row.weights));
    return { factor, errors, bound: 0.5 + 255 * Math.max(over, under) + 2 ** -(keptBits + 1) };
  }

  it('a Gaussian: whatever the image, no further from the exact one than docs/images.md says, for every σ', async () => {
    const [upTo20, upTo60, most] = GAUSSIAN_BOUNDS;
    for (let sigma = 0.3; sigma <= 511 / 3; sigma = sigma < 20 ? sigma + 0.05 : sigma + 2.3) {
      expect(gaussianErrors(sigma).bound, `σ ${sigma}`).toBeLessThan((sigma <= 20 ? upTo20 : sigma <= 60 ? upTo60 : most).error);
    }
    const page = await readFile(new URL('../docs/images.md', import.meta.url), 'utf8');
    expect(page.replaceAll(/\s+/g, ' ')).toContain(GAUSSIAN_BOUNDS.map(({ error, to }) => `${error} for σ up to ${to}`).join(', '));
  });

  it.each([0.3, 0.5, 0.8, 1.1, 2, 3.3, 5, 9.7, 16.25, 20, 33, 60])('a Gaussian of σ %d: of the worst images too', (sigma) => {
    const { factor, errors, bound } = gaussianErrors(sigma);
    const width = factor.length;
    const middle = (width ** 2 - 1) / 2;
    let most = 0;
    for (let i = 0; i < 80; i++) {
      // Bytes of 0 and 255 by the sign of each weight's error; then some of them a bit darker, to meet the edge between two bytes.
      const sign = i % 2 === 0 ? 1 : -1;
      const data = Uint8Array.from(errors, (error) => (error * sign > 0 ? 255 : 0));
      const moved = width < 50 ? 3 * i : 2;
      for (let k = 0; k < (data.length * i) / 80; k++) if (data[k] === 255) data[k] -= moved;
      const exact = data.reduce((sum, x, at) => sum + x * factor[Math.floor(at / width)] * factor[at % width], 0);
      const image = { data, width, height: width, channels: 1 };
      const made = wasm.gaussianBlur(image, sigma).data[middle];
      most = Math.max(most, Math.abs(made - exact));
      if (i === 0 && width < 100) expectSame(twin.gaussianBlur(image, sigma), wasm.gaussianBlur(image, sigma).data, 'the twin');
    }
    expect(most).toBeLessThan(bound);
    expect(most).toBeGreaterThan(0.46);
  });

  it('a column times a row that is nothing in fixed point, or as floats, is nothing but its bias', () => {
    for (const [weight, image] of [
      [1e-9, noise(24, 5, 4)],
      [1e-60, noise(24, 5, 4, Float32Array)],
    ] as const) {
      const kernel = outer(BINOMIAL, BINOMIAL).map((row) => row.map((each) => each * weight));
      for (const f of [twin, wasm]) {
        const { data } = f.filter2d(image, kernel, { border: 'replicate', alpha: 'filter', bias: 77 });
        expect(new Set(data)).toEqual(new Set([77]));
      }
    }
  });

  it('a constant image stays as it is', () => {
    for (const value of [0, 1, 127, 254, 255]) {
      const image = { ...noise(33, 9, 1), data: new Uint8Array(33 * 9).fill(value) };
      for (const made of [
        wasm.blur(image, { radius: 4 }),
        ...[2.3, 9, 40].map((sigma) => wasm.gaussianBlur(image, sigma)),
        wasm.unsharpMask(image),
        wasm.motionBlur(image, { angle: 30 }),
      ])
        expect(new Set(made.data)).toEqual(new Set([value]));
    }
  });

  it('unsharp masking: what the blur took away, times the amount, where it is enough', () => {
    const image = noise(31, 11, 3);
    const blurred = twin.gaussianBlur(image, 1.5);
    const expected = image.data.map((x, i) => {
      const d = x - blurred.data[i];
      return Math.abs(d) < 20 ? x : Math.min(Math.max(x + Math.floor(d * 0.75 + 0.5), 0), 255);
    });
    for (const f of [twin, wasm]) expectSame(f.unsharpMask(image, { sigma: 1.5, amount: 0.75, threshold: 19.5 }), expected, 'unsharp');
  });

  it('grayscale: 2⁻¹⁵ of the weights', () => {
    for (const channels of [3, 4]) {
      const image = noise(17, 5, channels);
      const grey = (i: number) => (image.data[i] * 9798 + image.data[i + 1] * 19235 + image.data[i + 2] * 3735 + 16384) >> 15;
      const expected = image.data.map((x, i) => (i % channels === 3 ? x : grey(i - (i % channels))));
      for (const f of [twin, wasm]) {
        for (const made of everyWay((f, image, options) => f.grayscale(image, options), f, image, {})) expectSame(made, expected, 'grey');
        const single = f.grayscale(image, { single: true });
        expect(single.channels).toBe(1);
        expectSame(
          single,
          expected.filter((_, i) => i % channels === 0),
          'one channel',
        );
      }
    }
  });
});

describe('filters over floats', () => {
  const around: Around = { border: 'reflect-101', borderValue: 0, alpha: 'keep' };

  it.each(Object.entries(cases))('%s: the same bits by either backend, in place and not', (_, { run }) => {
    for (const channels of CHANNELS)
      for (const border of BORDERS)
        for (const [width, height] of [
          [1, 7],
          [3, 7],
          [16, 7],
          [21, 7],
          [32, 41],
        ]) {
          const image = noise(width, height, channels, Float32Array);
          const options = { border, borderValue: border === 'constant' ? -0.75 : 0 };
          const expected = run(twin, image, options).data as Float32Array;
          for (const f of [twin, wasm])
            for (const { data } of everyWay(run, f, image, options)) expectSameBits(data as Float32Array, expected);
        }
  });

  it.each(Object.entries(cases).filter(([name]) => !/bits|large|negative/.test(name)))('%s: close to the definition', (name, {
    run,
    height,
    width,
  }) => {
    const image = noise(13, 9, 4, Float32Array);
    // Bytes are what the case knows: as floats they give the same but for rounding and saturation.
    const bytes = { ...image, data: Float32Array.from(noise(13, 9, 4).data) };
    const made = run(wasm, bytes, around).data;
    const expected = windows(bytes, height, width, around, cases[name].exact);
    for (const [i, value] of expected.entries()) if (value > 0 && value < 255) expect(Math.abs(made[i] - value), name).toBeLessThan(0.501);
  });

  it('a mean of floats does not drift', () => {
    const image = noise(64, 200, 1, Float32Array);
    const made = wasm.blur(image, { radius: 3, ...around }).data;
    const expected = windows(image, 7, 7, around, (window) => window.flat().reduce((a, b) => a + b) / 49);
    for (const [i, value] of expected.entries()) if (Math.abs(made[i] - value) > 1e-7) expect.fail(`${made[i]} at ${i}, not ${value}`);
  });
});

describe('images in memory', () => {
  it('arrays that begin anywhere', () => {
    const image = noise(5, 3, 3);
    const expected = wasm.sharpen(image).data;
    for (const offset of [1, 2, 3, 4, 7]) {
      const data = new Uint8Array(60).subarray(offset, offset + 45);
      data.set(image.data);
      const around = new Uint8Array(data.buffer).slice();
      expectSame(wasm.sharpen({ ...image, data }), expected, 'sharpen');
      for (const f of [twin, wasm]) {
        const out = { ...image, data: new Uint8Array(60).fill(7).subarray(offset, offset + 45) };
        expect(f.sharpen({ ...image, data }, { out })).toBe(out);
        expectSame(out, expected, 'out');
        const whole = new Uint8Array(out.data.buffer);
        expect([...whole.subarray(0, offset), ...whole.subarray(offset + 45)]).toEqual(new Array(15).fill(7));
      }
      expect(new Uint8Array(data.buffer)).toEqual(around);
    }
  });

  it('a view of kernel memory is used where it is', () => {
    const held = wasm.image(8, 8, 4);
    const image = noise(8, 8, 4);
    held.data.set(image.data);
    const out = wasm.image(8, 8, 4);
    wasm.emboss({ data: held.data, width: 8, height: 8 }, { out });
    expectSame(out, wasm.emboss(image).data, 'emboss');
    expect(held.data).toEqual(Uint8ClampedArray.from(image.data));
    for (const each of [held, out]) each.dispose();
    expect(held.disposed).toBe(true);
    expect(() => wasm.emboss(held)).toThrow('image has been disposed');
  });

  it('an ImageData gives an ImageData', () => {
    class FakeImageData {
      readonly colorSpace = 'srgb';
      readonly data: Uint8ClampedArray;
      readonly width: number;
      readonly height: number;
      constructor(data: Uint8ClampedArray, width: number, height: number) {
        this.data = data;
        this.width = width;
        this.height = height;
      }
    }
    const hosts = globalThis as { ImageData?: unknown };
    hosts.ImageData = FakeImageData;
    try {
      const { data } = noise(6, 4, 4, Uint8ClampedArray);
      const made = wasm.outline(new FakeImageData(data as Uint8ClampedArray, 6, 4) as unknown as ImageData);
      expect(made).toBeInstanceOf(FakeImageData);
      expectSame(made as Image, wasm.outline({ data, width: 6, height: 4 }).data, 'outline');
    } finally {
      delete hosts.ImageData;
    }
  });

  it('a large image needs little besides itself', async () => {
    const f = filters(await load({ variant: 'simd' }));
    const [x, out] = [f.image(6000, 5000, 4), f.image(6000, 5000, 4)];
    const before = x.data.buffer.byteLength;
    f.outline(x, { out });
    f.gaussianBlur(x, 2, { out });
    f.blur(x, { radius: 10, out: x });
    expect(x.data.buffer.byteLength - before).toBeLessThan(4e6);
  });
});

it('no kernel writes a byte outside its output and scratch', async () => {
  const called = new Set<string>();
  for (const kind of [Uint8Array, Float32Array])
    for (const [width, height, channels] of [
      [1, 1, 1],
      [5, 3, 3],
      [16, 9, 4],
      [33, 20, 2],
      [32, 17, 1],
    ]) {
      const image = noise(width, height, channels, kind);
      for (const [name, { run }] of Object.entries(cases)) {
        const f = filters(await guardedEngine((kernel) => called.add(kernel)));
        expectSame(run(f, image, {}), run(twin, image, {}).data, name);
      }
      const rgb = noise(width, height, 3, kind);
      const f = filters(await guardedEngine((kernel) => called.add(kernel)));
      expectSame(f.grayscale(rgb, { single: true }), twin.grayscale(rgb, { single: true }).data, 'grayscale');
    }
  expect([...called].sort()).toEqual(['imageBox', 'imageBytes', 'imageFloats', 'imageGradient', 'imageGrey', 'imageOrder']);
});

describe('threads', () => {
  it('give the same, in one call or several at once', async () => {
    const engine = await load({ threads: 3 });
    const f = filters(engine);
    const image = noise(501, 333, 4);
    const plane = noise(501, 333, 1, Float32Array);
    for (const name of ['outline', 'median', 'erode', 'sobel', 'blur'] as const) {
      expectSame(f[name](image), wasm[name](image).data, name);
      expectSameBits(f[name](plane).data as Float32Array, wasm[name](plane).data as Float32Array);
    }
    const names = ['outlineAsync', 'medianAsync', 'blurAsync'] as const;
    const made = await Promise.all(names.map((name) => f[name](image)));
    for (const [i, name] of (['outline', 'median', 'blur'] as const).entries()) expectSame(made[i] as Image, wasm[name](image).data, name);
    const own = { ...image, data: image.data.slice() };
    await f.gaussianBlurAsync(own, 2, { out: own });
    expectSame(own, wasm.gaussianBlur(image, 2).data, 'gaussianBlur');
    engine.dispose();
  });
});

describe('refusals', () => {
  const image = noise(4, 4, 4);
  const kernel = wasm.image(4, 4);
  const other = { ...image, data: new Uint8Array(64) };
  const huge = Array.from({ length: 1025 }, () => [1]);
  const refusals: [string, () => unknown, string, RegExp][] = [
    ['no image', () => wasm.sharpen(null as never), 'ShapeError', /^image: expected an image/],
    ['no width', () => wasm.sharpen({ ...image, width: 0, data: new Uint8Array(0) }), 'ShapeError', /^image\.width: .*got 0/],
    ['half a height', () => wasm.sharpen({ ...image, height: 1.5 }), 'ShapeError', /^image\.height/],
    ['five channels', () => wasm.sharpen({ ...image, channels: 5 }), 'ShapeError', /^image\.channels: expected 1, 2, 3 or 4, got 5/],
    [
      'too little data',
      () => wasm.sharpen({ ...image, width: 5 }),
      'ShapeError',
      /^image\.data: expected 80 for 5×4 pixels of 4 channels, got 64/,
    ],
    ['other data', () => wasm.sharpen({ ...image, data: [1, 2] as never }), 'ShapeError', /^image\.data: expected a Uint8Array/],
    ['an unknown option', () => wasm.sharpen(image, { sigma: 1 } as never), 'OptionError', /^options\.sigma/],
    ['an unknown border', () => wasm.sharpen(image, { border: 'mirror' as never }), 'OptionError', /^options\.border/],
    ['a border value that is no byte', () => wasm.sharpen(image, { borderValue: 256 }), 'OptionError', /^options\.borderValue/],
    ['another alpha', () => wasm.sharpen(image, { alpha: 'drop' as never }), 'OptionError', /^options\.alpha/],
    [
      'out of another size',
      () => wasm.sharpen(image, { out: noise(5, 4, 4) }),
      'ShapeError',
      /^out: expected 4×4 pixels of 4 bytes, got 5×4/,
    ],
    ['out of floats', () => wasm.sharpen(image, { out: noise(4, 4, 4, Float32Array) }), 'ShapeError', /^out: .*floats/],
    [
      'out that overlaps',
      () => {
        const data = new Uint8Array(100);
        return wasm.sharpen({ ...image, data: data.subarray(0, 64) }, { out: { ...image, data: data.subarray(8, 72) } });
      },
      'ShapeError',
      /^out: .*overlaps/,
    ],
    ['no kernel', () => wasm.filter2d(image, undefined as never), 'ShapeError', /^kernel/],
    ['an empty kernel', () => wasm.filter2d(image, []), 'ShapeError', /^kernel/],
    ['a kernel of no rows', () => wasm.filter2d(image, [[]]), 'ShapeError', /^kernel/],
    ['ragged rows', () => wasm.filter2d(image, [[1, 2], [3]]), 'ShapeError', /^kernel: .*several lengths/],
    ['a list that is no square', () => wasm.filter2d(image, [1, 2, 3]), 'ShapeError', /^kernel/],
    ['NaN in a kernel', () => wasm.filter2d(image, [[1, Number.NaN]]), 'OptionError', /^kernel\[0\]\[1\]: .*NaN/],
    ['a word in a kernel', () => wasm.filter2d(image, [[1], ['2' as never]]), 'OptionError', /^kernel\[1\]\[0\]/],
    ['a huge kernel', () => wasm.filter2d(image, huge), 'ShapeError', /^kernel: expected at most 1023×1023, got 1025×1/],
    ['weights beyond bytes', () => wasm.filter2d(image, [[40000]]), 'OptionError', /^kernel: .*32767/],
    ['a divisor of 0', () => wasm.filter2d(image, [[1]], { divisor: 0 }), 'OptionError', /^options\.divisor/],
    ['an infinite bias', () => wasm.filter2d(image, [[1]], { bias: Infinity }), 'OptionError', /^options\.bias/],
    ['a bias beyond bytes', () => wasm.filter2d(image, [[1]], { bias: 1e6 }), 'OptionError', /^options\.bias/],
    ['a sigma of 0', () => wasm.gaussianBlur(image, 0), 'OptionError', /^sigma/],
    ['no sigma', () => wasm.gaussianBlur(image, undefined as never), 'OptionError', /^sigma/],
    ['a huge sigma', () => wasm.gaussianBlur(image, 1000), 'OptionError', /^sigma: expected at most 170/],
    ['a negative radius', () => wasm.blur(image, { radius: -1 }), 'OptionError', /^options\.radius/],
    ['a huge radius', () => wasm.erode(image, { radius: 600 }), 'OptionError', /^options\.radius/],
    ['an unknown direction', () => wasm.emboss(image, { direction: 'up' as never }), 'OptionError', /^options\.direction/],
    ['a large amount', () => wasm.unsharpMask(image, { amount: 200 }), 'OptionError', /^options\.amount/],
    ['grey of one channel', () => wasm.grayscale(noise(4, 4, 1)), 'ShapeError', /^image\.channels/],
    ['two weights', () => wasm.grayscale(image, { weights: [1, 2] as never }), 'OptionError', /^options\.weights/],
    ['a border of grey', () => wasm.grayscale(image, { border: 'wrap' } as never), 'OptionError', /^options\.border/],
    ['an image of no size', () => wasm.image(0, 4), 'ShapeError', /^width/],
    ['an image of another type', () => wasm.image(4, 4, 4, 'u16' as never), 'OptionError', /^type/],
    ['an image beyond memory', () => wasm.image(60000, 60000), 'ShapeError', /4 GiB/],
  ];

  it.each(refusals)('%s', (_, call, name, message) => {
    other.data.set(image.data);
    expect(call).toThrow(expect.objectContaining({ name, message: expect.stringMatching(message) }));
    expectSame(image, other.data, 'the image');
    expectSame(wasm.identity(image), image.data, 'the engine works on');
    expect(kernel.disposed).toBe(false);
  });

  it('by a promise too', async () => {
    await expect(wasm.filter2dAsync(image, [])).rejects.toMatchObject({ name: 'ShapeError' });
  });
});
