/**
 * Matching a pattern: parts of an X are found wherever they are, so an X that is moved, tilted, thick or cut short is
 * still an X, while a comparison pixel by pixel fails.
 */
import { readFile } from 'node:fs/promises';
import { load } from 'simdconv';

const engine = await load();

/** Pictures of # (1) and . (−1), row by row. */
const drawn = JSON.parse(await readFile(new URL('x-and-o.json', import.meta.url), 'utf8'));
const tensors = (drawings) =>
  Object.entries(drawings).map(([name, rows]) => {
    const data = Float32Array.from(rows.join(''), (character) => (character === '#' ? 1 : -1));
    return [name, { shape: [1, 1, rows.length, rows[0].length], data }];
  });
const pictures = Object.fromEntries(tensors(drawn.pictures));
const parts = Object.fromEntries(tensors(drawn.parts));
const x = pictures['An X'];
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
