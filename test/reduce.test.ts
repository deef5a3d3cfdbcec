import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError, ShapeError, type Tensor } from '../src/index.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { additionsOver, DELTA, EPSILON, rowsOf } from './oracle/reduce.ts';
import { js, platforms } from './platforms.ts';
import { randomTensor, relayout, specialTensor } from './random.ts';

const sum = (row: readonly number[]) => row.reduce((total, x) => total + x, 0);
const sizes = (row: readonly number[]) => sum(row.map(Math.abs));
const squares = (row: readonly number[]) => sum(row.map((x) => x * x));

/** In float64; the bound is of `n` elements, each of which goes through `k` additions. */
const SUMS = {
  reduceSum: { of: sum, bound: (row: readonly number[], k: number) => k * EPSILON * sizes(row) },
  reduceMean: {
    of: (row: readonly number[]) => sum(row) / row.length,
    bound: (row: readonly number[], k: number) => ((k + 2) * EPSILON * sizes(row)) / row.length + DELTA,
  },
  reduceL1: { of: sizes, bound: (row: readonly number[], k: number) => k * EPSILON * sizes(row) },
  reduceSumSquare: { of: squares, bound: (row: readonly number[], k: number) => (k + 1) * EPSILON * squares(row) + row.length * DELTA },
  reduceL2: {
    of: (row: readonly number[]) => Math.sqrt(squares(row)),
    bound: (row: readonly number[], k: number) => (k + 2) * EPSILON * Math.sqrt(squares(row)) + Math.sqrt(row.length * DELTA),
  },
  reduceProduct: {
    of: (row: readonly number[]) => row.reduce((product, x) => product * x, 1),
    bound: (row: readonly number[]) => row.length * EPSILON * Math.abs(row.reduce((product, x) => product * x, 1)) + row.length * DELTA,
  },
} as const;

const shapes = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 5 }),
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(3, 4, 5, 15, 16, 17, 255, 256, 257, 300, 515, 1027)),
  fc.tuple(fc.constantFrom(3, 4, 5, 255, 256, 257, 515), fc.integer({ min: 1, max: 9 })),
  fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
);
const configuration = fc.record({ shape: shapes, mask: fc.nat({ max: 31 }), keepDimensions: fc.boolean(), seed: fc.integer() });

const axesOf = (shape: readonly number[], mask: number) => [...shape.keys()].filter((axis) => (mask >> axis) & 1);

it('docs/numerics.md states the order of sums and their bound', () => {
  const text = readFileSync(new URL('../docs/numerics.md', import.meta.url), 'utf8');
  for (const words of ['k = ⌈min(n, 256) / 4⌉ + 2', '(k + 2) · ε · Σ\\|x\\| / n + δ', '(k + 2) · ε · √Σx² + √(n · δ)'])
    expect(text.includes(words), words).toBe(true);
});

