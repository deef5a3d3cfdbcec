import { type KernelName, kernels } from '../kernels/index.ts';
import { type BufferKind, ELEMENTS, isBuffer, type KernelDescriptor, type Layout, type Numbers } from '../kernels/layout.ts';
import { type DType, elementBytes, type TensorData } from '../tensor/dtype.ts';

/**
 * A run of elements that steps read and write. What a caller has, and what a caller gets, has a name; everything else is temporary and has a
 * length.
 */
export interface Value {
  /** Its place among the values of its plan. */
  readonly id: number;
  readonly name: string | undefined;
  readonly dtype: DType;
  /** In elements, of a temporary value. */
  readonly length: number | undefined;
}

type Buffers<L extends Layout> = {
  readonly [F in keyof L as L[F] extends BufferKind ? (F extends 'scratch' ? never : F) : never]: Value | null;
};

/** One kernel call: which value goes into which pointer, and everything else by number. */
export interface Step {
  readonly kernel: string;
  readonly descriptor: KernelDescriptor;
  /** Field of the parameter block → value, or null for none. */
  readonly buffers: Readonly<Record<string, Value | null>>;
  readonly values: Readonly<Record<string, number>>;
  /** Independent pieces of work; any split of `[0, taskCount)` gives the same bits. */
  readonly taskCount: number;
  /** Scratch that each thread needs. */
  readonly scratchBytes: number;
}

/** A step that no kernel does: JavaScript, on the caller's thread, on any backend. */
export interface HostStep {
  /** Field → value, as in a `Step`; and how many elements `run` is to see of it. */
  readonly buffers: Readonly<Record<string, Value>>;
  readonly lengths: Readonly<Record<string, number>>;
  /** Takes the buffers by field. */
  readonly run: (buffers: Readonly<Record<string, TensorData>>) => void;
}

export type AnyStep = Step | HostStep;

export const isHostStep = (step: AnyStep): step is HostStep => 'run' in step;

/** The buffers that a step writes, by field. A step on the host may write any of its own. */
export function writtenBy(step: AnyStep): readonly string[] {
  return isHostStep(step) ? Object.keys(step.buffers) : step.descriptor.writes;
}

/** When a temporary value is needed: from the first step that uses it to the last, both included. */
export interface Lifetime {
  readonly value: Value;
  readonly byteLength: number;
  readonly first: number;
  readonly last: number;
}

interface Slot {
  byteLength: number;
  /** The last step that needs what is in it. */
  busyUntil: number;
}

/** Memory that temporary values share: those that are never needed at once. */
export interface Slots {
  /** Of each slot. */
  readonly byteLengths: readonly number[];
  /** For each temporary value that is used the number of its slot. */
  readonly of: ReadonlyMap<Value, number>;
}

/** What a kernel needs besides its buffers, for each thread. */
export interface Scratch {
  readonly scratchBytes: number;
}

/** Of a temporary value. */
const byteLengthOf = ({ length, dtype }: Value): number => length! * elementBytes(dtype);

/** Refuses a buffer of other elements than the kernel reads there. */
function checkElements(kernel: string, { block }: KernelDescriptor, buffers: Readonly<Record<string, Value | null>>): void {
  for (const field in buffers) {
    const kind = block[field];
    const value = buffers[field];
    const dtype = isBuffer(kind) ? ELEMENTS[kind] : undefined;
    if (value !== null && dtype !== undefined && value.dtype !== dtype) {
      throw new Error(`${kernel}: ${field} is of ${dtype}, and the value ${value.name ?? value.id} of ${value.dtype}`);
    }
  }
}

/** The steps of a call, in their order, and the values that they work on. */
export class Plan {
  readonly steps: AnyStep[] = [];
  readonly #values: Value[] = [];
  readonly #named = new Map<string, Value>();
  readonly #firstUse = new Map<Value, number>();
  readonly #lastUse = new Map<Value, number>();
  /** Found out when they are asked for, until there is another step. */
  #slots: Slots | undefined;
  #used: readonly Value[] | undefined;

  /** The operand or result of this name: of floats, unless another type is given when it is asked for first. */
  named(name: string, dtype?: DType): Value {
    const known = this.#named.get(name);
    if (known !== undefined) {
      if (dtype !== undefined && known.dtype !== dtype) throw new Error(`the value ${name} of ${known.dtype} as one of ${dtype}`);
      return known;
    }
    const made = this.#add(name, undefined, dtype ?? 'float32');
    this.#named.set(name, made);
    return made;
  }

