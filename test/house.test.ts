import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import binaryen from 'binaryen';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageFamily } from '../src/image/family.ts';
import { ABI_VERSION, kernels as coreKernels } from '../src/kernels/index.ts';
import { BLOCK_LENGTH, type FieldKind, isBuffer, type Layout } from '../src/kernels/layout.ts';
import { compileEmbedded } from '../src/wasm/compile.ts';
import { functionsOf } from '../src/wasm/functions.ts';
import { kernels } from './kernels.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true });
  return entries.map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.ts') && !name.startsWith('generated/'));
}

describe('the mirror rule', () => {
  /** What one side needs and the other has no use for: vectors here, the driver of twins there. What the build generates does not count. */
  const ONLY_WASM = ['simd.ts'];
  const ONLY_JS = ['backend.ts', 'choice.ts'];

  it('every kernel file has its twin, and every twin its kernel file', async () => {
    const wasm = (await sources('assembly')).filter((name) => !ONLY_WASM.includes(name));
    const js = (await sources('src/js')).filter((name) => !ONLY_JS.includes(name));
    expect(wasm.length).toBeGreaterThan(5);
    expect(js.sort()).toEqual(wasm.sort());
  });

  it('a driver and its twin stand in the files of the same path', async () => {
    const drivers = async (folder: string, names: readonly string[]) => {
      const places: Record<string, string> = {};
      for (const file of await sources(folder)) {
        const text = await readFile(join(root, folder, file), 'utf8');
        for (const [, name] of text.matchAll(/^export function (\w+)/gm)) if (names.includes(name)) places[name] = file;
      }
      return places;
    };
    const names = Object.keys(kernels);
    const wasm = await drivers('assembly', names);
    expect(Object.keys(wasm).sort()).toEqual(names.sort());
    expect(await drivers('src/js', names)).toEqual(wasm);
  });

  it('the entry simdconv/js reaches nothing of src/wasm', async () => {
    const reached = new Set<string>();
    const follow = async (file: string) => {
      if (reached.has(file)) return;
      reached.add(file);
      const text = await readFile(join(root, file), 'utf8');
      for (const [, path] of text.matchAll(/^(?:import|export)(?! type\b)[^;]*?from '(\.[^']+)'/gm))
        await follow(join(dirname(file), path));
    };
    await follow('src/js.ts');
    expect(reached.size).toBeGreaterThan(15);
    expect([...reached].filter((file) => file.includes('wasm'))).toEqual([]);
  });
});

describe('parameter blocks', async () => {
  const KINDS: readonly FieldKind[] = ['f32*', 'i32*', 'u8*', 'i8*', 'any*', 'i32', 'f32'];
  const described: Record<string, unknown> = {};
  const files = (await sources('src/kernels')).filter((file) => file !== 'layout.ts');
  for (const file of files) Object.assign(described, await import(`../src/kernels/${file}`));
  const objects = Object.entries(described).filter((entry): entry is [string, object] => typeof entry[1] === 'object');
  const layouts = objects.filter((entry): entry is [string, Layout] => Object.values(entry[1]).every((kind) => KINDS.includes(kind)));
  const constants = objects.filter((entry): entry is [string, Record<string, number>] =>
    Object.values(entry[1]).every((number) => Number.isInteger(number)),
  );

  /** Asks the compiler: a module that answers, for every field, with its offset and its kind. */
  async function compiled(): Promise<Record<string, () => number>> {
    const lines = layouts.flatMap(([name, layout]) => [
      `export function ${name}(): usize { return offsetof<P.${name}>(); }`,
      ...Object.keys(layout).flatMap((field) => {
        const value = `changetype<P.${name}>(0).${field}`;
        return [
          `export function ${name}_${field}(): usize { return offsetof<P.${name}>('${field}'); }`,
          `export function ${name}_${field}_kind(): i32 { return isFloat(${value}) ? 2 : isSigned(${value}) ? 1 : 0; }`,
        ];
      }),
    ]);
    const source = [
      "import * as P from './assembly/generated/abi';",
      ...lines,
      'export function abiVersion(): i32 { return P.ABI_VERSION; }',
      ...constants.flatMap(([name, values]) =>
        Object.keys(values).map((key) => `export function ${name}_${key}(): i32 { return P.${name}.${key}; }`),
      ),
    ].join('\n');
    let binary: Uint8Array<ArrayBuffer> | undefined;
    const { error, stderr } = await asc.main(['asked.ts', '--outFile', 'asked.wasm', '--runtime', 'stub', '--initialMemory', '1'], {
      readFile: (name) => (name === 'asked.ts' ? source : name === 'assembly/generated/abi.ts' ? readFile(join(root, name), 'utf8') : null),
      writeFile: (name, contents) => {
        if (name === 'asked.wasm') binary = Uint8Array.from(contents as Uint8Array);
      },
      listFiles: () => [],
    });
    if (error) throw new Error(stderr.toString());
    const { instance } = await WebAssembly.instantiate(binary!, { env: { abort: () => {} } });
    return instance.exports as Record<string, () => number>;
  }

  let there: Record<string, () => number>;
  beforeAll(async () => {
    there = await compiled();
  });

  it('are laid out as src/kernels/ says, field by field, four bytes each', () => {
    expect(layouts.map(([name]) => name)).toEqual(expect.arrayContaining(['PadParams', 'FilterParams', 'ConvParams']));
    for (const { block } of Object.values(kernels)) expect(layouts.map(([, value]) => value)).toContain(block);
    for (const [name, layout] of layouts) {
      const fields = Object.entries(layout);
      const asWritten = fields.map(([field, kind], index) => ({ field, offset: 4 * index, kind: isBuffer(kind) ? 'address' : kind }));
      const asCompiled = fields.map(([field]) => ({
        field,
        offset: there[`${name}_${field}`](),
        kind: (['address', 'i32', 'f32'] as const)[there[`${name}_${field}_kind`]()],
      }));
      expect(asCompiled).toEqual(asWritten);
      expect(`${name}: ${there[name]()} bytes`).toBe(`${name}: ${4 * fields.length} bytes`);
      expect(fields.length).toBeLessThanOrEqual(BLOCK_LENGTH);
    }
  });

  it('have the version and the constants of the other side', async () => {
    expect(there.abiVersion()).toBe(ABI_VERSION);
    expect(constants.map(([name]) => name)).toContain('Activation');
    const text = await readFile(join(root, 'assembly/generated/abi.ts'), 'utf8');
    for (const [name, values] of constants) {
      expect(Object.fromEntries(Object.keys(values).map((key) => [key, there[`${name}_${key}`]()]))).toEqual(values);
      const [, body] = text.match(new RegExp(`namespace ${name} \\{([^}]*)\\}`))!;
      expect([...body.matchAll(/export const (\w+)/g)].map(([, key]) => key)).toEqual(Object.keys(values));
    }
  });
});

