import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError, type Tensor } from '../src/index.ts';
import { lengthOf } from '../src/tensor/tensor.ts';
import { expectSameBits } from './equal.ts';
import { binary, binaryGradients, broadcast, broadcastShape, indices, slopes, unary } from './oracle/arithmetic.ts';
import { js, platforms, simd } from './platforms.ts';
import { random, randomTensor, specialTensor } from './random.ts';

type Two = keyof typeof binary;
type One = keyof typeof unary;
const two = Object.keys(binary) as Two[];
const one = Object.keys(unary) as One[];

const t = (...shape: number[]): Tensor => ({ shape, data: new Float32Array(lengthOf(shape)) });

/** What is computed of floats by one operation is off by nothing, a power by less than a unit in the last place. */
function unit(exact: number): number {
  const size = Math.abs(exact);
  return size < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(size)) - 23);
}

function expectNear(actual: Float32Array, exact: ArrayLike<number>, units: number): void {
  expect(actual.length).toBe(exact.length);
  for (let i = 0; i < actual.length; i++) {
    const rounded = Math.fround(exact[i]);
    const near = Math.abs(actual[i] - exact[i]) <= units * unit(exact[i]);
    if (!near && !Object.is(actual[i], rounded) && !(actual[i] === 0 && rounded === 0)) {
      expect.fail(`element ${i} is ${actual[i]}, not ${exact[i]}`);
    }
  }
}

const extent = fc.oneof({ weight: 4, arbitrary: fc.nat(5) }, { weight: 2, arbitrary: fc.constantFrom(15, 16, 17, 33, 64, 65) });
/** Two shapes that broadcast: of a common one, each has some dimensions as 1, and some of the first not at all. */
const shapes = fc
  .record({
    shape: fc.array(extent, { maxLength: 6 }),
    ones: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 6, maxLength: 6 }),
    cuts: fc.tuple(fc.nat(6), fc.nat(6)),
  })
  .filter(({ shape }) => lengthOf(shape) < 40000)
  .map(({ shape, ones, cuts }) => {
    const of = (which: number) => shape.map((n, axis) => (ones[axis] === which ? 1 : n));
    const [a, b] = [of(1), of(2)];
    // A missing dimension is like one of 1.
    return cuts[0] < cuts[1] ? [a.slice(Math.min(cuts[0], a.length)), b] : [a, b.slice(Math.min(cuts[1], b.length))];
  });
/** Rows in every form that a plan gives them: long and short, repeated within rows and across them, and cut by the ends of tasks. */
const FORMS: [number[], number[]][] = [
  [[40000], [40000]],
  [[3, 5, 7000], []],
  [[], [16385]],
  [[5000, 3], [3]],
  [[3], [5000, 3]],
  [
    [2, 16, 30, 30],
    [16, 1, 1],
  ],
  [
    [2, 300, 2, 2],
    [300, 1, 1],
  ],
  [
    [70, 1, 2, 2],
    [1, 50, 1, 1],
  ],
  [
    [6000, 4],
    [6000, 1],
  ],
  [
    [3000, 1],
    [1, 7],
  ],
  [
    [2, 3, 2, 3, 2, 3, 2, 3],
    [1, 3, 1, 3, 1, 3, 1, 3],
  ],
  [
    [2, 1, 2, 1, 2, 1, 2, 1],
    [1, 3, 1, 3, 1, 3, 1, 3],
  ],
  [
    [40, 41, 1],
    [1, 41, 9],
  ],
  [
    [9, 1, 130],
    [9, 33, 1],
  ],
];

const nothing = [[0], [1]] as const;

