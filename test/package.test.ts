import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import binaryen from 'binaryen';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ABI_VERSION } from '../src/kernels/index.ts';

/** The package as npm ships it, installed in an empty project. */
const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

let app: string;
let tarball: string;
let files: string[];

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'simdconv-'));
  // Scripts are left out: `prepare` would build anew, under the other tests.
  const packed = await run(npm, ['pack', '--ignore-scripts', '--json', '--pack-destination', app], { cwd: root });
  const [{ filename, files: list }] = Object.values(JSON.parse(packed.stdout)) as { filename: string; files: { path: string }[] }[];
  tarball = join(app, filename);
  files = list.map(({ path }) => path);
  await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true }));
  await run(npm, ['install', tarball, '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: app });
}, 120_000);

afterAll(() => rm(app, { recursive: true, force: true }));

/** Runs a file of the app's own, and gives back what it printed as JSON. */
async function runFile(name: string, source: string): Promise<unknown> {
  await writeFile(join(app, name), source);
  const { stdout } = await run(process.execPath, [name], { cwd: app });
  return JSON.parse(stdout);
}

const ONE = 'const one = { shape: [1, 1, 1, 1], data: Float32Array.of(3) };';

describe('the packed tarball', () => {
  it('holds what is needed and nothing else', () => {
    const needed = [
      'package.json',
      'LICENSE',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/js.js',
      'dist/js.d.ts',
      'dist/nn/index.js',
      'dist/nn/index.d.ts',
      'dist/tfjs/index.js',
      'dist/tfjs/index.d.ts',
      'dist/image/index.js',
      'dist/image/index.d.ts',
      'dist/wasm/simd.wasm',
      'dist/wasm/relaxed-simd.wasm',
      'dist/wasm/simd-threads.wasm',
      'dist/wasm/relaxed-simd-threads.wasm',
      'dist/wasm/threads/worker.js',
      'dist/wasm/embedded/feature-detect.LICENSE',
      'dist/image/embedded/fft.LICENSE',
    ];
    expect(files).toEqual(expect.arrayContaining(needed));
    const known = /^(package\.json|LICENSE|README\.md|CHANGELOG\.md|\w+\/package\.json|dist\/[\w/-]+\.(js|d\.ts|wasm|LICENSE))$/;
    expect(files.filter((path) => !known.test(path))).toEqual([]);
  });

  it('imports no bare name where a browser may be', async () => {
    const bare = [];
    for (const path of files.filter((name) => /^dist\/(?!cli\/|codecs\/|tfjs\/).*\.js$/.test(name))) {
      const text = await readFile(join(app, 'node_modules/simdconv', path), 'utf8');
      for (const [statement] of text.matchAll(/^(?:import|export)\b[^;]*?from\s*['"](?!\.)[^'"]+['"]/gm))
        bare.push(`${path}: ${statement}`);
    }
    expect(bare).toEqual([]);
  });

  it('has a folder for each entry, for resolvers that know no exports', async () => {
    const installed = join(app, 'node_modules/simdconv');
    const { exports } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
      exports: Record<string, { default: string }>;
    };
    const entries = Object.keys(exports).filter((name) => /^\.\/\w+$/.test(name));
    expect(entries).toContain('./js');
    for (const entry of entries) {
      const { main, types, type } = JSON.parse(await readFile(join(installed, entry, 'package.json'), 'utf8'));
      expect({ type, main, types }).toEqual({
        type: 'module',
        main: `.${exports[entry].default}`,
        types: `.${exports[entry].default.replace(/\.js$/, '.d.ts')}`,
      });
    }
  });

  it('works from ESM: every entry, every variant, and a module of its own', async () => {
    const printed = await runFile(
      'esm.mjs',
      `import { load, loadSync, ShapeError } from 'simdconv';
      import { loadJs } from 'simdconv/js';
      import { readFile } from 'node:fs/promises';
      import { filters } from 'simdconv/image';
      import manifest from 'simdconv/package.json' with { type: 'json' };
      ${ONE}
      const address = import.meta.resolve('simdconv/wasm/simd.wasm');
      const bytes = await readFile(new URL(address));
      const engines = [
        await load(), await load({ variant: 'js' }), loadSync(), loadJs(), await load({ module: address }),
        loadSync({ module: new WebAssembly.Module(bytes) }),
      ];
      let refused;
      try { engines[0].conv2d(one, { shape: [1] }) } catch (error) { refused = error instanceof ShapeError }
      console.log(JSON.stringify([engines.map((engine) => [engine.variant, engine.conv2d(one, one).data[0]]), refused, manifest.name, filters(engines[0]).blur({ data: Uint8Array.of(1, 4, 4), width: 3, height: 1, channels: 1 }).data[1]]));`,
    );
    expect(printed).toEqual([
      [
        ['simd', 9],
        ['js', 9],
        ['js', 9],
        ['js', 9],
        ['simd', 9],
        ['simd', 9],
      ],
      true,
      'simdconv',
      3,
    ]);
  });

  it('has networks, which any engine runs', async () => {
    const printed = await runFile(
      'nn.mjs',
      `import { load } from 'simdconv';
      import { linear, meanSquare, relu, sequential, sgd } from 'simdconv/nn';
      const network = sequential(await load(), [linear(1, 1, { initialize: () => 0 }), relu()]);
      const [x, target] = [2, 3].map((value) => ({ shape: [1, 1], data: Float32Array.of(value) }));
      network.state()['0.bias'].data[0] = 1;
      network.backward(meanSquare(network.forward(x), target).gradient);
      sgd(network.parameters(), { learningRate: 0.125 }).step();
      console.log(JSON.stringify(Object.entries(network.state()).map(([name, { data }]) => [name, data[0]])));`,
    );
    expect(printed).toEqual([
      ['0.weight', 1],
      ['0.bias', 1.5],
    ]);
  });

  it('works from require', async () => {
    const printed = await runFile(
      'cjs.cjs',
      `const { load, loadSync } = require('simdconv');
      const { loadJs } = require('simdconv/js');
      ${ONE}
      load().then((engine) => {
        const engines = [engine, loadSync(), loadJs()];
        console.log(JSON.stringify(engines.map((engine) => [engine.variant, engine.conv2d(one, one).data[0]])));
      });`,
    );
    expect(printed).toEqual([
      ['simd', 9],
      ['js', 9],
      ['js', 9],
    ]);
  });

  it('has its workers, and needs no other variant than the one that is chosen', async () => {
    const installed = join(app, 'node_modules/simdconv');
    const alone = join(app, 'node_modules/alone');
    for (const [variant, options] of [
      ['simd', {}],
      ['simd-threads', { threads: 2 }],
    ] as const) {
      await cp(installed, alone, { recursive: true });
      const embedded = join(alone, 'dist/wasm/embedded');
      const others = (await readdir(embedded)).filter((name) => /simd.*\.js$/.test(name) && name !== `${variant}.js`);
      expect(others).toContain('relaxed-simd-threads.js');
      for (const name of others) await rm(join(embedded, name));
      const printed = await runFile(
        'alone.mjs',
        `import { load } from 'alone';
        const engine = await load(${JSON.stringify(options)});
        const x = { shape: [1, 1, 1000, 1000], data: new Float32Array(1e6).fill(3) };
        const y = await engine.conv2dAsync(x, { shape: [1, 1, 1, 1], data: Float32Array.of(3) });
        console.log(JSON.stringify([engine.variant, engine.threads, engine.notes, y.data[999999]]));`,
      );
      expect(printed).toEqual(['simd', variant === 'simd' ? 1 : 2, [], 9]);
      await rm(alone, { recursive: true });
    }
  });

  it('lives beside another version of itself, whose kernels it refuses', async () => {
    const version = 12345;
    const other = join(app, 'node_modules/other');
    await cp(join(app, 'node_modules/simdconv'), other, { recursive: true });
    const edit = async (path: string, from: RegExp, to: string) => {
      const text = await readFile(join(other, path), 'utf8');
      expect(text).toMatch(from);
      await writeFile(join(other, path), text.replace(from, to));
    };
    for (const variant of ['simd', 'simd-threads']) {
      const module = binaryen.readBinary(await readFile(join(other, `dist/wasm/${variant}.wasm`)));
      module.setFeatures(binaryen.Features.All);
      const name = binaryen.getExportInfo(module.getExport('abiVersion')).value;
      module.removeGlobal(name);
      module.addGlobal(name, binaryen.i32, false, module.i32.const(version));
      const bytes = module.emitBinary();
      await writeFile(join(other, `dist/wasm/${variant}.wasm`), bytes);
      await edit(`dist/wasm/embedded/${variant}.js`, /'[\w+/=]+'/, `'${deflateRawSync(bytes).toString('base64')}'`);
    }
    await edit('dist/kernels/index.js', /ABI_VERSION = \d+/, `ABI_VERSION = ${version}`);
    const printed = await runFile(
      'versions.mjs',
      `import * as one from 'simdconv';
      import * as other from 'other';
      const x = { shape: [1, 4, 50, 50], data: Float32Array.from({ length: 10000 }, (_, i) => Math.sin(i)) };
      const filter = { shape: [8, 4, 3, 3], data: Float32Array.from({ length: 288 }, (_, i) => Math.cos(i)) };
      const engines = await Promise.all([one, other, one, other].map(({ load }, i) => load({ threads: 1 + (i >> 1) })));
      const expected = one.loadSync().conv2d(x, filter).data;
      const results = await Promise.all(engines.flatMap((engine) => [engine.conv2d(x, filter), engine.conv2dAsync(x, filter)]));
      // A tensor in the memory of one is data like any other to the next.
      const held = engines[0].tensor(x.shape, x.data);
      results.push(engines[1].conv2d(held, filter), engines[3].conv2d(held, filter));
      const same = results.map(({ data }) => Buffer.compare(Buffer.from(data.buffer, data.byteOffset, data.byteLength), Buffer.from(expected.buffer)) === 0);
      engines[0].dispose();
      same.push(engines[1].conv2d(x, filter).data[7] === expected[7]);
      const refusals = [];
      for (const [{ load, UnsupportedError }, from] of [[one, 'other'], [other, 'simdconv']]) {
        const address = import.meta.resolve('simdconv/wasm/simd.wasm').replace('/simdconv/', '/' + from + '/');
        await load({ module: address }).catch((error) => refusals.push([error instanceof UnsupportedError, error.message]));
      }
      console.log(JSON.stringify([engines.map((engine) => [engine.variant, engine.threads]), same.every(Boolean), refusals]));
      for (const engine of engines) engine.dispose();`,
    );
    const refusal = (given: number, own: number) => [true, `module: its kernels are of version ${given}, this package's of version ${own}`];
    const two = [
      ['simd', 1],
      ['simd', 1],
      ['simd', 2],
      ['simd', 2],
    ];
    expect(printed).toEqual([two, true, [refusal(version, ABI_VERSION), refusal(ABI_VERSION, version)]]);
  });

  it('opens no other way in', async () => {
    const printed = await runFile(
      'deep.mjs',
      `const codes = [];
      for (const path of ['simdconv/dist/engine.js', 'simdconv/engine', 'simdconv/wasm/abi.js']) {
        await import(path).catch((error) => codes.push(error.code));
      }
      console.log(JSON.stringify(codes));`,
    );
    expect(printed).toEqual(Array(3).fill('ERR_PACKAGE_PATH_NOT_EXPORTED'));
  });

  it('has types that a strict TypeScript project compiles against, with and without what is newest', async () => {
    const source = `
      import { load, loadSync, type Conv2dOptions, type Engine, type KernelTensor, type Tensor, ShapeError } from 'simdconv';
      import { loadJs } from 'simdconv/js';
      import { filters, type Filters, type KernelImage, type RawImage } from 'simdconv/image';
      const engine: Engine = await load({ variant: 'auto', relaxed: true, threads: 'auto' });
      const options: Conv2dOptions = { strides: [1, 2], padding: 'same', activation: { type: 'leakyRelu', alpha: 0.1 } };
      const x: Tensor = { shape: [1, 1, 3, 3], data: new Float32Array(9) };
      const kernelX: KernelTensor = engine.tensor(x.shape, [1, 2, 3]);
      const y: Tensor = engine.conv2d(kernelX, x, options);
      const z: Tensor = await engine.conv2dAsync(kernelX, x, options);
      const conv = loadSync().prepareConv2d(x, { groups: 1 });
      const flops: number | undefined = conv.plan?.flops;
      const variant: 'simd' | 'relaxed-simd' | 'js' = loadJs().variant;
      const error: RangeError = new ShapeError('x', 'one', 'another');
      const f: Filters = filters(engine);
      const raw: RawImage = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };
      const blurred: Uint8Array = f.blur({ ...raw, data: new Uint8Array(12) }, { radius: [1, 0] }).data;
      const frame: KernelImage = f.outline(f.image(4, 4), { border: 'wrap' });
      console.log(blurred, frame.data, (await f.sobelAsync(raw)).data);
      // @ts-expect-error
      f.blur(raw, { sigma: 2 });
      console.log(y.data, z.data, flops, variant, error.message);
      // @ts-expect-error
      engine.conv2d(x, x, { stride: 2 });
      // @ts-expect-error
      engine.conv2d(x, x, { inputLayout: 'NCHW' });
      // @ts-expect-error
      engine.conv2d({ shape: [1], data: [1] }, x);
      // @ts-expect-error
      await load({ variant: 'wasm' });
    `;
    for (const [name, compilerOptions] of Object.entries({
      node: { module: 'NodeNext', target: 'ES2022', lib: ['ES2022', 'DOM'] },
      bundler: { module: 'ESNext', moduleResolution: 'Bundler', target: 'ESNext', exactOptionalPropertyTypes: true },
    })) {
      const folder = join(app, name);
      await mkdir(folder);
      await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
      await writeFile(join(folder, 'main.ts'), source);
      const config = {
        compilerOptions: { ...compilerOptions, strict: true, noEmit: true, skipLibCheck: false, types: [] },
        files: ['main.ts'],
      };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const tsc = join(require.resolve('typescript/package.json'), '../bin/tsc');
      const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error) => error as { stdout: string });
      expect(stdout).toBe('');
    }
  });

  it('is clean by publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: join(app, 'node_modules/simdconv'), pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('has types that every resolution finds, by @arethetypeswrong/cli', async () => {
    const attw = join(require.resolve('@arethetypeswrong/cli/package.json'), '../dist/index.js');
    const { stdout } = await run(process.execPath, [attw, tarball, '--profile', 'esm-only', '--format', 'json']).catch(
      (error) => error as { stdout: string },
    );
    const { analysis } = JSON.parse(stdout) as { analysis: { problems: { kind: string; resolutionKind?: string }[] } };
    // Older resolutions are none of ours: Node 10's knows no exports, and CommonJS gets the ESM files (which Node ≥ 20.19 requires).
    const ours = analysis.problems.filter(({ resolutionKind }) => resolutionKind !== 'node10' && resolutionKind !== 'node16-cjs');
    expect(ours).toEqual([]);
  });
});
