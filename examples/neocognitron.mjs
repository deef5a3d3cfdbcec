/**
 * Simple and complex cells: an X told from an O wherever and however it is drawn, where comparing pixels fails.
 * Fukushima, "Neocognitron: A Self-organizing Neural Network Model for a Mechanism of Pattern Recognition Unaffected by Shift in
 * Position", 1980.
 *
 *     picture    S1               C1           S2                C2
 *     24×24  →   strokes in    →  max of    →  likeness to    →  max of all   →  X or O
 *                4 directions     5×5          an X, to an O     places
 *
 * A simple cell (S) answers to one pattern in one place: a convolution, and a threshold. A complex cell (C) answers if one of the
 * simple cells around it does: pooling. S2 has learned from one X and one O, and sees no other before it is asked.
 */
import { load } from 'simdconv';

const engine = await load();
const SIDE = 24;

/** Numbers in [−1, 1), the same each time (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}
const random = generator(1);

/** Strokes of a letter about its middle, as points close together. */
const strokes = {
  X: [1, -1].map((sign) => Array.from({ length: 41 }, (_, i) => [(i - 20) / 20, (sign * (i - 20)) / 20])),
  O: [Array.from({ length: 81 }, (_, i) => [Math.cos((i * Math.PI) / 40), Math.sin((i * Math.PI) / 40)])],
};

/** A picture of a letter, ink 1. Without options it is the one that is learned. */
function draw(letter, { right = 0, down = 0, tilt = 0, thickness = 1, short = 0 } = {}) {
  const data = new Float32Array(SIDE * SIDE);
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)];
  for (const [index, points] of strokes[letter].entries()) {
    // The first stroke ends before it should.
    for (const [x, y] of index === 0 ? points.slice(0, Math.round(points.length * (1 - short))) : points) {
      const [column, row] = [SIDE / 2 + right + 6 * (cos * x - sin * y), SIDE / 2 + down + 6 * (sin * x + cos * y)];
      for (let py = 0; py < SIDE; py++) {
        for (let px = 0; px < SIDE; px++) {
          if (Math.hypot(px + 0.5 - column, py + 0.5 - row) <= thickness) data[py * SIDE + px] = 1;
        }
      }
    }
  }
  return { shape: [1, 1, SIDE, SIDE], data };
}

/** S1: strokes of 5×5 pixels in four directions. What is beside a stroke counts against it, so that an even area says nothing. */
const directions = [
  [1, 0],
  [1, 1],
  [0, 1],
  [1, -1],
].map(([dx, dy]) => {
  const length = Math.hypot(dx, dy);
  const weights = Array.from({ length: 25 }, (_, i) => {
    const [x, y] = [(i % 5) - 2, Math.floor(i / 5) - 2];
    const beside = Math.abs(x * dy - y * dx) / length;
    return Math.exp(-(beside ** 2)) - 0.5 * Math.exp(-(((beside - 2) / 0.8) ** 2));
  });
  const mean = weights.reduce((sum, weight) => sum + weight) / 25;
  return weights.map((weight) => (weight - mean) / 4);
});
const strokeFilters = { shape: [4, 1, 5, 5], data: Float32Array.from(directions.flat()) };
const threshold = { shape: [4], data: new Float32Array(4).fill(-0.35) };

function complexCells1(picture) {
  const simple = engine.conv2d(picture, strokeFilters, { padding: 2, bias: threshold, activation: 'relu' });
  return engine.maxPool2d(simple, { windowDimensions: 5, strides: 2, padding: 2 });
}

/** The part of C1 that an S2 cell sees: 9×9 cells, which the learned letter fills. */
const SEEN = 9;

/** S2 learns: its filter is what C1 says of the letter in the middle, at length 1. */
function learned(letter) {
  const { shape, data } = complexCells1(draw(letter));
  const side = shape[3];
  const begin = (side - SEEN + 1) >> 1;
  const weights = [];
  for (let map = 0; map < 4; map++)
    for (let y = 0; y < SEEN; y++) for (let x = 0; x < SEEN; x++) weights.push(data[(map * side + begin + y) * side + begin + x]);
  const length = Math.hypot(...weights);
  return weights.map((weight) => weight / length);
}
const letters = Object.keys(strokes);
const letterFilters = { shape: [letters.length, 4, SEEN, SEEN], data: Float32Array.from(letters.flatMap(learned)) };

/** Likeness to each letter: the cosine between what an S2 cell sees and what it has learned, where it is greatest. */
function likeness(picture) {
  const cells = complexCells1(picture);
  const padding = 3;
  const simple = engine.conv2d(cells, letterFilters, { padding });
  // The inhibiting cells of the Neocognitron: how much there is to be seen at all.
  const strength = engine.l2Pool2d(cells, { windowDimensions: SEEN, padding });
  const places = simple.shape[2] * simple.shape[3];
  for (let place = 0; place < places; place++) {
    let sum = 0;
    for (let map = 0; map < 4; map++) sum += strength.data[map * places + place] ** 2;
    for (let letter = 0; letter < letters.length; letter++) simple.data[letter * places + place] /= Math.sqrt(sum) + 0.1;
  }
  return [...engine.maxPool2d(simple).data];
}

const templates = letters.map((letter) => draw(letter).data);
/** The part of the pixels that are those of each learned letter. */
const alike = ({ data }) => templates.map((template) => data.filter((pixel, i) => pixel === template[i]).length / data.length);

const answer = (scores) => letters[scores.indexOf(Math.max(...scores))];
const ways = {
  'as learned': () => ({}),
  shifted: () => ({ right: Math.round(4 * random()), down: Math.round(4 * random()) }),
  tilted: () => ({ tilt: 0.35 * random() }),
  thickened: () => ({ thickness: 1.7 + 0.7 * random() }),
  'cut short': () => ({ short: 0.2 + 0.15 * random() }),
  'all of it': () => Object.assign({}, ...['shifted', 'tilted', 'thickened', 'cut short'].map((way) => ways[way]())),
};

function print({ data }) {
  for (let row = 0; row < SIDE; row++)
    console.log(`  ${Array.from(data.subarray(row * SIDE, (row + 1) * SIDE), (ink) => (ink ? '#' : '·')).join(' ')}`);
}

const EACH = 100;
console.log('learned from one X and one O; 100 others of each letter a line\n');
console.log(`${''.padEnd(12)}comparing pixels   simple and complex cells`);
const totals = [0, 0];
let fooled;
for (const [way, options] of Object.entries(ways)) {
  const right = [0, 0];
  for (const letter of letters) {
    for (let i = 0; i < EACH; i++) {
      const picture = draw(letter, options());
      const answers = [answer(alike(picture)), answer(likeness(picture))];
      answers.forEach((given, method) => {
        right[method] += Number(given === letter);
      });
      if (letter === 'X' && answers[0] !== 'X' && answers[1] === 'X') fooled = picture;
    }
  }
  right.forEach((count, method) => {
    totals[method] += count;
  });
  const [pixels, cells] = right.map((count) => `${((100 * count) / (letters.length * EACH)).toFixed(1)} %`);
  console.log(`${way.padEnd(12)}${pixels.padStart(16)}   ${cells.padStart(24)}`);
}
const [pixels, cells] = totals.map((count) => `${((100 * count) / (letters.length * EACH * Object.keys(ways).length)).toFixed(1)} %`);
console.log(`\naccuracy: comparing pixels ${pixels}, simple and complex cells ${cells}`);
if (fooled) {
  console.log('\nan X whose pixels are rather those of the O:\n');
  print(fooled);
}
