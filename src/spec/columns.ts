import { OptionError, ShapeError } from '../errors.ts';
import { lengthOf, PlainTensor, type Tensor } from '../tensor/tensor.ts';
import { type ConvWindow, paddingSides, perAxis, toTriple, windowsOver } from './axes.ts';
import { areCounts, checkLength, known, type Layout, layout, out, type Pair, sameShape, show, type Triple, tensor } from './check.ts';
import {
  type AnyConvOptions,
  CONV_GEOMETRY_OPTIONS,
  type Conv2dGeometryOptions,
  type ConvSpec,
  convFilter,
  convInput,
  inputOf,
  shapeOf,
} from './conv.ts';
import type { Padding } from './window.ts';

/** How windows lie over the image of `im2col` and `col2im`, and of their gradients. */
export interface ColumnsOptions {
  /** Extent of the window in pixels, `n` or `[height, width]`. */
  readonly windowDimensions: number | Pair;
  /** Step of the window in pixels, `n` or `[height, width]`; 1 unless given. */
  readonly strides?: number | Pair;
  /** Zeros around the image; 0 unless given. */
  readonly padding?: Padding;
  /** Distance of the window's taps in pixels, `n` or `[height, width]`; 1 unless given. */
  readonly dilations?: number | Pair;
  /** Of the image: `'nchw'` unless given. */
  readonly layout?: Layout;
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** Windows over an image, checked. */
export interface ColumnsSpec {
  readonly batch: number;
  readonly channels: number;
  readonly layout: Layout;
  readonly window: ConvWindow;
}

const NAMES = ['windowDimensions', 'strides', 'padding', 'dilations', 'layout', 'out'] as const satisfies readonly (keyof ColumnsOptions)[];

function windowOf(input: Triple, options: ColumnsOptions): ConvWindow {
  if (options.windowDimensions === undefined) {
    throw new OptionError('options.windowDimensions', 'undefined', 'a whole number of at least 1, or two of them [height, width]');
  }
  return windowsOver(
    input,
    perAxis('options.windowDimensions', options.windowDimensions, 1, 1, 2),
    perAxis('options.strides', options.strides, 1, 1, 2),
    perAxis('options.dilations', options.dilations, 1, 1, 2),
    paddingSides(options.padding, 2),
    'options.windowDimensions',
  );
}

const columnsShape = (batch: number, channels: number, w: ConvWindow) => [
  batch,
  channels * w.kernelHeight * w.kernelWidth,
  w.outHeight * w.outWidth,
];

interface Checked<S> {
  readonly spec: S;
  readonly outShape: readonly number[];
  readonly out: Tensor | undefined;
}

export function im2col(x: Tensor, given: ColumnsOptions): Checked<ColumnsSpec> {
  const options = known('options', given, NAMES);
  const order = layout('options.layout', options.layout, 'nchw', ['nchw', 'nhwc']);
  const { batch, channels, input } = inputOf('x', x, order, 2);
  const window = windowOf(input, options);
  const outShape = columnsShape(batch, channels, window);
  checkLength('out.shape', outShape);
  return { spec: { batch, channels, layout: order, window }, outShape, out: out(options.out, outShape, { x }) };
}

export function col2im(columns: Tensor, outputSizes: Pair, given: ColumnsOptions): Checked<ColumnsSpec> {
  const options = known('options', given, NAMES);
  tensor('columns', columns, 3);
  if (!areCounts(outputSizes) || outputSizes.length !== 2 || outputSizes.includes(0)) {
    throw new OptionError('outputSizes', show(outputSizes), 'two whole numbers of at least 1 [height, width]');
  }
  const order = layout('options.layout', options.layout, 'nchw', ['nchw', 'nhwc']);
  const window = windowOf(toTriple(outputSizes, 1), options);
  const [batch, rows] = columns.shape;
  const channels = rows / (window.kernelHeight * window.kernelWidth);
  const expected = columnsShape(batch, Math.max(1, Math.floor(channels)), window);
  if (!sameShape(columns.shape, expected)) {
    throw new ShapeError('columns.shape', show(columns.shape), `${show(expected)}, or as many times the rows as there are channels`);
  }
  const outShape = shapeOf(batch, channels, toTriple(outputSizes, 1), order, 2);
  checkLength('out.shape', outShape);
  return { spec: { batch, channels, layout: order, window }, outShape, out: out(options.out, outShape, { columns }) };
}

/** What `conv2dMatrix` takes besides its operands: the geometry of `conv2d`. */
export interface Conv2dMatrixOptions extends Omit<Conv2dGeometryOptions, 'algorithm' | 'normalize' | 'paddingMode'> {
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

export function conv2dMatrix(filter: Tensor, inputSizes: readonly number[], given: Conv2dMatrixOptions | undefined): Checked<ConvSpec> {
  const names = CONV_GEOMETRY_OPTIONS[2].filter((name) => !['algorithm', 'normalize', 'paddingMode'].includes(name));
  const options: AnyConvOptions & { readonly out?: Tensor } = known('options', given, [...names, 'out']);
  if (!areCounts(inputSizes) || inputSizes.length !== 3 || inputSizes.includes(0)) {
    throw new OptionError('inputSizes', show(inputSizes), 'three whole numbers of at least 1 [channels, height, width]');
  }
  const checked = convFilter(filter, options, 2);
  const [channels, height, width] = inputSizes;
  // An input of no images has a shape to be checked, and no floats.
  const nothing = new PlainTensor(shapeOf(0, channels, [1, height, width], checked.layout, 2), new Float32Array(0));
  const spec = convInput(nothing, checked);
  const outShape = [lengthOf(spec.outShape.slice(1)), lengthOf(inputSizes)];
  checkLength('out.shape', outShape);
  return { spec, outShape, out: out(options.out, outShape, { filter }) };
}
