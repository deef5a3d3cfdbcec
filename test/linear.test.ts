import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError, ShapeError } from '../src/index.ts';
import { lengthOf } from '../src/tensor/tensor.ts';
import { plainSumBounds, sumBound, sumBounds } from './bounds.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { guardedEngine } from './guarded-engine.ts';
import { channelSums, filterGradient, forward, inputGradient } from './oracle/conv-nd.ts';
import { js, platforms, simd } from './platforms.ts';
import { embedded, faintTensor, randomTensor, specialTensor } from './random.ts';

/** Sizes on either side of 4, 5 and 8 columns and rows, and of blocks of 96 rows and 256 products. */
const size = fc.oneof(fc.integer({ min: 1, max: 18 }), fc.constantFrom(64, 95, 97, 255, 257));
const configuration = fc.record({
  before: fc.oneof(
    fc.constant([]),
    fc.tuple(fc.oneof(fc.nat(18), fc.constantFrom(95, 97))),
    fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 3 })),
  ),
  inFeatures: size,
  outFeatures: size,
  bias: fc.boolean(),
  activation: fc.constantFrom(undefined, 'relu' as const, 'leakyRelu' as const),
  seed: fc.integer(),
});
type Configuration = typeof configuration extends fc.Arbitrary<infer T> ? T : never;

function operands({ before, inFeatures, outFeatures, seed, ...c }: Configuration, make = randomTensor) {
  const x = make([...before, inFeatures], seed);
  const weight = make([outFeatures, inFeatures], seed + 1);
  const bias = c.bias ? make([outFeatures], seed + 2) : undefined;
  const dy = make([...before, outFeatures], seed + 3);
  return { x, weight, dy, options: { ...(bias && { bias }), ...(c.activation && { activation: c.activation }) } };
}

/** Rows of features as images of one pixel. */
const geometry = ({ before, inFeatures, outFeatures }: Configuration) => {
  const one = [1, 1, 1];
  const shared = { input: one, kernel: one, strides: one, dilations: one, begin: [0, 0, 0], out: one };
  return { batch: lengthOf(before), groups: 1, inChannels: inFeatures, outChannels: outFeatures, ...shared };
};

