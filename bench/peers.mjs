/**
 * npm run bench:peers: simdconv beside what else there is, one thread each, in one process.
 *
 * Everything is uploaded, packed and compiled before it is timed, for everybody; what a peer cannot avoid a call (a new output
 * tensor, a copy into its memory) is part of its time. Every result is compared with that of plain JavaScript before it is timed.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import pc from 'picocolors';
import { benchCommand, chosenShapes } from './command-line.mjs';
import { hostEngines } from './engines.mjs';
import { installPeers, NO_PEERS } from './install.mjs';
import { FULL, measure, QUICK } from './measure.mjs';
import { operands } from './operands.mjs';
import {
  describeMachine,
  describePeak,
  figure,
  machine,
  percent,
  progress,
  rate,
  save,
  shareOf,
  table,
  times as timesAs,
} from './output.mjs';
import { measurePeak } from './peak.mjs';
import { plainSubject } from './plain.mjs';
import { groupOf, ranges } from './ranges.mjs';
import { cost } from './shapes.mjs';
import { subject } from './subject.mjs';
import { differingBits, outOfBound, referenceOf } from './validate.mjs';

const command = benchCommand('bench:peers', 'simdconv beside TensorFlow.js, ONNX Runtime and OpenCV.js, one thread each')
  .option('--svg <file>', 'also draw the ratios into this file')
  .parse();
const options = command.opts();
const times = options.quick ? QUICK : FULL;
// Peers take their time to begin: half of the few shapes will do.
const chosen = chosenShapes(command).filter((_, i) => !options.quick || options.filter !== '' || i % 2 === 0);
const LAYOUTS = ['nchw', 'nhwc'];

const host = machine();
const installed = installPeers(options);
const { openPeers } = await import('./peers/index.mjs');
const { peers, refused } = installed ? await openPeers() : { peers: [], refused: [{ name: 'all of them', reason: NO_PEERS }] };
const engines = await hostEngines();
const simd = engines.find(({ variant }) => variant === 'simd');
if (simd === undefined) throw new Error('this host has no WebAssembly SIMD: there is nothing to compare with');
const peak = await measurePeak(times.peak);

/** Plain JavaScript and every engine in both layouts; `simd` and the fallback with the same bits, all within their bounds. */
function ours(shape, references, wrong) {
  const made = LAYOUTS.flatMap((layout) => [
    { layout, variant: 'plain JS', ...plainSubject(shape, layout, operands(shape, layout)), dispose() {} },
    ...engines.map((engine) => ({ layout, variant: engine.variant, ...subject(engine, shape, layout) })),
  ]);
  for (const { run } of made) run();
  for (const { layout, variant, out, plan } of made) {
    const twin = made.find((each) => each.layout === layout && each.variant === 'js');
    const reason =
      outOfBound(out.data, references[layout].data, references[layout].allowed(plan?.())) ??
      (variant === 'simd' ? differingBits(out.data, twin.out.data) : undefined);
    if (reason !== undefined) wrong.push({ shape: shape.name, reason: `${variant}, ${layout}: ${reason}` });
  }
  return made;
}

/** The peers that compute this shape; those that compute something else are named in `wrong`, and timed all the same. */
async function theirs(shape, references, wrong) {
  const made = [];
  for (const peer of peers.filter(({ supports }) => supports(shape))) {
    const { name, layout } = peer;
    const prepared = await peer.prepare(shape, operands(shape, layout));
    await prepared.before?.();
    const reason = outOfBound(await prepared.read(), references[layout].data, references[layout].allowed());
    if (reason !== undefined) wrong.push({ shape: shape.name, reason: `${name}: ${reason}` });
    made.push({ name, layout, wrong: reason, ...prepared });
  }
  return made;
}