describe.each(platforms)('reductions on $name', ({ engine, exact }) => {
  it.each(Object.entries(SUMS))('%s is within its bound of the float64 oracle', (name, { of, bound }) => {
    fc.assert(
      fc.property(configuration, ({ shape, mask, keepDimensions, seed }) => {
        const x = randomTensor(shape, seed);
        const axes = axesOf(shape, mask);
        const rows = rowsOf(x, axes);
        const y = engine[name as keyof typeof SUMS](x, { axes, keepDimensions });
        const k = Math.max(2, additionsOver(shape, axes));
        expectWithin(
          y.data,
          Float64Array.from(rows, of),
          Float64Array.from(rows, (row) => bound(row, k)),
        );
        const kept = shape.filter((_, axis) => !axes.includes(axis));
        expect(y.shape).toEqual(keepDimensions ? shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)) : kept);
      }),
      { numRuns: 300 },
    );
  });

  it('reduceMax and reduceMin are exact, of special values too', () => {
    fc.assert(
      fc.property(configuration, fc.boolean(), ({ shape, mask, seed }, isSpecial) => {
        const x = (isSpecial ? specialTensor : randomTensor)(shape, seed);
        const axes = axesOf(shape, mask);
        const rows = rowsOf(x, axes);
        expectSameBits(
          engine.reduceMax(x, { axes }).data,
          Float32Array.from(rows, (row) => Math.max(...row)),
        );
        expectSameBits(
          engine.reduceMin(x, { axes }).data,
          Float32Array.from(rows, (row) => Math.min(...row)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('argMax, argMin and hardmax find the first, and NaN before any number', () => {
    fc.assert(
      fc.property(configuration, fc.nat(4), fc.constantFrom(0, 1, 2), ({ shape, keepDimensions, seed }, any, kind) => {
        fc.pre(shape.length > 0);
        const axis = any % shape.length;
        fc.pre(shape[axis] > 0);
        const made = (kind === 2 ? specialTensor : randomTensor)(shape, seed);
        const x = kind === 1 ? { shape, data: made.data.map(Math.round) } : made;
        const rows = rowsOf(x, [axis]);
        const first = (row: readonly number[], best: number) => {
          const nan = row.findIndex(Number.isNaN);
          return nan < 0 ? row.indexOf(best) : nan;
        };
        const most = Float32Array.from(rows, (row) => first(row, Math.max(...row)));
        const got = engine.argMax(x, axis, { keepDimensions });
        expect(Array.from(got.data)).toEqual(Array.from(most));
        expect(got.shape).toEqual(keepDimensions ? shape.with(axis, 1) : shape.toSpliced(axis, 1));
        const least = Array.from(rows, (row) => first(row, Math.min(...row)));
        expect(Array.from(engine.argMin(x, axis - shape.length).data)).toEqual(least);
        const hot = engine.hardmax(x, { axis });
        expect(hot.shape).toEqual(shape);
        for (const [i, row] of rowsOf(hot, [axis]).entries()) expect(row).toEqual(row.map((_, k) => +(k === most[i])));
        engine.hardmax(x, { axis, out: x });
        expectSameBits(x.data, hot.data);
      }),
      { numRuns: 400 },
    );
  });

  it('a row of nothing but −∞ has its first element for the greatest', () => {
    for (const shape of [[9], [1, 5]]) {
      const x = { shape, data: new Float32Array(shape.reduce((a, b) => a * b)).fill(-Infinity) };
      expect([...engine.argMax(x, -1).data]).toEqual([0]);
      expect([...engine.argMin(x, 0).data].every((index) => index === 0)).toBe(true);
    }
  });

  it('of nothing gives what is neutral', () => {
    const empty: Tensor = { shape: [2, 0, 3], data: new Float32Array(0) };
    const of = (name: 'reduceSum' | 'reduceMean' | 'reduceMax' | 'reduceMin' | 'reduceProduct' | 'reduceL2', axes?: number[]) => {
      const { shape, data } = engine[name](empty, axes && { axes });
      return [shape, [...data]];
    };
    expect(of('reduceSum')).toEqual([[], [0]]);
    expect(of('reduceMean')).toEqual([[], [NaN]]);
    expect(of('reduceMax', [0, 1])).toEqual([[3], [-Infinity, -Infinity, -Infinity]]);
    expect(of('reduceMin', [1, 2])).toEqual([[2], [Infinity, Infinity]]);
    expect(of('reduceProduct')).toEqual([[], [1]]);
    expect(of('reduceL2')).toEqual([[], [0]]);
    expect(of('reduceSum', [2])).toEqual([[2, 0], []]);
  });

  it('NaN and infinities come through', () => {
    const x: Tensor = { shape: [3, 3], data: Float32Array.of(1, NaN, 2, Infinity, 1, -Infinity, 1, Infinity, 2) };
    expect([...engine.reduceSum(x, { axes: [1] }).data]).toEqual([NaN, NaN, Infinity]);
    expect([...engine.reduceMax(x, { axes: [1] }).data]).toEqual([NaN, Infinity, Infinity]);
    expect([...engine.reduceMin(x, { axes: [1] }).data]).toEqual([NaN, -Infinity, 1]);
  });

  it('the order of a sum is that of the index along the axis, wherever the axis lies', () => {
    if (!exact) return;
    for (const extent of [1, 3, 4, 7, 64, 255, 256, 257, 1000, 70001]) {
      const x = randomTensor([5, extent], extent);
      const turned = relayout(x, 'ab', 'ba');
      for (const name of ['reduceSum', 'reduceL2', 'reduceProduct'] as const)
        expectSameBits(engine[name](x, { axes: [1] }).data, engine[name](turned, { axes: [0] }).data);
    }
  });

  it('a long sum keeps its accuracy', () => {
    const x = { shape: [2 ** 21], data: new Float32Array(2 ** 21).fill(0.1) };
    const want = Math.fround(0.1);
    expect(Math.abs(engine.reduceMean(x).data[0] - want) / want).toBeLessThan(2e-6);
  });

  it('gives the bits of the twin, special values included', () => {
    if (!exact) return;
    fc.assert(
      fc.property(configuration, ({ shape, mask, seed }) => {
        const x = specialTensor(shape, seed);
        const axes = axesOf(shape, mask);
        for (const name of [...(Object.keys(SUMS) as (keyof typeof SUMS)[]), 'reduceMax', 'reduceMin'] as const)
          expectSameBits(engine[name](x, { axes }).data, js.engine[name](x, { axes }).data);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses what does not fit', () => {
    const x = randomTensor([2, 3], 1);
    const list = 'an array of different whole numbers from -2 to 1, for the 2 dimensions of x';
    const rows: readonly [() => unknown, new (...args: never[]) => Error, string][] = [
      [() => engine.reduceSum(x, { axes: [2] }), OptionError, `options.axes: expected ${list}, got [2]`],
      [() => engine.reduceSum(x, { axes: [0, -2] }), OptionError, `options.axes: expected ${list}, got [0, -2]`],
      [() => engine.reduceSum(x, { axes: 1 as never }), OptionError, `options.axes: expected ${list}, got 1`],
      [() => engine.reduceSum(x, { keepDimensions: 1 as never }), OptionError, 'options.keepDimensions: expected true or false, got 1'],
      [
        () => engine.reduceMax(x, { axis: 1 } as never),
        OptionError,
        'options.axis: expected one of axes, keepDimensions, out, got an unknown option',
      ],
      [() => engine.reduceMean(x, { axes: [0], out: x }), ShapeError, 'out.shape: expected [3], got [2, 3]'],
      [() => engine.argMax(x, 2), OptionError, 'axis: expected a whole number from -2 to 1, for the 2 dimensions of x, got 2'],
      [
        () => engine.argMin(x, undefined as never),
        OptionError,
        'axis: expected a whole number from -2 to 1, for the 2 dimensions of x, got undefined',
      ],
      [
        () => engine.argMax({ shape: [2, 0], data: new Float32Array(0) }, 1),
        ShapeError,
        'x.shape: expected at least one element along axis 1, got [2, 0]',
      ],
    ];
    for (const [refused, type, words] of rows) {
      expect(refused).toThrow(type);
      expect(refused).toThrow(words);
    }
  });
});
