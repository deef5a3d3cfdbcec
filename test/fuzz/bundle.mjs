import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What is built is not bundled: its workers and modules are found beside it. */
const built = {
  name: 'built',
  setup({ onResolve }) {
    onResolve({ filter: /\/dist\// }, ({ path, importer }) => ({
      path: pathToFileURL(resolve(dirname(importer), path)).href,
      external: true,
    }));
  },
};

/** Makes a script of this folder one that Node runs, and says where it is. */
export async function bundle(name) {
  const outfile = resolve(root, `build/fuzz/${name}.mjs`);
  await build({
    entryPoints: [resolve(root, `test/fuzz/${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    sourcemap: 'inline',
    plugins: [built],
    logLevel: 'warning',
  });
  return outfile;
}
