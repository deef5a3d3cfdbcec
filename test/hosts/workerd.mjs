/** Cloudflare's workerd, by miniflare. It compiles no bytes at run time: only a module that is imported may run. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './tools.mjs';

const WAYS = {
  'imported module': { variant: 'simd', threads: 1 },
  'imported module, 2 threads': { variant: 'simd', threads: 1, notes: [/one thread: options\.module does not import a shared memory/] },
  'loadSync, imported module': { variant: 'simd', threads: 1 },
  'no module': { variant: 'js', threads: 1, notes: [/not 'simd': this host refused to compile/] },
};

export async function workerdHost({ tools, project }) {
  const folder = await project('workerd');
  const { version } = JSON.parse(await readFile(join(tools, 'node_modules/workerd/package.json'), 'utf8'));
  // It wants a newer Node than the package does.
  const node = join(tools, 'node_modules/node-24/bin/node');
  const reports = JSON.parse(await command(node, ['miniflare.mjs', tools], { cwd: folder }));
  return Object.entries(WAYS).map(([way, expected]) => ({ host: 'workerd', version, way, expected, got: reports[way] }));
}
