import type { Step } from '../backend.ts';
import type { Workspaces } from '../execute.ts';
import type { Correlation } from '../shape/conv.ts';
import { planTranspose, transposed } from './conv-transpose.ts';
import { planFilterGradient } from './filter-gradient.ts';
import { channelSum, rename } from './move.ts';

/** Steps, and what they need besides operands and results. */
export interface Steps {
  readonly steps: readonly Step[];
  readonly workspaces: Workspaces;
}

/** The result of a convolution seen as [outer][channels][rowLength]. */
function channelRows({
  batch,
  groups,
  groupOutChannels,
  layout,
  window,
}: Correlation): [outer: number, channels: number, rowLength: number] {
  const channels = groups * groupOutChannels;
  const pixels = window.outDepth * window.outHeight * window.outWidth;
  return layout === 'nchw' ? [batch, channels, pixels] : [batch * pixels, channels, 1];
}

/** The gradients of a convolution that `wanted` has: `dy`, `x` and `filter` into `dx`, `dFilter`, `dBias`. */
export function planConvBackward(spec: Correlation, wanted: { readonly [K in 'dx' | 'dFilter' | 'dBias']?: unknown }): Steps {
  const dx = wanted.dx ? planTranspose(transposed(spec)) : undefined;
  const dFilter = wanted.dFilter ? planFilterGradient(spec) : undefined;
  const steps = [...rename(dx?.steps ?? [], { x: 'dy', out: 'dx' }), ...(dFilter?.steps ?? [])];
  if (wanted.dBias) steps.push(channelSum('dy', 'dBias', ...channelRows(spec)));
  return { steps, workspaces: { ...dx?.workspaces, ...dFilter?.workspaces } };
}
