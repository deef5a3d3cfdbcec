/**
 * npm run bench:peers: simdconv beside what else there is, one thread each, in one process.
 *
 * Everything is uploaded, packed and compiled before it is timed, for everybody; what a peer cannot avoid a call (a new output
 * tensor, a copy into its memory) is part of its time. Each peer's result is compared with ours before it is timed.
 */
import { writeFile } from 'node:fs/promises';
import pc from 'picocolors';
import { benchCommand, chosenShapes } from './command-line.mjs';
import { hostEngines } from './engines.mjs';
import { FULL, measure, QUICK } from './measure.mjs';
import { operands } from './operands.mjs';
import { describeMachine, describePeak, figure, machine, percent, progress, table } from './output.mjs';
import { installPeers } from './install.mjs';
import { measurePeak } from './peak.mjs';
import { cost } from './shapes.mjs';
import { subject } from './subject.mjs';
import { expectSameBits, expectWithin, tolerance } from './validate.mjs';

const command = benchCommand('bench:peers', 'simdconv beside TensorFlow.js, ONNX Runtime and OpenCV.js, one thread each')
  .option('--svg <file>', 'also draw the ratios into this file')
  .parse();
const options = command.opts();
const times = options.quick ? QUICK : FULL;
const chosen = chosenShapes(command);
const LAYOUTS = ['nchw', 'nhwc'];

installPeers();
const { openPeers } = await import('./peers/index.mjs');
const { sizes } = await import('./peers/sizes.mjs');
const { peers, refused } = await openPeers();
const engines = await hostEngines();
const simd = engines.find(({ variant }) => variant === 'simd');
if (simd === undefined) throw new Error('this host has no WebAssembly SIMD: there is nothing to compare with');
const peak = await measurePeak(times.peak);

/** Every engine in both layouts; `simd` and the twin with the same bits. */
function ours(shape) {
  const made = LAYOUTS.flatMap((layout) => engines.map(({ variant }, i) => ({ layout, variant, ...subject(engines[i], shape, layout) })));
  for (const { run } of made) run();
  for (const layout of LAYOUTS) {
    const of = (variant) => made.find((each) => each.layout === layout && each.variant === variant);
    expectSameBits(of('simd').out.data, of('js').out.data, `${shape.name}, ${layout}, simd`);
  }
  return made;
}

/** The peers that compute this shape, and what those that compute something else compute. */
async function theirs(shape, results) {
  const made = [];
  const wrong = [];
  for (const peer of peers.filter(({ supports }) => supports(shape))) {
    const { name, layout } = peer;
    const prepared = await peer.prepare(shape, operands(shape, layout));
    await prepared.before?.();
    try {
      expectWithin(await prepared.read(), results[layout], tolerance(simd, shape, layout), name);
      made.push({ name, layout, ...prepared });
    } catch (error) {
      wrong.push({ shape: shape.name, reason: error.message });
      await prepared.dispose();
    }
  }
  return { made, wrong };
}

async function compare(shape) {
  const mine = ours(shape);
  const results = Object.fromEntries(mine.filter(({ variant }) => variant === 'simd').map(({ layout, out }) => [layout, out.data.slice()]));
  const { made, wrong } = await theirs(shape, results);
  const measured = await measure([...mine, ...made], times);
  const { flops, bytes } = cost(shape);
  const own = mine.map(({ layout, variant }, i) => {
    const perSecond = (flops || bytes) / measured[i].ms / 1e6;
    const share = perSecond / (flops ? peak[variant].gflops : peak[variant].copyGbps);
    return { layout, variant, ...measured[i], ...(flops ? { gflops: perSecond } : { gbps: perSecond }), share };
  });
  const against = made.map(({ name, layout }, i) => {
    const theirTime = measured[mine.length + i];
    const ourTime = own.find((each) => each.layout === layout && each.variant === 'simd');
    return { name, layout, ...theirTime, ratio: theirTime.ms / ourTime.ms, medianRatio: theirTime.medianMs / ourTime.medianMs };
  });
  for (const each of [...mine, ...made]) await each.dispose();
  return { result: { shape: shape.name, source: shape.source, ours: own, peers: against }, wrong };
}

const results = [];
const mismatches = [];
const bar = progress(chosen.length);
for (const shape of chosen) {
  bar.begin(shape.name);
  const { result, wrong } = await compare(shape);
  results.push(result);
  mismatches.push(...wrong);
  bar.end();
}
bar.stop();

const weights = await sizes();
const versions = Object.fromEntries(peers.map(({ name, version }) => [name, version]));
if (options.json)
  console.log(JSON.stringify({ machine: machine(), peak, versions, refused, mismatches, results, sizes: weights }, undefined, 2));
else print();
if (options.svg) await draw(options.svg);
if (mismatches.length > 0) process.exitCode = 1;

function print() {
  console.log(`${describeMachine()}\n${describePeak(peak)}\n`);
  const variants = ['simd', ...engines.map(({ variant }) => variant).filter((variant) => variant === 'relaxed-simd'), 'js'];
  const pick = (own, variant) => LAYOUTS.map((layout) => own.find((each) => each.layout === layout && each.variant === variant));
  const lines = (cells) => cells.join('\n');
  const rows = results.map((result) => {
    const fast = pick(result.ours, 'simd');
    return [
      `${result.shape}\n${pc.dim(result.source)}`,
      lines(LAYOUTS),
      ...variants.map((variant) => lines(pick(result.ours, variant).map(({ ms }) => figure(ms)))),
      lines(fast.map(({ gflops, gbps }) => (gflops ? `${figure(gflops)} GF/s` : `${figure(gbps)} GB/s`))),
      lines(fast.map(({ share }) => percent(share))),
      ...peers.map(({ name }) => {
        const peer = result.peers.find((each) => each.name === name);
        return peer ? `${figure(peer.ms)}\n${(peer.ratio >= 1 ? pc.green : pc.red)(`${figure(peer.ratio)}×`)}` : '';
      }),
    ];
  });
  const head = [
    'shape',
    '',
    ...variants,
    'speed',
    'of peak',
    ...peers.map(({ name, version, layout }) => `${name}\n${version}\n${layout}`),
  ];
  console.log(
    table(
      head,
      rows,
      head.map((_, column) => (column < 2 ? 'left' : 'right')),
    ),
  );
  console.log('ms: the shortest of many short samples; ×: how many times as long as our simd in the layout of the peer.');
  for (const { name, reason } of refused) console.log(`without ${name}: ${reason}`);
  for (const { shape, reason } of mismatches) console.log(pc.red(`${shape}: ${reason}`));
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(bytes < 1e5 ? 1 : 0)} KB`;
  console.log(`\n${pc.bold('What there is to load')}`);
  console.log(
    table(
      ['package', 'bytes', 'gzip'],
      weights.map(({ name, bytes, gzipBytes }) => [name, kilobytes(bytes), kilobytes(gzipBytes)]),
    ),
  );
}

async function draw(file) {
  const { chart } = await import('./peers/chart.mjs');
  const bars = results.flatMap(({ shape, peers: against }) => against.map(({ name, ratio }) => ({ shape, peer: name, ratio })));
  await writeFile(file, await chart(bars, describeMachine()));
}
