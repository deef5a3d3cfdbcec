import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { relaxedSimd } from 'wasm-feature-detect';
import { type Engine, load, loadSync, OptionError, UnsupportedError } from '../src/index.ts';
import { ABI_VERSION, kernels } from '../src/kernels/index.ts';
import type { ModuleSource } from '../src/wasm/compile.ts';
import { expectSameBits } from './equal.ts';
import { js } from './platforms.ts';
import { randomTensor } from './random.ts';
import { moduleBytes } from './wasm-bytes.ts';

const address = new URL('../dist/wasm/simd.wasm', import.meta.url);
const bytes = await readFile(address);
const hasRelaxed = await relaxedSimd();

const x = randomTensor([1, 2, 9, 9], 1);
const filter = randomTensor([3, 2, 3, 3], 2);
const expected = js.engine.conv2d(x, filter).data;
const works = (engine: Engine) => expectSameBits(engine.conv2d(x, filter).data, expected);

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.resetModules();
});

describe('load', () => {
  it('takes SIMD where the host has it, with nothing to note', async () => {
    for (const options of [undefined, {}, { variant: 'auto' as const }, { relaxed: false }]) {
      const engine = await load(options);
      expect(engine).toMatchObject({ variant: 'simd', threads: 1, notes: [] });
      works(engine);
    }
  });

  it.each(['simd', 'js'] as const)('gives the variant %s when it is asked for', async (variant) => {
    const engine = await load({ variant });
    expect(engine).toMatchObject({ variant, notes: [] });
    works(engine);
  });

  if (hasRelaxed) {
    it('takes relaxed SIMD when it is asked for or allowed', async () => {
      expect((await load({ variant: 'relaxed-simd' })).variant).toBe('relaxed-simd');
      expect((await load({ relaxed: true })).variant).toBe('relaxed-simd');
    });
  } else {
    it('refuses relaxed SIMD where the host lacks it, and does without it where it was only allowed', async () => {
      await expect(load({ variant: 'relaxed-simd' })).rejects.toThrow(UnsupportedError);
      await expect(load({ variant: 'relaxed-simd' })).rejects.toThrow("variant 'relaxed-simd': this host has no relaxed SIMD");
      const engine = await load({ relaxed: true });
      expect(engine).toMatchObject({ variant: 'simd', notes: ["not 'relaxed-simd': this host has no relaxed SIMD"] });
      works(engine);
    });
  }

  it('gives engines of their own, one after another and at the same time', async () => {
    const engines = await Promise.all([load(), load(), load({ variant: 'simd' }), load({ variant: 'js' }), load({ module: bytes })]);
    engines.push(await load());
    engines[0].dispose();
    expect(() => engines[0].conv2d(x, filter)).toThrow();
    for (const engine of engines.slice(1)) works(engine);
  });

  it('compiles once, however often it is asked', async () => {
    const { load } = await freshPackage();
    const compile = vi.spyOn(WebAssembly, 'compile');
    await Promise.all([load(), load()]);
    await load();
    expect(compile).toHaveBeenCalledTimes(1);
  });

  it('works after a failure', async () => {
    const { load, UnsupportedError } = await freshPackage();
    vi.spyOn(WebAssembly, 'compile').mockRejectedValueOnce(new WebAssembly.CompileError('no memory today'));
    await expect(load({ variant: 'simd' })).rejects.toThrow('no memory today');
    works(await load({ variant: 'simd' }));
    await expect(load({ module: 'no/such/file.wasm' })).rejects.toThrow(UnsupportedError);
    works(await load());
  });

  it('falls back to the twin when the host refuses to compile, and says why', async () => {
    const { load } = await freshPackage();
    vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new WebAssembly.CompileError('forbidden by a policy'));
    const engine = await load();
    expect(engine).toMatchObject({ variant: 'js', notes: ["not 'simd': this host refused to compile (forbidden by a policy)"] });
    works(engine);
  });

  it('falls back to the twin when the network is gone, and where that is gone too says what else there is', async () => {
    const gone = (path: string) =>
      vi.doMock(path, () => {
        throw new Error('no network');
      });
    try {
      gone('../src/wasm/embedded/simd.ts');
      const { load } = await freshPackage();
      const engine = await load();
      expect(engine).toMatchObject({
        variant: 'js',
        notes: [expect.stringMatching(/^not 'simd': the module 'simd' cannot be fetched \(/)],
      });
      works(engine);
      await expect(load({ variant: 'simd' })).rejects.toThrow("the module 'simd' cannot be fetched");
    } finally {
      vi.doUnmock('../src/wasm/embedded/simd.ts');
    }
    vi.stubGlobal('WebAssembly', undefined);
    vi.resetModules();
    gone('../src/js.ts');
    try {
      const { load } = await import('../src/load.ts');
      await expect(load()).rejects.toThrow(/^no variant can be had \(not 'simd': this host has no WebAssembly; not 'js': .*loadSync/s);
    } finally {
      vi.doUnmock('../src/js.ts');
    }
  });

  it('falls back to the twin when the host refuses a memory, and says why', async () => {
    vi.stubGlobal('WebAssembly', {
      ...wasm(),
      Memory: class {
        constructor() {
          throw new RangeError('could not allocate');
        }
      },
    });
    const engine = await load();
    expect(engine.variant).toBe('js');
    expect(engine.notes).toEqual([expect.stringContaining('could not allocate')]);
    works(engine);
  });
});

/** What WebAssembly has, to stub a part of it. */
function wasm() {
  return Object.fromEntries(Object.getOwnPropertyNames(WebAssembly).map((name) => [name, WebAssembly[name as keyof typeof WebAssembly]]));
}

/** The package as a process that has just begun sees it: nothing compiled yet. */
async function freshPackage(): Promise<typeof import('../src/index.ts')> {
  vi.resetModules();
  return import('../src/index.ts');
}

describe('a host without WebAssembly', () => {
  it.each([
    ['at all', undefined, 'this host has no WebAssembly'],
    ['SIMD', { ...wasm(), validate: () => false }, 'this host has no WebAssembly SIMD'],
  ])('without WebAssembly %s', async (_, stub, reason) => {
    vi.stubGlobal('WebAssembly', stub);
    const { load, loadSync, UnsupportedError } = await freshPackage();
    const engine = await load();
    expect(engine).toMatchObject({ variant: 'js', notes: [`not 'simd': ${reason}`] });
    works(engine);
    expect((await load({ relaxed: true })).notes).toEqual([`not 'relaxed-simd': ${reason}`, `not 'simd': ${reason}`]);
    works(loadSync());
    works(await load({ variant: 'js' }));
    for (const variant of ['simd', 'relaxed-simd'] as const) {
      await expect(load({ variant })).rejects.toThrow(UnsupportedError);
      await expect(load({ variant })).rejects.toThrow(`variant '${variant}': ${reason}`);
    }
  });

  it('refuses a module by name', async () => {
    const module = new WebAssembly.Module(bytes);
    vi.stubGlobal('WebAssembly', undefined);
    const { load, loadSync, UnsupportedError } = await freshPackage();
    await expect(load({ module: bytes })).rejects.toThrow(UnsupportedError);
    expect(() => loadSync({ module })).toThrow(UnsupportedError);
  });

  it('in a process of its own, the built package falls back too, and simdconv/js reaches no WebAssembly', async () => {
    const script = `
      delete globalThis.WebAssembly;
      const { load } = await import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)});
      const { loadJs } = await import(${JSON.stringify(new URL('../dist/js.js', import.meta.url).href)});
      const one = { shape: [1, 1, 1, 1], data: Float32Array.of(3) };
      const engines = [await load(), loadJs()];
      console.log(JSON.stringify(engines.map((engine) => [engine.variant, engine.conv2d(one, one).data[0], engine.notes])));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(JSON.parse(stdout)).toEqual([
      ['js', 9, ["not 'simd': this host has no WebAssembly"]],
      ['js', 9, []],
    ]);
  });
});

describe("a caller's own module", () => {
  let server: Server;
  let origin: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url !== '/simd.wasm') response.writeHead(404).end('not here');
      else response.writeHead(200, { 'content-type': 'application/wasm' }).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

  const path = fileURLToPath(address);
  it.each([
    ['a compiled module', () => new WebAssembly.Module(bytes)],
    ['bytes', () => new Uint8Array(bytes)],
    ['a view of bytes', () => new DataView(new Uint8Array([0, 0, ...bytes, 0]).buffer, 2, bytes.length)],
    ['an ArrayBuffer', () => new Uint8Array(bytes).buffer],
    ['a Response', () => new Response(new Uint8Array(bytes), { headers: { 'content-type': 'application/wasm' } })],
    ['a Response of a server', () => fetch(`${origin}/simd.wasm`)],
    ['a file URL', () => address],
    ['a file URL in a string', () => address.href],
    ['a path', () => path],
    ['an http URL', () => new URL(`${origin}/simd.wasm`)],
    ['an http URL in a string', () => `${origin}/simd.wasm`],
  ] as const)('is taken as %s', async (_, source) => {
    for (const variant of ['auto', 'simd', undefined] as const) {
      const engine = await load({ module: await source(), variant });
      expect(engine).toMatchObject({ variant: 'simd', notes: [] });
      works(engine);
    }
  });

  it('decides the variant, and is refused where another was asked for', async () => {
    const module = new WebAssembly.Module(bytes);
    await expect(load({ module, variant: 'relaxed-simd' })).rejects.toThrow("variant 'relaxed-simd': the module given is 'simd'");
    await expect(load({ module, variant: 'js' })).rejects.toThrow(OptionError);
    expect(() => loadSync({ module, variant: 'relaxed-simd' })).toThrow(UnsupportedError);
    expect(() => loadSync({ module, variant: 'js' })).toThrow(OptionError);
  });

  it(hasRelaxed ? 'may be the relaxed one' : 'is refused where the host cannot compile it', async () => {
    const loaded = load({ module: new URL('../dist/wasm/relaxed-simd.wasm', import.meta.url) });
    if (hasRelaxed) expect((await loaded).variant).toBe('relaxed-simd');
    else await expect(loaded).rejects.toThrow(UnsupportedError);
  });

  const exported = Object.keys(kernels).map((name) => ({ name, kind: 'function' as const }));
  const abi = (version: number) => [
    { name: 'abiVersion', kind: 'global' as const, value: version },
    { name: 'relaxed', kind: 'global' as const, value: 0 },
  ];
  const refusedModules: readonly [what: string, source: () => ModuleSource | Promise<ModuleSource>, said: RegExp][] = [
    ['the first half of a module', () => bytes.subarray(0, bytes.length >> 1), /cannot compile it/],
    ['one byte less than a module', () => bytes.subarray(0, -1), /cannot compile it/],
    ['nothing', () => new Uint8Array(0), /cannot compile it/],
    ['a picture', () => Uint8Array.of(0x89, 0x50, 0x4e, 0x47), /cannot compile it/],
    ['a page that says 404', () => fetch(`${origin}/nothing.wasm`), /nothing\.wasm answered 404/],
    ['an address that says 404', () => `${origin}/nothing.wasm`, /nothing\.wasm answered 404/],
    ['an address where nobody listens', () => 'http://127.0.0.1:1/simd.wasm', /127\.0\.0\.1:1\/simd\.wasm cannot be read/],
    ['a file that is not there', () => 'no/such/file.wasm', /no\/such\/file\.wasm cannot be read \(ENOENT/],
    ['a file URL of nothing', () => new URL('nothing.wasm', address), /cannot be read \(ENOENT/],
    [
      'a Response that was read before',
      async () => {
        const response = await fetch(`${origin}/simd.wasm`);
        await response.arrayBuffer();
        return response;
      },
      /cannot be read/,
    ],
    ['another module', () => moduleBytes([]), /not a simdconv module/],
    ['a module whose abiVersion is a function', () => moduleBytes([{ name: 'abiVersion', kind: 'function' }]), /not a simdconv module/],
    [
      'a module of another version',
      () => moduleBytes([...abi(ABI_VERSION + 1), ...exported]),
      new RegExp(`of version ${ABI_VERSION + 1}, this package's of version ${ABI_VERSION}`),
    ],
    ['a module without kernels', () => moduleBytes(abi(ABI_VERSION)), new RegExp(`lacks the kernels ${Object.keys(kernels).join(', ')}`)],
    [
      'a module that lacks one',
      () => moduleBytes([...abi(ABI_VERSION), ...exported.slice(1)]),
      new RegExp(`lacks the kernels ${Object.keys(kernels)[0]}$`),
    ],
    [
      'a module whose kernel is a number',
      () => moduleBytes([...abi(ABI_VERSION), ...exported.slice(1), { name: exported[0].name, kind: 'global', value: 1 }]),
      new RegExp(`lacks the kernels ${Object.keys(kernels)[0]}$`),
    ],
    ['a module that wants more than a memory', () => moduleBytes(abi(ABI_VERSION), ['env', 'abort']), /asks for more than a memory.*abort/],
  ];
  it.each(refusedModules)('is refused: %s', async (_, source, said) => {
    const refused = load({ module: await source() });
    await expect(refused).rejects.toThrow(UnsupportedError);
    await expect(refused).rejects.toThrow(said);
    works(await load());
  });
});

describe('loadSync', () => {
  it('gives the twin, or a module that is compiled', () => {
    for (const options of [undefined, {}, { variant: 'js' as const }]) {
      expect(loadSync(options)).toMatchObject({ variant: 'js', notes: [] });
      works(loadSync(options));
    }
    const module = new WebAssembly.Module(bytes);
    for (const variant of [undefined, 'simd'] as const) {
      expect(loadSync({ module, variant })).toMatchObject({ variant: 'simd', threads: 1, notes: [] });
      works(loadSync({ module, variant }));
    }
  });

  it('refuses what would take time', () => {
    expect(() => loadSync({ variant: 'simd' })).toThrow(UnsupportedError);
    expect(() => loadSync({ variant: 'simd' })).toThrow(/needs options\.module/);
    expect(() => loadSync({ module: bytes as unknown as WebAssembly.Module })).toThrow(OptionError);
    const odd = new WebAssembly.Module(moduleBytes([]));
    expect(() => loadSync({ module: odd })).toThrow(UnsupportedError);
  });
});

describe('options of load', () => {
  it.each([
    ['a variant that is none', { variant: 'wasm' }, 'options.variant', /one of 'auto', 'simd', 'relaxed-simd', 'js', got 'wasm'/],
    ['null for a variant', { variant: null }, 'options.variant', /got null/],
    ['a string for relaxed', { relaxed: 'yes' }, 'options.relaxed', /true or false, got 'yes'/],
    ['no threads', { threads: 0 }, 'options.threads', /at least 1, or 'auto', got 0/],
    ['half a thread', { threads: 1.5 }, 'options.threads', /got 1.5/],
    ['threads in words', { threads: 'two' }, 'options.threads', /got 'two'/],
    ['an unknown name', { thread: 2 }, 'options.thread', /one of variant, relaxed, threads, module, got an unknown option/],
    ['a number for a module', { module: 5 }, 'options.module', /a WebAssembly.Module, bytes, .*, got 5/],
    ['null for a module', { module: null }, 'options.module', /got null/],
    ['an object for a module', { module: {} }, 'options.module', /got Object/],
    ['null', null, 'options', /an object, got null/],
    ['a string', 'simd', 'options', /an object, got 'simd'/],
  ])('refuse %s', async (_, options, argument, said) => {
    const refused = load(options as never);
    await expect(refused).rejects.toBeInstanceOf(OptionError);
    await expect(refused).rejects.toMatchObject({ argument });
    await expect(refused).rejects.toThrow(said);
  });

  it('of loadSync, too', () => {
    expect(() => loadSync({ variant: 'auto' } as never)).toThrow(OptionError);
    expect(() => loadSync({ relaxed: true } as never)).toThrow(/options\.relaxed: expected one of variant, module/);
    expect(() => loadSync({ module: null } as never)).toThrow(OptionError);
  });
});
