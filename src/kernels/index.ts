import { arithmeticKernels } from './arithmetic.ts';
import { convKernels } from './conv.ts';
import { elementwiseKernels } from './elementwise.ts';
import { moveKernels } from './move.ts';
import { normKernels } from './norm.ts';
import { poolKernels } from './pool.ts';
import { reduceKernels } from './reduce.ts';
import { resampleKernels } from './resample.ts';

/** The version of every parameter block. The loader refuses a module of another one. */
export const ABI_VERSION = 2;

/** The kernels of the core by their names, which are the same on both sides. Others come with their families: `imageKernels`. */
export const kernels = {
  ...moveKernels,
  ...convKernels,
  ...poolKernels,
  ...normKernels,
  ...reduceKernels,
  ...resampleKernels,
  ...elementwiseKernels,
  ...arithmeticKernels,
};

export type KernelName = keyof typeof kernels;
