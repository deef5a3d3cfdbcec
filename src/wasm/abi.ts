import type { Step } from '../backend.ts';
import { type KernelName, kernels, type Layout } from '../params.ts';

/** Words of the largest block that any kernel takes. */
export const BLOCK_LENGTH = Math.max(...Object.values(kernels).map((layout) => Object.keys(layout).length));

const bits = new DataView(new ArrayBuffer(4));

function floatBits(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}

/** The word of a field, counted from the block's first. */
export function wordOf(kernel: KernelName, field: string): number {
  return Object.keys(kernels[kernel]).indexOf(field);
}

/** Writes everything of a step but its buffers. */
export function writeValues(words: Int32Array, at: number, step: Step): void {
  let word = at;
  for (const [field, kind] of Object.entries(kernels[step.kernel] as Layout)) {
    if (kind === 'i32') words[word] = step.values[field];
    else if (kind === 'f32') words[word] = floatBits(step.values[field]);
    word++;
  }
}
