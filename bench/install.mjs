import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Those that we compare with are a package of their own, which nothing else installs. `--quick` installs nothing: it runs with what there is.
 *
 * @returns {boolean} whether they are there
 */
export function installPeers({ quick = false } = {}) {
  const folder = fileURLToPath(new URL('./peers/', import.meta.url));
  if (existsSync(`${folder}node_modules/.package-lock.json`)) return true;
  if (quick) return false;
  console.error('installing the peers into bench/peers, about 600 MB');
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    // Results go to the standard output, and nothing else does.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
  return true;
}

export const NO_PEERS = 'the peers are not installed, and --quick does not install them: npm ci --prefix bench/peers --ignore-scripts';
