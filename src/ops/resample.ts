import { OptionError, ShapeError } from '../errors.ts';
import { Plan } from '../plan/plan.ts';
import { planResample } from '../plan/resample.ts';
import { boolean, checkLength, finite, isCount, known, layout, oneOf, out, show, tensor } from '../spec/check.ts';
import { checkGradient } from '../spec/gradients.ts';
import type { ResampleSpec, ResampleTable } from '../spec/resample.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { type Operations, one } from './operation.ts';

/** Where the centre of a cell of the result lies in the input: ONNX's names for it, in this package's spelling. */
export type CoordinateTransformation =
  | 'halfPixel'
  | 'halfPixelSymmetric'
  | 'pytorchHalfPixel'
  | 'alignCorners'
  | 'asymmetric'
  | 'tfHalfPixelForNn';

/** What `resizeBackward` takes besides its operands: the options of the forward call. */
export interface ResizeBackwardOptions {
  /** Extents of the result along the spatial axes. Give these or `scales`. */
  readonly sizes?: readonly number[];
  /** Factors along the spatial axes: an extent becomes floor(extent · scale). */
  readonly scales?: readonly number[];
  /**
   * The cell that is nearest; the two that are, by their distances; or the four that are, by Keys's cubic kernel.
   *
   * @defaultValue 'nearest'
   */
  readonly mode?: 'nearest' | 'linear' | 'cubic';
  /** @defaultValue 'halfPixel' */
  readonly coordinateTransformation?: CoordinateTransformation;
  /**
   * How `'nearest'` rounds.
   *
   * @defaultValue 'roundPreferFloor'
   */
  readonly nearestMode?: 'roundPreferFloor' | 'roundPreferCeil' | 'floor' | 'ceil';
  /**
   * Keys's parameter a: −0.75 as in PyTorch and OpenCV, −0.5 as in TensorFlow.
   *
   * @defaultValue -0.75
   */
  readonly cubicCoefficient?: number;
  /**
   * Whether cells beyond the edge have no weight, so that the others share all of it. Else the cell at the edge counts again.
   *
   * @defaultValue false
   */
  readonly excludeOutside?: boolean;
  /** Channels first or last: `'ncw'`, `'nchw'` and `'ncdhw'` unless given, by the number of dimensions. */
  readonly layout?: 'ncw' | 'nwc' | 'nchw' | 'nhwc' | 'ncdhw' | 'ndhwc';
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** What `resize` takes besides the input. */
export interface ResizeOptions extends ResizeBackwardOptions {}

/** Resampling. */
export interface ResampleOperators {
  /**
   * `x` with other spatial extents, as ONNX's Resize and WebNN's resample2d define it: axis by axis, each cell a weighted sum of the cells
   * around the place that it comes from. Weights are computed in f64 and rounded once.
   * Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981.
   *
   * @param x [batch, channels, …] or [batch, …, channels], with one to three spatial axes
   * @param options `sizes` or `scales`, one number for each spatial axis, and how to interpolate
   * @returns x with the spatial extents of `sizes`, in its layout
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.resize(tensor([2, 6, 17, 19]), { sizes: [33, 38], mode: 'linear' })
   */
  resize<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options: ResizeOptions & Out<O>): O;

  /**
   * The gradient of `resize`: each of `dy` times its weights, added to the cells that it was made of.
   *
   * @param dy the gradient of the result, of its shape
   * @param x what was resized, of which only the shape counts
   * @example engine.resizeBackward(tensor([2, 6, 33, 38]), tensor([2, 6, 17, 19]), { sizes: [33, 38], mode: 'cubic' })
   */
  resizeBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options: ResizeBackwardOptions & Out<O>): O;
}

const NAMES = [
  'sizes',
  'scales',
  'mode',
  'coordinateTransformation',
  'nearestMode',
  'cubicCoefficient',
  'excludeOutside',
  'layout',
  'out',
] as const satisfies readonly (keyof ResizeOptions)[];

