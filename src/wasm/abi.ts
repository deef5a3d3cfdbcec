import { type FieldKind, isBuffer, type Layout } from '../kernels/layout.ts';
import type { Step } from '../plan/plan.ts';

const bits = new DataView(new ArrayBuffer(4));

function floatBits(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}

interface Field {
  readonly name: string;
  readonly word: number;
}

/** A parameter block as it is written. Words are counted from the block's first, −1 is for a field that it has not. */
export interface Form {
  readonly buffers: readonly Field[];
  readonly integers: readonly Field[];
  readonly floats: readonly Field[];
  readonly scratchWord: number;
}

const forms = new WeakMap<Layout, Form>();

/** The form of a block, found out once. */
export function formOf(block: Layout): Form {
  const known = forms.get(block);
  if (known !== undefined) return known;
  const form = findForm(block);
  forms.set(block, form);
  return form;
}

function findForm(layout: Layout): Form {
  const names = Object.keys(layout);
  const of = (is: (kind: FieldKind) => boolean) => names.map((name, word) => ({ name, word })).filter(({ name }) => is(layout[name]));
  const numbers = (wanted: FieldKind) => of((kind) => kind === wanted);
  return { buffers: of(isBuffer), integers: numbers('i32'), floats: numbers('f32'), scratchWord: names.indexOf('scratch') };
}

/** Writes everything of a step but its buffers. */
export function writeValues(words: Int32Array, at: number, { descriptor, values }: Step): void {
  const { integers, floats } = formOf(descriptor.block);
  for (let i = 0; i < integers.length; i++) words[at + integers[i].word] = values[integers[i].name];
  for (let i = 0; i < floats.length; i++) words[at + floats[i].word] = floatBits(values[floats[i].name]);
}
