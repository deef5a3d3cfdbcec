import type { PoolSpec, UnpoolSpec } from '../spec/pool.ts';
import type { Window } from '../spec/window.ts';
import { roundUp } from './blocks.ts';
import type { Plan, Value } from './plan.ts';
import { planPower } from './power.ts';

type PoolKernel = 'maxPool' | 'averagePool' | 'averagePoolBackward' | 'maxIndices';

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

function poolStep(plan: Plan, kernel: PoolKernel, input: Value, output: Value, pass: Pass, counted: boolean, divisor = 0): void {
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
  plan.step(
    kernel,
    { input, output },
    {
      planes,
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
    { scratchBytes: kernel === 'maxIndices' ? 0 : 4 * scratchLength },
  );
}

/** Sums, from top to bottom, of the columns of `rows` rows. */
export function sumRows(plan: Plan, input: Value, output: Value, rows: number, columns: number): void {
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
  poolStep(plan, 'averagePool', input, output, { window, planes: 1, pixelLength: 1 }, false, 1);
}

/** Sums of `before + 1 + after` neighbours along the channels of [outer][channels][inner], each ⊘ `divisor`. */
export function sumNeighbours(
  plan: Plan,
  input: Value,
  output: Value,
  shape: { readonly outer: number; readonly channels: number; readonly inner: number },
  [before, after]: readonly [number, number],
  divisor: number,
): void {
  const { outer, channels, inner } = shape;
  const size = before + 1 + after;
  const one = { strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1 };
  // Channels that come last lie along rows, others along columns.
  const isLast = inner === 1;
  const window: Window = isLast
    ? {
        ...one,
        inHeight: outer,
        inWidth: channels,
        outHeight: outer,
        outWidth: channels,
        kernelHeight: 1,
        kernelWidth: size,
        top: 0,
        bottom: 0,
        left: before,
        right: after,
      }
    : {
        ...one,
        inHeight: channels,
        inWidth: inner,
        outHeight: channels,
        outWidth: inner,
        kernelHeight: size,
        kernelWidth: 1,
        top: before,
        bottom: after,
        left: 0,
        right: 0,
      };
  poolStep(plan, 'averagePool', input, output, { window, planes: isLast ? 1 : outer, pixelLength: 1 }, false, divisor);
}

/** Windows reduced in one or two passes. */
function reduce(plan: Plan, kernel: PoolKernel, spec: PoolSpec, input: Value, output: Value, divisor = 0): void {
  const { planes, depths, between, counted } = passes(spec);
  if (depths === undefined) {
    poolStep(plan, kernel, input, output, planes, counted, divisor);
    return;
  }
  const reduced = plan.temp(between);
  poolStep(plan, kernel, input, reduced, depths, counted, divisor);
  poolStep(plan, kernel, reduced, output, planes, counted, divisor);
}

/** Gradients of windows, spread over their taps in one or two passes. */
function spread(plan: Plan, spec: PoolSpec, input: Value, output: Value, divisor: number): void {
  const { planes, depths, between, counted } = passes(spec);
  if (depths === undefined) {
    poolStep(plan, 'averagePoolBackward', input, output, planes, counted, divisor);
    return;
  }
  const wide = plan.temp(between);
  poolStep(plan, 'averagePoolBackward', input, wide, planes, counted, divisor);
  poolStep(plan, 'averagePoolBackward', wide, output, depths, counted, divisor);
}

const normOf = ({ reduction, norm }: PoolSpec): number => (reduction === 'lp' ? norm : 2);

const inLength = ({ batch, channels, plane, depth }: PoolSpec) =>
  batch * channels * (depth?.inHeight ?? 1) * plane.inHeight * plane.inWidth;
const outLength = ({ batch, channels, plane, depth }: PoolSpec) =>
  batch * channels * (depth?.outHeight ?? 1) * plane.outHeight * plane.outWidth;

export function planPool(plan: Plan, spec: PoolSpec, x: Value, output: Value): void {
  if (spec.batch === 0) return;
  switch (spec.reduction) {
    case 'max':
      reduce(plan, 'maxPool', spec, x, output);
      return;
    case 'average':
      reduce(plan, 'averagePool', spec, x, output);
      return;
    case 'l2':
    case 'lp': {
      const norm = normOf(spec);
      const length = inLength(spec);
      const powers = plan.temp(length);
      const sums = norm === 1 ? output : plan.temp(outLength(spec));
      planPower(plan, null, x, powers, length, norm);
      reduce(plan, 'averagePool', spec, powers, sums, 1);
      if (norm !== 1) planPower(plan, null, sums, output, outLength(spec), 1, norm);
    }
  }
}

export function planPoolBackward(plan: Plan, spec: PoolSpec, dy: Value, x: Value, output: Value): void {
  if (spec.batch === 0) return;
  if (spec.reduction === 'max') {
    planMaxBackward(plan, spec, dy, x, output);
    return;
  }
  if (spec.reduction === 'average') {
    spread(plan, spec, dy, output, 0);
    return;
  }
  // Of y = (Σ|x|^p)^(1/p): sign(x) · |x|^(p − 1) · Σ dy · y^(1 − p), a sum over the windows of x.
  const norm = normOf(spec);
  const length = inLength(spec);
  const gathered = plan.temp(length);
  let weights = dy;
  if (norm !== 1) {
    const y = plan.temp(outLength(spec));
    weights = plan.temp(outLength(spec));
    planPool(plan, spec, x, y);
    planPower(plan, dy, y, weights, outLength(spec), 1 - norm);
  }
  spread(plan, spec, weights, gathered, 1);
  planPower(plan, gathered, x, output, length, norm - 1);
}

function scatter(plan: Plan, input: Value, indices: Value, output: Value, { window, planes, pixelLength }: Pass): void {
  plan.step(
    'scatterPixels',
    { input, indices, output },
    {
      planes,
      planeLength: window.inHeight * window.inWidth,
      indexCount: window.outHeight * window.outWidth,
      pixelLength,
      accumulate: 1,
      missing: 0,
    },
  );
}

function gather(plan: Plan, input: Value, indices: Value, output: Value, { window, planes, pixelLength }: Pass): void {
  plan.step(
    'gatherPixels',
    { input, indices, output },
    {
      planes,
      planeLength: window.inHeight * window.inWidth,
      indexCount: window.outHeight * window.outWidth,
      pixelLength,
      accumulate: 0,
      missing: -Infinity,
    },
  );
}

/** Whether each window is the one cell at its own place. */
const isIdentity = ({ inHeight, inWidth, kernelHeight, kernelWidth, outHeight, outWidth }: Window): boolean =>
  kernelHeight === 1 && kernelWidth === 1 && outHeight === inHeight && outWidth === inWidth;

/**
 * The first maximum of a volume in memory order is the first of its slice, and its slice is the first that has it: so places are
 * found in every slice, and then among the slices, whose maxima are fewer.
 */
function planMaxBackward(plan: Plan, spec: PoolSpec, dy: Value, x: Value, output: Value): void {
  const { planes, bySlice } = passes(spec);
  const length = outLength(spec);
  /** By the places of one pass. */
  const inOne = (pass: Pass) => {
    const places = plan.temp(length, 'int32');
    poolStep(plan, 'maxIndices', x, places, pass, false);
    scatter(plan, dy, places, output, pass);
  };
  if (bySlice === undefined) {
    inOne(planes);
    return;
  }
  const { slices, windows } = bySlice;
  if (isIdentity(windows.window)) inOne(slices);
  else if (isIdentity(slices.window)) inOne(windows);
  else {
    const between = windows.planes * windows.window.inHeight * windows.pixelLength;
    const places = plan.temp(between, 'int32');
    const maxima = plan.temp(between);
    const depths = plan.temp(length, 'int32');
    const wide = plan.temp(between);
    poolStep(plan, 'maxIndices', x, places, slices, false);
    gather(plan, x, places, maxima, slices);
    poolStep(plan, 'maxIndices', maxima, depths, windows, false);
    scatter(plan, dy, depths, wide, windows);
    scatter(plan, wide, places, output, slices);
  }
}

export function planMaxPoolWithIndices(plan: Plan, spec: PoolSpec, x: Value, values: Value, indices: Value): void {
  if (spec.batch === 0) return;
  const { planes } = passes(spec);
  poolStep(plan, 'maxIndices', x, indices, planes, false);
  gather(plan, x, indices, values, planes);
}

export function planUnpool(
  plan: Plan,
  spec: UnpoolSpec,
  kernel: 'scatterPixels' | 'gatherPixels',
  input: Value,
  given: Value,
  output: Value,
): void {
  const { planes, pixelLength, indexCount, planeLength } = spec;
  if (planes === 0) return;
  const length = planes * indexCount * pixelLength;
  const indices = given.dtype === 'int32' ? given : plan.temp(length, 'int32');
  if (indices !== given) plan.step('floatIndices', { input: given, output: indices }, { length });
  plan.step(kernel, { input, indices, output }, { planes, planeLength, indexCount, pixelLength, accumulate: 0, missing: 0 });
}
