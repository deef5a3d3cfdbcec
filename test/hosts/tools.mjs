/** What the hosts need: the packed tarball, and the hosts themselves, in build/hosts. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'build/hosts');
const QUIET = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** Runs a program, and gives back what it printed; an error carries what it said. */
export async function command(file, args, { timeout = 300_000, ...options } = {}) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', (code, signal) => resolve(signal ?? code)));
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${file} ended with ${code}: ${(stderr.trim() || stdout.trim()).slice(-2000)}`);
  return stdout;
}

/** A folder of this run alone. */
export async function scratchFolder() {
  await mkdir(cache, { recursive: true });
  return mkdtemp(join(cache, 'run-'));
}

/**
 * The hosts that npm has, in the versions that package.json names, installed once. Runs at the same time each install on their own, and the
 * first that is done lends its folder to all.
 */
export async function installTools() {
  const wanted = await readFile(join(here, 'package.json'));
  const folder = join(cache, `tools-${createHash('sha256').update(wanted).digest('hex').slice(0, 12)}`);
  if (await exists(folder)) return folder;
  console.error(`installing hosts and bundlers into ${folder}, about 1.6 GB`);
  await mkdir(cache, { recursive: true });
  const made = await mkdtemp(join(cache, 'installing-'));
  await writeFile(join(made, 'package.json'), wanted);
  // No scripts: each of these packages ships its program as a package of its own, and says where it is.
  await command(npm, ['install', '--no-package-lock', ...QUIET], { cwd: made, timeout: 600_000 });
  await rename(made, folder).catch(() => rm(made, { recursive: true, force: true }));
  return folder;
}

export const exists = (path) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Packs the package as npm ships it. `prepare` would build anew, under whatever else runs: it is left out. */
export async function pack(folder) {
  const packed = await command(npm, ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: root });
  const [{ filename }] = Object.values(JSON.parse(packed));
  return join(folder, filename);
}

/** An empty project in which the tarball is installed. */
export async function emptyProject(folder, tarball) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'app', version: '1.0.0', private: true, type: 'module' }));
  await command(npm, ['install', tarball, ...QUIET], { cwd: folder });
  await cp(join(here, 'app'), folder, { recursive: true });
  return folder;
}
