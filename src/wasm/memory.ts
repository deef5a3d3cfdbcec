import { OutOfMemoryError } from '../errors.ts';
import { MAX_MEMORY_BYTES } from '../runtime/backend.ts';

const PAGE_BYTES = 65536;
/** A cache line: every buffer begins on one. */
const ALIGNMENT_BYTES = 64;
/** Kernels may read a vector or two past a buffer's end; what is there is never used. */
const SLACK_BYTES = 64;
/** Address 0 stays free: it means "no buffer". */
const FIRST_BYTE = 1024;

/**
 * The most that a shared memory is asked to be able to grow to, in pages: it has to say so beforehand, and a host short of
 * addresses refuses the larger ones.
 */
const SHARED_MAXIMUM_PAGES = [65536, 32768, 16384, 4096];

/** A memory that workers can share. */
export function sharedMemory(): WebAssembly.Memory {
  for (const maximum of SHARED_MAXIMUM_PAGES) {
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared: true });
    } catch {}
  }
  throw new OutOfMemoryError(PAGE_BYTES, 'the host refused a shared memory');
}

/**
 * The allocator of one linear memory: best fit over a list of free runs in the order of their addresses, neighbours
 * joined when freed. Kernel memory holds few and large buffers, so a list is enough.
 */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  /** Free runs, by address. */
  readonly #free: { address: number; bytes: number }[] = [];
  readonly #taken = new Map<number, number>();
  /** Runs that are tensors, of which callers may have views: their addresses and lengths in bytes. */
  readonly #owned = new Map<number, number>();
  /** What `memory.buffer` has been so far: of a shared memory, views of earlier ones are views of the same bytes. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();
  #end = FIRST_BYTE;
  #words!: Int32Array;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.#look();
  }

  /** All of memory. Never kept across an allocation. */
  get words(): Int32Array {
    return this.#words;
  }

  /** May workers have it too? */
  get shared(): boolean {
    return !(this.#words.buffer instanceof ArrayBuffer);
  }

  /** Bytes that are taken now. */
  get takenBytes(): number {
    let bytes = 0;
    for (const run of this.#taken.values()) bytes += run;
    return bytes;
  }

  allocate(byteLength: number): number {
    const bytes = Math.ceil((byteLength + SLACK_BYTES) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    let best = -1;
    for (let i = 0; i < this.#free.length; i++) {
      const run = this.#free[i].bytes;
      if (run >= bytes && (best < 0 || run < this.#free[best].bytes)) best = i;
    }
    const address = best < 0 ? this.#extend(bytes) : this.#take(best, bytes);
    this.#taken.set(address, bytes);
    return address;
  }

  free(address: number): void {
    const bytes = this.#taken.get(address);
    if (bytes === undefined) return;
    this.#taken.delete(address);
    let at = 0;
    while (at < this.#free.length && this.#free[at].address < address) at++;
    this.#free.splice(at, 0, { address, bytes });
    this.#join(at);
    this.#join(at - 1);
    const last = this.#free.at(-1);
    if (last && last.address + last.bytes === this.#end) {
      this.#end = last.address;
      this.#free.pop();
    }
  }

  /** Says that a run is a tensor of so many bytes, and that it is one no longer. */
  own(address: number, byteLength: number): void {
    this.#owned.set(address, byteLength);
  }

  disown(address: number): void {
    this.#owned.delete(address);
  }

  /** Do these bytes lie within one tensor? */
  isOwned(address: number, bytes: number): boolean {
    const whole = this.#owned.get(address);
    if (whole !== undefined) return bytes <= whole;
    for (const [begin, owned] of this.#owned) {
      if (begin < address && address + bytes <= begin + owned) return true;
    }
    return false;
  }

  /** Is it this memory, or was it before it grew? */
  holds(buffer: ArrayBufferLike): boolean {
    return buffer === this.#words.buffer || this.#buffers.has(buffer);
  }

  /** Only `#extend` grows memory, so that views need no look at `memory.buffer`, which is a slow call. */
  #look(): void {
    this.#words = new Int32Array(this.memory.buffer);
    this.#buffers.add(this.#words.buffer);
  }

  #take(index: number, bytes: number): number {
    const run = this.#free[index];
    const { address } = run;
    run.address += bytes;
    run.bytes -= bytes;
    if (run.bytes === 0) this.#free.splice(index, 1);
    return address;
  }

  #join(at: number): void {
    const run = this.#free[at];
    const next = this.#free[at + 1];
    if (run && next && run.address + run.bytes === next.address) {
      run.bytes += next.bytes;
      this.#free.splice(at + 1, 1);
    }
  }

  #extend(bytes: number): number {
    const address = this.#end;
    const end = address + bytes;
    if (!(end <= MAX_MEMORY_BYTES)) throw new OutOfMemoryError(bytes, 'WebAssembly addresses 4 GiB');
    const have = this.#words.byteLength;
    if (end > have) {
      try {
        this.memory.grow(Math.ceil((end - have) / PAGE_BYTES));
      } catch {
        throw new OutOfMemoryError(bytes, 'the host refused to grow the memory');
      }
      this.#look();
    }
    this.#end = end;
    return address;
  }
}
