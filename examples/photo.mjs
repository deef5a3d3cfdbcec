/**
 * The main job (npm start): a photograph through an edge and an emboss kernel, and through the first layer of a network,
 * conv → ReLU → max pool. With WebAssembly, with the fallback of equal bits, and in plain JavaScript, which sums in doubles.
 */
import { mkdir } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'simdconv';
import { filters } from 'simdconv/image';
import { readImage, writeImage } from '../dist/codecs/index.js';
import * as plain from '../dist/plain/index.js';

/** Eight edge filters, one a direction. The second half is the first, negated. */
const COMPASS = [
  [1, 2, 1, 0, 0, 0, -1, -2, -1],
  [2, 1, 0, 1, 0, -1, 0, -1, -2],
  [1, 0, -1, 2, 0, -2, 1, 0, -1],
  [0, -1, -2, 1, 0, -1, 2, 1, 0],
];
const directions = [...COMPASS, ...COMPASS.map((weights) => weights.map((weight) => -weight))];

const image = await readImage(fileURLToPath(import.meta.resolve('baboon-image/baboon.png')));
const { width, height } = image;

/** The colours as one image of three channels [1, 3, height + 2, width + 2], the pixels at the edges repeated outwards. */
function toPlanes({ data }) {
  const shape = [1, 3, height + 2, width + 2];
  const planes = [];
  for (let colour = 0; colour < 3; colour++)
    for (let y = -1; y <= height; y++)
      for (let x = -1; x <= width; x++) {
        const [row, column] = [Math.min(Math.max(y, 0), height - 1), Math.min(Math.max(x, 0), width - 1)];
        planes.push(data[(row * width + column) * 4 + colour]);
      }
  return { shape, data: Float32Array.from(planes) };
}

/** The maps of a result as grey pictures side by side, 0 and less black, each one's maximum white. */
function toSheet({ shape: [, channels, height, width], data }, across) {
  const sheet = { width: across * width, height: Math.ceil(channels / across) * height };
  const bytes = new Uint8ClampedArray(sheet.width * sheet.height * 4).fill(255);
  for (let channel = 0; channel < channels; channel++) {
    const map = data.subarray(channel * height * width, (channel + 1) * height * width);
    const scale = 255 / map.reduce((most, value) => Math.max(most, value), Number.MIN_VALUE);
    const corner = Math.floor(channel / across) * height * sheet.width + (channel % across) * width;
    for (let i = 0; i < map.length; i++) {
      const at = 4 * (corner + Math.floor(i / width) * sheet.width + (i % width));
      bytes.fill(map[i] * scale, at, at + 3);
    }
  }
  return { ...sheet, data: new Uint8Array(bytes.buffer) };
}

const photo = toPlanes(image);
const compass = { shape: [8, 3, 3, 3], data: Float32Array.from(directions.flatMap((weights) => [...weights, ...weights, ...weights])) };

const jobs = {
  edge: (engine) => filters(engine).edge(image),
  emboss: (engine) => filters(engine).emboss(image),
  'conv → ReLU → max pool': (engine) => {
    const maps = engine.relu(engine.conv2d(photo, compass));
    return engine.maxPool2d(maps, { windowDimensions: [2, 2], strides: [2, 2] });
  },
};

/** The weights of the filters above. */
const EDGE = [-1, -1, -1, -1, 8, -1, -1, -1, -1];
const EMBOSS = [-2, -1, 0, -1, 1, 1, 0, 1, 2];

function plainFilter(weights) {
  const filter = plain.filter2d({ width, height, channels: 4 }, { side: 3, weights });
  return () => {
    const data = new Uint8Array(image.data.length);
    filter(image.data, data);
    return { data };
  };
}

function plainNetwork() {
  const [, channels, inHeight, inWidth] = photo.shape;
  const conv = plain.conv2d(
    { channels, outChannels: 8, height: inHeight, width: inWidth, kernel: 3, stride: 1, padding: 0, groups: 1 },
    'nchw',
    compass.data,
  );
  const pool = plain.maxPool2d({ channels: 8, height, width, kernel: 2, stride: 2, padding: 0 }, 'nchw');
  return () => {
    const maps = new Float32Array(8 * height * width);
    const data = new Float32Array(maps.length / 4);
    conv(photo.data, maps);
    plain.relu(maps, maps);
    pool(maps, data);
    return { data };
  };
}

const plainJobs = { edge: plainFilter(EDGE), emboss: plainFilter(EMBOSS), 'conv → ReLU → max pool': plainNetwork() };

/** The result, and the shortest of the runs of some time in milliseconds. */
function time(job, forMilliseconds) {
  const end = performance.now() + forMilliseconds;
  let milliseconds = Infinity;
  let result;
  while (performance.now() < end) {
    const begin = performance.now();
    result = job();
    milliseconds = Math.min(milliseconds, performance.now() - begin);
  }
  return { result, milliseconds };
}

const bytesOf = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
const sameBits = (a, b) => Buffer.compare(bytesOf(a), bytesOf(b)) === 0;

const wasm = await load();
const js = await load({ variant: 'js' });
console.log(`baboon.png, ${width}×${height} pixels. load() chose '${wasm.variant}'${wasm.notes.map((note) => `; ${note}`).join('')}\n`);

const results = {};
for (const [name, job] of Object.entries(jobs)) {
  const contenders = [() => job(wasm), plainJobs[name], () => job(js)];
  // V8 begins with code that it makes in a hurry, and takes a while to make it fast.
  for (const each of contenders) time(each, 500);
  const [fast, ordinary, exact] = contenders.map((each) => time(each, 1000));
  if (!sameBits(fast.result, exact.result)) throw new Error(`${name}: '${wasm.variant}' and 'js' do not agree`);
  const off = fast.result.data.reduce((most, value, i) => Math.max(most, Math.abs(value - ordinary.result.data[i])), 0);
  // Bytes are the same. Sums of 27 products of bytes and small weights are whole numbers, and the same too.
  if (off > 0) throw new Error(`${name}: plain JavaScript is off by ${off}`);
  results[name] = fast.result;
  const text = ({ milliseconds }) => `${milliseconds.toFixed(2).padStart(8)} ms`;
  const speedup = (ordinary.milliseconds / fast.milliseconds).toFixed(1).padStart(5);
  console.log(
    `${name.padEnd(24)}${wasm.variant}${text(fast)}   plain JavaScript${text(ordinary)} (${speedup}×)   bit-exact fallback${text(exact)}`,
  );
}
console.log(`\n×: how many times as fast as plain JavaScript '${wasm.variant}' is. The fallback came to its bits.`);

const folder = fileURLToPath(new URL('../build/photo/', import.meta.url));
await mkdir(folder, { recursive: true });
console.log();
for (const [name, picture] of Object.entries({
  photo: image,
  edge: results.edge,
  emboss: results.emboss,
  features: toSheet(results['conv → ReLU → max pool'], 4),
})) {
  await writeImage(`${folder}${name}.png`, picture);
  console.log(relative('.', `${folder}${name}.png`));
}
