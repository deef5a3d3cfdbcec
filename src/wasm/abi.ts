import { descriptorOf, type KernelName, kernels } from '../kernels/index.ts';
import type { FieldKind, Layout } from '../kernels/layout.ts';
import type { Step } from '../plan/plan.ts';

/** In the order of their numbers. */
export const kernelNames = Object.keys(kernels) as readonly KernelName[];

/** Words of the largest block that any kernel takes. */
export const BLOCK_LENGTH = Math.max(...kernelNames.map((name) => Object.keys(descriptorOf(name).block).length));

const bits = new DataView(new ArrayBuffer(4));

function floatBits(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}

interface Field {
  readonly name: string;
  readonly word: number;
}

/** A kernel as its callers see it. Words are counted from the block's first, −1 is for a field that it has not. */
export interface Form {
  /** By which workers know it. */
  readonly number: number;
  readonly buffers: readonly Field[];
  readonly integers: readonly Field[];
  readonly floats: readonly Field[];
  readonly inputWord: number;
  readonly outputWord: number;
  readonly scratchWord: number;
}

const forms = Object.fromEntries(kernelNames.map((name, number) => [name, formOf(descriptorOf(name).block, number)])) as Record<
  KernelName,
  Form
>;

function formOf(layout: Layout, number: number): Form {
  const names = Object.keys(layout);
  const of = (kind: FieldKind) => names.map((name, word) => ({ name, word })).filter(({ name }) => layout[name] === kind);
  const [inputWord, outputWord, scratchWord] = ['input', 'output', 'scratch'].map((name) => names.indexOf(name));
  return { number, buffers: of('buffer'), integers: of('i32'), floats: of('f32'), inputWord, outputWord, scratchWord };
}

export function form(kernel: KernelName): Form {
  return forms[kernel];
}

/** Writes everything of a step but its buffers. */
export function writeValues(words: Int32Array, at: number, { kernel, values }: Step): void {
  const { integers, floats } = forms[kernel];
  for (let i = 0; i < integers.length; i++) words[at + integers[i].word] = values[integers[i].name];
  for (let i = 0; i < floats.length; i++) words[at + floats[i].word] = floatBits(values[floats[i].name]);
}
