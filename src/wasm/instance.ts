import { UnsupportedError } from '../errors.ts';
import { ABI_VERSION, type KernelName, kernels } from '../kernels/index.ts';
import type { Variant } from '../runtime/backend.ts';
import { KernelMemory, sharedMemory } from './memory.ts';

export type Kernel = (params: number, taskBegin: number, taskEnd: number) => void;

export interface Instance {
  readonly variant: Exclude<Variant, 'js'>;
  readonly kernels: Readonly<Record<KernelName, Kernel>>;
  readonly memory: KernelMemory;
}

/** With a memory of its own. A module says nowhere whether the memory that it imports is a shared one: only trying tells. */
function link(module: WebAssembly.Module): { memory: WebAssembly.Memory; exports: WebAssembly.Exports } {
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

/** A compiled module with a memory of its own. Refuses what is not a simdconv module of this version. */
export function instantiate(module: WebAssembly.Module): Instance {
  const exported = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]));
  if (exported.get('abiVersion') !== 'global' || exported.get('relaxed') !== 'global') {
    throw new UnsupportedError('module: not a simdconv module (it exports no abiVersion)');
  }
  const { memory, exports } = link(module);
  const version = (exports.abiVersion as WebAssembly.Global).value as number;
  if (version !== ABI_VERSION) {
    throw new UnsupportedError(`module: its kernels are of version ${version}, this package's of version ${ABI_VERSION}`);
  }
  const missing = Object.keys(kernels).filter((name) => exported.get(name) !== 'function');
  if (missing.length > 0) throw new UnsupportedError(`module: it lacks the kernels ${missing.join(', ')}`);
  return {
    variant: (exports.relaxed as WebAssembly.Global).value ? 'relaxed-simd' : 'simd',
    kernels: exports as unknown as Record<KernelName, Kernel>,
    memory: new KernelMemory(memory),
  };
}

/** A caller's module, of the variant that was asked for. */
export function ownInstance(module: WebAssembly.Module, asked: Variant | 'auto' = 'auto'): Instance {
  const instance = instantiate(module);
  if (asked !== 'auto' && asked !== instance.variant) {
    throw new UnsupportedError(`variant '${asked}': the module given is '${instance.variant}'`);
  }
  return instance;
}