/** By the number of spatial axes. */
const LAYOUTS = { 1: ['ncw', 'nwc'], 2: ['nchw', 'nhwc'], 3: ['ncdhw', 'ndhwc'] } as const;

/** Cells are counted by floats, which are exact up to here. */
const MOST_CELLS = 2 ** 24;

interface Rule {
  readonly mode: NonNullable<ResizeOptions['mode']>;
  readonly transformation: CoordinateTransformation;
  readonly nearestMode: NonNullable<ResizeOptions['nearestMode']>;
  readonly a: number;
  readonly excludeOutside: boolean;
}

/** The place in the input of cell `i` of the result. */
function placeOf(i: number, length: number, outLength: number, scale: number, transformation: CoordinateTransformation): number {
  switch (transformation) {
    case 'asymmetric':
      return i / scale;
    case 'tfHalfPixelForNn':
      return (i + 0.5) / scale;
    case 'alignCorners':
      return outLength === 1 ? 0 : (i * (length - 1)) / (outLength - 1);
    case 'pytorchHalfPixel':
      return outLength === 1 ? -0.5 : (i + 0.5) / scale - 0.5;
    case 'halfPixelSymmetric':
      return (length / 2) * (1 - outLength / (scale * length)) + (i + 0.5) / scale - 0.5;
    default:
      return (i + 0.5) / scale - 0.5;
  }
}

function nearest(place: number, { nearestMode }: Rule): number {
  if (nearestMode === 'floor') return Math.floor(place);
  if (nearestMode === 'ceil') return Math.ceil(place);
  return nearestMode === 'roundPreferCeil' ? Math.floor(place + 0.5) : Math.ceil(place - 0.5);
}

/** Keys's kernel for the four cells around a place that is `t` behind the second of them. */
function cubic(t: number, a: number): number[] {
  const near = (x: number) => ((a + 2) * x - (a + 3)) * x * x + 1;
  const far = (x: number) => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return [far(1 + t), near(t), near(1 - t), far(2 - t)];
}

/** The cells around a place, from the first on, and their weights. */
function around(place: number, rule: Rule): { first: number; weights: number[] } {
  if (rule.mode === 'nearest') return { first: nearest(place, rule), weights: [1] };
  const floor = Math.floor(place);
  const t = place - floor;
  return rule.mode === 'linear' ? { first: floor, weights: [1 - t, t] } : { first: floor - 1, weights: cubic(t, rule.a) };
}

const TAPS = { nearest: 1, linear: 2, cubic: 4 } as const;

function tableOf(axis: number, length: number, outLength: number, scale: number, rule: Rule): ResampleTable {
  const taps = TAPS[rule.mode];
  const data = new Float32Array(2 * outLength * taps);
  for (let i = 0; i < outLength; i++) {
    const { first, weights } = around(placeOf(i, length, outLength, scale, rule.transformation), rule);
    const isOutside = (tap: number) => first + tap < 0 || first + tap >= length;
    const inside = weights.map((weight, tap) => (isOutside(tap) ? 0 : weight));
    const total = inside.reduce((sum, weight) => sum + weight, 0);
    // A place that has none but outside cells takes the edge.
    const isShared = rule.excludeOutside && total !== 0;
    for (let tap = 0; tap < taps; tap++) {
      data[i * taps + tap] = isShared ? inside[tap] / total : weights[tap];
      data[(outLength + i) * taps + tap] = Math.min(Math.max(first + tap, 0), length - 1);
    }
  }
  return { axis, length, outLength, taps, data };
}

