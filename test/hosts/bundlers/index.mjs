/** Bundlers, with no configuration: a page on two threads, one with the twin alone, built and then run in Chromium. */
import { cp, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ISOLATED } from '../server.mjs';
import { builders } from './builders.mjs';
import { next } from './next.mjs';
import { viteDev } from './vite-dev.mjs';

const app = fileURLToPath(new URL('./app/', import.meta.url));
const TWO = { variant: 'simd', threads: 2 };
/** A bundler that does not follow `new Worker(new URL(…))` leaves out the worker's script. */
const ALONE = { variant: 'simd', threads: 1, notes: [/1 of 1 workers did not start/] };
const VARIANTS = ['simd', 'relaxed-simd', 'simd-threads', 'relaxed-simd-threads'];

async function visit({ server, chromium }, { url }, page, options) {
  const { id, report } = server.expectReport();
  const leave = await (await chromium()).visit([`${url}${page}?${new URLSearchParams({ id, options: JSON.stringify(options) })}`]);
  const got = await report;
  await leave();
  return got;
}

/** Which embedded modules a text carries. */
async function carried(folder, text) {
  const found = [];
  for (const variant of VARIANTS) {
    const module = await readFile(join(folder, `node_modules/simdconv/dist/wasm/embedded/${variant}.js`), 'utf8');
    // The end is no two modules' own.
    if (text.includes(module.match(/[\w+/=]{200}(?=';\n)/)[0])) found.push(variant);
  }
  return found;
}

async function textOf(folder) {
  const names = await readdir(folder, { recursive: true });
  const texts = names.filter((name) => /\.(m?js|html)$/.test(name)).map((name) => readFile(join(folder, name), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

function bundler(name, { host, build, threads, splits = true }) {
  return async (context) => {
    const folder = await context.project(name);
    await cp(app, folder, { recursive: true });
    const { version } = JSON.parse(await readFile(join(context.tools, 'node_modules', name, 'package.json'), 'utf8'));
    const require = createRequire(join(context.tools, 'package.json'));
    const row = { host, version };
    const rows = [];

    const page = await build(folder, 'main', { require, tools: context.tools });
    const twin = await build(folder, 'twin', { require, tools: context.tools });

    const one = context.server.mount(page);
    rows.push({ ...row, way: 'page', expected: { variant: 'simd', threads: 1 }, got: await visit(context, one, 'index.html', {}) });
    const fetched = await carried(folder, one.served.map(({ text }) => text).join('\n'));
    if (splits)
      rows.push({ ...row, way: 'page fetches one variant', ...(`${fetched}` === 'simd' ? {} : { error: `it fetched ${fetched}` }) });

    const isolated = context.server.mount(page, ISOLATED);
    const expected = threads ? TWO : ALONE;
    rows.push({ ...row, way: 'page, isolated, 2 threads', expected, got: await visit(context, isolated, 'index.html', { threads: 2 }) });

    const js = { variant: 'js', threads: 1 };
    rows.push({ ...row, way: 'simdconv/js', expected: js, got: await visit(context, context.server.mount(twin), 'twin.html', {}) });
    const text = await textOf(twin);
    const left = [...(await carried(folder, text)), ...(/\bWebAssembly\.\w/.test(text) ? ['a use of WebAssembly'] : [])];
    rows.push({ ...row, way: 'simdconv/js leaves no Wasm', ...(left.length === 0 ? {} : { error: `there is ${left.join(', ')}` }) });
    return rows;
  };
}

export const bundlers = {
  ...Object.fromEntries(Object.entries(builders).map(([name, builder]) => [name, bundler(name, builder)])),
  'vite-dev': viteDev,
  next,
};
