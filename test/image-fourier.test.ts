import { describe, expect, it } from 'vitest';
import type { Engine } from '../src/engine.ts';
import type { Tile } from '../src/image/fourier.ts';
import { type BorderMode, filters, type Kernel } from '../src/image/index.ts';
import { planFourier, planFourierStep, planKernel } from '../src/image/plan/plan.ts';
import { filterInput, kernelSpec, PlainImage, placed } from '../src/image/spec.ts';
import { load } from '../src/index.ts';
import { type HostStep, isHostStep, Plan } from '../src/plan/plan.ts';
import { type AnyTensor, PlainTensor } from '../src/tensor/tensor.ts';
import { expectSameBits } from './equal.ts';
import { type Around, nearestByte, type Pixels, sumOfProducts, windows } from './oracle/image.ts';
import { js, simd } from './platforms.ts';
import { random } from './random.ts';

/** Filters by Fourier transform, which only large kernels over large images choose. */

type Bytes = Pixels & { readonly data: Uint8Array };
type Floats = Pixels & { readonly data: Float32Array };

function pixels<T extends Uint8Array | Float32Array>(data: T, width: number, height: number) {
  return { data, width, height, channels: data.length / (width * height) };
}

function bytes(width: number, height: number, channels: number): Bytes {
  const next = random(width * 100 + height + channels);
  return pixels(
    Uint8Array.from({ length: width * height * channels }, () => Math.floor(next() * 256)),
    width,
    height,
  );
}

function floats(width: number, height: number, channels: number): Floats {
  const next = random(width + height + channels);
  return pixels(
    Float32Array.from({ length: width * height * channels }, () => 2 * next() - 1),
    width,
    height,
  );
}

function rows(height: number, width: number, weight: () => number): number[][] {
  return Array.from({ length: height }, () => Array.from({ length: width }, weight));
}

interface Options extends Partial<Around> {
  readonly divisor?: number;
  readonly bias?: number;
}

/** In tiles of a given size, however small the image: a new image, or in place. */
function byFourier<I extends Pixels>(engine: Engine, input: I, kernel: Kernel, tile: Tile, options: Options, inPlace = false): I['data'] {
  const image = new PlainImage({ ...input, data: input.data.slice() });
  const spec = filterInput(image, inPlace ? { ...options, out: image } : options);
  const x = placed(image, spec);
  const { plan, taps } = planFourier(spec, kernelSpec(kernel, options, spec), tile);
  const operation = () => ({
    beside: x,
    operands: { image: x, taps: new PlainTensor([taps.length], taps) },
    results: { out: { shape: x.shape, out: inPlace ? x : undefined } },
    plan,
    value: ({ out }: Readonly<Record<string, AnyTensor>>) => out.data,
  });
  const made = engine.operate({ name: 'byFourier', parameters: [], plan: operation }, []);
  const kind = input.data.constructor as typeof Uint8Array;
  return new kind(made.buffer.slice(made.byteOffset, made.byteOffset + made.byteLength)) as I['data'];
}

function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) if (actual[i] !== expected[i]) expect.fail(`${what}: ${actual[i]} at ${i}, not ${expected[i]}`);
}

const BORDERS = ['constant', 'replicate', 'reflect', 'reflect-101', 'wrap'] as const satisfies BorderMode[];

