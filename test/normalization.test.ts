import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LayoutError, OptionError, ShapeError, type Tensor } from '../src/index.ts';
import { expectSameBits, expectWithin } from './equal.ts';
import { resultsOf } from './oracle/reduce.ts';
import { js, platforms } from './platforms.ts';
import { randomTensor, relayout, specialTensor } from './random.ts';

interface Oracle {
  readonly y: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** What belongs together: for each element the number of its statistics, and of its scale and bias. */
interface Rows {
  readonly statistic: ArrayLike<number>;
  readonly statistics: number;
  readonly affine: ArrayLike<number>;
  readonly affines: number;
}

const EPS = Math.fround(1e-5);

/** In float64, as it is defined. */
function normalized(x: ArrayLike<number>, rows: Rows, scale?: ArrayLike<number>, bias?: ArrayLike<number>, isCentred = true): Oracle {
  const counts = new Float64Array(rows.statistics);
  const mean = new Float64Array(rows.statistics);
  const variance = new Float64Array(rows.statistics);
  for (let i = 0; i < x.length; i++) counts[rows.statistic[i]]++;
  if (isCentred) for (let i = 0; i < x.length; i++) mean[rows.statistic[i]] += x[i] / counts[rows.statistic[i]];
  for (let i = 0; i < x.length; i++) variance[rows.statistic[i]] += (x[i] - mean[rows.statistic[i]]) ** 2 / counts[rows.statistic[i]];
  const y = Float64Array.from(x, (value, i) => {
    const s = rows.statistic[i];
    const normal = (value - mean[s]) / Math.sqrt(variance[s] + EPS);
    return normal * (scale?.[rows.affine[i]] ?? 1) + (bias?.[rows.affine[i]] ?? 0);
  });
  return { y, mean, variance };
}

/** The gradients of Σ y · dy by differences of the float64 oracle. */
function differences(dy: ArrayLike<number>, x: ArrayLike<number>, rows: Rows, scale: ArrayLike<number>, isCentred = true) {
  const loss = (input: ArrayLike<number>, by: ArrayLike<number>, bias?: ArrayLike<number>) =>
    normalized(input, rows, by, bias, isCentred).y.reduce((sum, value, i) => sum + value * dy[i], 0);
  const h = 1e-5;
  const along = (values: ArrayLike<number>, of: (changed: Float64Array) => number) =>
    Float64Array.from(values, (_, i) => {
      const changed = Float64Array.from(values);
      changed[i] = values[i] + h;
      const above = of(changed);
      changed[i] = values[i] - h;
      return (above - of(changed)) / (2 * h);
    });
  return {
    dx: along(x, (changed) => loss(changed, scale)),
    dScale: along(scale, (changed) => loss(x, changed)),
    dBias: along(new Float64Array(rows.affines), (changed) => loss(x, scale, changed)),
  };
}

const axesRows = (shape: readonly number[], axes: readonly number[]): Rows => {
  const statistic = resultsOf(shape, axes);
  const affine = resultsOf(
    shape,
    [...shape.keys()].filter((axis) => !axes.includes(axis)),
  );
  return { statistic: statistic.index, statistics: statistic.length, affine: affine.index, affines: affine.length };
};

/** [batch, channels, positions], in so many groups of channels. */
function groupRows([batch, channels, positions]: readonly number[], groups: number): Rows {
  const channel = Array.from({ length: batch * channels * positions }, (_, i) => Math.floor(i / positions));
  return {
    statistic: channel.map((c) => Math.floor(c / (channels / groups))),
    statistics: batch * groups,
    affine: channel.map((c) => c % channels),
    affines: channels,
  };
}

const batchRows = ([batch, channels, positions]: readonly number[]): Rows => {
  const channel = Array.from({ length: batch * channels * positions }, (_, i) => Math.floor(i / positions) % channels);
  return { statistic: channel, statistics: channels, affine: channel, affines: channels };
};

/**
 * The variance is of rows that are not all but equal here, so that what its rounding does to y stays in proportion: docs/numerics.md has
 * the bound, of which 64 ε · (1 + |y|) is more than enough for rows of up to 300 elements.
 */
const near = (got: Float32Array, want: Float64Array, scale = 1) =>
  expectWithin(
    got,
    want,
    want.map((value) => 64 * 2 ** -24 * scale * (1 + Math.abs(value))),
  );
/** Differences in float64 are right to nine digits or so. */
const close = (got: Float32Array, want: Float64Array) =>
  expectWithin(
    got,
    want,
    want.map((value) => 2e-4 * (1 + Math.abs(value))),
  );

const shapes = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(3, 4, 5, 15, 16, 17, 255, 256, 257, 300)),
);
const configuration = fc.record({
  shape: shapes,
  mask: fc.nat({ max: 31 }),
  hasScale: fc.boolean(),
  hasBias: fc.boolean(),
  seed: fc.integer(),
});
const axesOf = (shape: readonly number[], mask: number) => [...shape.keys()].filter((axis) => (mask >> axis) & 1);

