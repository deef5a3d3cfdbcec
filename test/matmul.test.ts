import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../src/index.ts';
import { lengthOf } from '../src/tensor/tensor.ts';
import { sumBound } from './bounds.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { guardedEngine } from './guarded-engine.ts';
import { js, platforms, simd } from './platforms.ts';
import { randomTensor, specialTensor } from './random.ts';

const size = fc.oneof(fc.integer({ min: 0, max: 18 }), fc.constantFrom(95, 97, 257));
const configuration = fc
  .record({
    batch: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }),
    repeats: fc.array(fc.constantFrom('a', 'b', 'neither'), { minLength: 4, maxLength: 4 }),
    vector: fc.constantFrom('a', 'b', 'neither', 'neither'),
    rows: size,
    inner: size,
    columns: size,
    seed: fc.integer(),
  })
  .map(({ batch, repeats, vector, rows, inner, columns, seed }) => {
    const of = (who: string) => batch.map((extent, i) => (repeats[i] === who ? 1 : extent));
    const a = vector === 'a' ? [inner] : [...of('a'), rows, inner];
    const b = vector === 'b' ? [inner] : [...of('b'), inner, columns];
    return { a, b, seed };
  })
  .filter(({ a, b }) => lengthOf(a) * lengthOf(b) < 4e6);

/** By the definition, in float64. */
function oracle(a: ReturnType<typeof randomTensor>, b: ReturnType<typeof randomTensor>) {
  const [left, right] = [a.shape.length === 1 ? [1, ...a.shape] : a.shape, b.shape.length === 1 ? [...b.shape, 1] : b.shape];
  const rank = Math.max(left.length, right.length) - 2;
  const pad = (shape: readonly number[]) => [...Array(rank + 2 - shape.length).fill(1), ...shape.slice(0, -2)] as number[];
  const [x, y] = [pad(left), pad(right)];
  const batch = x.map((n, i) => (n === 1 ? y[i] : n));
  const [rows, inner] = left.slice(-2);
  const columns = right[right.length - 1];
  const data: number[] = [];
  const magnitude: number[] = [];
  for (let matrix = 0; matrix < lengthOf(batch); matrix++) {
    const at = (shape: number[]) =>
      shape.reduce((sum, n, i) => sum * n + (n === 1 ? 0 : Math.floor(matrix / lengthOf(batch.slice(i + 1))) % batch[i]), 0);
    const [from, to] = [at(x) * rows * inner, at(y) * inner * columns];
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let [sum, size] = [0, 0];
        for (let k = 0; k < inner; k++) {
          const product = a.data[from + i * inner + k] * b.data[to + k * columns + j];
          sum += product;
          size += Math.abs(product);
        }
        data.push(sum);
        magnitude.push(size);
      }
  }
  const shape = [...batch, ...(a.shape.length === 1 ? [] : [rows]), ...(b.shape.length === 1 ? [] : [columns])];
  return { shape, data: Float64Array.from(data), bounds: Float64Array.from(magnitude, (m) => sumBound({ products: inner, magnitude: m })) };
}

describe('matmul', () => {
  it.each(platforms)('is within its bound of the float64 oracle on $name', ({ engine }) => {
    fc.assert(
      fc.property(configuration, (c) => {
        const [a, b] = [randomTensor(c.a, c.seed), randomTensor(c.b, c.seed + 1)];
        const y = engine.matmul(a, b);
        const expected = oracle(a, b);
        expect(y.shape).toEqual(expected.shape);
        expectWithin(y.data, expected.data, expected.bounds);
      }),
      { numRuns: 60 },
    );
  });

  it('has the same bits on both sides and writes nowhere but in its result', async () => {
    await fc.assert(
      fc.asyncProperty(configuration, async (c) => {
        const [a, b] = [specialTensor(c.a, c.seed), specialTensor(c.b, c.seed + 1)];
        expectSameBits((await guardedEngine()).matmul(a, b).data, js.engine.matmul(a, b).data);
      }),
      { numRuns: 40 },
    );
  });

  it('has the bits of linear', () => {
    const [a, weight] = [randomTensor([7, 33], 1), randomTensor([33, 9], 2)];
    const transposed = {
      shape: [9, 33],
      data: Float32Array.from({ length: 297 }, (_, i) => weight.data[(i % 33) * 9 + Math.floor(i / 33)]),
    };
    expectSameBits(simd.engine.matmul(a, weight).data, simd.engine.linear(a, transposed).data);
  });

  it.each([
    [[], [2], /^a\.shape: expected at least one dimension, got \[\]/],
    [[2], [], /^b\.shape: expected at least one dimension, got \[\]/],
    [[2, 3], [2, 3], /^b\.shape: expected 3 rows, as many as a has columns, got \[2, 3\]/],
    [[2, 4, 3], [3, 3, 4], /^b\.shape: expected batch dimensions that broadcast with those of a, \[2, 4, 3\], got \[3, 3, 4\]/],
  ] as const)('refuses %j and %j', (a, b, said) => {
    const call = () => simd.engine.matmul(randomTensor(a, 1), randomTensor(b, 2));
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(said);
  });
});
