/** Engines whose insides a fuzzer can see, of the built package: threads need its worker. */
import { Engine } from '../../dist/engine.js';
import { filters } from '../../dist/image/index.js';
import { type KernelTensor, load } from '../../dist/index.js';
import { imageKernels } from '../../dist/kernels/image.js';
import { kernels } from '../../dist/kernels/index.js';
import type { KernelDescriptor } from '../../dist/kernels/layout.js';
import { WasmBackend } from '../../dist/wasm/backend.js';
import { compileEmbedded } from '../../dist/wasm/compile.js';
import { type Instance, instanceOf } from '../../dist/wasm/instance.js';
import { KernelMemory } from '../../dist/wasm/memory.js';
import { Threads } from '../../dist/wasm/threads/index.js';
import { random } from '../random.ts';
import { pieces } from '../split.ts';

type Method = (...args: readonly unknown[]) => unknown;
/** An engine, or the filters of one: its methods by their names. */
export type Methods = Readonly<Record<string, Method>>;
type Kernel = (block: number, begin: number, end: number) => void;

const descriptors = { ...kernels, ...imageKernels } as unknown as Readonly<Record<string, KernelDescriptor>>;

const EngineOf = Engine as unknown as new (backend: unknown, notes: string[]) => Engine;

const ALIGNMENT_BYTES = 64;
const SLACK_BYTES = 64;

/** Bytes that a buffer takes, with what kernels may read behind it. */
export const takenBytesOf = (byteLength: number): number => Math.ceil((byteLength + SLACK_BYTES) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;

/** Kernel memory that knows what was asked of it and not given back. */
export class WatchedMemory extends KernelMemory {
  /** Bytes by address. */
  readonly live = new Map<number, number>();

  /** Values in an arena. Of those that lie at one address in turn the longest counts. */
  readonly parts = new Map<number, number>();

  override allocate(byteLength: number): number {
    const address = super.allocate(byteLength);
    this.parts.delete(address);
    this.live.set(address, byteLength);
    return address;
  }

  override free(address: number): void {
    this.live.delete(address);
    super.free(address);
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.memory.buffer);
  }
}

/** Tells its memory of values in an arena, which are no buffers of their own. */
class WatchedBackend extends WasmBackend {
  readonly #memory: WatchedMemory;

  constructor(instance: Instance, memory: WatchedMemory) {
    super(instance);
    this.#memory = memory;
  }

  override part(buffer: number, beginBytes: number, byteLength: number): number {
    const address = super.part(buffer, beginBytes, byteLength);
    this.#memory.parts.set(address, Math.max(byteLength, this.#memory.parts.get(address) ?? 0));
    return address;
  }
}

export interface Platform {
  readonly name: string;
  readonly engine: Engine;
  readonly methods: Methods;
  readonly filters: Methods;
  /** Of what runs in WebAssembly. */
  readonly memory?: WatchedMemory;
  readonly threads?: Threads;
}

function platform(name: string, engine: Engine, memory?: WatchedMemory, threads?: Threads): Platform {
  const insides = { ...(memory && { memory }), ...(threads && { threads }) };
  return { name, engine, methods: engine as unknown as Methods, filters: filters(engine) as unknown as Methods, ...insides };
}

/** A convolution that needs scratch: the engine has some from then on, so that what is taken can be compared. */
function warm(made: Platform): Platform {
  made.methods.conv2d(
    { shape: [1, 8, 9, 9], data: new Float32Array(648) },
    { shape: [8, 8, 3, 3], data: new Float32Array(576) },
    { algorithm: 'gemm' },
  );
  return made;
}

export async function jsPlatform(): Promise<Platform> {
  return platform('js', await load({ variant: 'js' }));
}

type Around = (name: string, kernel: Kernel, memory: WatchedMemory) => Kernel;

async function linked(name: string, around: Around): Promise<Platform> {
  const linear = new WebAssembly.Memory({ initial: 1 });
  const module = await compileEmbedded('simd');
  const memory = new WatchedMemory(linear);
  const instance = instanceOf(module, new WebAssembly.Instance(module, { env: { memory: linear } }).exports, memory);
  // Its filters link the image kernels.
  const made = platform(name, new EngineOf(new WatchedBackend(instance, memory), []), memory);
  for (const [name, kernel] of Object.entries(instance.kernels)) instance.kernels[name] = around(name, kernel, memory);
  return made;
}

export async function simdPlatform(): Promise<Platform> {
  return warm(await linked('simd', (_, kernel) => kernel));
}

/**
 * An engine for one call: every kernel does its tasks in pieces, in any order, with junk in its scratch, as threads may; and around
 * each piece the whole memory is compared, but for the kernel's output and scratch, which end where the host asked them to.
 */
export async function guardedPlatform(seed: number): Promise<Platform> {
  const next = random(seed);
  return linked('simd in pieces', (name, kernel, memory) => {
    const { block: layout, writes } = descriptors[name];
    const fields = Object.keys(layout);
    const buffer = (block: number, field: string) => {
      const word = fields.indexOf(field);
      const address = word < 0 ? 0 : memory.words[block / 4 + word];
      return { begin: address, end: address + (memory.parts.get(address) ?? memory.live.get(address) ?? 0) };
    };
    return (block, begin, end) => {
      const outputs = writes.map((field) => buffer(block, field));
      const scratch = buffer(block, 'scratch');
      for (const [first, last] of pieces(begin, end, next)) {
        // A range of no tasks may be a chunk, but not behind the last task.
        if (first === end && first > begin) continue;
        memory.bytes.fill(0xa5, scratch.begin, scratch.end);
        const before = memory.bytes.slice();
        kernel(block, first, last);
        const after = memory.bytes;
        for (const written of [...outputs, scratch]) before.set(after.subarray(written.begin, written.end), written.begin);
        if (Buffer.compare(before, after) === 0) continue;
        const at = after.findIndex((byte, i) => byte !== before[i]);
        const ranges = outputs.map(({ begin, end }) => `${begin}…${end}`).join(', ');
        throw new Error(`${name} wrote to address ${at}, outside of its output ${ranges} and its scratch`);
      }
    };
  });
}

/** An engine on several threads. */
export async function threadedPlatform(count: number): Promise<Platform> {
  const module = await compileEmbedded('simd', true);
  const linear = new WebAssembly.Memory({ initial: 1, maximum: 16384, shared: true });
  const memory = new WatchedMemory(linear);
  const notes: string[] = [];
  const threads = await Threads.start(module, memory, count - 1, notes);
  if (threads === undefined) throw new Error(`no worker started: ${notes.join('; ')}`);
  const instance = instanceOf(module, new WebAssembly.Instance(module, { env: { memory: linear } }).exports, memory);
  const backend = new WasmBackend(instance, threads);
  return warm(platform(`${count} threads`, new EngineOf(backend, notes), memory, threads));
}

export const isKernelTensor = (value: unknown): value is KernelTensor =>
  typeof value === 'object' && value !== null && typeof (value as KernelTensor).dispose === 'function' && 'data' in value;
