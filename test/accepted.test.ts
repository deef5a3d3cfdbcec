import { describe, expect, it } from 'vitest';
import type { Conv2dOptions, Tensor } from '../src/index.ts';
import { expectSameBits } from './equal.ts';
import { ownEngine } from './own-engine.ts';
import { platforms } from './platforms.ts';
import { randomTensor } from './random.ts';

const x = randomTensor([1, 2, 5, 6], 1);
const filter = randomTensor([4, 2, 3, 3], 2);
const bias = randomTensor([4], 3);
const OUT_SHAPE = [1, 4, 3, 4];

describe.each(platforms)('what is accepted on $name', ({ engine }) => {
  const expected = engine.conv2d(x, filter, { bias }).data;
  const shared = ({ shape, data }: Tensor) => {
    const copy = new Float32Array(new SharedArrayBuffer(data.byteLength + 8), 4, data.length);
    copy.set(data);
    return { shape, data: copy };
  };

  it('views of shared memory', () => {
    const out = shared({ shape: OUT_SHAPE, data: new Float32Array(48) });
    expect(engine.conv2d(shared(x), shared(filter), { bias: shared(bias), out })).toBe(out);
    expectSameBits(out.data, expected);
    using conv = engine.prepareConv2d(shared(filter), { bias: shared(bias) });
    expectSameBits(conv.run(shared(x), out).data, expected);
    using tensor = engine.tensor(x.shape, shared(x).data);
    expectSameBits(tensor.data, x.data);
  });

  it('options that are there but undefined, and options of any prototype', () => {
    const nothing = Object.fromEntries(
      ['strides', 'padding', 'dilations', 'groups', 'inputLayout', 'activation', 'out'].map((key) => [key, undefined]),
    );
    expectSameBits(engine.conv2d(x, filter, { ...nothing, bias }).data, expected);
    expectSameBits(engine.conv2d(x, filter, Object.assign(Object.create(null), { bias })).data, expected);
    expectSameBits(engine.conv2d(x, filter, Object.create({ bias }) as Conv2dOptions).data, expected);
  });

  it('out beside the input in the same buffer, and the same tensor for two operands', () => {
    const around = new Float32Array(60 + 48);
    around.set(x.data);
    const out = { shape: OUT_SHAPE, data: around.subarray(60) };
    expectSameBits(engine.conv2d({ shape: x.shape, data: around.subarray(0, 60) }, filter, { bias, out }).data, expected);
    const square = randomTensor([2, 2, 3, 3], 5);
    const copy = { shape: square.shape, data: square.data.slice() };
    expectSameBits(engine.conv2d(square, square).data, engine.conv2d(square, copy).data);
  });

  it('any array of numbers for tensor(), and none', () => {
    for (const data of [[1, 2.5], Int16Array.of(1, 2), new Float64Array([1, 2.5]), { length: 2, 0: 1, 1: 2.5 }]) {
      using tensor = engine.tensor([2], data);
      expect([...tensor.data]).toEqual([data[0], data[1]]);
    }
    using zeros = engine.tensor([2, 3]);
    expect([...zeros.data]).toEqual([0, 0, 0, 0, 0, 0]);
    using scalar = engine.tensor([]);
    expect([...scalar.data]).toEqual([0]);
    using nothing = engine.tensor([0, 3]);
    expect(nothing.data.length).toBe(0);
  });

  it('a tensor of another engine', async () => {
    const other = (await ownEngine()).engine;
    const out = other.tensor(OUT_SHAPE);
    const result = engine.conv2d(other.tensor(x.shape, x.data), other.tensor(filter.shape, filter.data), {
      bias: other.tensor([4], bias.data),
      out,
    });
    expect(result).toBe(out);
    expectSameBits(out.data, expected);
  });

  it('no images at all', () => {
    const empty = { shape: [0, 2, 5, 6], data: new Float32Array(0) };
    const result = engine.conv2d(empty, filter, { padding: 1, bias, activation: 'relu' });
    expect(result.shape).toEqual([0, 4, 5, 6]);
    expect(result.data.length).toBe(0);
    using conv = engine.prepareConv2d(filter);
    expect(conv.run(empty).shape).toEqual([0, 4, 3, 4]);
    expectSameBits(conv.run(x).data, engine.conv2d(x, filter).data);
  });
});