describe.each(platforms)('linear on $name', ({ engine }) => {
  it.each([
    ['ordinary floats', randomTensor],
    ['floats whose products are denormals, or vanish', faintTensor],
  ] as const)('and its gradients are within their bounds of the float64 oracle, on %s', (_, make) => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, weight, dy, options } = operands(c, make);
        const g = geometry(c);
        const y = engine.linear(x, weight, options);
        expect(y.shape).toEqual(dy.shape);
        const sum = forward(g, x.data, weight.data);
        const bias = (i: number) => options.bias?.data[i % c.outFeatures] ?? 0;
        const alpha = c.activation === undefined ? 1 : c.activation === 'relu' ? 0 : Math.fround(0.01);
        const exact = sum.data.map((s, i) => (s + bias(i) < 0 ? alpha : 1) * (s + bias(i)));
        expectWithin(
          y.data,
          exact,
          sum.magnitude.map((m, i) => sumBound({ products: c.inFeatures, magnitude: m + Math.abs(bias(i)) })),
        );
        const { dx, dWeight, dBias } = engine.linearBackward(dy, x, weight);
        for (const [made, sums, bounds, shape] of [
          [dx, inputGradient(g, dy.data, weight.data), sumBounds, x.shape],
          [dWeight, filterGradient(g, dy.data, x.data), sumBounds, weight.shape],
          [dBias, channelSums(dy.data, g.batch, c.outFeatures, 1), plainSumBounds, [c.outFeatures]],
        ] as const) {
          expect(made!.shape).toEqual(shape);
          expectWithin(made!.data, sums.data, bounds(sums));
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('linear', () => {
  it.each([
    ['ordinary floats', randomTensor],
    ['NaN, infinities, −0, denormals', specialTensor],
  ] as const)('has the same bits on both sides, on %s', (_, make) => {
    fc.assert(
      fc.property(configuration, (c) => {
        const { x, weight, dy, options } = operands(c, make);
        expectSameBits(simd.engine.linear(x, weight, options).data, js.engine.linear(x, weight, options).data);
        const expected = js.engine.linearBackward(dy, x, weight);
        const actual = simd.engine.linearBackward(dy, x, weight);
        for (const name of ['dx', 'dWeight', 'dBias'] as const) expectSameBits(actual[name]!.data, expected[name]!.data);
      }),
      { numRuns: 200 },
    );
  });

  it('writes nowhere but in its results', async () => {
    await fc.assert(
      fc.asyncProperty(configuration, async (c) => {
        const { x, weight, dy, options } = operands(c);
        const engine = await guardedEngine();
        engine.linear(x, weight, options);
        engine.linearBackward(dy, x, weight);
      }),
      { numRuns: 40 },
    );
  });

  it('takes tensors of the engine, and writes where it is told', () => {
    const { engine } = simd;
    const [x, weight, bias, dy] = [[3, 7], [5, 7], [5], [3, 5]].map((shape, i) => randomTensor(shape, i));
    const expected = engine.linear(x, weight, { bias }).data;
    using kernelX = engine.tensor(x.shape, x.data);
    using y = engine.linear(kernelX, embedded(weight, 3), { bias }) as typeof kernelX;
    expectSameBits(y.data, expected);
    const out = { shape: [3, 5], data: new Float32Array(15) };
    expect(engine.linear(x, weight, { bias, out })).toBe(out);
    expectSameBits(out.data, expected);
    using dWeight = engine.tensor([5, 7]);
    const made = engine.linearBackward(dy, x, weight, { out: { dWeight }, skip: ['dx'] });
    expect(made.dx).toBeUndefined();
    expect(made.dWeight).toBe(dWeight);
    expectSameBits(dWeight.data, engine.linearBackward(dy, x, weight).dWeight!.data);
  });

  it.each([
    [
      'x of other features',
      [
        [3, 6],
        [5, 7],
      ],
      {},
      ShapeError,
      'x.shape',
      /\[…, 7\].*got \[3, 6\]/,
    ],
    ['x without dimensions', [[], [5, 7]], {}, ShapeError, 'x.shape', /got \[\]/],
    ['a weight of one dimension', [[3, 7], [7]], {}, ShapeError, 'weight.shape', /2 dimensions/],
    [
      'no output features',
      [
        [3, 7],
        [0, 7],
      ],
      {},
      ShapeError,
      'weight.shape',
      /no dimension of 0/,
    ],
    [
      'a bias that does not fit',
      [
        [3, 7],
        [5, 7],
      ],
      { bias: randomTensor([4], 1) },
      ShapeError,
      'options.bias.shape',
      /\[5\].*weight/,
    ],
    [
      'an unknown option',
      [
        [3, 7],
        [5, 7],
      ],
      { groups: 1 },
      OptionError,
      'options.groups',
      /unknown/,
    ],
    [
      'an out that does not fit',
      [
        [3, 7],
        [5, 7],
      ],
      { out: randomTensor([5, 3], 1) },
      ShapeError,
      'out.shape',
      /\[3, 5\], got \[5, 3\]/,
    ],
  ] as const)('refuses %s', (_, shapes, options, kind, argument, said) => {
    const [x, weight] = shapes.map((shape) => randomTensor(shape, 1));
    const call = () => simd.engine.linear(x, weight, options as object);
    expect(call).toThrow(kind);
    expect(call).toThrow(said);
    expect(call).toThrow(expect.objectContaining({ argument }));
  });

  it.each([
    ['a dy of another shape', [5, 3], {}, ShapeError, 'dy.shape', /\[3, 5\], the shape of the result, got \[5, 3\]/],
    ['a bias', [3, 5], { bias: randomTensor([5], 1) }, OptionError, 'options.bias', /unknown/],
    ['to skip what is no gradient', [3, 5], { skip: ['dFilter'] }, OptionError, 'options.skip', /'dx', 'dWeight', 'dBias'/],
    ['to skip by name alone', [3, 5], { skip: 'dx' }, OptionError, 'options.skip', /an array/],
    ['an out for what is skipped', [3, 5], { skip: ['dx'], out: { dx: randomTensor([3, 7], 1) } }, OptionError, 'out.dx', /skipped/],
    ['an out that is a tensor', [3, 5], { out: randomTensor([3, 7], 1) }, OptionError, 'out.shape', /unknown/],
    ['an out that does not fit', [3, 5], { out: { dBias: randomTensor([4], 1) } }, ShapeError, 'out.dBias.shape', /\[5\], got \[4\]/],
  ] as const)('refuses a gradient of %s', (_, shape, options, kind, argument, said) => {
    const call = () =>
      simd.engine.linearBackward(randomTensor(shape, 1), randomTensor([3, 7], 2), randomTensor([5, 7], 3), options as object);
    expect(call).toThrow(kind);
    expect(call).toThrow(said);
    expect(call).toThrow(expect.objectContaining({ argument }));
  });

  it('refuses two gradients in the same memory', () => {
    const dx = { shape: [2, 2], data: new Float32Array(4) };
    const call = () =>
      simd.engine.linearBackward(randomTensor([2, 2], 1), randomTensor([2, 2], 2), randomTensor([2, 2], 3), { out: { dx, dWeight: dx } });
    expect(call).toThrow(/overlaps out.dx/);
  });
});