const planar = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  groups: fc.integer({ min: 1, max: 4 }),
  part: fc.integer({ min: 1, max: 5 }),
  positions: fc.constantFrom(1, 2, 3, 4, 5, 9, 49, 64, 257, 300),
  hasScale: fc.boolean(),
  hasBias: fc.boolean(),
  seed: fc.integer(),
});
const toLast = (x: Tensor) => relayout(x, 'ncp', 'npc');
const toFirst = (x: Tensor) => relayout(x, 'npc', 'ncp');

it('docs/numerics.md states how moments are taken', () => {
  const text = readFileSync(new URL('../docs/numerics.md', import.meta.url), 'utf8');
  for (const words of ['(((x ⊖ mean) ⊗ factor) ⊗ scale) ⊕ bias', '1 ⊘ √(variance ⊕ epsilon)', '64 · ε · (1 + \\|y\\|)'])
    expect(text.includes(words), words).toBe(true);
});

describe.each(platforms)('normalisation on $name', ({ engine, exact }) => {
  it('layerNorm and rmsNorm are near the float64 oracle over any axes', () => {
    fc.assert(
      fc.property(configuration, ({ shape, mask, hasScale, hasBias, seed }) => {
        const x = randomTensor(shape, seed);
        const axes = axesOf(shape, mask);
        const extents = axes.map((axis) => shape[axis]);
        const rows = axesRows(shape, axes);
        const scale = hasScale ? randomTensor(extents, seed + 1) : undefined;
        const bias = hasBias ? randomTensor(extents, seed + 2) : undefined;
        const want = normalized(x.data, rows, scale?.data, bias?.data);
        fc.pre(want.variance.every((v) => v === 0 || v > 1e-3));
        const y = engine.layerNorm(x, { axes, ...(scale && { scale }), ...(bias && { bias }) });
        expect(y.shape).toEqual(shape);
        near(y.data, want.y);
        const root = engine.rmsNorm(x, { axes, ...(scale && { scale }) });
        near(root.data, normalized(x.data, rows, scale?.data, undefined, false).y);
        engine.layerNorm(x, { axes, ...(scale && { scale }), ...(bias && { bias }), out: x });
        expectSameBits(x.data, y.data);
      }),
      { numRuns: 300 },
    );
  });

  it('instanceNorm and groupNorm are near the float64 oracle, in both layouts', () => {
    fc.assert(
      fc.property(planar, ({ batch, groups, part, positions, hasScale, hasBias, seed }) => {
        const shape = [batch, groups * part, positions];
        const x = randomTensor(shape, seed);
        const scale = hasScale ? randomTensor([shape[1]], seed + 1) : undefined;
        const bias = hasBias ? randomTensor([shape[1]], seed + 2) : undefined;
        const options = { ...(scale && { scale }), ...(bias && { bias }) };
        const last = { ...options, layout: 'nhwc' as const };
        const want = normalized(x.data, groupRows(shape, groups), scale?.data, bias?.data);
        fc.pre(want.variance.every((v) => v === 0 || v > 1e-3));
        const y = engine.groupNorm(x, groups, options);
        near(y.data, want.y);
        expectSameBits(toFirst(engine.groupNorm(toLast(x), groups, last)).data, y.data);
        const each = engine.instanceNorm(x, options);
        const alone = normalized(x.data, groupRows(shape, shape[1]), scale?.data, bias?.data);
        if (alone.variance.every((v) => v === 0 || v > 1e-3)) near(each.data, alone.y);
        expectSameBits(toFirst(engine.instanceNorm(toLast(x), last)).data, each.data);
        expectSameBits(engine.groupNorm(x, shape[1], options).data, each.data);
      }),
      { numRuns: 200 },
    );
  });

  it('batchNormTraining is batchNorm with the moments of the batch, in both layouts', () => {
    fc.assert(
      fc.property(planar, ({ batch, groups, part, positions, hasScale, hasBias, seed }) => {
        const shape = [batch, groups * part, positions];
        const x = randomTensor(shape, seed);
        const options = {
          ...(hasScale && { scale: randomTensor([shape[1]], seed + 1) }),
          ...(hasBias && { bias: randomTensor([shape[1]], seed + 2) }),
        };
        const want = normalized(x.data, batchRows(shape));
        const { y, mean, variance } = engine.batchNormTraining(x, options);
        near(mean.data, want.mean);
        near(variance.data, want.variance);
        expectSameBits(engine.batchNorm(x, mean, variance, options).data, y.data);
        const last = engine.batchNormTraining(toLast(x), { ...options, axis: 2 });
        expectSameBits(last.mean.data, mean.data);
        expectSameBits(last.variance.data, variance.data);
        expectSameBits(toFirst(last.y).data, y.data);
      }),
      { numRuns: 200 },
    );
  });

  it('has the gradients of the float64 oracle, by differences', () => {
    for (const [shape, axes] of [
      [[3, 8], [1]],
      [
        [2, 3, 5],
        [1, 2],
      ],
      [
        [2, 3, 2, 3],
        [1, 3],
      ],
      [[4, 6], [0]],
      [[7], [0]],
    ] as readonly (readonly [number[], number[]])[]) {
      const [x, dy] = [randomTensor(shape, 1), randomTensor(shape, 2)];
      const scale = randomTensor(
        axes.map((axis) => shape[axis]),
        3,
      );
      const rows = axesRows(shape, axes);
      const got = engine.layerNormBackward(dy, x, { axes, scale });
      const want = differences(dy.data, x.data, rows, scale.data);
      for (const name of ['dx', 'dScale', 'dBias'] as const) close(got[name]!.data, want[name]);
      const root = engine.rmsNormBackward(dy, x, { axes, scale });
      const wanted = differences(dy.data, x.data, rows, scale.data, false);
      for (const name of ['dx', 'dScale'] as const) close(root[name]!.data, wanted[name]);
      const plain = engine.layerNormBackward(dy, x, { axes, skip: ['dBias'] });
      close(plain.dx!.data, differences(dy.data, x.data, rows, new Float64Array(scale.data.length).fill(1)).dx);
      expect(plain.dBias).toBeUndefined();
    }
    const shape = [2, 6, 5];
    const [x, dy, scale] = [randomTensor(shape, 4), randomTensor(shape, 5), randomTensor([6], 6)];
    const last = { scale, layout: 'nhwc' as const };
    const { mean, variance } = engine.batchNormTraining(x);
    const moved = [toLast(dy), toLast(x)] as const;
    const cases = [
      [engine.groupNormBackward(dy, x, 3, { scale }), engine.groupNormBackward(...moved, 3, last), groupRows(shape, 3)],
      [engine.instanceNormBackward(dy, x, { scale }), engine.instanceNormBackward(...moved, last), groupRows(shape, 6)],
      [
        engine.batchNormTrainingBackward(dy, x, mean, variance, { scale }),
        engine.batchNormTrainingBackward(...moved, mean, variance, { scale, axis: 2 }),
        batchRows(shape),
      ],
    ] as const;
    for (const [got, turned, rows] of cases) {
      const want = differences(dy.data, x.data, rows, scale.data);
      for (const name of ['dx', 'dScale', 'dBias'] as const) close(got[name]!.data, want[name]);
      expectSameBits(toFirst(turned.dx!).data, got.dx!.data);
      expectSameBits(turned.dScale!.data, got.dScale!.data);
      expectSameBits(turned.dBias!.data, got.dBias!.data);
    }
  });

  it('localResponseNorm and its gradient are those of the float64 oracle, in both layouts', () => {
    for (const [size, beta] of [
      [1, 0.75],
      [2, 1],
      [5, 0.75],
      [9, 0],
      [4, 0.5],
    ]) {
      const shape = [2, 7, 5];
      const [x, dy] = [randomTensor(shape, size), randomTensor(shape, size + 1)];
      const options = { alpha: 0.5, beta, bias: 2 };
      const of = (input: ArrayLike<number>) =>
        Float64Array.from(input, (value, i) => {
          const channel = Math.floor(i / 5) % 7;
          let sum = 0;
          for (let c = channel - Math.floor((size - 1) / 2); c <= channel + Math.ceil((size - 1) / 2); c++)
            if (c >= 0 && c < 7) sum += input[i + 5 * (c - channel)] ** 2;
          return value / (2 + (0.5 / size) * sum) ** beta;
        });
      const y = engine.localResponseNorm(x, size, options);
      near(y.data, of(x.data));
      const dx = engine.localResponseNormBackward(dy, x, size, options);
      const loss = (input: ArrayLike<number>) => of(input).reduce((sum, value, i) => sum + value * dy.data[i], 0);
      close(
        dx.data,
        Float64Array.from(
          x.data,
          (value, i) =>
            (loss(Float64Array.from(x.data).with(i, value + 1e-5)) - loss(Float64Array.from(x.data).with(i, value - 1e-5))) / 2e-5,
        ),
      );
      const last = { ...options, layout: 'nhwc' as const };
      expectSameBits(toFirst(engine.localResponseNorm(toLast(x), size, last)).data, y.data);
      expectSameBits(toFirst(engine.localResponseNormBackward(toLast(dy), toLast(x), size, last)).data, dx.data);
    }
    const x = randomTensor([2, 3], 1);
    expect(() => engine.localResponseNorm(x, 0)).toThrow('size: expected a whole number of at least 1, got 0');
    expect(() => engine.localResponseNorm(x, 3, { bias: 0 })).toThrow('options.bias: expected a number above 0, got 0');
    expect(() => engine.localResponseNorm(x, 3, { alpha: -1 })).toThrow('options.alpha: expected at least 0, got -1');
    expect(() => engine.localResponseNorm(x, 3, { beta: -1 })).toThrow('options.beta: expected at least 0, got -1');
  });

  it('takes the variance of what lies far from 0', () => {
    // In one pass, as the mean of squares less the square of the mean, nothing would be left of it.
    const x = randomTensor([2, 3, 500], 7);
    for (let i = 0; i < x.data.length; i++) x.data[i] += 4096;
    const { variance } = engine.batchNormTraining(x);
    const want = normalized(x.data, batchRows(x.shape)).variance;
    for (const [c, value] of variance.data.entries()) expect(Math.abs(value - want[c]) / want[c]).toBeLessThan(1e-5);
  });

  it('takes what is empty, and lets NaN stay in its row', () => {
    const empty: Tensor = { shape: [0, 3, 2], data: new Float32Array(0) };
    const three = randomTensor([3], 1);
    expect(engine.layerNorm(empty).shape).toEqual([0, 3, 2]);
    expect(engine.groupNorm(empty, 3, { scale: three }).shape).toEqual([0, 3, 2]);
    const { y, mean, variance } = engine.batchNormTraining(empty);
    expect([y.shape, [...mean.data], [...variance.data]]).toEqual([
      [0, 3, 2],
      [NaN, NaN, NaN],
      [NaN, NaN, NaN],
    ]);
    const { dScale, dBias } = engine.instanceNormBackward(empty, empty, { scale: three });
    expect([[...dScale!.data], [...dBias!.data]]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    const x = randomTensor([3, 4], 2);
    x.data[5] = Number.NaN;
    expect(Array.from(engine.layerNorm(x).data, Number.isNaN)).toEqual(
      [4, 5, 6, 7].reduce((all, i) => all.with(i, true), Array(12).fill(false)),
    );
    x.data[5] = Infinity;
    expect([...engine.layerNorm(x).data.subarray(4, 8)].every(Number.isNaN)).toBe(true);
    const constant = { shape: [2, 5], data: new Float32Array(10).fill(3) };
    expect([...engine.layerNorm(constant).data]).toEqual(Array(10).fill(0));
  });

  it('gives the bits of the twin, special values included', () => {
    if (!exact) return;
    fc.assert(
      fc.property(configuration, planar, ({ shape, mask, seed }, { batch, groups, part, positions }) => {
        const x = specialTensor(shape, seed);
        const dy = randomTensor(shape, seed + 1);
        const axes = axesOf(shape, mask);
        const scale = randomTensor(
          axes.map((axis) => shape[axis]),
          seed + 2,
        );
        expectSameBits(engine.layerNorm(x, { axes, scale }).data, js.engine.layerNorm(x, { axes, scale }).data);
        const [ours, twins] = [engine, js.engine].map((on) => on.layerNormBackward(dy, x, { axes, scale }));
        for (const name of ['dx', 'dScale', 'dBias'] as const) expectSameBits(ours[name]!.data, twins[name]!.data);
        const image = specialTensor([batch, groups * part, positions], seed);
        expectSameBits(engine.groupNorm(image, groups).data, js.engine.groupNorm(image, groups).data);
        const [trained, twin] = [engine, js.engine].map((on) => on.batchNormTraining(image));
        for (const name of ['y', 'mean', 'variance'] as const) expectSameBits(trained[name].data, twin[name].data);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses what does not fit', () => {
    const x = randomTensor([2, 6, 4], 1);
    const six = randomTensor([6], 2);
    const rows: readonly [() => unknown, new (...args: never[]) => Error, string][] = [
      [() => engine.layerNorm(x, { axes: [2, 1] }), OptionError, 'options.axes: expected axes in ascending order, got [2, 1]'],
      [
        () => engine.layerNorm(x, { scale: six }),
        ShapeError,
        'options.scale.shape: expected [6, 4], the extents of the axes [1, 2] of x [2, 6, 4], got [6]',
      ],
      [
        () => engine.layerNorm(x, { axes: [3] }),
        OptionError,
        'options.axes: expected an array of different whole numbers from -3 to 2, for the 3 dimensions of x, got [3]',
      ],
      [() => engine.layerNorm(x, { epsilon: -1 }), OptionError, 'options.epsilon: expected at least 0, got -1'],
      [
        () => engine.layerNorm(randomTensor([2, 2, 2, 2, 2, 2, 2], 1), { axes: [1, 3, 5] }),
        OptionError,
        'options.axes: expected at most 6 of them, got 7 runs of axes that are normalised and of others, in turn',
      ],
      [
        () => engine.rmsNorm(x, { bias: six } as never),
        OptionError,
        'options.bias: expected one of axes, scale, epsilon, out, got an unknown option',
      ],
      [() => engine.groupNorm(x, 4), OptionError, 'groups: expected a divisor of the 6 channels of x [2, 6, 4], got 4'],
      [() => engine.groupNorm(x, undefined as never), OptionError, 'groups: expected a whole number of at least 1, got undefined'],
      [
        () => engine.instanceNorm(x, { scale: randomTensor([4], 1) }),
        ShapeError,
        'options.scale.shape: expected [6], the channels of x [2, 6, 4], got [4]',
      ],
      [() => engine.instanceNorm(x, { layout: 'ncw' as never }), LayoutError, "options.layout: expected one of 'nchw', 'nhwc', got 'ncw'"],
      [() => engine.instanceNorm(six), ShapeError, 'x.shape: expected at least 2 dimensions, the batch and the channels, got [6]'],
      [() => engine.layerNormBackward(six, x), ShapeError, 'dy.shape: expected [2, 6, 4], the shape of the result, got [6]'],
      [() => engine.batchNormTraining(x, { out: { mean: x } }), ShapeError, 'out.mean.shape: expected [6], got [2, 6, 4]'],
      [() => engine.batchNormTrainingBackward(x, x, x, six), ShapeError, 'mean.shape: expected 1 dimensions, got 3 dimensions [2, 6, 4]'],
    ];
    for (const [refused, type, words] of rows) {
      expect(refused).toThrow(type);
      expect(refused).toThrow(words);
    }
  });
});
