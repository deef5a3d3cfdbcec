/** Node in four versions, Deno and Bun: one process each, with every way of loading in it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command, exists } from './tools.mjs';

const WAYS = {
  'load()': { variant: 'simd', threads: 1 },
  'threads: 2': { variant: 'simd', threads: 2 },
  "variant: 'js'": { variant: 'js', threads: 1 },
  'simdconv/js': { variant: 'js', threads: 1 },
  'module: address': { variant: 'simd', threads: 1 },
  'loadSync, compiled': { variant: 'simd', threads: 1 },
};

const cpu = process.arch === 'arm64' ? 'aarch64' : process.arch;
const system = process.platform === 'win32' ? 'windows' : process.platform;

async function serverHost({ host, name, file, args = [] }, { tools, project }) {
  const path = join(tools, 'node_modules', file);
  if (!(await exists(path))) return [{ host, skipped: `npm has none for ${process.platform} ${process.arch}` }];
  const { version } = JSON.parse(await readFile(join(tools, 'node_modules', name, 'package.json'), 'utf8'));
  const [program, ...before] = path.endsWith('.cjs') ? [process.execPath, path] : [path];
  const reports = JSON.parse(await command(program, [...before, ...args, 'server.mjs'], { cwd: await project(name) }));
  return Object.entries(WAYS).map(([way, expected]) => ({ host, version, way, expected, got: reports[way] }));
}

const node = (major) => (context) => serverHost({ host: 'Node', name: `node-${major}`, file: `node-${major}/bin/node` }, context);

export const serverHosts = {
  'node-20': node(20),
  'node-22': node(22),
  'node-24': node(24),
  'node-26': node(26),
  deno: (context) => serverHost({ host: 'Deno', name: 'deno', file: 'deno/bin.cjs', args: ['run', '-A', '--quiet'] }, context),
  bun: (context) => serverHost({ host: 'Bun', name: 'bun', file: `@oven/bun-${system}-${cpu}/bin/bun` }, context),
};
