/**
 * npm run bench:images: filters over a photograph's worth of noise, beside OpenCV.js and sharp, one thread each, in one process.
 *
 * Ours are timed twice: over images in kernel memory, as video would have them, and over plain arrays, which are copied in and out
 * each time. Plain JavaScript filters plain arrays. Each result is compared with ours before it is timed.
 */
import pc from 'picocolors';
import { load } from 'simdconv';
import { filters } from 'simdconv/image';
import { filter2dFloats, gaussianBlur, filter2d as plainFilter2d } from '../dist/plain/index.js';
import { benchCommand } from './command-line.mjs';
import { installPeers, NO_PEERS } from './install.mjs';
import { FULL, measure, QUICK } from './measure.mjs';
import { describeMachine, figure, machine, progress, save, table, times as timesAs } from './output.mjs';

const PLAIN = 'plain JS';
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
    plain: (shape) => (image.type === 'u8' ? plainFilter2d : filter2dFloats)(shape, { side: size, weights }),
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
    plain: (shape) => gaussianBlur(shape, 1.1, 2),
    peer: { call: 'gaussian', sigma: 1.1, size: 5 },
    inner: 2,
    tolerance: 2,
  },
  {
    name: 'Gaussian σ 5, RGBA',
    ...rgba,
    ours: (f, x, o) => f.gaussianBlur(x, 5, o),
    plain: (shape) => gaussianBlur(shape, 5),
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
const host = machine();
/** One of each way to compute. */
const QUICK_CASES = ['3×3, RGBA', '5×5, f32 plane', 'Gaussian 5×5, RGBA'];
const named = (name) => (options.filter === '' && options.quick ? QUICK_CASES.includes(name) : name.includes(options.filter));
const chosen = cases.filter(({ name }) => named(name));
if (chosen.length === 0)
  command.error(`no case matches '${options.filter}'; there are:\n${cases.map(({ name }) => `  ${name}`).join('\n')}`);

const installed = installPeers(options);
const peers = installed ? await (await import('./peers/images.mjs')).openImagePeers() : { rivals: () => [], versions: {} };
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
function difference(actual, expected, { width, height, channels, inner, tolerance }) {
  const colours = channels === 4 ? 3 : channels;
  for (let y = inner; y < height - inner; y++)
    for (let x = inner; x < width - inner; x++)
      for (let c = 0; c < colours; c++) {
        const at = (y * width + x) * channels + c;
        if (!(Math.abs(actual[at] - expected[at]) <= tolerance)) return `${actual[at]} at ${x}, ${y} instead of ${expected[at]}`;
      }
  return undefined;
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
  const rivals = [...plainRival(each, data), ...peers.rivals({ ...each, data })];
  const reasons = [];
  for (const rival of rivals) reasons.push(difference(await rival.read(), out.data, each));
  const [kernel, plain, ...others] = await measure([{ run }, { run: () => ours(f, raw, { out: rawOut }) }, ...rivals], times);
  for (const held of [x, out, ...rivals]) held.dispose();
  return {
    name: each.name,
    ms: kernel.ms,
    plainArraysMs: plain.ms,
    peers: rivals.map(({ name }, i) => ({ name, ms: others[i].ms, ratio: others[i].ms / kernel.ms, wrong: reasons[i] })),
  };
}

function plainRival({ plain, type, ...shape }, data) {
  if (plain === undefined) return [];
  const filtered = plain(shape);
  const to = type === 'u8' ? new Uint8Array(data.length) : new Float32Array(data.length);
  const run = () => filtered(data, to);
  const read = () => {
    run();
    return to;
  };
  return [{ name: PLAIN, run, read, dispose() {} }];
}

const results = [];
const bar = progress(chosen.length);
for (const each of chosen) {
  bar.begin(each.name);
  results.push(await compare(each));
  bar.end();
}
bar.stop();

const wrong = results.flatMap(({ name, peers: each }) => each.filter((peer) => peer.wrong).map((peer) => ({ case: name, ...peer })));
const whole = { command: 'npm run bench:images', quick: options.quick, machine: host, versions: peers.versions, results };
if (options.save) await save(options.save, whole);
if (options.json) console.log(JSON.stringify(whole, undefined, 2));
else {
  console.log(describeMachine(host));
  const names = [PLAIN, ...Object.keys(peers.versions)];
  const rows = results.map((result) => [
    result.name,
    figure(result.ms),
    figure(result.plainArraysMs),
    ...names.map((name) => {
      const peer = result.peers.find((each) => each.name === name);
      if (!peer) return '';
      return `${figure(peer.ms)}  ${peer.wrong ? pc.red('WRONG') : (peer.ratio >= 1 ? pc.green : pc.red)(timesAs(peer.ratio))}`;
    }),
  ]);
  const head = ['1920×1080', 'simdconv, ms', 'on plain arrays', ...names.map((name) => `${name} ${peers.versions[name] ?? ''}`.trim())];
  console.log(table(head, rows));
  console.log('ms: the shortest of many short samples; ×: how many times as long as ours in kernel memory.');
  if (!installed) console.log(`without OpenCV.js and sharp: ${NO_PEERS}`);
}
for (const { case: name, name: peer, wrong: reason } of wrong) console.error(pc.red(`WRONG: ${name}, ${peer}: ${reason}`));
if (wrong.length > 0) process.exitCode = 1;