describe('bytes: exactly the definition', () => {
  it.each(BORDERS)('41×41 random weights, border %s, every number of channels, odd sizes, in place', (border) => {
    for (const [channels, width, height, tile] of [
      [1, 53, 26, { height: 64, width: 64 }],
      [2, 13, 25, { height: 64, width: 64 }],
      [3, 17, 7, { height: 64, width: 128 }],
      [4, 11, 25, { height: 64, width: 64 }],
    ] as const) {
      const next = random(channels);
      const kernel = rows(41, 41, () => Math.floor(next() * 41) - 20);
      const image = bytes(width, height, channels);
      for (const alpha of channels % 2 === 0 ? (['keep', 'filter'] as const) : (['filter'] as const)) {
        const options = { border, borderValue: border === 'constant' ? 99 : 0, alpha, divisor: 300, bias: 100 };
        const exact = (window: number[][]) => nearestByte(sumOfProducts(window, kernel) + 100 * 300, 300);
        const expected = windows(image, 41, 41, options, exact);
        const what = `${width}×${height}, ${channels} channels, alpha ${alpha}`;
        for (const { engine } of [js, simd]) {
          expectSame(byFourier(engine, image, kernel, tile, options), expected, what);
          expectSame(byFourier(engine, image, kernel, tile, options, true), expected, `${what}, in place`);
        }
      }
    }
  });

  it.each([
    [1, 1],
    [2, 5],
    [9, 4],
    [31, 32],
    [32, 17],
  ])('kernels of %d×%d, also even ones, over images larger and smaller than a tile', (height, width) => {
    const next = random(height);
    const kernel = rows(height, width, () => Math.floor(next() * 9) - 4);
    for (const [w, h] of [
      [1, 1],
      [3, 70],
      [65, 40],
    ]) {
      const image = bytes(w, h, 3);
      const options: Around = { border: 'reflect', borderValue: 0, alpha: 'keep' };
      const exact = (window: number[][]) => nearestByte(sumOfProducts(window, kernel) + 128 * 16, 16);
      const expected = windows(image, height, width, options, exact);
      for (const tile of [
        { height: 32, width: 64 },
        { height: 64, width: 32 },
      ])
        expectSame(byFourier(simd.engine, image, kernel, tile, { ...options, divisor: 16, bias: 128 }, true), expected, `${w}×${h}`);
    }
  });

  it('the largest sums that there are stay far from the next whole number', () => {
    // 255 · Σ|w| just below 2³¹, in the largest tiles: of one weight after the other, and spread over all of the kernel.
    for (const [side, weight, tile] of [
      [512, 32767, 1024],
      [512, 32, 1024],
      [1023, 8, 2048],
    ]) {
      const next = random(side + weight);
      const count = Math.floor((2 ** 31 - 1) / 255 / weight);
      const every = Math.max(1, Math.floor((side * side) / count));
      const sign = side === 1023 ? () => 1 : () => (next() < 0.5 ? -1 : 1);
      const weights = Array.from({ length: side * side }, (_, i) => (i % every === 0 && i / every < count ? weight * sign() : 0));
      const image = { ...bytes(9, 4, 2), data: Uint8Array.from({ length: 72 }, () => 255 - Math.floor(3 * next())) };
      let off = 0;
      const fourier = {
        tile: { height: tile, width: tile },
        weights,
        finish(sum: number) {
          const whole = Math.round(sum);
          off = Math.max(off, Math.abs(sum - whole));
          return whole & 255;
        },
      };
      const spec = filterInput(new PlainImage(image), { alpha: 'filter' });
      const output = new Float32Array(18);
      const input = new Float32Array(18);
      new Uint8Array(input.buffer).set(image.data);
      const plan = new Plan();
      planFourierStep(plan, spec, { height: side, width: side }, fourier);
      (plan.steps[0] as HostStep).run({ input, output });
      expect(off).toBeLessThan(1e-3);
      const lines = Array.from({ length: side }, (_, y) => weights.slice(y * side, (y + 1) * side));
      expectSame(new Uint8Array(output.buffer, 0, 72), lowBytes(image, lines), `${side}×${side}, weights of ${weight}`);
    }
  });
});

/** The lowest bytes of the sums over an image with replicated borders: weights that find the same pixel are added first. */
function lowBytes({ data, width, height, channels }: Bytes, kernel: readonly (readonly number[])[]): Uint8Array {
  const middle = kernel.length >> 1;
  const clamp = (i: number, n: number) => Math.min(Math.max(i, 0), n - 1);
  const made = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const weights = new Float64Array(width * height);
      for (const [i, line] of kernel.entries()) {
        const row = clamp(y + i - middle, height) * width;
        for (const [j, weight] of line.entries()) weights[row + clamp(x + j - middle, width)] += weight;
      }
      for (let c = 0; c < channels; c++) {
        made[(y * width + x) * channels + c] = weights.reduce((sum, weight, i) => sum + weight * data[i * channels + c], 0) % 256;
      }
    }
  return made;
}

