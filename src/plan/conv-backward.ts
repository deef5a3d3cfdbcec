import type { Step } from '../backend.ts';
import type { Workspaces } from '../execute.ts';
import { axesOf } from '../shape/axes.ts';
import type { Triple } from '../shape/check.ts';
import type { Correlation } from '../shape/conv.ts';
import { lengthOf } from '../tensor.ts';
import { borderedLength, planBorder, withBorder } from './border.ts';
import { chooseConvKernel, planConv2d } from './conv.ts';
import { planTranspose, type Transposition, transposed } from './conv-transpose.ts';
import { planFilterGradient } from './filter-gradient.ts';
import { channelSum, rename } from './move.ts';

/** Steps, and what they need besides operands and results. */
export interface Steps {
  readonly steps: readonly Step[];
  readonly workspaces: Workspaces;
}

type WantedGradients = { readonly [K in 'dx' | 'dFilter' | 'dBias']?: unknown };

/** A result of these extents, seen as [outer][channels][rowLength]. */
function channelRows({ batch, groups, groupOutChannels, layout }: Correlation, extents: Triple): [number, number, number] {
  const channels = groups * groupOutChannels;
  return layout === 'nchw' ? [batch, channels, lengthOf(extents)] : [batch * lengthOf(extents), channels, 1];
}

/** The gradients of a convolution that `wanted` has: `dy`, `x` and `filter` into `dx`, `dFilter`, `dBias`. */
export function planConvBackward(spec: Correlation, wanted: WantedGradients): Steps {
  const { spec: bare, border } = withBorder(spec);
  const workspaces: Record<string, number> = {};
  const steps: Step[] = [];
  const add = (plan: Steps, names: Readonly<Record<string, string>>) => {
    steps.push(...rename(plan.steps, names));
    Object.assign(workspaces, plan.workspaces);
  };
  if (wanted.dx) add(planTranspose(transposed(bare)), { x: 'dy', out: border ? 'bordered' : 'dx' });
  if (border) {
    workspaces.bordered = borderedLength(border);
    if (wanted.dx) add(planBorder(border, 'bordered', 'dx', true), {});
    if (wanted.dFilter) add(planBorder(border, 'x', 'bordered', false), {});
  }
  if (wanted.dFilter) add(planFilterGradient(bare), border ? { x: 'bordered' } : {});
  if (wanted.dBias) steps.push(channelSum('dy', 'dBias', ...channelRows(spec, axesOf(spec.window).out)));
  return { steps, workspaces };
}

/**
 * The gradients of a transposed convolution. It is the gradient of a convolution in its input: that convolution of `dy` is `dx`,
 * and the gradient in the filter is that of the convolution whose input is `dy`, for the gradient `x` of its result.
 */
export function planConvTransposeBackward(spec: Transposition, wanted: WantedGradients): Steps {
  const convolution = transposed(spec);
  const workspaces: Record<string, number> = {};
  const steps: Step[] = [];
  if (wanted.dx && spec.batch > 0) {
    const dx = planConv2d(convolution, chooseConvKernel(convolution, true));
    steps.push(...rename([...dx.pack, ...dx.run], { x: 'dy', out: 'dx' }));
    Object.assign(workspaces, dx.workspaces, { packed: dx.packedLength });
  }
  if (wanted.dFilter) {
    const dFilter = planFilterGradient(convolution);
    steps.push(...rename(dFilter.steps, { x: 'dy', dy: 'x' }));
    Object.assign(workspaces, dFilter.workspaces);
  }
  if (wanted.dBias) steps.push(channelSum('dy', 'dBias', ...channelRows(spec, axesOf(spec.window).input)));
  return { steps, workspaces };
}
