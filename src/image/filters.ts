import type { Engine } from '../engine.ts';
import { engineOf } from '../engine-of.ts';
import { OptionError } from '../errors.ts';
import { Order } from '../kernels/image.ts';
import type { Operation, Operations } from '../ops/operation.ts';
import { perAxis } from '../spec/axes.ts';
import { boolean, count, finite, known, oneOf, show } from '../spec/check.ts';
import { type AnyTensor, KernelTensor, PlainTensor } from '../tensor/tensor.ts';
import { kindOf } from '../tensor/typed-array.ts';
import { imageFamily } from './family.ts';
import { type ElementType, KernelImage } from './kernel-image.ts';
import {
  DIRECTIONS,
  type Direction,
  difference,
  emboss,
  gaussian,
  type ImageKernel,
  LAPLACIAN,
  motion,
  OUTLINE,
  SHARPEN,
} from './kernels.ts';
import { type ImagePlan, planBox, planFactors, planGradient, planGrey, planKernel, planOrder } from './plan/plan.ts';
import {
  image as checkImage,
  colourWeights,
  dtypeOf,
  type Filter2dOptions,
  type FilterOptions,
  filterInput,
  filterOptions,
  type Image,
  type ImageShape,
  type ImageSpec,
  imageShape,
  type Kernel,
  kernelSpec,
  type PlainImage,
  placed,
  positive,
  type RawImage,
  radius as radiusOf,
  readImage,
  tensorShape,
  within,
} from './spec.ts';

export interface BlurOptions extends FilterOptions {
  /** Pixels that the square reaches to every side; 1 unless given (3×3). */
  readonly radius?: number | readonly [vertical: number, horizontal: number];
}

export interface GaussianOptions extends FilterOptions {
  /** Pixels that the kernel reaches to every side; 3 · sigma, rounded up, unless given. */
  readonly radius?: number;
}

export interface UnsharpOptions extends GaussianOptions {
  /** Deviation of the Gaussian; 1 unless given. */
  readonly sigma?: number;
  /** How much of the difference is added; 1 unless given. For bytes a multiple of 1/256, 127 at most. */
  readonly amount?: number;
  /** Differences below it change nothing; 0 unless given. */
  readonly threshold?: number;
}

export interface EmbossOptions extends FilterOptions {
  /** Where the light comes from; `'top-left'` unless given. */
  readonly direction?: Direction;
}

export interface GradientOptions extends Filter2dOptions {
  /** How bright it gets to the right, or downwards; or how steep it is, √(x² + y²), which is the default. */
  readonly direction?: 'x' | 'y' | 'magnitude';
}

export interface MotionBlurOptions extends FilterOptions {
  /** Pixels of the line; 9 unless given. */
  readonly length?: number;
  /** Degrees from the right, upwards; 0 unless given. */
  readonly angle?: number;
}

export interface MorphologyOptions extends FilterOptions {
  /** Pixels that the rectangle reaches to every side; 1 unless given. */
  readonly radius?: number | readonly [vertical: number, horizontal: number];
}

/** What `grayscale` takes besides an image. */
export interface GrayscaleOptions {
  /** Of red, green and blue; those of BT.601 unless given, 0.299, 0.587 and 0.114. */
  readonly weights?: readonly [red: number, green: number, blue: number];
  /** Whether the result has one channel; otherwise it has those of the input, and its alpha. */
  readonly single?: boolean;
  /** Where the result goes, instead of a new image: of the same size and kind, with the channels of the result. */
  readonly out?: Image;
}

/** A result that is no `ImageData`, of the kind of array that its input has. */
export interface FilteredImage<D extends Image['data']> {
  /** Rows of pixels from the top. */
  readonly data: D;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1 to 4: those of the input, but after `grayscale` with `single`. */
  readonly channels: number;
}

/** A result is what its input is: an `ImageData`, an image in kernel memory, or an object with the same kind of array. */
export type Filtered<I extends Image> = I extends KernelImage
  ? KernelImage
  : I extends {
        /** Only an `ImageData` has one. */
        readonly colorSpace: string;
      }
    ? I
    : FilteredImage<I['data']>;