  /** Memory of `length` elements, from the first step that uses it to the last. */
  temp(length: number, dtype: DType = 'float32'): Value {
    return this.#add(undefined, length, dtype);
  }

  /** A step that a kernel of the core does. */
  step<K extends KernelName>(
    kernel: K,
    buffers: Buffers<(typeof kernels)[K]['block']>,
    values: Numbers<(typeof kernels)[K]['block']>,
    scratch?: Scratch,
  ): void {
    this.stepOf(kernel, kernels[kernel] as unknown as KernelDescriptor, buffers, values, scratch);
  }

  /** A step that a kernel of any family does. */
  stepOf<L extends Layout>(
    kernel: string,
    descriptor: KernelDescriptor<L>,
    buffers: Buffers<L>,
    values: Numbers<L>,
    { scratchBytes }: Scratch = { scratchBytes: 0 },
  ): void {
    checkElements(kernel, descriptor as unknown as KernelDescriptor, buffers);
    this.#use(buffers);
    const taskCount = descriptor.tasks(values);
    this.steps.push({ kernel, descriptor: descriptor as unknown as KernelDescriptor, buffers, values, taskCount, scratchBytes });
  }

  hostStep(step: HostStep): void {
    this.#use(step.buffers);
    this.steps.push(step);
  }

  /** Adds a step of another plan, on values of this one. */
  repeat(step: AnyStep, of: (value: Value) => Value): void {
    const buffers: Record<string, Value | null> = {};
    for (const field in step.buffers) {
      const value = step.buffers[field];
      buffers[field] = value === null ? null : of(value);
    }
    if (!isHostStep(step)) checkElements(step.kernel, step.descriptor, buffers);
    this.#use(buffers);
    this.steps.push({ ...step, buffers } as AnyStep);
  }

  /** Of the temporary values that steps use, in the order of their first use. */
  get lifetimes(): readonly Lifetime[] {
    const lifetimes: Lifetime[] = [];
    for (const [value, first] of this.#firstUse) {
      if (value.length !== undefined) lifetimes.push({ value, byteLength: byteLengthOf(value), first, last: this.#lastUse.get(value)! });
    }
    return lifetimes;
  }

  /** What a run takes besides what has a name: temporary values, and the scratch of one thread. */
  get scratchBytes(): number {
    return this.slots.byteLengths.reduce((sum, bytes) => sum + bytes, this.kernelScratchBytes);
  }

  /** Scratch that each thread needs. */
  get kernelScratchBytes(): number {
    let scratch = 0;
    for (const step of this.steps) if (!isHostStep(step)) scratch = Math.max(scratch, step.scratchBytes);
    return scratch;
  }

  get valueCount(): number {
    return this.#values.length;
  }

  /** The named values that steps use. */
  get used(): readonly Value[] {
    this.#used ??= this.#values.filter((value) => value.name !== undefined && this.#firstUse.has(value));
    return this.#used;
  }

  /** Where temporary values lie: each in the smallest slot that is large enough and free, or in the largest that is free, made larger. */
  get slots(): Slots {
    this.#slots ??= this.#place();
    return this.#slots;
  }

  #place(): Slots {
    const slots: Slot[] = [];
    const of = new Map<Value, number>();
    // Values come into use in the order of the steps.
    for (const [value, first] of this.#firstUse) {
      if (value.length === undefined) continue;
      const byteLength = byteLengthOf(value);
      const busyUntil = this.#lastUse.get(value)!;
      const free = slots.filter((slot) => slot.busyUntil < first).sort((a, b) => a.byteLength - b.byteLength);
      let slot = free.find((each) => each.byteLength >= byteLength) ?? free.at(-1);
      if (slot === undefined) {
        slot = { byteLength, busyUntil };
        slots.push(slot);
      }
      slot.byteLength = Math.max(slot.byteLength, byteLength);
      slot.busyUntil = busyUntil;
      of.set(value, slots.indexOf(slot));
    }
    return { byteLengths: slots.map(({ byteLength }) => byteLength), of };
  }

  #add(name: string | undefined, length: number | undefined, dtype: DType): Value {
    const value: Value = { id: this.#values.length, name, dtype, length };
    this.#values.push(value);
    return value;
  }

  #use(buffers: Readonly<Record<string, Value | null>>): void {
    this.#slots = undefined;
    this.#used = undefined;
    for (const field in buffers) {
      const value = buffers[field];
      if (value === null) continue;
      if (this.#values[value.id] !== value) throw new Error(`${field}: a value of another plan`);
      if (!this.#firstUse.has(value)) this.#firstUse.set(value, this.steps.length);
      this.#lastUse.set(value, this.steps.length);
    }
  }
}
