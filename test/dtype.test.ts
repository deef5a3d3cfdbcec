import { describe, expect, it } from 'vitest';
import { OptionError, ShapeError } from '../src/index.ts';
import { expectSameBits } from './equal.ts';
import { platforms } from './platforms.ts';
import { randomTensor } from './random.ts';

describe.each(platforms)('tensors of whole numbers on $name', ({ engine }) => {
  it('hold elements of their type, begin with zeros, and keep it in a view', () => {
    for (const [dtype, Kind] of [
      ['int32', Int32Array],
      ['uint8', Uint8Array],
      ['int8', Int8Array],
      ['float32', Float32Array],
    ] as const) {
      using zeros = engine.tensor([3, 5], undefined, { dtype });
      expect([zeros.dtype, zeros.data]).toEqual([dtype, new Kind(15)]);
      using some = engine.tensor([3], [1, 2, 127], { dtype });
      expectSameBits(some.data, Kind.of(1, 2, 127));
      expect(some.view([3, 1]).dtype).toBe(dtype);
      expectSameBits(some.view([3, 1]).data, some.data);
    }
    using floats = engine.tensor([2], Int32Array.of(7, 8));
    expectSameBits(floats.data, Float32Array.of(7, 8));
  });

  it('are made with a scale and a zero point, of which they have copies', () => {
    const scale = Float32Array.of(0.5, 0.25);
    using channels = engine.tensor([2, 1], [-1, 1], { dtype: 'int8', scale, zeroPoint: Int8Array.of(3, -3) });
    scale[0] = 9;
    expect(channels.scale).toEqual(Float32Array.of(0.5, 0.25));
    expect(channels.zeroPoint).toEqual(Int8Array.of(3, -3));
    using whole = engine.tensor([1], [255], { dtype: 'uint8', scale: 0.1 });
    expect([whole.scale, whole.zeroPoint]).toEqual([Math.fround(0.1), 0]);
  });

  it('are refused with typed errors that name the argument', () => {
    const x = randomTensor([1, 1, 4, 4], 1);
    using ints = engine.tensor([1, 1, 4, 4], undefined, { dtype: 'int32' });
    using conv = engine.prepareConv2d(randomTensor([1, 1, 1, 1], 2));
    using floats = engine.tensor(x.shape, x.data);
    conv.run(floats);
    const rows: readonly [() => unknown, new (...args: never[]) => Error, RegExp][] = [
      [() => engine.relu(ints as never), ShapeError, /^x\.data: expected a Float32Array, got Int32Array$/],
      [() => engine.relu(x, { out: ints as never }), ShapeError, /^out\.data: expected a Float32Array, got Int32Array$/],
      [() => conv.run(ints as never), ShapeError, /^x\.data: expected a Float32Array, got Int32Array$/],
      [() => conv.run(floats, ints as never), ShapeError, /^out\.data: expected a Float32Array, got Int32Array$/],
      [() => engine.tensor([1], [256], { dtype: 'uint8' }), ShapeError, /^data\[0\]: expected a whole number from 0 to 255, got 256$/],
      [() => engine.tensor([1], [0.5], { dtype: 'int8' }), ShapeError, /^data\[0\]: expected a whole number from -128 to 127, got 0\.5$/],
      [() => engine.tensor([2], [1], { dtype: 'int8' }), ShapeError, /^data: expected 2 elements for the shape \[2\], got 1 elements$/],
      [() => engine.tensor([1], [1], { dtype: 'int16' as never }), OptionError, /^options\.dtype: expected one of 'float32'/],
      [() => engine.tensor([1], [1], { scale: 1 }), OptionError, /^options\.scale: expected none for floats/],
      [() => engine.tensor([1], [1], { dtype: 'int8', scale: 0 }), OptionError, /^options\.scale: expected a number above 0/],
      [() => engine.tensor([1], [1], { dtype: 'int8', zeroPoint: 1 }), OptionError, /^options\.scale: expected the scale/],
      [
        () => engine.tensor([1], [1], { dtype: 'int8', scale: 1, zeroPoint: 200 }),
        OptionError,
        /^options\.zeroPoint: expected a whole number/,
      ],
    ];
    for (const [refused, type, words] of rows) {
      expect(refused).toThrow(type);
      expect(refused).toThrow(words);
    }
  });

  it('are told from floats by the signatures of calls', () => {
    const x = randomTensor([1, 2, 6, 6], 1);
    const { values, indices } = engine.maxPool2dWithIndices(x, { windowDimensions: 2, strides: 2 });
    const back = engine.maxUnpool2d(values, indices, { outputSizes: [6, 6] });
    const floats = { shape: indices.shape, data: Float32Array.from(indices.data) };
    for (const places of [indices, floats, indices]) {
      expectSameBits(engine.maxUnpool2d(values, places, { outputSizes: [6, 6] }).data, back.data);
    }
  });
});