/**
 * Filters over images of bytes or floats, 1 to 4 channels. Bytes are computed in whole numbers: docs/images.md says how they are
 * rounded. All throw ShapeError or OptionError before anything is written.
 */
export interface FilterOperators {
  /**
   * Each pixel the sum of its neighbours times the weights laid over it, by `divisor`, plus `bias`. An even kernel has its pixel
   * under the cell after the middle: row `floor(height / 2)`, column `floor(width / 2)`.
   */
  filter2d<I extends Image>(image: I, kernel: Kernel, options?: Filter2dOptions): Filtered<I>;
  /** A copy. */
  identity<I extends Image>(image: I, options?: FilterOptions): Filtered<I>;
  /** The mean of a square. It takes as long for any radius. */
  blur<I extends Image>(image: I, options?: BlurOptions): Filtered<I>;
  /**
   * The mean weighted by a Gaussian, in one pass down and one across: e^(−d² / 2σ²) at a distance of d pixels, over the sum of them.
   *
   * @param sigma standard deviation σ, in pixels
   */
  gaussianBlur<I extends Image>(image: I, sigma: number, options?: GaussianOptions): Filtered<I>;
  /** The image and its laplacian: 0 −1 0; −1 5 −1; 0 −1 0. */
  sharpen<I extends Image>(image: I, options?: FilterOptions): Filtered<I>;
  /** The image, and `amount` times what a Gaussian blur takes away from it. */
  unsharpMask<I extends Image>(image: I, options?: UnsharpOptions): Filtered<I>;
  /** A relief: from the upper left −2 −1 0; −1 1 1; 0 1 2. */
  emboss<I extends Image>(image: I, options?: EmbossOptions): Filtered<I>;
  /** Where a pixel differs from its eight neighbours: −1 −1 −1; −1 8 −1; −1 −1 −1. */
  outline<I extends Image>(image: I, options?: FilterOptions): Filtered<I>;
  /** Another name of `outline`. */
  edge<I extends Image>(image: I, options?: FilterOptions): Filtered<I>;
  /** Where a pixel differs from its four neighbours: 0 −1 0; −1 4 −1; 0 −1 0. */
  laplacian<I extends Image>(image: I, options?: Filter2dOptions): Filtered<I>;
  /** Differences of neighbours, smoothed with 1 2 1 across. */
  sobel<I extends Image>(image: I, options?: GradientOptions): Filtered<I>;
  /** The same with 3 10 3. */
  scharr<I extends Image>(image: I, options?: GradientOptions): Filtered<I>;
  /** The same with 1 1 1. */
  prewitt<I extends Image>(image: I, options?: GradientOptions): Filtered<I>;
  /** The mean along a line. */
  motionBlur<I extends Image>(image: I, options?: MotionBlurOptions): Filtered<I>;
  /** The median of 3×3 pixels, in each channel. */
  median<I extends Image>(image: I, options?: FilterOptions): Filtered<I>;
  /** The least of a rectangle, in each channel. */
  erode<I extends Image>(image: I, options?: MorphologyOptions): Filtered<I>;
  /** The greatest of a rectangle, in each channel. */
  dilate<I extends Image>(image: I, options?: MorphologyOptions): Filtered<I>;
  /** One brightness for red, green and blue. */
  grayscale<I extends Image>(image: I, options?: GrayscaleOptions): Filtered<I>;
}

/** The same by the engine's workers: see the asynchronous operators of `Engine`. */
export type AsyncFilterOperators = {
  readonly [K in keyof FilterOperators as `${K}Async`]: (
    ...args: Parameters<FilterOperators[K]>
  ) => Promise<ReturnType<FilterOperators[K]>>;
};

export interface Filters extends FilterOperators, AsyncFilterOperators {
  /** A black image in the engine's own memory: filters use it without a copy. `channels` is 4 and `type` `'u8'` unless given. */
  image(width: number, height: number, channels?: number, type?: ElementType): KernelImage;
}

type Raw = Required<RawImage>;

