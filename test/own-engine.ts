import { Engine } from '../src/engine.ts';
import type { KernelName } from '../src/params.ts';
import { WasmBackend } from '../src/wasm/backend.ts';
import { compileEmbedded } from '../src/wasm/compile.ts';
import type { Instance, Kernel } from '../src/wasm/instance.ts';
import { KernelMemory } from '../src/wasm/memory.ts';

export interface OwnEngine {
  readonly engine: Engine;
  readonly memory: KernelMemory;
}

interface Making {
  /** Pages that the memory may grow to. */
  readonly maximum?: number;
  /** Puts something around every kernel. */
  readonly around?: (name: KernelName, kernel: Kernel, memory: KernelMemory) => Kernel;
  readonly Memory?: typeof KernelMemory;
}

/** A `simd` engine whose memory and kernels a test can get at. */
export async function ownEngine({ maximum, around, Memory = KernelMemory }: Making = {}): Promise<OwnEngine> {
  const linear = new WebAssembly.Memory({ initial: 1, ...(maximum && { maximum }) });
  const { exports } = new WebAssembly.Instance(await compileEmbedded('simd'), { env: { memory: linear } });
  const memory = new Memory(linear);
  const found = exports as unknown as Record<KernelName, Kernel>;
  const kernels = around ? new Proxy(found, { get: (target, name: KernelName) => around(name, target[name], memory) }) : found;
  const instance: Instance = { variant: 'simd', kernels, memory };
  return { engine: new Engine(new WasmBackend(instance), []), memory };
}