describe.each(['simd', 'relaxed-simd', 'simd-threads', 'relaxed-simd-threads'])('the module %s', (variant) => {
  const file = join(root, `dist/wasm/${variant}.wasm`);
  /** As the compiler leaves it: before the build takes away the names of what no host calls. */
  let compiled: Uint8Array;
  beforeAll(async () => {
    const { error, stderr } = await asc.main(['--target', variant, '--outFile', 'module.wasm'], {
      writeFile: (name, contents) => {
        if (name === 'module.wasm') compiled = contents as Uint8Array;
      },
    });
    expect(error, stderr.toString()).toBe(null);
  });

  /** Name of an exported function → its body as text. */
  function functions(bytes: Uint8Array): Map<string, string> {
    const module = binaryen.readBinary(bytes);
    const bodies = new Map<string, string>();
    for (let i = 0; i < module.getNumExports(); i++) {
      const { kind, name, value } = binaryen.getExportInfo(module.getExportByIndex(i));
      if (kind !== binaryen.ExternalFunction) continue;
      bodies.set(name, binaryen.emitText(binaryen.getFunctionInfo(module.getFunction(value)).body));
    }
    module.dispose();
    return bodies;
  }
  const calls = (body: string) => [...body.matchAll(/\((?:return_)?call(?:_indirect|_ref)?\b/g)].length;

  it('exports every kernel, and no other function', async () => {
    expect([...functions(await readFile(file)).keys()].sort()).toEqual(Object.keys(kernels).sort());
  });

  it('is compiled with no other exports but microkernels, and none of them calls anything', () => {
    const exported = functions(compiled);
    const micro = [...exported].filter(([name]) => !(name in kernels));
    expect(micro.map(([name]) => name)).toEqual(expect.arrayContaining(['gemm5x8', 'gemm1x4']));
    expect(Object.fromEntries(micro.map(([name, body]) => [name, calls(body)]))).toEqual(
      Object.fromEntries(micro.map(([name]) => [name, 0])),
    );
    // That calls are seen where they are.
    expect(calls(exported.get('convGemmNchw')!)).toBeGreaterThan(0);
  });

  it('has no data of its own, which would lie where the allocator begins', async () => {
    const module = binaryen.readBinary(await readFile(file));
    expect(module.emitText()).not.toMatch(/\(data /);
    module.dispose();
  });

  it('fuses multiplication and addition only where it may', () => {
    const exported = functions(compiled);
    expect(exported.get('gemm5x8')!.includes('relaxed_madd')).toBe(variant.startsWith('relaxed'));
  });
});

describe('what is embedded', () => {
  const exportsOf = (bytes: Uint8Array<ArrayBuffer>) => functionsOf(new WebAssembly.Module(bytes)).sort();
  const files = new Map<string, Buffer<ArrayBuffer>>();
  beforeAll(async () => {
    for (const name of ['simd', 'simd-threads']) files.set(name, await readFile(join(root, `dist/wasm/${name}.wasm`)));
  });

  it.each([false, true])('of simd is the core alone; threads: %s', async (threads) => {
    expect(functionsOf(await compileEmbedded('simd', threads)).sort()).toEqual(Object.keys(coreKernels).sort());
  });

  it.each([
    ['simd', false],
    ['simd-threads', true],
  ] as const)('of the image family is what %s has of it, byte for byte', (name, isShared) => {
    const names = Object.keys(imageFamily.twins);
    expect(exportsOf(imageFamily.module(isShared))).toEqual([...names].sort());
    const module = binaryen.readBinary(files.get(name)!);
    module.setFeatures(binaryen.Features.All);
    for (const other of Object.keys(coreKernels)) module.removeExport(other);
    module.runPasses(['remove-unused-module-elements']);
    expect(Buffer.compare(imageFamily.module(isShared), module.emitBinary())).toBe(0);
    module.dispose();
  });

  it('is apart: no kernel is of the core and of a family', () => {
    expect(Object.keys(kernels).sort()).toEqual([...Object.keys(coreKernels), ...Object.keys(imageFamily.twins)].sort());
  });
});
