/** npm run docs: the pages of the API in build/docs. What is exported and not documented is an error. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('.', import.meta.url));
const run = (file, ...args) => {
  const { status, error } = spawnSync(file, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) {
    if (error) console.error(error.message);
    process.exit(status ?? 1);
  }
};

if (!existsSync(`${cwd}node_modules/.package-lock.json`)) run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
run(process.execPath, 'node_modules/typedoc/bin/typedoc', '--options', 'typedoc.json');
