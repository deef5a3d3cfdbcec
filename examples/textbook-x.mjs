/**
 * Matching a pattern: parts of an X are found wherever they are, so an X that is moved, tilted, thick or cut short is
 * still an X, while a comparison pixel by pixel fails.
 */
import { load } from 'simdconv';

const engine = await load();

/** A picture from text: # is 1, everything else −1. */
function picture(text) {
  const rows = text.trim().split(/\s+/);
  const data = Float32Array.from(rows.join(''), (character) => (character === '#' ? 1 : -1));
  return { shape: [1, 1, rows.length, rows[0].length], data };
}

const pictures = {
  'an X': picture(`
    .........
    .#.....#.
    ..#...#..
    ...#.#...
    ....#....
    ...#.#...
    ..#...#..
    .#.....#.
    .........`),
  moved: picture(`
    .........
    ..#.....#
    ...#...#.
    ....#.#..
    .....#...
    ....#.#..
    ...#...#.
    ..#.....#
    .........`),
  tilted: picture(`
    .........
    ..#......
    ..#...##.
    ...#.#...
    ....#....
    ...#.#...
    .##...#..
    ......#..
    .........`),
  thick: picture(`
    ##.....##
    .##...##.
    .##...##.
    ...#.#...
    ....#....
    ...#.#...
    .##...##.
    .##...##.
    ##.....##`),
  'with a short stroke': picture(`
    .........
    .......#.
    ......#..
    ...#.#...
    ....#....
    ...#.#...
    ..#...#..
    .#.....#.
    .........`),
  'an O': picture(`
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
const x = pictures['an X'];
const parts = { '\\': picture('#.. .#. ..#'), X: picture('#.# .#. #.#'), '/': picture('..# .#. #..') };
const filters = { shape: [3, 1, 3, 3], data: Float32Array.from(Object.values(parts).flatMap(({ data }) => [...data])) };
const maps = engine.conv2d(x, filters, { normalize: 'mean' });

/** Two places, cut off and not rounded, as the textbook prints them. */
const number = (value) => (Math.trunc(value * 100) / 100).toFixed(2).padStart(6);

Object.keys(parts).forEach((name, map) => {
  console.log(`An X under the filter ${name}, each sum of nine products divided by 9:\n`);
  for (let row = 0; row < 7; row++)
    console.log(Array.from(maps.data.subarray(map * 49 + row * 7, map * 49 + row * 7 + 7), number).join(''));
  console.log();
});
console.log('                      pixels like the X   best match of \\     X     /   an X?');
for (const [name, image] of Object.entries(pictures)) {
  const alike = image.data.filter((pixel, i) => pixel === x.data[i]).length;
  const found = engine.conv2d(image, filters, { normalize: 'mean' });
  const best = [0, 1, 2].map((map) => Math.max(...found.data.subarray(map * 49, map * 49 + 49)));
  const verdict = best.every((match) => match === 1) ? 'yes' : 'no';
  console.log(`${name.padEnd(22)}${alike} of 81${''.padEnd(19)}${best.map(number).join('')}   ${verdict}`);
}
