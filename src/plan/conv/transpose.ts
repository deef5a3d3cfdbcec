import { axesOf, convWindow } from '../../spec/axes.ts';
import type { Triple } from '../../spec/check.ts';
import type { Correlation } from '../../spec/correlation.ts';
import { lengthOf } from '../../tensor/tensor.ts';
import { planActivation } from '../activation.ts';
import { copy, copyRun, zeros } from '../move.ts';
import type { Plan, Value } from '../plan.ts';
import { chooseConvKernel, planConv2d, planConvOnce } from './conv.ts';
import { isCovering, planCovering } from './dense.ts';

/**
 * The transposed convolution: every result is the sum of the taps that reach it, with the inputs from which they do. In one
 * dimension, with stride s and dilation d, result j (counted in the padded result) gets tap k of input o where s·o + d·k = j.
 *
 * Results j that leave the same remainder r of s have the same taps: those with d·k ≡ r (mod s), every (s / gcd)th of them.
 * They are a phase, and a phase is an ordinary convolution of stride 1 and dilation d / gcd whose filter is read backwards:
 *
 *   s = 2, 3 taps     r = 0   taps 2, 0        r = 1   tap 1        then the phases are interleaved
 *
 * So there is no product with an inserted zero, and every algorithm of convolution serves (Shi et al. 2016, "Is the
 * deconvolution layer the same as a convolutional layer?", arXiv 1609.07009).
 */