async function compare(shape) {
  const wrong = [];
  const references = Object.fromEntries(LAYOUTS.map((layout) => [layout, referenceOf(shape, layout)]));
  const mine = ours(shape, references, wrong);
  const made = await theirs(shape, references, wrong);
  const measured = await measure([...mine, ...made], times);
  const { flops, bytes } = cost(shape);
  const own = mine.map(({ layout, variant, plan }, i) => {
    const perSecond = (flops || bytes) / measured[i].ms / 1e6;
    const algorithm = plan?.()?.algorithm;
    const share = algorithm === 'winograd' ? undefined : shareOf(perSecond, flops, peak[variant] ?? peak.js);
    return { layout, variant, algorithm, ...measured[i], ...(flops ? { gflops: perSecond } : { gbps: perSecond }), share };
  });
  const against = made.map(({ name, layout, wrong: reason }, i) => {
    const theirTime = measured[mine.length + i];
    const ourTime = own.find((each) => each.layout === layout && each.variant === 'simd');
    return {
      name,
      layout,
      wrong: reason,
      algorithm: ourTime.algorithm,
      ...theirTime,
      ratio: theirTime.ms / ourTime.ms,
      medianRatio: theirTime.medianMs / ourTime.medianMs,
    };
  });
  for (const each of [...mine, ...made]) await each.dispose();
  return { result: { shape: shape.name, source: shape.source, group: groupOf(shape), ours: own, peers: against }, wrong };
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

const weights = installed ? await (await import('./peers/sizes.mjs')).sizes() : [];
const versions = Object.fromEntries(peers.map(({ name, version }) => [name, version]));
/** How many times as long as our simd, over all shapes, in the layout of each. */
const against = (name, of) => ({ name, ranges: ranges(results.flatMap(of)) });
const speedups = [
  against('plain JS', ({ shape, group, ours: own }) =>
    own
      .filter(({ variant }) => variant === 'simd')
      .map(({ layout, ms, algorithm }) => {
        const plain = own.find((each) => each.layout === layout && each.variant === 'plain JS');
        return { shape, group, algorithm, times: plain.ms / ms };
      }),
  ),
  ...peers.map(({ name }) =>
    against(name, ({ shape, group, peers: each }) =>
      each.filter((peer) => peer.name === name).map(({ ratio, algorithm }) => ({ shape, group, algorithm, times: ratio })),
    ),
  ),
];
const whole = {
  command: 'npm run bench:peers',
  quick: options.quick,
  machine: host,
  peak,
  versions,
  refused,
  mismatches,
  results,
  speedups,
  sizes: weights,
};
if (options.save) await save(options.save, whole);
if (options.json) console.log(JSON.stringify(whole, undefined, 2));
else print();
if (options.svg) await draw(options.svg);
if (mismatches.length > 0) process.exitCode = 1;

function print() {
  console.log(`${describeMachine(host)}\n${describePeak(peak)}\n`);
  const relaxed = engines.some(({ variant }) => variant === 'relaxed-simd');
  const variants = ['simd', ...(relaxed ? ['relaxed-simd'] : []), 'plain JS', 'js'];
  const pick = (own, variant) => LAYOUTS.map((layout) => own.find((each) => each.layout === layout && each.variant === variant));
  const lines = (cells) => cells.join('\n');
  const rows = results.map((result) => {
    const fast = pick(result.ours, 'simd');
    return [
      `${result.shape}\n${pc.dim(result.source)}`,
      lines(LAYOUTS),
      ...variants.map((variant) => lines(pick(result.ours, variant).map(({ ms }) => figure(ms)))),
      lines(fast.map(rate)),
      lines(fast.map(({ share }) => (share === undefined ? '' : percent(share)))),
      ...peers.map(({ name }) => {
        const peer = result.peers.find((each) => each.name === name);
        if (!peer) return '';
        return `${figure(peer.ms)}\n${peer.wrong ? pc.red('WRONG') : (peer.ratio >= 1 ? pc.green : pc.red)(timesAs(peer.ratio))}`;
      }),
    ];
  });
  const head = [
    'shape',
    '',
    ...variants.map((variant) => (variant === 'js' ? 'bit-exact\nfallback' : variant)),
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
  console.log(
    'ms: the shortest of many short samples; ×: how many times as long as our simd in the layout of the peer; eff.: GFLOP/s of the direct sum.',
  );
  console.log(`\n${pc.bold('How many times as long as our simd')}`);
  const all = speedups.filter(({ ranges: rows }) => rows.length > 0);
  console.log(
    table(
      ['', 'from', 'to', 'the longest'],
      all.map(({ name, ranges: rows }) => [name, timesAs(rows.at(-1).least), timesAs(rows.at(-1).most), rows.at(-1).best]),
      ['left', 'right', 'right', 'left'],
    ),
  );
  for (const { name, reason } of refused) console.log(`without ${name}: ${reason}`);
  for (const { shape, reason } of mismatches) console.log(pc.red(`WRONG: ${shape}: ${reason}`));
  if (weights.length === 0) return;
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(bytes < 1e5 ? 1 : 0)} KB`;
  console.log(`\n${pc.bold('What a page fetches before it can compute: JavaScript, minified, and WebAssembly')}`);
  console.log(
    table(
      ['package', 'bytes', 'gzip'],
      weights.map(({ name, bytes, gzipBytes }) => [name, kilobytes(bytes), kilobytes(gzipBytes)]),
    ),
  );
}

async function draw(file) {
  if (!installed) {
    console.error(`no picture: ${NO_PEERS}`);
    return;
  }
  await mkdir(dirname(file), { recursive: true });
  const { chart } = await import('./peers/chart.mjs');
  const bars = results.flatMap(({ shape, ours: own, peers: each }) => {
    const timeOf = (variant) => own.find(({ layout, variant: which }) => layout === 'nhwc' && which === variant);
    const winograd = timeOf('simd').algorithm === 'winograd';
    const label = winograd ? `${shape} (Winograd)` : shape;
    const plain = { shape: label, peer: 'plain JS', ratio: timeOf('plain JS').ms / timeOf('simd').ms };
    return [plain, ...each.filter(({ wrong: reason }) => !reason).map(({ name, ratio }) => ({ shape: label, peer: name, ratio }))];
  });
  await writeFile(file, await chart(bars, describeMachine(host)));
}
