import { OptionError, ShapeError } from '../errors.ts';
import type { AnyTensor, ResidentLike, Tensor } from '../tensor/tensor.ts';
import type { Rank } from './axes.ts';
import {
  boolean,
  checkLength,
  finite,
  known,
  type Layout,
  type Layout1d,
  type Layout3d,
  layout,
  oneOf,
  out,
  outOf,
  type Pair,
  sameShape,
  show,
  type Triple,
  tensor,
  tensorOf,
} from './check.ts';
import { checkGradient } from './gradients.ts';
import { adaptiveWindows, extents, poolWindows, type Windows } from './pool-window.ts';
import { outExtent, type Padding, type Padding1d, type Padding3d, type RoundingType } from './window.ts';

/** `N` is one number a dimension, `P` padding and `L` a layout of that many dimensions. */
export interface PoolOptions<N, P, L> {
  /** Extent of the window, one number or one a dimension; the whole input unless given (global pooling). */
  readonly windowDimensions?: number | N;
  /** Step of the window, one number or one a dimension; 1 unless given. */
  readonly strides?: number | N;
  /**
   * Cells around the input that hold nothing; 0 unless given. Less on each side than the window reaches, so that none
   * lies in the padding alone.
   */
  readonly padding?: P;
  /** Distance of the window's taps, one number or one a dimension; 1 unless given. */
  readonly dilations?: number | N;
  /** Channels first unless given. */
  readonly layout?: L;
  /** Whether a last window that does not fit is left out (`'floor'`, the default) or clipped (`'ceil'`). */
  readonly roundingType?: RoundingType;
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

interface Averaging {
  /**
   * Whether padding counts in what a sum is divided by; false unless given. What a window rounded up reaches beyond the
   * padding never counts.
   */
  readonly countIncludePad?: boolean;
}

interface Norm {
  /** The p of the p-norm, at least 1; 2 unless given. */
  readonly norm?: number;
}

/** What `maxPool1d` and `l2Pool1d` take; layouts `'ncw'` and `'nwc'`. */
export type Pool1dOptions = PoolOptions<readonly [width: number], Padding1d, Layout1d>;
/** What `maxPool2d` and `l2Pool2d` take; layouts `'nchw'` and `'nhwc'`. */
export type Pool2dOptions = PoolOptions<Pair, Padding, Layout>;
/** What `maxPool3d` and `l2Pool3d` take; layouts `'ncdhw'` and `'ndhwc'`. */
export type Pool3dOptions = PoolOptions<Triple, Padding3d, Layout3d>;
/** What `averagePool1d` takes: whether padding counts, besides the windows. */
export interface AveragePool1dOptions extends Pool1dOptions, Averaging {}
/** The same of `averagePool2d`. */
export interface AveragePool2dOptions extends Pool2dOptions, Averaging {}
/** The same of `averagePool3d`. */
export interface AveragePool3dOptions extends Pool3dOptions, Averaging {}
/** What `lpPool1d` takes: the norm's p, besides the windows. */
export interface LpPool1dOptions extends Pool1dOptions, Norm {}
/** The same of `lpPool2d`. */
export interface LpPool2dOptions extends Pool2dOptions, Norm {}
/** The same of `lpPool3d`. */
export interface LpPool3dOptions extends Pool3dOptions, Norm {}

/** What adaptive pooling takes besides `outputSizes`, which its windows come from: `L` is a layout of as many dimensions. */
export interface AdaptivePoolOptions<L> {
  /** Channels first unless given. */
  readonly layout?: L;
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** Maxima and their places, both of the shape of the pooled result. */
export interface ValuesAndIndices<T extends Tensor = Tensor, I extends AnyTensor = ResidentLike<T, Int32Array>> {
  /** The maximum of each window. */
  readonly values: T;
  /** Where it lies in its plane, y · width + x, a whole number; −1 where a window has no tap over the input. */
  readonly indices: I;
}

/** What `maxPool2dWithIndices` takes: the windows of `maxPool2d`, and two tensors to write to. */
export interface MaxPool2dWithIndicesOptions extends Omit<Pool2dOptions, 'out'> {
  /** Where the results go, instead of new tensors. */
  readonly out?: Partial<ValuesAndIndices<Tensor, Tensor<Int32Array>>>;
}

/** What `maxUnpool2d` takes: the windows that pooled, or the extent of what was pooled. */
export interface MaxUnpool2dOptions extends Pick<Pool2dOptions, 'windowDimensions' | 'strides' | 'padding' | 'layout' | 'out'> {
  /** Extent of the result, `[height, width]`: what was pooled. Unless given, the least that these windows fill. */
  readonly outputSizes?: Pair;
}

type AnyPoolOptions = PoolOptions<readonly number[], unknown, string> & Averaging & Norm;

const POOL_OPTIONS = ['windowDimensions', 'strides', 'padding', 'dilations', 'layout', 'roundingType', 'out'] as const;
const OWN_OPTIONS = { max: [], average: ['countIncludePad'], l2: [], lp: ['norm'] } as const;
const LAYOUTS = { 1: ['ncw', 'nwc'], 2: ['nchw', 'nhwc'], 3: ['ncdhw', 'ndhwc'] } as const;

export type PoolReduction = keyof typeof OWN_OPTIONS;

/** A pooling, checked. */
export interface PoolSpec extends Windows {
  readonly reduction: PoolReduction;
  /** Of `lp`. */
  readonly norm: number;
  readonly batch: number;
  readonly channels: number;
  /** Channels first: a pixel is one float. */
  readonly planar: boolean;
  readonly countIncludePad: boolean;
  readonly outShape: readonly number[];
}

/** Where an input's dimensions are. */
function input(rank: Rank, x: Tensor, given: string | undefined) {
  tensor('x', x, rank + 2);
  const order = layout('options.layout', given, LAYOUTS[rank][0], LAYOUTS[rank]);
  const planar = order === LAYOUTS[rank][0];
  const spatial = planar ? x.shape.slice(2) : x.shape.slice(1, -1);
  return { batch: x.shape[0], channels: x.shape[planar ? 1 : rank + 1], planar, spatial };
}

function outShapeOf(
  { batch, channels, planar }: { batch: number; channels: number; planar: boolean },
  rank: Rank,
  { plane, depth }: Windows,
) {
  const spatial = [depth?.outHeight ?? 1, plane.outHeight, plane.outWidth].slice(-rank);
  const shape = planar ? [batch, channels, ...spatial] : [batch, ...spatial, channels];
  checkLength('out.shape', shape);
  return shape;
}

/** Everything but `out`. */
function poolSpec(rank: Rank, reduction: PoolReduction, x: Tensor, given: object | undefined): { spec: PoolSpec; options: AnyPoolOptions } {
  const options: AnyPoolOptions = known<object>('options', given, [...POOL_OPTIONS, ...OWN_OPTIONS[reduction]]);
  const dimensions = input(rank, x, options.layout);
  const { spatial, planar, channels } = dimensions;
  const ones = spatial.map(() => 1);
  const windows = poolWindows(
    spatial,
    extents('options.windowDimensions', options.windowDimensions, spatial),
    extents('options.strides', options.strides, ones),
    extents('options.dilations', options.dilations, ones),
    options.padding,
    oneOf('options.roundingType', options.roundingType, 'floor', ['floor', 'ceil']),
  );
  const { plane, depth } = windows;
  checkLength('options.padding', [
    (depth?.inHeight ?? 1) + (depth?.top ?? 0) + (depth?.bottom ?? 0),
    plane.inHeight + plane.top + plane.bottom,
    plane.inWidth + plane.left + plane.right,
    planar ? 1 : channels,
  ]);
  const outShape = outShapeOf(dimensions, rank, windows);
  const countIncludePad = boolean('options.countIncludePad', options.countIncludePad, false);
  const norm = finite('options.norm', options.norm, 2);
  if (norm < 1) throw new OptionError('options.norm', show(options.norm), 'at least 1');
  return { spec: { reduction, norm, ...dimensions, ...windows, countIncludePad, outShape }, options };
}

export function pool(rank: Rank, reduction: PoolReduction, x: Tensor, given: object | undefined) {
  const { spec, options } = poolSpec(rank, reduction, x, given);
  return { spec, out: out(options.out, spec.outShape, { x }) };
}

export function poolBackward(rank: Rank, reduction: PoolReduction, dy: Tensor, x: Tensor, given: object | undefined) {
  const { spec, options } = poolSpec(rank, reduction, x, given);
  checkGradient(dy, spec.outShape);
  return { spec, out: out(options.out, x.shape, { dy, x }) };
}

function adaptiveSpec(rank: Rank, reduction: 'max' | 'average', x: Tensor, outputSizes: unknown, given: object | undefined) {
  const options: AdaptivePoolOptions<string> = known<object>('options', given, ['layout', 'out']);
  const dimensions = input(rank, x, options.layout);
  if (outputSizes === undefined) throw new OptionError('outputSizes', 'undefined', 'a whole number of at least 1, or one a dimension');
  const windows = adaptiveWindows(dimensions.spatial, extents('outputSizes', outputSizes, dimensions.spatial));
  const outShape = outShapeOf(dimensions, rank, windows);
  const spec: PoolSpec = { reduction, norm: 2, ...dimensions, ...windows, countIncludePad: false, outShape };
  return { spec, options };
}

export function adaptivePool(rank: Rank, reduction: 'max' | 'average', x: Tensor, outputSizes: unknown, given: object | undefined) {
  const { spec, options } = adaptiveSpec(rank, reduction, x, outputSizes, given);
  return { spec, out: out(options.out, spec.outShape, { x }) };
}

export function adaptivePoolBackward(
  rank: Rank,
  reduction: 'max' | 'average',
  dy: Tensor,
  x: Tensor,
  outputSizes: unknown,
  given: object | undefined,
) {
  const { spec, options } = adaptiveSpec(rank, reduction, x, outputSizes, given);
  checkGradient(dy, spec.outShape);
  return { spec, out: out(options.out, x.shape, { dy, x }) };
}

export function maxPoolWithIndices(x: Tensor, given: MaxPool2dWithIndicesOptions | undefined) {
  const { out: targets, ...options } = known('options', given, POOL_OPTIONS);
  const { spec } = poolSpec(2, 'max', x, options);
  const { values, indices } = known('options.out', targets, ['values', 'indices']);
  return {
    spec,
    values: out(values, spec.outShape, { x }),
    indices: outOf('int32', indices, spec.outShape, { x, values }, false, 'out'),
  };
}

/** Floats of planes that are put where indices say, checked. */
export interface UnpoolSpec {
  readonly planes: number;
  readonly pixelLength: number;
  /** Pixels of a plane of `x` and of a plane of the result. */
  readonly indexCount: number;
  readonly planeLength: number;
  readonly outShape: readonly number[];
}

function unpoolSpec(
  x: Tensor,
  indices: AnyTensor,
  given: MaxUnpool2dOptions | undefined,
): { spec: UnpoolSpec; target: Tensor | undefined } {
  const options = known('options', given, ['windowDimensions', 'strides', 'padding', 'layout', 'outputSizes', 'out']);
  const { batch, channels, planar, spatial } = input(2, x, options.layout);
  tensorOf(['int32', 'float32'], 'indices', indices, undefined, true);
  if (!sameShape(indices.shape, x.shape)) throw new ShapeError('indices.shape', show(indices.shape), `${show(x.shape)}, the shape of x`);
  const sizes = unpooledSizes(spatial, options);
  const outShape = planar ? [batch, channels, ...sizes] : [batch, ...sizes, channels];
  checkLength('out.shape', outShape);
  const spec = {
    planes: planar ? batch * channels : batch,
    pixelLength: planar ? 1 : channels,
    indexCount: spatial[0] * spatial[1],
    planeLength: sizes[0] * sizes[1],
    outShape,
  };
  return { spec, target: options.out };
}

/** What windows of such a pooling give `pooled` of. */
function unpooledSizes(
  pooled: readonly number[],
  { windowDimensions, strides, padding, outputSizes }: MaxUnpool2dOptions,
): readonly number[] {
  const steps = extents('options.strides', strides, [1, 1]);
  const sizes = outputSizes === undefined ? undefined : extents('options.outputSizes', outputSizes, pooled);
  if (windowDimensions === undefined) {
    if (sizes !== undefined) return sizes;
    throw new OptionError('options.windowDimensions', 'undefined', 'the extent of the windows, or options.outputSizes');
  }
  const kernel = extents('options.windowDimensions', windowDimensions, [1, 1]);
  if (sizes === undefined) {
    if (padding === 'same' || padding === 'same-lower') {
      throw new OptionError('options.outputSizes', 'undefined', `[height, width], which padding '${padding}' does not tell`);
    }
    // The windows over an input that is large enough tell what the padding is.
    const room = pooled.map((n, i) => (n - 1) * steps[i] + kernel[i]);
    const { plane } = poolWindows(room, kernel, steps, [1, 1], padding, 'floor');
    const least = [room[0] - plane.top - plane.bottom, room[1] - plane.left - plane.right];
    if (least.some((extent) => extent < 1))
      throw new OptionError('options.padding', show(padding), `less than the windows reach over, ${show(room)}`);
    return least;
  }
  const { plane } = poolWindows(sizes, kernel, steps, [1, 1], padding, 'floor');
  const rounded = [
    outExtent(sizes[0], plane.top, plane.bottom, kernel[0], steps[0], 1, 'ceil'),
    outExtent(sizes[1], plane.left, plane.right, kernel[1], steps[1], 1, 'ceil'),
  ];
  const fits = [plane.outHeight, plane.outWidth].every((extent, i) => pooled[i] === extent || pooled[i] === rounded[i]);
  if (fits) return sizes;
  throw new OptionError('options.outputSizes', show(sizes), `extents of which these windows give ${show(pooled)}`);
}

export function maxUnpool(x: Tensor, indices: AnyTensor, given: MaxUnpool2dOptions | undefined) {
  const { spec, target } = unpoolSpec(x, indices, given);
  return { spec, out: out(target, spec.outShape, { x, indices }) };
}

export function maxUnpoolBackward(dy: Tensor, x: Tensor, indices: AnyTensor, given: MaxUnpool2dOptions | undefined) {
  const { spec, target } = unpoolSpec(x, indices, given);
  checkGradient(dy, spec.outShape);
  return { spec, out: out(target, x.shape, { dy, x, indices }) };
}
