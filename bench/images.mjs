/**
 * npm run bench:images: filters over a photograph's worth of noise, beside OpenCV.js and sharp, one thread each, in one process.
 *
 * Ours are timed twice: over images in kernel memory, as video would have them, and over plain arrays, which are copied in and out
 * each time. Each peer's result is compared with ours before it is timed.
 */
import pc from 'picocolors';
import { load } from 'simdconv';
import { filters } from 'simdconv/image';
import { benchCommand } from './command-line.mjs';
import { installPeers } from './install.mjs';
import { FULL, measure, QUICK } from './measure.mjs';
import { describeMachine, figure, machine, progress, table } from './output.mjs';

/** With a sum of 1: sharp filters alpha too, and divides by it. */
const NINE = [-1, -1, -1, -1, 9, -1, -1, -1, -1];
const FIVE = Array.from({ length: 25 }, (_, i) => (i === 24 ? 4 : ((i * 7) % 11) - 5));
const HD = { width: 1920, height: 1080 };
const UHD = { width: 3840, height: 2160 };
const rgba = { type: 'u8', channels: 4, ...HD };
const grey = { type: 'u8', channels: 1, ...HD };
const plane = { type: 'f32', channels: 1, ...HD };

function filter2d(name, image, weights, tolerance) {
  const size = Math.sqrt(weights.length);
  return {
    name,
    ...image,
    ours: (f, x, o) => f.filter2d(x, weights, o),
    peer: { call: 'filter2D', weights, size },
    inner: (size - 1) / 2,
    tolerance,
  };
}

/** `tolerance`: how far a peer that rounds elsewhere may be off; `inner`: rows and columns at the edge that it treats otherwise. */
const cases = [
  filter2d('3×3, RGBA', rgba, NINE, 0),
  filter2d('3×3, RGBA, 3840×2160', { ...rgba, ...UHD }, NINE, 0),
  filter2d('3×3, grey', grey, NINE, 0),
  filter2d('5×5, RGBA', rgba, FIVE, 0),
  filter2d('3×3, f32 plane', plane, NINE, 1e-3),
  filter2d('5×5, f32 plane', plane, FIVE, 1e-3),
  {
    name: 'Gaussian 5×5, RGBA',
    ...rgba,
    ours: (f, x, o) => f.gaussianBlur(x, 1.1, { radius: 2, ...o }),
    peer: { call: 'gaussian', sigma: 1.1, size: 5 },
    inner: 2,
    tolerance: 2,
  },
  {
    name: 'Gaussian σ 5, RGBA',
    ...rgba,
    ours: (f, x, o) => f.gaussianBlur(x, 5, o),
    peer: { call: 'gaussian', sigma: 5, size: 31 },
    inner: 15,
    tolerance: 2,
  },
  { name: 'Sobel magnitude, RGBA', ...rgba, ours: (f, x, o) => f.sobel(x, o), peer: { call: 'sobel' }, inner: 1, tolerance: 1 },
  { name: 'Sobel magnitude, grey', ...grey, ours: (f, x, o) => f.sobel(x, o), peer: { call: 'sobel' }, inner: 1, tolerance: 1 },
  { name: 'box 3×3, RGBA', ...rgba, ours: (f, x, o) => f.blur(x, o), peer: { call: 'box', size: 3 }, inner: 1, tolerance: 1 },
  {
    name: 'box 101×101, RGBA',
    ...rgba,
    ours: (f, x, o) => f.blur(x, { radius: 50, ...o }),
    peer: { call: 'box', size: 101 },
    inner: 50,
    tolerance: 1,
  },
  { name: 'median 3×3, RGBA', ...rgba, ours: (f, x, o) => f.median(x, o), peer: { call: 'median' }, inner: 1, tolerance: 0 },
];

const command = benchCommand('bench:images', 'image filters beside OpenCV.js and sharp, one thread each').parse();
const options = command.opts();
const times = options.quick ? QUICK : FULL;
const chosen = cases.filter(({ name }) => name.includes(options.filter));
if (chosen.length === 0)
  command.error(`no case matches '${options.filter}'; there are:\n${cases.map(({ name }) => `  ${name}`).join('\n')}`);

installPeers();
const { openImagePeers } = await import('./peers/images.mjs');
const peers = await openImagePeers();
const engine = await load({ variant: 'simd' });
const f = filters(engine);

function noise(length, type) {
  const data = type === 'u8' ? new Uint8Array(length) : new Float32Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state >>> 24;
  }
  return data;
}

/** Neither alpha, which peers filter too, nor the edges that they see otherwise. */
function expectAlike(actual, expected, { name, width, height, channels, inner, tolerance }, peer) {
  const colours = channels === 4 ? 3 : channels;
  for (let y = inner; y < height - inner; y++)
    for (let x = inner; x < width - inner; x++)
      for (let c = 0; c < colours; c++) {
        const at = (y * width + x) * channels + c;
        if (!(Math.abs(actual[at] - expected[at]) <= tolerance))
          throw new Error(`${name}, ${peer}: ${actual[at]} at ${x}, ${y} instead of ${expected[at]}`);
      }
}

async function compare(each) {
  const { type, width, height, channels, ours } = each;
  const data = noise(width * height * channels, type);
  // Before anything is computed sharp multiplies colours by alpha: this alpha changes nothing.
  if (channels === 4) for (let i = 3; i < data.length; i += 4) data[i] = 255;
  const x = f.image(width, height, channels, type);
  const out = f.image(width, height, channels, type);
  x.data.set(data);
  const raw = { data, width, height, channels };
  const rawOut = { ...raw, data: data.slice() };
  const run = () => ours(f, x, { out });
  run();
  const rivals = peers.rivals({ ...each, data });
  for (const rival of rivals) expectAlike(await rival.read(), out.data, each, rival.name);
  const [kernel, plain, ...others] = await measure([{ run }, { run: () => ours(f, raw, { out: rawOut }) }, ...rivals], times);
  for (const held of [x, out, ...rivals]) held.dispose();
  return {
    name: each.name,
    ms: kernel.ms,
    plainMs: plain.ms,
    peers: rivals.map(({ name }, i) => ({ name, ms: others[i].ms, ratio: others[i].ms / kernel.ms })),
  };
}

const results = [];
const bar = progress(chosen.length);
for (const each of chosen) {
  bar.begin(each.name);
  results.push(await compare(each));
  bar.end();
}
bar.stop();

if (options.json) console.log(JSON.stringify({ machine: machine(), versions: peers.versions, results }, undefined, 2));
else {
  console.log(describeMachine());
  const names = Object.keys(peers.versions);
  const rows = results.map((result) => [
    result.name,
    figure(result.ms),
    figure(result.plainMs),
    ...names.map((name) => {
      const peer = result.peers.find((each) => each.name === name);
      return peer ? `${figure(peer.ms)}  ${(peer.ratio >= 1 ? pc.green : pc.red)(`${figure(peer.ratio)}×`)}` : '';
    }),
  ]);
  console.log(table(['1920×1080', 'simdconv, ms', 'plain arrays', ...names.map((name) => `${name} ${peers.versions[name]}`)], rows));
  console.log('ms: the shortest of many short samples; ×: how many times as long as ours in kernel memory.');
}