describe.each(platforms)('arithmetic on $name', ({ engine }) => {
  const calls = engine as unknown as Record<string, (...args: unknown[]) => Tensor>;

  it.each(two)('%s has the bits of one operation an element, whatever the shapes', (name) => {
    const f = binary[name];
    const check = (a: readonly number[], b: readonly number[], seed: number) => {
      const [x, y] = [specialTensor(a, seed), specialTensor(b, seed + 1)];
      const expected = broadcast(x, y, f);
      const actual = engine[name](x, y);
      expect(actual.shape).toEqual(expected.shape);
      if (name === 'pow') expectNear(actual.data, expected.data, 1);
      else expectSameBits(actual.data, Float32Array.from(expected.data));
      expectSameBits(actual.data, js.engine[name](x, y).data);
    };
    for (const [i, [a, b]] of FORMS.entries()) check(a, b, i);
    check([0, 3], [3], 1);
    check([...nothing[0]], [...nothing[1]], 1);
    fc.assert(
      fc.property(shapes, fc.nat(), ([a, b], seed) => check(a, b, seed)),
      { numRuns: 40 },
    );
  });

  it.each(two)('%s may write over its first operand', (name) => {
    for (const shape of [[40000], [2, 3, 700], [33, 5]]) {
      const [a, b] = [randomTensor(shape, 1), randomTensor(shape.slice(1), 2)];
      const expected = engine[name](a, b);
      using x = engine.tensor(shape, a.data);
      expect(engine[name](x, b, { out: x })).toBe(x);
      expectSameBits(x.data, expected.data);
      expectSameBits(engine[name](a, a).data, engine[name](a, { ...a }).data);
    }
  });

  it.each(one)('%s may write over its operand', (name) => {
    const x = specialTensor([3, 70001], 5);
    const expected = js.engine[name](x);
    expectSameBits(engine[name](x).data, expected.data);
    using own = engine.tensor(x.shape, x.data);
    expect(engine[name](own, { out: own })).toBe(own);
    expectSameBits(own.data, expected.data);
    expect(engine[name](t(0, 3)).shape).toEqual([0, 3]);
    expect(engine[name](t()).shape).toEqual([]);
  });

  it.each(two)('the gradients of %s are summed over what was broadcast', (name) => {
    const f = binaryGradients[name];
    const check = (a: readonly number[], b: readonly number[], seed: number) => {
      const [x, y] = [randomTensor(a, seed), randomTensor(b, seed + 1)];
      if (name === 'pow') for (let i = 0; i < x.data.length; i++) x.data[i] = Math.abs(x.data[i]) + 0.25;
      const shape = broadcastShape(a, b);
      const dy = randomTensor(shape, seed + 2);
      const results = calls[`${name}Backward`](dy, x, y) as unknown as { da: Tensor; db: Tensor };
      const twin = (js.engine as unknown as typeof calls)[`${name}Backward`](dy, x, y) as unknown as { da: Tensor; db: Tensor };
      const [ofA, ofB] = [indices(shape, a), indices(shape, b)];
      const sums = [new Float64Array(lengthOf(a)), new Float64Array(lengthOf(b))];
      const sizes = [new Float64Array(lengthOf(a)), new Float64Array(lengthOf(b))];
      for (let i = 0; i < dy.data.length; i++) {
        const parts = f(dy.data[i], x.data[ofA[i]], y.data[ofB[i]]);
        for (const [which, at] of [ofA[i], ofB[i]].entries()) {
          sums[which][at] += parts[which];
          sizes[which][at] += Math.abs(parts[which]);
        }
      }
      for (const [which, key] of (['da', 'db'] as const).entries()) {
        const { shape: own, data } = results[key];
        expect(own).toEqual(which === 0 ? [...a] : [...b]);
        expectSameBits(data, twin[key].data);
        const count = lengthOf(shape) / Math.max(1, data.length);
        const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - sums[which][i]) / (sizes[which][i] || 1)), 0);
        expect(worst).toBeLessThanOrEqual((count + 12) * 2 ** -24);
      }
    };
    for (const [i, [a, b]] of FORMS.entries()) check(a, b, i);
    check([0, 3], [3], 1);
    fc.assert(
      fc.property(shapes, fc.nat(), ([a, b], seed) => check(a, b, seed)),
      { numRuns: 20 },
    );
  });

  it('at a tie of maximum and minimum each operand has half of the gradient, and a zero base no infinite one', () => {
    const dy = { shape: [4], data: Float32Array.of(2, 2, 2, 2) };
    const a = { shape: [4], data: Float32Array.of(1, 2, 3, Number.NaN) };
    const b = { shape: [4], data: Float32Array.of(1, 3, 2, 1) };
    expect([...engine.maximumBackward(dy, a, b).da!.data]).toEqual([1, 0, 2, 2]);
    expect([...engine.maximumBackward(dy, a, b).db!.data]).toEqual([1, 2, 0, 2]);
    expect([...engine.minimumBackward(dy, a, b).da!.data]).toEqual([1, 2, 0, 2]);
    const base = { shape: [3], data: Float32Array.of(0, 0, 0) };
    const exponent = { shape: [3], data: Float32Array.of(0, 1, 2) };
    const three = { shape: [3], data: Float32Array.of(1, 1, 1) };
    const { da, db } = engine.powBackward(three, base, exponent);
    expect([...da!.data]).toEqual([0, 1, 0]);
    expect([...db!.data]).toEqual([0, 0, 0]);
  });

  it('gradients may be skipped, and the first may take the place of dy', () => {
    const [a, b, dy] = [randomTensor([5, 33], 1), randomTensor([33], 2), randomTensor([5, 33], 3)];
    for (const name of two) {
      const method = calls[`${name}Backward`].bind(engine) as unknown as (...args: unknown[]) => { da?: Tensor; db?: Tensor };
      const expected = method(dy, a, b);
      expect(method(dy, a, b, { skip: ['da'] }).da).toBeUndefined();
      using own = engine.tensor(dy.shape, dy.data);
      const results = method(own, a, b, { out: { da: own } });
      expect(results.da).toBe(own);
      expectSameBits(own.data, expected.da!.data);
      expectSameBits(results.db!.data, expected.db!.data);
    }
  });

  it.each(Object.keys(slopes) as (keyof typeof slopes)[])('the gradient of %s is its slope times dy', (name) => {
    const x = randomTensor([3, 1001], 1);
    if (name === 'sqrt' || name === 'log') for (let i = 0; i < x.data.length; i++) x.data[i] = Math.abs(x.data[i]);
    const dy = randomTensor([3, 1001], 2);
    const actual = calls[`${name}Backward`](dy, x);
    expectNear(
      actual.data,
      Float64Array.from(x.data, (value, i) => dy.data[i] * slopes[name](value)),
      4,
    );
    expectSameBits(actual.data, (js.engine as unknown as typeof calls)[`${name}Backward`](dy, x).data);
    const special = specialTensor([999], 3);
    expectSameBits(
      calls[`${name}Backward`](specialTensor([999], 4), special).data,
      (js.engine as unknown as typeof calls)[`${name}Backward`](specialTensor([999], 4), special).data,
    );
  });

  it('prelu takes slopes of any shape that broadcasts to that of x, and those of channels as before', () => {
    const shape = [2, 3, 5, 7];
    const [x, dy] = [specialTensor(shape, 1), randomTensor(shape, 2)];
    for (const of of [[7], [5, 7], [5, 1], [2, 1, 1, 1], [2, 3, 5, 7], [3, 1, 7]]) {
      const slope = randomTensor(of, 3);
      const expected = broadcast(x, slope, (value, a) => (value < 0 ? Math.fround(a * value) : value));
      expectSameBits(engine.prelu(x, slope).data, Float32Array.from(expected.data));
      const at = indices(shape, of);
      const { dx, dSlope } = engine.preluBackward(dy, x, slope);
      expectSameBits(
        dx!.data,
        x.data.map((value, i) => (value > 0 ? dy.data[i] : Number.isNaN(value) ? value : dy.data[i] * slope.data[at[i]])),
      );
      const sums = new Float64Array(slope.data.length);
      for (let i = 0; i < at.length; i++) if (!(x.data[i] > 0)) sums[at[i]] += x.data[i] * dy.data[i];
      for (let i = 0; i < sums.length; i++) {
        if (Number.isFinite(sums[i])) expect(Math.abs(dSlope!.data[i] - sums[i])).toBeLessThanOrEqual(1e-4 * (1 + Math.abs(sums[i])));
      }
    }
    expectSameBits(engine.prelu(x, randomTensor([3], 4)).data, engine.prelu(x, randomTensor([3, 1, 1], 4)).data);
    const line = randomTensor([4], 5);
    expectSameBits(
      engine.prelu(line, line).data,
      Float32Array.from(line.data, (value) => (value < 0 ? value * value : value)),
    );
  });

  it('refuses shapes that do not broadcast, and an out of another shape', () => {
    expect(() => engine.add(t(2, 3), t(3, 2))).toThrow(ShapeError);
    expect(() => engine.sub(t(2, 3), t(2))).toThrow(/b\.shape: expected a shape that broadcasts with \[2, 3\], the shape of a, got \[2\]/);
    expect(() => engine.mul(t(2), t(2), { out: t(3) })).toThrow(/out\.shape/);
    expect(() => engine.mulBackward(t(3), t(2, 3), t(3))).toThrow(/dy\.shape/);
    const alternating = Array.from({ length: 9 }, (_, i) => (i % 2 === 0 ? 2 : 1));
    const others = alternating.map((n) => 3 - n);
    expect(() => engine.div(t(...alternating), t(...others))).toThrow(/at most 8 groups/);
    // An operand that is shorter than the result cannot lie where it goes.
    const data = new Float32Array(6);
    expect(() => engine.add({ shape: [3], data: data.subarray(0, 3) }, t(2, 3), { out: { shape: [2, 3], data } })).toThrow(/overlaps a/);
  });
});

