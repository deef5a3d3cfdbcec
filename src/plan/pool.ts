import { type Step, step } from '../backend.ts';
import type { Workspaces } from '../execute.ts';
import type { PoolSpec, UnpoolSpec } from '../shape/pool.ts';
import type { Window } from '../shape/window.ts';
import { roundUp } from './blocks.ts';
import { planPower } from './power.ts';

type PoolKernel = 'maxPool' | 'averagePool' | 'averagePoolBackward' | 'maxIndices';

export interface PoolPlan {
  readonly steps: readonly Step[];
  readonly workspaces: Workspaces;
}

/** Floats of reduced columns that are kept at once: half of a first-level cache, the rest is for the input. */
const COLUMNS_LENGTH = 4096;

interface Pass {
  readonly window: Window;
  readonly planes: number;
  readonly pixelLength: number;
}

/** The passes of a pooling: over planes, and before that along the depth, where a row is a plane of the input. */
function passes(spec: PoolSpec) {
  const { plane, depth, batch, channels, planar, countIncludePad } = spec;
  const volumes = planar ? batch * channels : batch;
  const pixelLength = planar ? 1 : channels;
  const rowLength = plane.inHeight * plane.inWidth * pixelLength;
  return {
    planes: { window: plane, planes: volumes * (depth?.outHeight ?? 1), pixelLength },
    ...(depth && {
      depths: { window: { ...depth, inWidth: rowLength, outWidth: rowLength }, planes: volumes, pixelLength: 1 },
      /** Every slice of the input as a plane; and what its windows come to, as pixels of one column along the depth. */
      bySlice: {
        slices: { window: plane, planes: volumes * depth.inHeight, pixelLength },
        windows: { window: depth, planes: volumes, pixelLength: plane.outHeight * plane.outWidth * pixelLength },
      },
    }),
    /** Floats between the two. */
    between: volumes * (depth?.outHeight ?? 0) * rowLength,
    counted: countIncludePad,
  };
}

function poolStep(kernel: PoolKernel, input: string, output: string, pass: Pass, counted: boolean, divisor = 0): Step {
  const { window, planes, pixelLength } = pass;
  // Of one column nothing is strided: a kernel then never looks a stride further than the input is wide.
  const strideWidth = window.outWidth === 1 ? 1 : window.strideWidth;
  const reach = window.dilationWidth * (window.kernelWidth - 1) + 1;
  const fitting = Math.floor((COLUMNS_LENGTH / pixelLength - reach) / strideWidth) + 1;
  // Windows of different widths lie anywhere in the row.
  const pixelBlock = strideWidth === 0 ? window.outWidth : Math.min(window.outWidth, Math.max(16, fitting & ~3));
  const columns = (pixels: number) => ((pixels - 1) * strideWidth + reach) * pixelLength;
  const backward = kernel === 'averagePoolBackward';
  const scratchLength = backward
    ? roundUp(window.outWidth, 4) + roundUp(window.outWidth * pixelLength, 4) + 4 + columns(window.outWidth) + 8
    : roundUp(window.outWidth, 4) + columns(roundUp(pixelBlock, 4)) + 16;
  return step(
    kernel,
    { input, output },
    {
      inHeight: window.inHeight,
      inWidth: window.inWidth,
      outHeight: window.outHeight,
      outWidth: window.outWidth,
      pixelLength,
      kernelHeight: window.kernelHeight,
      kernelWidth: window.kernelWidth,
      strideHeight: window.strideHeight,
      strideWidth,
      dilationHeight: window.dilationHeight,
      dilationWidth: window.dilationWidth,
      top: window.top,
      left: window.left,
      countTop: counted ? window.top : 0,
      countBottom: counted ? window.bottom : 0,
      countLeft: counted ? window.left : 0,
      countRight: counted ? window.right : 0,
      pixelBlock,
      divisor,
    },
    backward ? planes : planes * window.outHeight,
    kernel === 'maxIndices' ? 0 : scratchLength,
  );
}

/** Sums, from top to bottom, of the columns of `rows` rows. */
export function sumRows(input: string, output: string, rows: number, columns: number): Step {
  const window: Window = {
    inHeight: rows,
    inWidth: columns,
    kernelHeight: rows,
    kernelWidth: 1,
    strideHeight: 1,
    strideWidth: 1,
    dilationHeight: 1,
    dilationWidth: 1,
    top: 0,
    bottom: 0,
    left: 0,
    right: 0,
    outHeight: 1,
    outWidth: columns,
  };
  return poolStep('averagePool', input, output, { window, planes: 1, pixelLength: 1 }, false, 1);
}

/** Windows reduced in one or two passes. */
function reduce(kernel: PoolKernel, spec: PoolSpec, input: string, output: string, divisor = 0): PoolPlan {
  const { planes, depths, between, counted } = passes(spec);
  const of = (from: string, to: string, pass: Pass) => poolStep(kernel, from, to, pass, counted, divisor);
  if (depths === undefined) return { steps: [of(input, output, planes)], workspaces: {} };
  return { steps: [of(input, 'depths', depths), of('depths', output, planes)], workspaces: { depths: between } };
}

/** Gradients of windows, spread over their taps in one or two passes. */
function spread(spec: PoolSpec, input: string, output: string, divisor: number): PoolPlan {
  const { planes, depths, between, counted } = passes(spec);
  const of = (from: string, to: string, pass: Pass) => poolStep('averagePoolBackward', from, to, pass, counted, divisor);
  if (depths === undefined) return { steps: [of(input, output, planes)], workspaces: {} };
  return { steps: [of(input, 'spread', planes), of('spread', output, depths)], workspaces: { spread: between } };
}

