import type { Step } from '../backend.ts';
import { type FieldKind, type KernelName, kernels, type Layout } from '../params.ts';

/** Words of the largest block that any kernel takes. */
export const BLOCK_LENGTH = Math.max(...Object.values(kernels).map((layout) => Object.keys(layout).length));

const bits = new DataView(new ArrayBuffer(4));

function floatBits(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}

interface Field {
  readonly name: string;
  readonly word: number;
}

interface Fields {
  readonly buffers: readonly Field[];
  readonly integers: readonly Field[];
  readonly floats: readonly Field[];
}

function sort(layout: Layout): Fields {
  const fields = Object.keys(layout).map((name, word) => ({ name, word }));
  const of = (kind: FieldKind) => fields.filter(({ name }) => layout[name] === kind);
  return { buffers: of('buffer'), integers: of('i32'), floats: of('f32') };
}

const sorted = new Map<Layout, Fields>(Object.values(kernels).map((layout) => [layout, sort(layout)]));

/** The fields of a kernel's block, by kind, with their words counted from the block's first. */
export function fieldsOf(kernel: KernelName): Fields {
  return sorted.get(kernels[kernel])!;
}

/** The word of a buffer, counted from the block's first; −1 where the kernel has none of this name. */
export function wordOf(kernel: KernelName, field: string): number {
  for (const { name, word } of fieldsOf(kernel).buffers) if (name === field) return word;
  return -1;
}

/** Writes everything of a step but its buffers. */
export function writeValues(words: Int32Array, at: number, { kernel, values }: Step): void {
  const { integers, floats } = fieldsOf(kernel);
  for (let i = 0; i < integers.length; i++) words[at + integers[i].word] = values[integers[i].name];
  for (let i = 0; i < floats.length; i++) words[at + floats[i].word] = floatBits(values[floats[i].name]);
}