/** A result in the form of its input. */
function formed(input: Image, shape: ImageShape, tensor: AnyTensor): Image {
  const { width, height, channels, elementBytes } = shape;
  if (KernelTensor.is(tensor)) return new KernelImage(tensor, width, height, channels, elementBytes === 1 ? 'u8' : 'f32');
  if (elementBytes === 4) return { data: tensor.data as Float32Array, width, height, channels } satisfies Raw;
  const bytes = tensor.data as Uint8Array;
  const data = kindOf(input.data) === 'Uint8Array' ? bytes : new Uint8ClampedArray(bytes.buffer, bytes.byteOffset, bytes.length);
  if (typeof ImageData !== 'undefined' && (input as PlainImage).source instanceof ImageData && channels === 4) {
    return new ImageData(data as Uint8ClampedArray<ArrayBuffer>, width, height);
  }
  return { data, width, height, channels } satisfies Raw;
}

/** A planned filter as an operation of the engine. */
function operation(input: Image, spec: ImageSpec, out: Image | undefined, { plan, taps }: ImagePlan): Operation<never> {
  const shape = { ...spec, channels: spec.outChannels };
  const x = placed(input, spec);
  const target = out && (spec.inPlace ? x : placed(out, shape));
  return {
    beside: x,
    operands: { image: x, taps: new PlainTensor([taps.length], taps) },
    results: { out: { shape: tensorShape(shape), out: target } },
    plan,
    value({ out: result }) {
      if (out === undefined) return formed(input, shape, result) as never;
      return (KernelImage.is(out) ? out : (out as PlainImage).source) as never;
    },
  };
}

function filtered(image: Image, options: FilterOptions, plan: (spec: ImageSpec) => ImagePlan): Operation<never> {
  const spec = filterInput(image, options);
  return operation(image, spec, options.out, plan(spec));
}

function byKernel(image: Image, kernel: Kernel, options: Filter2dOptions): Operation<never> {
  return filtered(image, options, (spec) => planKernel(spec, kernelSpec(kernel, options, spec)));
}

/** A kernel with a divisor of its own. */
function byName(image: Image, { weights, width, divisor }: ImageKernel, options: FilterOptions): Operation<never> {
  return byKernel(image, { weights, width }, { ...options, divisor });
}

const plain = (kernel: ImageKernel) => (image: Image, options?: FilterOptions) => byName(image, kernel, filterOptions(options));

function gradient(side: number, centre: number) {
  return (image: Image, given?: GradientOptions) => {
    const options = filterOptions(given, 'direction', 'divisor', 'bias');
    const direction = oneOf('options.direction', options.direction, 'magnitude', ['x', 'y', 'magnitude']);
    if (direction !== 'magnitude') return byKernel(image, difference(direction, side, centre), options);
    return filtered(image, options, (spec) => {
      const divisor = positive('options.divisor', options.divisor, 1);
      return planGradient(spec, side, centre, divisor, finite('options.bias', options.bias, 0));
    });
  };
}

/** Sides of a rectangle around its pixel. */
function sides(radius: BlurOptions['radius']): [height: number, width: number] {
  const [, vertical, horizontal] = perAxis('options.radius', radius, 1, 0, 2);
  return [2 * radiusOf('options.radius', vertical, 1) + 1, 2 * radiusOf('options.radius', horizontal, 1) + 1];
}

function order(which: number) {
  return (image: Image, given?: MorphologyOptions) => {
    const options = filterOptions(given, 'radius');
    return filtered(image, options, (spec) => planOrder(spec, which, ...sides(options.radius)));
  };
}

/** Of a Gaussian whose radius follows from it. */
const MAX_SIGMA = 170;

function gaussianFactors(argument: string, sigma: unknown, fallback: number, radius: unknown) {
  const deviation = positive(argument, sigma, fallback);
  if (radius === undefined && deviation > MAX_SIGMA) {
    throw new OptionError(argument, show(sigma), `at most ${MAX_SIGMA}, or options.radius beside it`);
  }
  const samples = gaussian(deviation, radiusOf('options.radius', radius, Math.ceil(3 * deviation)));
  return { column: samples, row: samples };
}

