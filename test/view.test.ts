import { describe, expect, it } from 'vitest';
import { DisposedError, ShapeError } from '../src/index.ts';
import { expectSameBits } from './equal.ts';
import { platforms } from './platforms.ts';
import { randomTensor } from './random.ts';

describe.each(platforms)('a view of a tensor on $name', ({ engine }) => {
  const x = randomTensor([2, 3, 4], 1);

  it('is the same memory under another shape', () => {
    using tensor = engine.tensor(x.shape, x.data);
    const view = tensor.view([4, 6]).view([24]);
    expect(view.shape).toEqual([24]);
    view.data[5] = 42;
    expect(tensor.data[5]).toBe(42);
    expectSameBits(engine.relu(view).data, engine.relu(tensor).data);
    expect(engine.relu(view, { out: tensor.view([24]) }).shape).toEqual([24]);
    expectSameBits(tensor.data, engine.relu(tensor).data);
  });

  it('refuses a shape of another number of elements', () => {
    using tensor = engine.tensor(x.shape, x.data);
    for (const shape of [[23], [2, 3, 5], [-24], [24.5], [Number.NaN], []]) expect(() => tensor.view(shape)).toThrow(ShapeError);
  });

  it('is no place of its own for a result', () => {
    using tensor = engine.tensor([1, 1, 4, 6], x.data);
    using filter = engine.tensor([1, 1, 1, 1], [2]);
    for (const out of [tensor, tensor.view([1, 1, 4, 6])]) {
      expect(() => engine.conv2d(tensor, filter, { out })).toThrow('memory that overlaps x');
      expect(() => engine.conv2d(tensor.view([1, 1, 4, 6]), filter, { out })).toThrow('memory that overlaps x');
    }
    expectSameBits(tensor.data, x.data);
  });

  it('lives as long as its owner', () => {
    const tensor = engine.tensor(x.shape, x.data);
    const view = tensor.view([24]);
    view.dispose();
    expect(view.disposed).toBe(false);
    tensor.dispose();
    expect(view.disposed).toBe(true);
    expect(() => view.data).toThrow(DisposedError);
    expect(() => tensor.view([24])).toThrow(DisposedError);
  });
});
