import type { Tensor } from 'simdconv';

/** A picture of `#` (1) and `.` (−1). */
function picture(text: string): Tensor {
  const rows = text.trim().split(/\s+/);
  return {
    shape: [1, 1, rows.length, rows[0].length],
    data: Float32Array.from(rows.join(''), (character) => (character === '#' ? 1 : -1)),
  };
}

export const SIDE = 9;

export const pictures: Readonly<Record<string, Tensor>> = {
  'An X': picture(`
    .........
    .#.....#.
    ..#...#..
    ...#.#...
    ....#....
    ...#.#...
    ..#...#..
    .#.....#.
    .........`),
  Moved: picture(`
    .........
    ..#.....#
    ...#...#.
    ....#.#..
    .....#...
    ....#.#..
    ...#...#.
    ..#.....#
    .........`),
  Tilted: picture(`
    .........
    ..#......
    ..#...##.
    ...#.#...
    ....#....
    ...#.#...
    .##...#..
    ......#..
    .........`),
  Thick: picture(`
    ##.....##
    .##...##.
    .##...##.
    ...#.#...
    ....#....
    ...#.#...
    .##...##.
    .##...##.
    ##.....##`),
  'Short stroke': picture(`
    .........
    .......#.
    ......#..
    ...#.#...
    ....#....
    ...#.#...
    ..#...#..
    .#.....#.
    .........`),
  'An O': picture(`
    .........
    ...###...
    ..#...#..
    .#.....#.
    .#.....#.
    .#.....#.
    ..#...#..
    ...###...
    .........`),
};

/** The parts of an X. */
export const parts: Readonly<Record<string, Tensor>> = {
  '\\': picture('#.. .#. ..#'),
  X: picture('#.# .#. #.#'),
  '/': picture('..# .#. #..'),
};
