/**
 * npm run test:hosts: the packed tarball in empty projects, on every host and through every bundler.
 *
 * Each host does the work of app/work.js, and has to come to the bits that this Node's simd variant and the JavaScript twin come to,
 * with the variant, the threads and the notes that its row expects. Arguments name the rows to run: node chromium vite …
 */
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import pc from 'picocolors';
import { filters } from '../../dist/image/index.js';
import { load } from '../../dist/index.js';
import { loadJs } from '../../dist/js.js';
import { work } from './app/work.js';
import { browserHosts, openChromium } from './browsers.mjs';
import { bundlers } from './bundlers/index.mjs';
import { exampleRows } from './examples.mjs';
import { serve } from './server.mjs';
import { serverHosts } from './servers.mjs';
import { emptyProject, installTools, pack, scratchFolder } from './tools.mjs';
import { workerdHost } from './workerd.mjs';

const HOSTS = { ...serverHosts, ...browserHosts, workerd: workerdHost, ...bundlers, ...exampleRows };

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in HOSTS));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; there are ${Object.keys(HOSTS).join(', ')}`);
  process.exit(2);
}

const { fingerprint } = await work(await load({ variant: 'simd' }), filters);
const twin = await work(loadJs(), filters);
if (twin.fingerprint !== fingerprint) throw new Error(`simd comes to ${fingerprint}, the twin to ${twin.fingerprint}`);

const tools = await installTools();
const folder = await scratchFolder();
const tarball = await pack(folder);
const server = await serve();
const once = (make) => {
  let made;
  return () => (made ??= make());
};
const context = {
  tools,
  folder,
  server,
  /** A new project with the tarball and app/ in it. */
  project: (name) => emptyProject(join(folder, name), tarball),
  chromium: once(openChromium),
};

const rows = [];
const queue = Object.entries(HOSTS).filter(([name]) => asked.length === 0 || asked.includes(name));
async function runQueue() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [name, run] = next;
    const began = performance.now();
    let found;
    try {
      found = await run(context, name);
    } catch (error) {
      found = [{ host: name, error: error.message }];
    }
    const seconds = (performance.now() - began) / 1000;
    rows.push(...found.map((row) => ({ ...row, ...judge(row), order: Object.keys(HOSTS).indexOf(name) })));
    console.error(`${name}: ${seconds.toFixed(1)} s`);
  }
}
try {
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, runQueue));
} finally {
  await (await context.chromium().catch(() => undefined))?.close();
  await server.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** What is wrong with a row; nothing, if nothing is. */
function judge({ error, skipped, expected, got }) {
  if (error !== undefined) return { wrong: error };
  if (skipped !== undefined || expected === undefined) return {};
  if (got === undefined || 'error' in got) return { wrong: got?.error ?? 'no report' };
  const { variant, threads, notes = [] } = expected;
  if (got.variant !== variant) return { wrong: `the variant is ${got.variant}: ${got.notes.join('; ')}` };
  if (got.threads !== threads) return { wrong: `threads: ${got.threads}: ${got.notes.join('; ')}` };
  if (got.notes.length !== notes.length || !notes.every((pattern, i) => pattern.test(got.notes[i]))) {
    return { wrong: `notes: ${JSON.stringify(got.notes)}` };
  }
  if (got.fingerprint !== fingerprint) return { wrong: `other bits: ${got.fingerprint}, expected ${fingerprint}` };
  return { note: got.notes.join('; ') };
}

rows.sort((a, b) => a.order - b.order);
const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((name) => [name, `${name}-mid`, `${name}-left`, `${name}-right`])
    .map((name) => [name, '']),
);
const table = new Table({
  head: ['host', 'version', 'way', 'variant', 'threads', 'result'],
  chars: { ...NO_BORDERS, 'left-mid': '', 'right-mid': '', 'mid-mid': '', middle: '  ' },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
});
for (const { host, version = '', way = '', got, wrong, skipped, note } of rows) {
  const result = wrong
    ? pc.red(`FAILED: ${wrong}`)
    : skipped
      ? pc.yellow(`skipped: ${skipped}`)
      : got
        ? `same bits${note ? `; ${note}` : ''}`
        : 'so it is';
  table.push([host, version, way, got?.variant ?? '', got?.threads ?? '', result]);
}
console.log(table.toString());
const failed = rows.filter(({ wrong }) => wrong !== undefined).length;
const skipped = rows.filter((row) => row.skipped !== undefined).length;
console.log(`hosts: ${rows.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && rows.length > skipped ? 0 : 1;
