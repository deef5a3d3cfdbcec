import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Those that we compare with are a package of their own, which nothing else installs. */
export function installPeers() {
  const folder = fileURLToPath(new URL('./peers/', import.meta.url));
  if (existsSync(`${folder}node_modules/.package-lock.json`)) return;
  console.error('installing the peers into bench/peers, about 600 MB');
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    // Results go to the standard output, and nothing else does.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}
