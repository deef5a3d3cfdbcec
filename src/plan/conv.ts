import type { Step } from '../backend.ts';
import type { Workspaces } from '../execute.ts';
import type { Conv2dSpec } from '../shape/conv.ts';
import { planDirect } from './conv-direct.ts';
import { planGemm } from './conv-gemm.ts';

export type ConvKernel = 'direct' | 'gemm';

/** What a convolution does, and what it costs. */
export interface Conv2dPlan {
  readonly algorithm: ConvKernel;
  /** Floating-point operations of the direct algorithm: two a product. */
  readonly flops: number;
  /** What one task is cut into, in the algorithm's own units. */
  readonly tile: Readonly<Record<string, number>>;
  /** Kernel memory that a run takes besides its operands, in bytes, on one thread. */
  readonly scratchBytes: number;
  /** Packed filter and bias, in bytes. */
  readonly packedBytes: number;
}

export interface ConvSteps {
  /** Once a filter: `filter` and `bias` into `packed`. */
  readonly pack: readonly Step[];
  readonly packedLength: number;
  /** Once a call: `x` and `packed` into `out`. */
  readonly run: readonly Step[];
  readonly workspaces: Workspaces;
  readonly tile: Readonly<Record<string, number>>;
}

/** The one place that chooses. */
export function chooseConvKernel(spec: Conv2dSpec): ConvKernel {
  if (spec.algorithm === 'direct' || spec.algorithm === 'gemm') return spec.algorithm;
  return spec.groupInChannels === 1 && spec.groupOutChannels <= 4 ? 'direct' : 'gemm';
}

export function planConv2d(spec: Conv2dSpec, algorithm: ConvKernel): ConvSteps & { readonly plan: Conv2dPlan } {
  const steps = algorithm === 'direct' ? planDirect(spec) : planGemm(spec);
  const { window, batch, groups, groupInChannels, groupOutChannels } = spec;
  const pixels = window.outHeight * window.outWidth;
  const depth = window.kernelHeight * window.kernelWidth * groupInChannels;
  const scratchLength = Math.max(...steps.run.map((step) => step.scratchLength));
  const workspaceLength = Object.values(steps.workspaces).reduce((sum, length) => sum + length, 0);
  return {
    ...steps,
    run: batch === 0 ? [] : steps.run,
    plan: {
      algorithm,
      flops: 2 * batch * groups * groupOutChannels * pixels * depth,
      tile: steps.tile,
      scratchBytes: 4 * (scratchLength + workspaceLength),
      packedBytes: 4 * steps.packedLength,
    },
  };
}
