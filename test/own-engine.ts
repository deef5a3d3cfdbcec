import { Engine } from '../src/engine.ts';
import { imageFamily } from '../src/image/family.ts';
import { WasmBackend } from '../src/wasm/backend.ts';
import { compileEmbedded } from '../src/wasm/compile.ts';
import { type Instance, instanceOf, type Kernel } from '../src/wasm/instance.ts';
import { KernelMemory } from '../src/wasm/memory.ts';
import { descriptorOf } from './kernels.ts';

/** Kernel memory that remembers how many bytes each buffer was asked for. */
export class MeasuredMemory extends KernelMemory {
  readonly byteLengths = new Map<number, number>();
  /** Addresses in an arena. Values that lie at the same one in turn have different lengths: the greatest counts. */
  readonly #parts = new Set<number>();

  override allocate(byteLength: number): number {
    const address = super.allocate(byteLength);
    this.#parts.delete(address);
    this.byteLengths.set(address, byteLength);
    return address;
  }

  notePart(address: number, byteLength: number): void {
    this.byteLengths.set(address, this.#parts.has(address) ? Math.max(byteLength, this.byteLengths.get(address)!) : byteLength);
    this.#parts.add(address);
  }
}

/** Tells its memory of values in an arena, which are no buffers of their own. */
class MeasuredBackend extends WasmBackend {
  readonly #memory: MeasuredMemory;

  constructor(instance: Instance, memory: MeasuredMemory) {
    super(instance);
    this.#memory = memory;
  }

  override part(buffer: number, beginBytes: number, byteLength: number): number {
    const address = super.part(buffer, beginBytes, byteLength);
    this.#memory.notePart(address, byteLength);
    return address;
  }
}

export interface OwnEngine {
  readonly engine: Engine;
  readonly memory: MeasuredMemory;
}

interface Making {
  /** Pages that the memory begins with, and may grow to. */
  readonly initial?: number;
  readonly maximum?: number;
  /** Puts something around every kernel. */
  readonly around?: (name: string, kernel: Kernel, memory: MeasuredMemory) => Kernel;
}

/** A `simd` engine whose memory and kernels a test can get at. */
export async function ownEngine({ initial = 1, maximum, around }: Making = {}): Promise<OwnEngine> {
  const linear = new WebAssembly.Memory({ initial, ...(maximum && { maximum }) });
  const module = await compileEmbedded('simd');
  const memory = new MeasuredMemory(linear);
  const instance = instanceOf(module, new WebAssembly.Instance(module, { env: { memory: linear } }).exports, memory);
  const engine = new Engine(new MeasuredBackend(instance, memory), []);
  engine.link(imageFamily);
  const { kernels } = instance;
  if (around !== undefined) for (const name of Object.keys(kernels)) kernels[name] = around(name, kernels[name], memory);
  return { engine, memory };
}

/** The word of a field in its parameter block. */
export function wordOf(name: string, field: string): number {
  return Object.keys(descriptorOf(name).block).indexOf(field);
}

/** The buffer that a field of a parameter block names, in bytes; nothing where a kernel has asked for no scratch. */
export function bufferOf(name: string, field: string, block: number, memory: MeasuredMemory): { begin: number; end: number } {
  const begin = memory.words[block / 4 + wordOf(name, field)];
  if (begin === 0 && field === 'scratch') return { begin, end: begin };
  const byteLength = memory.byteLengths.get(begin);
  if (byteLength === undefined) throw new Error(`${name}: ${field} is no buffer`);
  return { begin, end: begin + byteLength };
}
