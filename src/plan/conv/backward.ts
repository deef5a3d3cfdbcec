import { axesOf } from '../../spec/axes.ts';
import type { Triple } from '../../spec/check.ts';
import type { Correlation } from '../../spec/correlation.ts';
import { lengthOf } from '../../tensor/tensor.ts';
import { borderedLength, planBorder, withBorder } from '../border.ts';
import { channelSum } from '../move.ts';
import type { Plan } from '../plan.ts';
import { chooseConvKernel, planConv2d, planConvOnce } from './conv.ts';
import { planFilterGradient } from './filter-gradient.ts';
import { planTranspose, type Transposition, transposed } from './transpose.ts';

type WantedGradients = { readonly [K in 'dx' | 'dFilter' | 'dBias']?: unknown };

/** A result of these extents, seen as [outer][channels][rowLength]. */
function channelRows({ batch, groups, groupOutChannels, layout }: Correlation, extents: Triple): [number, number, number] {
  const channels = groups * groupOutChannels;
  return layout === 'nchw' ? [batch, channels, lengthOf(extents)] : [batch * lengthOf(extents), channels, 1];
}

/** The gradients of a convolution that `wanted` has: `dy`, `x` and `filter` into `dx`, `dFilter` and `dBias`, by these names. */
export function planConvBackward(
  plan: Plan,
  spec: Correlation,
  wanted: WantedGradients,
  names = { filter: 'filter', dFilter: 'dFilter' },
): void {
  const { spec: bare, border } = withBorder(spec);
  const dy = plan.named('dy');
  if (wanted.dx) {
    const dx = plan.named('dx');
    const whole = border === undefined ? dx : plan.temp(borderedLength(border));
    planTranspose(plan, transposed(bare), dy, plan.named(names.filter), null, whole);
    if (border !== undefined) planBorder(plan, border, whole, dx, true);
  }
  if (wanted.dFilter) {
    const x = plan.named('x');
    const whole = border === undefined ? x : plan.temp(borderedLength(border));
    if (border !== undefined) planBorder(plan, border, x, whole, false);
    planFilterGradient(plan, bare, dy, whole, plan.named(names.dFilter));
  }
  if (wanted.dBias) channelSum(plan, dy, plan.named('dBias'), ...channelRows(spec, axesOf(spec.window).out));
}

/**
 * The gradients of a transposed convolution. It is the gradient of a convolution in its input: that convolution of `dy` is `dx`,
 * and the gradient in the filter is that of the convolution whose input is `dy`, for the gradient `x` of its result.
 */
export function planConvTransposeBackward(plan: Plan, spec: Transposition, wanted: WantedGradients): void {
  const convolution = transposed(spec);
  const dy = plan.named('dy');
  if (wanted.dx && spec.batch > 0) {
    const planned = planConv2d(convolution, chooseConvKernel(convolution, true));
    planConvOnce(plan, planned, dy, plan.named('filter'), null, plan.named('dx'));
  }
  if (wanted.dFilter) planFilterGradient(plan, convolution, plan.named('x'), dy, plan.named('dFilter'));
  if (wanted.dBias) channelSum(plan, dy, plan.named('dBias'), ...channelRows(spec, axesOf(spec.window).input));
}