/** What `sizes` or `scales` say of each spatial axis. */
function extentsOf(input: readonly number[], { sizes, scales }: ResizeBackwardOptions): { outLength: number; scale: number }[] {
  const [name, given] = sizes === undefined ? (['scales', scales] as const) : (['sizes', sizes] as const);
  if (sizes !== undefined && scales !== undefined) throw new OptionError('options.scales', show(scales), 'nothing beside `sizes`');
  const isExtent = (value: unknown) =>
    name === 'sizes' ? isCount(value) && value > 0 : typeof value === 'number' && value > 0 && Number.isFinite(value);
  if (!Array.isArray(given) || given.length !== input.length || !Array.from(given).every(isExtent)) {
    const numbers = name === 'sizes' ? 'whole numbers above 0' : 'numbers above 0';
    throw new OptionError(`options.${name}`, show(given), `${input.length} ${numbers}, one for each spatial axis of x`);
  }
  return input.map((length, i) => {
    const scale = name === 'sizes' ? given[i] / length : given[i];
    const outLength = name === 'sizes' ? given[i] : Math.floor(length * scale);
    if (outLength < 1) throw new OptionError('options.scales', show(given), `scales that leave a cell of the ${length} along each axis`);
    if (outLength > MOST_CELLS || length > MOST_CELLS) {
      throw new OptionError(`options.${name}`, show(given), `at most ${MOST_CELLS} cells along an axis`);
    }
    return { outLength, scale };
  });
}

function resizeSpec(x: Tensor, options: ResizeBackwardOptions): ResampleSpec {
  tensor('x', x);
  const { shape } = x;
  const rank = shape.length - 2;
  if (rank !== 1 && rank !== 2 && rank !== 3) throw new ShapeError('x.shape', show(shape), 'three to five dimensions');
  const [channelsFirst, channelsLast] = LAYOUTS[rank];
  const isLast = layout<string>('options.layout', options.layout, channelsFirst, [channelsFirst, channelsLast]) === channelsLast;
  const begin = isLast ? 1 : 2;
  const extents = extentsOf(shape.slice(begin, begin + rank), options);
  const rule: Rule = {
    mode: oneOf('options.mode', options.mode, 'nearest', ['nearest', 'linear', 'cubic']),
    transformation: oneOf<CoordinateTransformation>('options.coordinateTransformation', options.coordinateTransformation, 'halfPixel', [
      'halfPixel',
      'halfPixelSymmetric',
      'pytorchHalfPixel',
      'alignCorners',
      'asymmetric',
      'tfHalfPixelForNn',
    ]),
    nearestMode: oneOf('options.nearestMode', options.nearestMode, 'roundPreferFloor', [
      'roundPreferFloor',
      'roundPreferCeil',
      'floor',
      'ceil',
    ]),
    a: finite('options.cubicCoefficient', options.cubicCoefficient, -0.75),
    excludeOutside: boolean('options.excludeOutside', options.excludeOutside, false),
  };
  const outShape = [...shape];
  for (const [i, { outLength }] of extents.entries()) outShape[begin + i] = outLength;
  checkLength('out.shape', outShape);
  const tables = extents.flatMap(({ outLength, scale }, i) => {
    const axis = begin + i;
    // An axis that keeps its cells needs no pass.
    const isKept = outLength === shape[axis] && scale === 1 && rule.transformation !== 'tfHalfPixelForNn';
    return isKept ? [] : tableOf(axis, shape[axis], outLength, scale, rule);
  });
  return { shape: [...shape], outShape, tables };
}

export const resample: Operations<ResampleOperators> = {
  resize(x, given) {
    const options = known('options', given, NAMES);
    const spec = resizeSpec(x, options);
    const target = out(options.out, spec.outShape, { x });
    const plan = new Plan();
    planResample(plan, spec, plan.named('x'), plan.named('out'), false);
    return one(x, { x }, spec.outShape, target, plan);
  },
  resizeBackward(dy, x, given) {
    const options = known('options', given, NAMES);
    const spec = resizeSpec(x, options);
    checkGradient(dy, spec.outShape);
    const target = out(options.out, spec.shape, { dy, x });
    const plan = new Plan();
    planResample(plan, spec, plan.named('dy'), plan.named('out'), true);
    return one(x, { dy }, spec.shape, target, plan);
  },
};
