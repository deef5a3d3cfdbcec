import type { Variant } from '../backend.ts';
import { UnsupportedError } from '../errors.ts';
import { ABI_VERSION, type KernelName, kernels } from '../params.ts';
import { KernelMemory } from './memory.ts';

export type Kernel = (params: number, taskBegin: number, taskEnd: number) => void;

export interface Instance {
  readonly variant: Exclude<Variant, 'js'>;
  readonly kernels: Readonly<Record<KernelName, Kernel>>;
  readonly memory: KernelMemory;
}

function link(module: WebAssembly.Module, memory: WebAssembly.Memory): WebAssembly.Exports {
  try {
    return new WebAssembly.Instance(module, { env: { memory } }).exports;
  } catch (error) {
    throw new UnsupportedError(`module: it asks for more than a memory (${(error as Error).message})`, { cause: error });
  }
}

/** A compiled module with a memory of its own. Refuses what is not a simdconv module of this version. */
export function instantiate(module: WebAssembly.Module): Instance {
  const exported = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]));
  if (exported.get('abiVersion') !== 'global' || exported.get('relaxed') !== 'global') {
    throw new UnsupportedError('module: not a simdconv module (it exports no abiVersion)');
  }
  const memory = new WebAssembly.Memory({ initial: 1 });
  const exports = link(module, memory);
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
