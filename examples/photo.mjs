/**
 * The main job (npm start): a photograph through an edge and an emboss kernel, and through the first layer of a network,
 * conv → ReLU → max pool. Once with WebAssembly, once with JavaScript: both must agree bit for bit.
 */
import { mkdir } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'simdconv';
import { filterOf, fromPlanes, imageKernel, readPng, toPlanes, toSheet, writePng } from '../dist/image/index.js';

/** Eight edge filters, one a direction. The second half is the first, negated. */
const COMPASS = [
  [1, 2, 1, 0, 0, 0, -1, -2, -1],
  [2, 1, 0, 1, 0, -1, 0, -1, -2],
  [1, 0, -1, 2, 0, -2, 1, 0, -1],
  [0, -1, -2, 1, 0, -1, 2, 1, 0],
];
const directions = [...COMPASS, ...COMPASS.map((weights) => weights.map((weight) => -weight))];

const image = await readPng(fileURLToPath(import.meta.resolve('baboon-image/baboon.png')));
const { width, height } = image;
// Three colours as three images of one channel, the pixels at the edges repeated outwards …
const colours = toPlanes(image, 1, 1);
// … or as one image of three channels: the floats lie the same.
const photo = { shape: [1, 3, height + 2, width + 2], data: colours.data };
const compass = { shape: [8, 3, 3, 3], data: Float32Array.from(directions.flatMap((weights) => [...weights, ...weights, ...weights])) };

const jobs = {
  edge: (engine) => engine.conv2d(colours, filterOf(imageKernel('edge'))),
  emboss: (engine) => engine.conv2d(colours, filterOf(imageKernel('emboss'))),
  'conv → ReLU → max pool': (engine) => {
    const maps = engine.relu(engine.conv2d(photo, compass));
    return engine.maxPool2d(maps, { windowDimensions: [2, 2], strides: [2, 2] });
  },
};

/** The result, and the shortest of the runs of some time in milliseconds. */
function time(job, engine, forMilliseconds) {
  const end = performance.now() + forMilliseconds;
  let milliseconds = Infinity;
  let result;
  while (performance.now() < end) {
    const begin = performance.now();
    result = job(engine);
    milliseconds = Math.min(milliseconds, performance.now() - begin);
  }
  return { result, milliseconds };
}

function sameBits(a, b) {
  const [x, y] = [a, b].map(({ data }) => new Uint32Array(data.buffer, data.byteOffset, data.length));
  return x.length === y.length && x.every((bits, i) => bits === y[i]);
}

const wasm = await load();
const js = await load({ variant: 'js' });
console.log(`baboon.png, ${width}×${height} pixels. load() chose '${wasm.variant}'${wasm.notes.map((note) => `; ${note}`).join('')}\n`);

// V8 begins with code that it makes in a hurry, and takes a while to make it fast.
for (const engine of [wasm, js]) for (const job of Object.values(jobs)) time(job, engine, 500);

const results = {};
for (const [name, job] of Object.entries(jobs)) {
  const fast = time(job, wasm, 1000);
  const slow = time(job, js, 1000);
  if (!sameBits(fast.result, slow.result)) throw new Error(`${name}: '${wasm.variant}' and 'js' do not agree`);
  results[name] = fast.result;
  const times = [fast, slow].map(({ milliseconds }) => `${milliseconds.toFixed(2).padStart(7)} ms`);
  const speedup = (slow.milliseconds / fast.milliseconds).toFixed(1).padStart(6);
  console.log(`${name.padEnd(24)}${wasm.variant}${times[0]}   js${times[1]}  ${speedup}× faster, bit for bit the same`);
}

/** The photograph with these colours. */
function recoloured(planes) {
  const copy = { width, height, data: new Uint8Array(image.data) };
  fromPlanes(planes, copy);
  return copy;
}

const folder = fileURLToPath(new URL('../build/photo/', import.meta.url));
await mkdir(folder, { recursive: true });
console.log();
for (const [name, picture] of Object.entries({
  photo: image,
  edge: recoloured(results.edge),
  emboss: recoloured(results.emboss),
  features: toSheet(results['conv → ReLU → max pool'], 4),
})) {
  await writePng(`${folder}${name}.png`, picture);
  console.log(relative('.', `${folder}${name}.png`));
}
