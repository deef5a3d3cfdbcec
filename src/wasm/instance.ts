import { UnsupportedError } from '../errors.ts';
import { ABI_VERSION, kernels } from '../kernels/index.ts';
import type { Variant } from '../runtime/backend.ts';
import type { Family } from '../runtime/family.ts';
import { functionsOf } from './functions.ts';
import { KernelMemory, sharedMemory } from './memory.ts';

export type Kernel = (params: number, taskBegin: number, taskEnd: number) => void;

/** What modules export that are linked to one memory. */
export interface Linked {
  readonly kernels: Record<string, Kernel>;
  /** The names of their functions, one module after another: the place of a name is the number by which workers know the function. */
  readonly functions: string[];
}

/** The kernels of an engine: those of its module, and of the families that were linked since. */
export interface Instance extends Linked {
  readonly variant: Exclude<Variant, 'js'>;
  readonly memory: KernelMemory;
}

/** With a memory of its own. A module says nowhere whether the memory that it imports is a shared one: only trying tells. */
function instantiateAnew(module: WebAssembly.Module): { memory: WebAssembly.Memory; exports: WebAssembly.Exports } {
  const linkTo = (memory: WebAssembly.Memory) => ({ memory, exports: new WebAssembly.Instance(module, { env: { memory } }).exports });
  try {
    return linkTo(new WebAssembly.Memory({ initial: 1 }));
  } catch (error) {
    try {
      if (error instanceof WebAssembly.LinkError && typeof SharedArrayBuffer !== 'undefined') return linkTo(sharedMemory());
    } catch {}
    throw new UnsupportedError(`module: it asks for more than a memory (${(error as Error).message})`, { cause: error });
  }
}

function checkVersion(what: string, exports: WebAssembly.Exports): void {
  const version = (exports.abiVersion as WebAssembly.Global).value as number;
  if (version !== ABI_VERSION) {
    throw new UnsupportedError(`${what}: its kernels are of version ${version}, this package's of version ${ABI_VERSION}`);
  }
}

/** A compiled module with a memory of its own. Refuses what is not a simdconv module of this version, or lacks a kernel of the core. */
export function instantiate(module: WebAssembly.Module): Instance {
  const exported = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]));
  if (exported.get('abiVersion') !== 'global' || exported.get('relaxed') !== 'global') {
    throw new UnsupportedError('module: not a simdconv module (it exports no abiVersion)');
  }
  const { memory, exports } = instantiateAnew(module);
  checkVersion('module', exports);
  const missing = Object.keys(kernels).filter((name) => exported.get(name) !== 'function');
  if (missing.length > 0) throw new UnsupportedError(`module: it lacks the kernels ${missing.join(', ')}`);
  return instanceOf(module, exports, new KernelMemory(memory));
}

/** An instance of a module of this version, on a memory of ours. */
export function instanceOf(module: WebAssembly.Module, exports: WebAssembly.Exports, memory: KernelMemory): Instance {
  return { variant: (exports.relaxed as WebAssembly.Global).value ? 'relaxed-simd' : 'simd', memory, ...linked(module, exports) };
}

function linked(module: WebAssembly.Module, exports: WebAssembly.Exports): Linked {
  const functions = functionsOf(module);
  return { functions, kernels: Object.fromEntries(functions.map((name) => [name, exports[name] as unknown as Kernel])) };
}

/** Does the instance have all kernels of a family? The files in dist/wasm have those of every family. */
export function hasFamily({ kernels }: Instance, { twins }: Family): boolean {
  return Object.keys(twins).every((name) => name in kernels);
}

/** Compiles the module of a family and links it to a memory, synchronously. */
export function linkFamily({ memory }: KernelMemory, { name }: Family, bytes: Uint8Array<ArrayBuffer>): Linked {
  try {
    const module = new WebAssembly.Module(bytes);
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    checkVersion(`the kernels of simdconv/${name}`, exports);
    return linked(module, exports);
  } catch (error) {
    if (error instanceof UnsupportedError) throw error;
    throw new UnsupportedError(
      `the kernels of simdconv/${name}: this host refuses to compile them synchronously (${(error as Error).message}); ` +
        'give load a file of simdconv/wasm as options.module, which has them already',
      { cause: error },
    );
  }
}

/** A caller's module, of the variant that was asked for. */
export function ownInstance(module: WebAssembly.Module, asked: Variant | 'auto' = 'auto'): Instance {
  const instance = instantiate(module);
  if (asked !== 'auto' && asked !== instance.variant) {
    throw new UnsupportedError(`variant '${asked}': the module given is '${instance.variant}'`);
  }
  return instance;
}