/** In 1/256 it has to fit 16 bits. */
const MAX_AMOUNT = 127;

/** BT.601: what televisions took for the brightness of red, green and blue. */
const BRIGHTNESS = [0.299, 0.587, 0.114] as const;

const operators: Operations<FilterOperators> = {
  filter2d: (image, kernel, options) => byKernel(image, kernel, filterOptions(options, 'divisor', 'bias')),
  identity: (image, options) => byKernel(image, [1], filterOptions(options)),
  blur(image, given) {
    const options = filterOptions(given, 'radius');
    return filtered(image, options, (spec) => planBox(spec, ...sides(options.radius)));
  },
  gaussianBlur(image, sigma, given) {
    const options = filterOptions(given, 'radius');
    return filtered(image, options, (spec) => planFactors(spec, gaussianFactors('sigma', sigma, Number.NaN, options.radius)));
  },
  sharpen: plain(SHARPEN),
  unsharpMask(image, given) {
    const options = filterOptions(given, 'sigma', 'radius', 'amount', 'threshold');
    return filtered(image, options, (spec) => {
      const amount = within('options.amount', options.amount, 1, spec.elementBytes === 1 ? MAX_AMOUNT : Infinity);
      const threshold = within('options.threshold', options.threshold, 0, spec.elementBytes === 1 ? 255 : Infinity);
      return planFactors(spec, gaussianFactors('options.sigma', options.sigma, 1, options.radius), { amount, threshold });
    });
  },
  emboss(image, given) {
    const options = filterOptions(given, 'direction');
    return byName(image, emboss(oneOf('options.direction', options.direction, 'top-left', DIRECTIONS)), options);
  },
  outline: plain(OUTLINE),
  edge: plain(OUTLINE),
  laplacian: (image, options) => byKernel(image, LAPLACIAN, filterOptions(options, 'divisor', 'bias')),
  sobel: gradient(1, 2),
  scharr: gradient(3, 10),
  prewitt: gradient(1, 1),
  motionBlur(image, given) {
    const options = filterOptions(given, 'length', 'angle');
    const length = count('options.length', options.length, 9, 1);
    return byName(
      image,
      motion(2 * radiusOf('options.length', Math.floor(length / 2), 4) + (length % 2), finite('options.angle', options.angle, 0)),
      options,
    );
  },
  median(image, given) {
    return filtered(image, filterOptions(given), (spec) => planOrder(spec, Order.Median, 3, 3));
  },
  erode: order(Order.Least),
  dilate: order(Order.Greatest),
  grayscale(image, given) {
    const options = known('options', given, ['weights', 'single', 'out']);
    const shape = checkImage('image', image);
    const weights = colourWeights(options.weights, BRIGHTNESS, shape);
    const spec = filterInput(image, { out: options.out }, boolean('options.single', options.single, false) ? 1 : shape.channels);
    return operation(image, spec, options.out, planGrey(spec, weights));
  },
};

/** Of the filters that take more than an image and options. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  filter2d: ['image', 'kernel', 'options'],
  gaussianBlur: ['image', 'sigma', 'options'],
};

/** The filters of an engine: everything that it can do with images. */
export function filters(engine: Engine): Filters {
  engineOf('engine', engine).link(imageFamily);
  const made: Record<string, unknown> = {
    image(width: number, height: number, channels = 4, type: ElementType = 'u8') {
      const elementBytes = oneOf('type', type, 'u8', ['u8', 'f32']) === 'u8' ? 1 : 4;
      const shape = imageShape(width, height, channels, elementBytes);
      return new KernelImage(engine.tensor(tensorShape(shape), undefined, { dtype: dtypeOf(shape) }), width, height, channels, type);
    },
  };
  for (const [name, plan] of Object.entries(operators) as [string, (...args: unknown[]) => Operation<unknown>][]) {
    const planned = { name, parameters: PARAMETERS[name] ?? ['image', 'options'], plan, readOther: readImage };
    made[name] = (...args: unknown[]) => engine.operate(planned, args);
    made[`${name}Async`] = async (...args: unknown[]) => engine.operateAsync(planned, args);
  }
  return made as unknown as Filters;
}
