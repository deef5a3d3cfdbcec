import { convKernels } from './conv.ts';
import { elementwiseKernels } from './elementwise.ts';
import { imageKernels } from './image.ts';
import type { KernelDescriptor } from './layout.ts';
import { moveKernels } from './move.ts';
import { normKernels } from './norm.ts';
import { poolKernels } from './pool.ts';

/** The version of every parameter block. The loader refuses a module of another one. */
export const ABI_VERSION = 2;

/** Every kernel by its name, which is the same on both sides. */
export const kernels = {
  ...moveKernels,
  ...convKernels,
  ...poolKernels,
  ...normKernels,
  ...elementwiseKernels,
  ...imageKernels,
};

export type KernelName = keyof typeof kernels;

/** A kernel of which only the name is known at run time. */
export function descriptorOf(name: KernelName): KernelDescriptor {
  return kernels[name] as unknown as KernelDescriptor;
}