describe('floats', () => {
  const next = random(3);
  const kernel = rows(41, 37, () => Math.fround(2 * next() - 1));
  const tile: Tile = { height: 64, width: 128 };
  const options: Around = { border: 'reflect-101', borderValue: 0, alpha: 'keep' };

  it.each([1, 4])('%d channels: the same bits by either backend and in place, near the f64 sum', (channels) => {
    const image = floats(95, 26, channels);
    const made = byFourier(js.engine, image, kernel, tile, { ...options, divisor: 7, bias: 0.25 });
    for (const { engine } of [js, simd]) {
      for (const inPlace of [false, true])
        expectSameBits(byFourier(engine, image, kernel, tile, { ...options, divisor: 7, bias: 0.25 }, inPlace), made);
    }
    const exact = windows(image, 41, 37, options, (window) => sumOfProducts(window, kernel) / 7 + 0.25);
    let rounded = 0;
    for (const [i, value] of exact.entries()) {
      // Half a unit in the last place, and what transforms are off.
      expect(Math.abs(made[i] - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -24 + 1e-13);
      if (made[i] === Math.fround(value)) rounded++;
    }
    expect(rounded / exact.length).toBeGreaterThan(0.999);
  });

  it('a NaN or an infinity reaches the windows that have it, and no other', () => {
    const sparse = kernel.map((row, y) => row.map((weight, x) => ((x + y) % 3 === 0 ? 0 : weight)));
    const clean = floats(105, 40, 1);
    const image = { ...clean, data: clean.data.slice() };
    for (const [at, value] of [
      [10 * 105 + 30, Number.NaN],
      [25 * 105 + 50, Infinity],
      [26 * 105 + 50, -Infinity],
      [39 * 105 + 104, -Infinity],
    ])
      image.data[at] = value;
    const filter: Around = { ...options, alpha: 'filter' };
    const of = ({ data, ...shape }: Floats) => windows({ ...shape, data }, 41, 37, filter, (window) => sumOfTaps(window, sparse));
    const exact = of(image);
    const made = byFourier(simd.engine, image, sparse, tile, filter);
    expect(exact.some(Number.isNaN) && exact.includes(Infinity) && exact.includes(-Infinity) && exact.some(Number.isFinite)).toBe(true);
    for (const [i, value] of exact.entries()) {
      if (Number.isFinite(value)) expect(Math.abs(made[i] - value)).toBeLessThan(1e-4);
      else expect(made[i]).toBe(value);
    }
  });
});

/** Weights of 0 take no part. */
function sumOfTaps(window: readonly (readonly number[])[], kernel: readonly (readonly number[])[]): number {
  return sumOfProducts(
    window.map((row, y) => row.map((x, column) => (kernel[y][column] === 0 ? 0 : x))),
    kernel,
  );
}

describe('the choice', () => {
  const next = random(5);
  const random41 = rows(41, 41, () => Math.floor(next() * 41) - 20);
  const chooses = (kernel: Kernel, image: Pixels) => {
    const spec = filterInput(new PlainImage(image), {});
    return planKernel(spec, kernelSpec(kernel, {}, spec)).plan.steps.some(isHostStep);
  };

  it('large kernels over large images, where they are no column times a row and not sparse', () => {
    const large = bytes(960, 540, 4);
    expect(chooses(random41, large)).toBe(true);
    expect(chooses(random41, floats(960, 540, 4))).toBe(true);
    expect(chooses(random41, bytes(20, 20, 4))).toBe(false);
    expect(
      chooses(
        random41.slice(0, 15).map((row) => row.slice(0, 15)),
        large,
      ),
    ).toBe(false);
    expect(
      chooses(
        rows(101, 101, () => 1),
        large,
      ),
    ).toBe(false);
    expect(
      chooses(
        rows(101, 101, () => 0).map((row, y) => row.map((_, x) => (x === y ? 1 : 0))),
        large,
      ),
    ).toBe(false);
  });

  it('is not to be seen in bytes, by any backend, in kernel memory and by promise', async () => {
    const image = bytes(301, 203, 4);
    expect(chooses(random41, image)).toBe(true);
    const options = { divisor: 500, bias: 60 } as const;
    const threads = await load({ threads: 2 });
    // Over a part of the image sums are direct.
    const part = { data: new Uint8Array(64 * 64 * 4), width: 64, height: 64, channels: 4 };
    for (let y = 0; y < 64; y++) part.data.set(image.data.subarray((y * 301 + 100) * 4, (y * 301 + 164) * 4), y * 256);
    expect(chooses(random41, part)).toBe(false);
    const direct = filters(simd.engine).filter2d(part, random41, options).data;
    for (const engine of [js.engine, simd.engine, threads]) {
      const f = filters(engine);
      const made = f.filter2d(image, random41, options).data;
      for (let y = 0; y < 44; y++)
        for (let i = 80; i < 176; i++) {
          if (made[(y * 301 + 100) * 4 + i] !== direct[y * 256 + i]) expect.fail(`row ${y}, element ${i}`);
        }
      const held = f.image(301, 203);
      held.data.set(image.data);
      const [blurred] = await Promise.all([
        f.blurAsync(held, { radius: 2, out: held }),
        f.filter2dAsync(held, random41, { ...options, out: held }),
      ]);
      const expected = f.filter2d(f.blur(image, { radius: 2 }), random41, options).data;
      expect(blurred).toBe(held);
      expectSame(held.data, expected, 'one call after the other');
      held.dispose();
    }
    threads.dispose();
  });
});
