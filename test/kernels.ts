import { imageKernels } from '../src/kernels/image.ts';
import { kernels as coreKernels } from '../src/kernels/index.ts';
import type { KernelDescriptor } from '../src/kernels/layout.ts';

/** The kernels of the core and of every family. */
export const kernels: Readonly<Record<string, KernelDescriptor>> = { ...coreKernels, ...imageKernels } as never;

export function descriptorOf(name: string): KernelDescriptor {
  return kernels[name];
}
