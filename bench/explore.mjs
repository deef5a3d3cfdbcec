/**
 * npm run bench:explore: which microkernel is fastest, by measurement. Generates candidates, compiles them for each variant, times
 * them in a fresh process of each Node, and ranks them by their worst share of the peak over all of them: shapes are chosen to be
 * good on every V8, not best on one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { benchCommand } from './command-line.mjs';
import { compile } from './compile.mjs';
import { nameOf, plainTiles, sourceOf, variations } from './explore/candidates.mjs';
import { describeMachine, describePeak, percent, progress, table } from './output.mjs';

/** Panels of this length and width fit the places that explore/time.mjs gives them. */
const MOST_DEPTH = 1024;
const MOST_WIDE = 64;

function parseDepth(value) {
  const depth = Number(value);
  if (!(depth >= 4 && depth <= MOST_DEPTH && depth % 4 === 0))
    throw new InvalidArgumentError(`expected a multiple of 4 up to ${MOST_DEPTH}`);
  return depth;
}

function parseTile(value, before) {
  const [rows, columns] = value.split('x').map(Number);
  const fits = Number.isInteger(rows) && rows >= 1 && rows <= MOST_WIDE && columns >= 4 && columns <= MOST_WIDE && columns % 4 === 0;
  if (!fits) throw new InvalidArgumentError(`expected rows x columns up to ${MOST_WIDE}, columns a multiple of 4`);
  return [...(before === DEFAULT_TILES ? [] : before), { rows, columns }];
}

const DEFAULT_TILES = [
  { rows: 5, columns: 8 },
  { rows: 6, columns: 8 },
  { rows: 4, columns: 8 },
  { rows: 3, columns: 12 },
];

const command = benchCommand('bench:explore', 'generates, times and ranks microkernels of the matrix product')
  .option('--node <path...>', 'also on these Nodes', [])
  .option('--tile <tile...>', 'try every form of these tiles, such as 5x8', parseTile, DEFAULT_TILES)
  .option('--depth <products>', 'products of a sum', parseDepth, 256)
  .option('--top <count>', 'rows of the table', Number, 40)
  .parse();
const options = command.opts();
/** `--quick` tries the forms of one tile, unless tiles are named. */
const tried = options.quick && options.tile === DEFAULT_TILES ? DEFAULT_TILES.slice(0, 1) : options.tile;
const byName = new Map(
  [...(options.quick ? [] : plainTiles()), ...tried.flatMap(variations)].map((candidate) => [nameOf(candidate), candidate]),
);
const candidates = [...byName.values()].filter((candidate) => nameOf(candidate).includes(options.filter));
if (candidates.length === 0) command.error(`no candidate's name contains '${options.filter}'`);

/** A fresh process, so that no candidate of another run has left V8 in a state of its own. */
async function timeOn(node, job) {
  const child = spawn(node, [fileURLToPath(new URL('./explore/time.mjs', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  child.stdin.end(JSON.stringify(job));
  const output = await text(child.stdout);
  const [code] = await exit;
  if (code !== 0) throw new Error(`${node} ended with ${code}`);
  return JSON.parse(output);
}

const nodes = [process.execPath, ...options.node];
const bar = progress(nodes.length + 1);
bar.begin(`compiling ${candidates.length} candidates`);
const source = sourceOf(candidates);
const base64 = async (relaxed) => Buffer.from(await compile(source, relaxed)).toString('base64');
const modules = { simd: await base64(false), 'relaxed-simd': await base64(true) };
bar.end();
const runs = [];
for (const node of nodes) {
  bar.begin(node);
  const effort = options.quick ? { rounds: 4, peakSeconds: 0.02 } : { rounds: 20, peakSeconds: 0.15 };
  runs.push(await timeOn(node, { modules, candidates, depth: options.depth, ...effort }));
  bar.end();
}
bar.stop();

function rank(variant) {
  const able = runs.filter(({ variants }) => variants[variant]);
  const ranked = candidates.map((candidate, i) => {
    const figures = able.map(({ machine, peak, variants }) => {
      const { gflops } = variants[variant][i];
      return { node: machine.node, gflops, share: gflops / peak[variant].gflops };
    });
    return { name: nameOf(candidate), ...candidate, figures, worst: Math.min(...figures.map(({ share }) => share)) };
  });
  return ranked.sort((a, b) => b.worst - a.worst);
}

const ranking = Object.fromEntries(['simd', 'relaxed-simd'].map((variant) => [variant, rank(variant)]));
if (options.json) {
  const machines = runs.map(({ machine, peak }) => ({ machine, peak }));
  console.log(JSON.stringify({ depth: options.depth, machines, ranking }, undefined, 2));
} else {
  for (const { machine, peak } of runs) console.log(`${describeMachine(machine)}\n  ${describePeak(peak)}`);
  for (const [variant, ranked] of Object.entries(ranking)) {
    if (ranked[0].figures.length === 0) {
      console.log(`\nnone of these has ${variant}`);
      continue;
    }
    console.log(`\n${pc.bold(variant)}, depth ${options.depth}: GFLOP/s and share of the peak, best of the worst first`);
    console.log(
      table(
        ['microkernel', ...ranked[0].figures.map(({ node }) => `Node ${node}`), 'worst'],
        ranked
          .slice(0, options.top)
          .map(({ name, figures, worst }) => [
            name,
            ...figures.map(({ gflops, share }) => `${gflops.toFixed(1)}  ${percent(share)}`),
            percent(worst),
          ]),
      ),
    );
  }
}
