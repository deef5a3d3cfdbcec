import { describe, expect, it } from 'vitest';
import type { Tensor } from '../src/index.ts';
import { js, simd } from './platforms.ts';
import { randomTensor } from './random.ts';

/** Worked examples of an introductory chapter on convolutional networks, their results derived by hand. */

/** A picture of `#` (1) and `.` (−1). */
function picture(...rows: string[]): Tensor {
  const data = rows.flatMap((row) => [...row].map((character) => (character === '#' ? 1 : -1)));
  return { shape: [1, 1, rows.length, rows[0].length], data: Float32Array.from(data) };
}

const X = picture('.........', '.#.....#.', '..#...#..', '...#.#...', '....#....', '...#.#...', '..#...#..', '.#.....#.', '.........');
const BACKSLASH = [1, -1, -1, -1, 1, -1, -1, -1, 1];
const CROSS = [1, -1, 1, -1, 1, -1, 1, -1, 1];
const SLASH = [-1, -1, 1, -1, 1, -1, 1, -1, -1];
const features = { shape: [3, 1, 3, 3], data: Float32Array.from([BACKSLASH, CROSS, SLASH].flat()) };
const backslash = { shape: [1, 1, 3, 3], data: Float32Array.from(BACKSLASH) };

/** As the chapter prints: cut off after two places, not rounded. */
const rowsOf = (data: Float32Array, width: number) =>
  Array.from({ length: data.length / width }, (_, row) =>
    Array.from(data.subarray(row * width, (row + 1) * width), (value) => (Math.trunc(value * 100) / 100).toFixed(2)).join(' '),
  );

