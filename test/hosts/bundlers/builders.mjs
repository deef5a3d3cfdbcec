/**
 * How each bundler is called: the entry, where it goes, and nothing that simdconv would need. `build(folder, entry, { require, tools })`
 * builds `entry`.js of the project and gives back the folder with the pages.
 */
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { command } from '../tools.mjs';

const pageOf = (entry) => (entry === 'main' ? 'index.html' : `${entry}.html`);

/** For bundlers that know nothing of pages. */
async function withPage(folder, entry, build) {
  const out = join(folder, 'out', entry);
  await mkdir(out, { recursive: true });
  await build(join(folder, `${entry}.js`), out);
  await cp(join(folder, pageOf(entry)), join(out, pageOf(entry)));
  return out;
}

const load = (require, name) => import(pathToFileURL(require.resolve(name)));

export const builders = {
  vite: {
    host: 'Vite',
    threads: true,
    async build(folder, entry, { require }) {
      const { build } = await load(require, 'vite');
      const outDir = join(folder, 'out', entry);
      const input = join(folder, pageOf(entry));
      await build({ root: folder, base: './', logLevel: 'warn', build: { outDir, rollupOptions: { input } } });
      return outDir;
    },
  },
  webpack: {
    host: 'webpack',
    threads: true,
    build(folder, entry, { require }) {
      const webpack = require('webpack');
      return withPage(folder, entry, async (file, path) => {
        const stats = await new Promise((resolve, reject) =>
          webpack({ mode: 'production', context: folder, entry: { [entry]: file }, output: { path } }, (error, done) =>
            error ? reject(error) : resolve(done),
          ),
        );
        if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
      });
    },
  },
  rollup: {
    host: 'Rollup',
    threads: false,
    async build(folder, entry, { require }) {
      const { rollup } = await load(require, 'rollup');
      const { nodeResolve } = await load(require, '@rollup/plugin-node-resolve');
      return withPage(folder, entry, async (input, dir) => {
        const warnings = [];
        const bundle = await rollup({
          input,
          plugins: [nodeResolve({ browser: true })],
          onwarn: (warning) => warnings.push(warning.message),
        });
        await bundle.write({ dir, format: 'es' });
        await bundle.close();
        if (warnings.length > 0) throw new Error(warnings.join('; '));
      });
    },
  },
  esbuild: {
    host: 'esbuild',
    threads: false,
    async build(folder, entry, { require }) {
      const { build } = require('esbuild');
      return withPage(folder, entry, async (file, outdir) => {
        const { warnings } = await build({ entryPoints: [file], outdir, bundle: true, format: 'esm', splitting: true, minify: true });
        if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join('; '));
      });
    },
  },
  parcel: {
    host: 'Parcel',
    threads: true,
    async build(folder, entry, { tools }) {
      const out = join(folder, 'out', entry);
      const bin = join(tools, 'node_modules/parcel/lib/bin.js');
      const options = ['--dist-dir', out, '--public-url', './', '--no-cache', '--no-source-maps', '--no-autoinstall'];
      await command(process.execPath, [bin, 'build', pageOf(entry), ...options], { cwd: folder });
      return out;
    },
  },
};