describe('functions of one float', () => {
  const BOUNDS: Partial<Record<One, number>> = { exp: 2, log: 2, erf: 2 };

  it.each(one)('%s is within its bound over every exponent and all special values', (name) => {
    const edges: number[] = [];
    for (let exponent = 0; exponent < 512; exponent++) for (let d = -8; d <= 8; d++) edges.push((exponent * 2 ** 23 + d) >>> 0);
    const next = random(7);
    const sample = Float32Array.from({ length: 200000 }, () => (next() - 0.5) * 2 ** (Math.floor(next() * 16) - 7));
    const bits = new Float32Array(Uint32Array.from({ length: 300000 }, (_, i) => i * 14317).buffer);
    for (const data of [
      new Float32Array(Uint32Array.from(edges).buffer),
      sample,
      bits,
      Float32Array.of(0, -0, 0.5, 1.5, 2.5, -0.5, -1.5),
    ]) {
      const x = { shape: [data.length], data };
      const actual = simd.engine[name](x);
      expectSameBits(actual.data, js.engine[name](x).data);
      const exact = Float64Array.from(data, unary[name]);
      if (BOUNDS[name] === undefined) expectSameBits(actual.data, Float32Array.from(exact));
      else expectNear(actual.data, exact, BOUNDS[name]);
    }
  });
});