describe.each([js, simd])('the textbook on $name', ({ engine }) => {
  describe('matching a pattern', () => {
    it('gives the map of the diagonal, 1.00 exactly where it matches', () => {
      const map = engine.conv2d(X, backslash, { normalize: 'mean' });
      expect(map.shape).toEqual([1, 1, 7, 7]);
      expect(rowsOf(map.data, 7)).toEqual([
        '0.77 -0.11 0.11 0.33 0.55 -0.11 0.33',
        '-0.11 1.00 -0.11 0.33 -0.11 0.11 -0.11',
        '0.11 -0.11 1.00 -0.33 0.11 -0.11 0.55',
        '0.33 0.33 -0.33 0.55 -0.33 0.33 0.33',
        '0.55 -0.11 0.11 -0.33 1.00 -0.11 0.11',
        '-0.11 0.11 -0.11 0.33 -0.11 1.00 -0.11',
        '0.33 -0.11 0.55 0.33 0.11 -0.11 0.77',
      ]);
      const matches = [...map.data.keys()].filter((i) => map.data[i] === 1);
      expect(matches).toEqual([1, 2, 4, 5].map((row) => row * 7 + row));
      expect(Math.max(...map.data)).toBe(1);
    });

    it('gives three maps for three filters', () => {
      const maps = engine.conv2d(X, features, { normalize: 'mean' });
      expect(maps.shape).toEqual([1, 3, 7, 7]);
      const [first, second, third] = [0, 49, 98].map((begin) => rowsOf(maps.data.subarray(begin, begin + 49), 7));
      expect(first).toEqual(rowsOf(engine.conv2d(X, backslash, { normalize: 'mean' }).data, 7));
      expect(second).toEqual([
        '0.33 -0.55 0.11 -0.11 0.11 -0.55 0.33',
        '-0.55 0.55 -0.55 0.33 -0.55 0.55 -0.55',
        '0.11 -0.55 0.55 -0.77 0.55 -0.55 0.11',
        '-0.11 0.33 -0.77 1.00 -0.77 0.33 -0.11',
        '0.11 -0.55 0.55 -0.77 0.55 -0.55 0.11',
        '-0.55 0.55 -0.55 0.33 -0.55 0.55 -0.55',
        '0.33 -0.55 0.11 -0.11 0.11 -0.55 0.33',
      ]);
      // The X is its own mirror image, and so the maps of the two diagonals are each other's.
      expect(third).toEqual(first.map((row) => row.split(' ').reverse().join(' ')));
    });

    it.each([
      ['the X itself', true, X],
      [
        'an X moved',
        true,
        picture('#.....#..', '.#...#...', '..#.#....', '...#.....', '..#.#....', '.#...#...', '#.....#..', '.........', '.........'),
      ],
      [
        'an X tilted',
        true,
        picture('.........', '.#.....#.', '..#...#..', '...#.#...', '....#....', '...#.#...', '..#..#...', '..#...#..', '.........'),
      ],
      [
        'an X thickened',
        true,
        picture('.........', '.#.....#.', '..#...#..', '...#.#...', '....#....', '...#.##..', '..#...##.', '.#.....##', '.........'),
      ],
      [
        'an X with a short stroke',
        true,
        picture('.........', '.......#.', '..#...#..', '...#.#...', '....#....', '...#.#...', '..#...#..', '.#.....#.', '.........'),
      ],
      [
        'an O',
        false,
        picture('.........', '...###...', '..#...#..', '.#.....#.', '.#.....#.', '.#.....#.', '..#...#..', '...###...', '.........'),
      ],
      [
        'a plus',
        false,
        picture('.........', '....#....', '....#....', '....#....', '.#######.', '....#....', '....#....', '....#....', '.........'),
      ],
    ])('%s has every feature of an X: %s', (_, isX, image) => {
      const maps = engine.conv2d(image, features, { normalize: 'mean' });
      const best = [0, 49, 98].map((begin) => Math.max(...maps.data.subarray(begin, begin + 49)));
      expect(best.every((value) => value === 1)).toBe(isX);
      const samePixels = image.data.every((value, i) => value === X.data[i]);
      expect(samePixels).toBe(image === X);
    });
  });

  it('makes as many outputs as windows fit: floor((I + P − D (K − 1) − 1) / S) + 1', () => {
    let tried = 0;
    for (let input = 1; input <= 9; input++)
      for (let kernel = 1; kernel <= 4; kernel++)
        for (let stride = 1; stride <= 4; stride++)
          for (let padding = 0; padding <= 3; padding++)
            for (let dilation = 1; dilation <= 3; dilation++) {
              const reach = dilation * (kernel - 1) + 1;
              const room = input + padding - reach;
              if (room < 0) continue;
              const begins = Array.from({ length: room + 1 }, (_, begin) => begin).filter((begin) => begin % stride === 0);
              const begin = padding >> 1;
              const { shape } = engine.conv2d(randomTensor([1, 1, input, 12], 1), randomTensor([1, 1, kernel, 2], 2), {
                strides: [stride, 1],
                dilations: [dilation, 1],
                padding: [begin, padding - begin, 0, 0],
              });
              expect(shape).toEqual([1, 1, begins.length, 11]);
              expect(begins.length).toBe(Math.floor((input + padding - dilation * (kernel - 1) - 1) / stride) + 1);
              tried++;
            }
    expect(tried).toBeGreaterThan(1000);
  });

  it('without dilation and padding is O = floor((I − K) / S) + 1', () => {
    const size = (input: number, kernel: number, stride: number) =>
      engine.conv2d(randomTensor([1, 1, input, input], 1), randomTensor([1, 1, kernel, kernel], 2), { strides: stride }).shape[2];
    expect(size(9, 3, 1)).toBe(7);
    expect(size(7, 3, 2)).toBe(3);
    expect(size(8, 3, 2)).toBe(3);
    expect(size(32, 5, 1)).toBe(28);
    expect(size(227, 11, 4)).toBe(55);
  });

  describe('is a sparse dense layer', () => {
    const [w1, w2, w3, w4] = [2, -3, 5, 7];
    const input = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    // biome-ignore format: a matrix
    const matrix = [
      [w1, w2,  0, w3, w4,  0,  0,  0,  0],
      [ 0, w1, w2,  0, w3, w4,  0,  0,  0],
      [ 0,  0,  0, w1, w2,  0, w3, w4,  0],
      [ 0,  0,  0,  0, w1, w2,  0, w3, w4],
    ];
    const convolution = engine.conv2d({ shape: [1, 1, 3, 3], data: input }, { shape: [1, 1, 2, 2], data: Float32Array.of(w1, w2, w3, w4) });

    it('whose matrix times the input is the convolution', () => {
      const product = matrix.map((row) => row.reduce((sum, weight, i) => sum + weight * input[i], 0));
      // 2·1 − 3·2 + 5·4 + 7·5, and so on.
      expect(product).toEqual([51, 62, 84, 95]);
      expect([...convolution.data]).toEqual(product);
      expect(convolution.shape).toEqual([1, 1, 2, 2]);
    });

    it('that conv2d computes too, as a filter over the whole input', () => {
      const dense = { shape: [4, 1, 3, 3], data: Float32Array.from(matrix.flat()) };
      const result = engine.conv2d({ shape: [1, 1, 3, 3], data: input }, dense);
      expect(result.shape).toEqual([1, 4, 1, 1]);
      expect([...result.data]).toEqual([...convolution.data]);
    });

    it('that conv2dMatrix makes', () => {
      const filter = { shape: [1, 1, 2, 2], data: Float32Array.of(w1, w2, w3, w4) };
      const made = engine.conv2dMatrix(filter, [1, 3, 3]);
      expect(made.shape).toEqual([4, 9]);
      expect([...made.data]).toEqual(matrix.flat());
      const dense = engine.linear({ shape: [1, 9], data: input }, made);
      expect([...dense.data]).toEqual([...convolution.data]);
      // What is shared: 4 weights are 16 of its 36 elements, and the others are 0.
      const weights = [...made.data].filter((weight) => weight !== 0);
      expect(weights.length).toBe(16);
      expect([w1, w2, w3, w4].map((weight) => weights.filter((other) => other === weight).length)).toEqual([4, 4, 4, 4]);
    });

    it('with 4 parameters in the place of 36', () => {
      expect(matrix.flat().length).toBe(36);
      expect(matrix.flat().filter((weight) => weight !== 0).length).toBe(16);
      expect(new Set(matrix.flat().filter((weight) => weight !== 0))).toEqual(new Set([w1, w2, w3, w4]));
    });
  });

  describe('image kernels on a bright square', () => {
    const image = {
      shape: [1, 1, 5, 5],
      data: Float32Array.of(0, 0, 0, 0, 0, 0, 10, 10, 10, 0, 0, 10, 10, 10, 0, 0, 10, 10, 10, 0, 0, 0, 0, 0, 0),
    };
    it.each([
      // Inside, 8 · 10 less eight neighbours; at a side five are bright, at a corner three.
      ['edge', [-1, -1, -1, -1, 8, -1, -1, -1, -1], [50, 30, 50, 30, 0, 30, 50, 30, 50]],
      // The kernel's sum is 1: what is flat stays, slopes towards the upper left rise, towards the lower right sink.
      ['emboss', [-2, -1, 0, -1, 1, 1, 0, 1, 2], [50, 40, 10, 40, 10, -20, 10, -20, -30]],
    ])('%s', (_, kernel, expected) => {
      const filter = { shape: [1, 1, 3, 3], data: Float32Array.from(kernel) };
      expect([...engine.conv2d(image, filter).data]).toEqual(expected);
      const nhwc = { shape: [1, 5, 5, 1], data: image.data };
      expect([...engine.conv2d(nhwc, filter, { inputLayout: 'nhwc' }).data]).toEqual(expected);
      const same = engine.conv2d(image, filter, { padding: 'same' });
      expect(same.shape).toEqual([1, 1, 5, 5]);
      expect([6, 7, 8, 11, 12, 13, 16, 17, 18].map((i) => same.data[i])).toEqual(expected);
    });
  });

  describe('the dying neuron, weight −5 and bias −3', () => {
    // −5x − 3 is above 0 only for inputs below −0.6.
    const inputs = Float32Array.from({ length: 33 }, (_, i) => -0.6 + i * 0.05);
    const sum = { shape: [33], data: inputs.map((x) => -5 * x - 3) };
    const dy = { shape: [33], data: new Float32Array(33).fill(1) };

    it('passes no gradient through a ReLU', () => {
      expect(engine.relu(sum).data.every((y) => y <= 1e-6)).toBe(true);
      expect(
        engine
          .reluBackward(dy, sum)
          .data.slice(1)
          .every((dx) => dx === 0),
      ).toBe(true);
    });

    it('passes a fifth of it through a leaky one, and what was drawn through a randomized one', () => {
      expect(
        engine
          .leakyReluBackward(dy, sum, { alpha: 0.2 })
          .data.slice(1)
          .every((dx) => dx === Math.fround(0.2)),
      ).toBe(true);
      const options = { lower: 0.1, upper: 0.3, training: true, seed: 3 };
      const drawn = engine.rrelu(sum, options).data.map((y, i) => y / sum.data[i]);
      engine.rreluBackward(dy, sum, options).data.forEach((dx, i) => {
        if (i > 0) expect(dx).toBeCloseTo(drawn[i], 5);
      });
    });
  });
});