interface Phase {
  /** Of its taps: as many, the last one, and the distance from one to the next. */
  readonly taps: number;
  readonly last: number;
  readonly step: number;
  /** Distance of its inputs, and zeros before and after them. */
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  /** Results: of all, the first one that is wanted, and where it goes. */
  readonly outputs: number;
  readonly skip: number;
  readonly first: number;
  readonly count: number;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

function phasesOf(source: number, target: number, kernel: number, stride: number, dilation: number, begin: number): Phase[] {
  const common = gcd(stride, dilation);
  return Array.from({ length: stride }, (_, remainder) => {
    const fits = Array.from({ length: kernel }, (_, k) => k).filter((k) => (k * dilation) % stride === remainder);
    const last = fits[fits.length - 1] ?? 0;
    const wanted = Math.max(0, Math.ceil((begin - remainder) / stride));
    const count = Math.max(0, Math.ceil((target + begin - remainder) / stride) - wanted);
    // The first result whose taps begin at the first input, or before it.
    const reach = Math.floor((last * dilation - remainder) / stride);
    const from = Math.min(wanted, reach);
    const outputs = wanted + count - from;
    const before = reach - from;
    const spacing = dilation / common;
    return {
      taps: fits.length,
      last,
      step: stride / common,
      dilation: spacing,
      before,
      after: Math.max(0, outputs - 1 + (fits.length - 1) * spacing + 1 - before - source),
      outputs,
      skip: wanted - from,
      first: remainder + stride * wanted - begin,
      count,
    };
  }).filter(({ count }) => count > 0);
}

/**
 * What is transposed: a convolution told the way round that it has, from the window's input, which is the result here, to its output.
 * Channels, filter and bias are those of the result: `groupInChannels` are summed over.
 */
export type Transposition = Correlation;

/** The convolution whose gradient in x is wanted, as a transposition. */
export function transposed(spec: Correlation): Transposition {
  const { filterStrides } = spec;
  return {
    ...spec,
    groupInChannels: spec.groupOutChannels,
    groupOutChannels: spec.groupInChannels,
    filterStrides: { ...filterStrides, outChannel: filterStrides.inChannel, inChannel: filterStrides.outChannel },
    activation: { kind: 'none', lower: 0, upper: 0, alpha: 0 },
    bias: undefined,
  };
}

export function planTranspose(plan: Plan, spec: Transposition, x: Value, filter: Value, bias: Value | null, out: Value): void {
  const { window, batch, groups, groupOutChannels } = spec;
  if (batch === 0) return;
  if (isCovering(spec)) {
    planCovering(plan, spec, x, filter, bias, out);
    return;
  }
  const { input: target, kernel, strides, dilations, begin, out: source } = axesOf(window);
  const [slices, rows, columns] = [0, 1, 2].map((axis) =>
    phasesOf(source[axis], target[axis], kernel[axis], strides[axis], dilations[axis], begin[axis]),
  );
  const channels = groups * groupOutChannels;
  let untouched: Value | undefined;
  for (const d of slices) {
    for (const h of rows) {
      for (const w of columns) {
        const phase = [d, h, w];
        if (phase.some(({ taps }) => taps === 0)) {
          untouched ??= planUntouched(plan, spec, bias, channels);
          interleave(plan, spec, phase, untouched, out, target, strides, true);
          continue;
        }
        const correlation = correlationOf(spec, phase, source);
        const planned = planConv2d(correlation, chooseConvKernel(correlation, true));
        const isWhole = phase.every(({ count, skip }, axis) => count === target[axis] && skip === 0);
        const results = isWhole ? out : plan.temp(batch * channels * lengthOf(phase.map(({ outputs }) => outputs)));
        planConvOnce(plan, planned, x, filter, bias, results);
        if (!isWhole) interleave(plan, spec, phase, results, out, target, strides, false);
      }
    }
  }
}

const asTriple = (values: readonly number[]): Triple => [values[0], values[1], values[2]];

function correlationOf(spec: Transposition, phase: readonly Phase[], source: Triple): Correlation {
  const { filterStrides } = spec;
  const [depth, height, width] = [filterStrides.depth, filterStrides.height, filterStrides.width].map(
    (stride, i) => -phase[i].step * stride,
  );
  const [d, h, w] = phase;
  return {
    ...spec,
    window: convWindow({
      input: source,
      kernel: asTriple(phase.map(({ taps }) => taps)),
      strides: [1, 1, 1],
      dilations: asTriple(phase.map(({ dilation }) => dilation)),
      padding: phase.flatMap(({ before, after }) => [before, after]),
      out: asTriple(phase.map(({ outputs }) => outputs)),
    }),
    filterStrides: {
      ...filterStrides,
      offset: filterStrides.offset + d.last * filterStrides.depth + h.last * filterStrides.height + w.last * filterStrides.width,
      depth,
      height,
      width,
    },
  };
}

/** What results have that no tap reaches: the bias of each channel, activated. */
function planUntouched(plan: Plan, { activation }: Transposition, bias: Value | null, channels: number): Value {
  const begin = plan.temp(channels);
  if (bias === null) zeros(plan, begin, channels);
  else copyRun(plan, bias, begin, channels);
  planActivation(plan, activation, begin, begin, [channels]);
  return begin;
}

/** The results of one phase to their places; or those that no tap reaches, of which there is one a channel. */
function interleave(
  plan: Plan,
  spec: Transposition,
  phase: readonly Phase[],
  input: Value,
  output: Value,
  target: Triple,
  strides: Triple,
  isRest: boolean,
): void {
  const { batch, groups, groupOutChannels, layout } = spec;
  const channels = groups * groupOutChannels;
  const pixel = layout === 'nchw' ? 1 : channels;
  const inner = (extents: readonly number[]) => [extents[1] * extents[2] * pixel, extents[2] * pixel, pixel];
  const from = isRest ? [0, 0, 0] : inner(phase.map(({ outputs }) => outputs));
  const to = inner(target);
  const inPlane = isRest ? 1 : phase[0].outputs * from[0];
  const outPlane = target[0] * to[0];
  const places = phase.map(({ count }, axis) => [count, from[axis], strides[axis] * to[axis]] as const);
  const inChannels = isRest ? 0 : channels * inPlane;
  copy(plan, {
    input,
    output,
    inOffset: isRest ? 0 : phase.reduce((sum, { skip }, axis) => sum + skip * from[axis], 0),
    outOffset: phase.reduce((sum, { first }, axis) => sum + first * to[axis], 0),
    dimensions:
      layout === 'nchw'
        ? [[batch, inChannels, channels * outPlane], [channels, inPlane, outPlane], ...places]
        : [[batch, isRest ? 0 : inPlane, outPlane], places[0], places[1], places[2], [channels, 1, 1]],
  });
}