const normOf = ({ reduction, norm }: PoolSpec): number => (reduction === 'lp' ? norm : 2);

const inLength = ({ batch, channels, plane, depth }: PoolSpec) =>
  batch * channels * (depth?.inHeight ?? 1) * plane.inHeight * plane.inWidth;
const outLength = ({ batch, channels, plane, depth }: PoolSpec) =>
  batch * channels * (depth?.outHeight ?? 1) * plane.outHeight * plane.outWidth;

export function planPool(spec: PoolSpec, output = 'out'): PoolPlan {
  if (spec.batch === 0) return { steps: [], workspaces: {} };
  switch (spec.reduction) {
    case 'max':
      return reduce('maxPool', spec, 'x', output);
    case 'average':
      return reduce('averagePool', spec, 'x', output);
    case 'l2':
    case 'lp': {
      const norm = normOf(spec);
      const length = inLength(spec);
      const sums = norm === 1 ? output : 'sums';
      const { steps, workspaces } = reduce('averagePool', spec, 'powers', sums, 1);
      return {
        steps: [
          planPower(null, 'x', 'powers', length, norm),
          ...steps,
          ...(norm === 1 ? [] : [planPower(null, sums, output, outLength(spec), 1, norm)]),
        ],
        workspaces: { ...workspaces, powers: length, ...(norm !== 1 && { sums: outLength(spec) }) },
      };
    }
  }
}

export function planPoolBackward(spec: PoolSpec): PoolPlan {
  if (spec.batch === 0) return { steps: [], workspaces: {} };
  if (spec.reduction === 'max') return maxBackward(spec);
  if (spec.reduction === 'average') return spread(spec, 'dy', 'out', 0);
  // Of y = (Σ|x|^p)^(1/p): sign(x) · |x|^(p − 1) · Σ dy · y^(1 − p), a sum over the windows of x.
  const norm = normOf(spec);
  const length = inLength(spec);
  const weigh = norm === 1 ? undefined : planPool(spec, 'y');
  const { steps, workspaces } = spread(spec, weigh ? 'weights' : 'dy', 'gathered', 1);
  return {
    steps: [
      ...(weigh ? [...weigh.steps, planPower('dy', 'y', 'weights', outLength(spec), 1 - norm)] : []),
      ...steps,
      planPower('gathered', 'x', 'out', length, norm - 1),
    ],
    workspaces: {
      ...weigh?.workspaces,
      ...workspaces,
      gathered: length,
      ...(weigh && { y: outLength(spec), weights: outLength(spec) }),
    },
  };
}

function scatter(input: string, indices: string, output: string, { window, planes, pixelLength }: Pass): Step {
  return step(
    'scatterPixels',
    { input, indices, output },
    {
      planeLength: window.inHeight * window.inWidth,
      indexCount: window.outHeight * window.outWidth,
      pixelLength,
      accumulate: 1,
      missing: 0,
    },
    planes,
  );
}

function gather(input: string, indices: string, output: string, { window, planes, pixelLength }: Pass): Step {
  return step(
    'gatherPixels',
    { input, indices, output },
    {
      planeLength: window.inHeight * window.inWidth,
      indexCount: window.outHeight * window.outWidth,
      pixelLength,
      accumulate: 0,
      missing: -Infinity,
    },
    planes,
  );
}

/** Whether each window is the one cell at its own place. */
const isIdentity = ({ inHeight, inWidth, kernelHeight, kernelWidth, outHeight, outWidth }: Window): boolean =>
  kernelHeight === 1 && kernelWidth === 1 && outHeight === inHeight && outWidth === inWidth;

/**
 * The first maximum of a volume in memory order is the first of its slice, and its slice is the first that has it: so places are
 * found in every slice, and then among the slices, whose maxima are fewer.
 */
function maxBackward(spec: PoolSpec): PoolPlan {
  const { planes, bySlice } = passes(spec);
  const length = outLength(spec);
  if (bySlice === undefined) return maxBackwardOf(planes, length);
  const { slices, windows } = bySlice;
  if (isIdentity(windows.window)) return maxBackwardOf(slices, length);
  if (isIdentity(slices.window)) return maxBackwardOf(windows, length);
  const between = windows.planes * windows.window.inHeight * windows.pixelLength;
  return {
    steps: [
      poolStep('maxIndices', 'x', 'places', slices, false),
      gather('x', 'places', 'maxima', slices),
      poolStep('maxIndices', 'maxima', 'depths', windows, false),
      scatter('dy', 'depths', 'spread', windows),
      scatter('spread', 'places', 'out', slices),
    ],
    workspaces: { places: between, maxima: between, depths: length, spread: between },
  };
}

function maxBackwardOf(pass: Pass, length: number): PoolPlan {
  return {
    steps: [poolStep('maxIndices', 'x', 'places', pass, false), scatter('dy', 'places', 'out', pass)],
    workspaces: { places: length },
  };
}

export function planMaxPoolWithIndices(spec: PoolSpec): readonly Step[] {
  if (spec.batch === 0) return [];
  const { planes } = passes(spec);
  return [poolStep('maxIndices', 'x', 'indices', planes, false), gather('x', 'indices', 'values', planes)];
}

export function planUnpool({ planes, pixelLength, indexCount, planeLength }: UnpoolSpec, kernel: 'scatterPixels' | 'gatherPixels') {
  const input = kernel === 'scatterPixels' ? 'x' : 'dy';
  const values = { planeLength, indexCount, pixelLength, accumulate: 0, missing: 0 };
  return planes === 0 ? [] : [step(kernel, { input, indices: 'indices', output: 'out' }, values, planes)];
}
