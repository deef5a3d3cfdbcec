import { OptionError, ShapeError } from '../errors.ts';
import { type ColumnsSpec, planCol2im, planConv2dMatrix, planIm2col } from '../plan/columns.ts';
import { Plan } from '../plan/plan.ts';
import { type ConvWindow, paddingSides, perAxis, toTriple, windowsOver } from '../spec/axes.ts';
import { areCounts, checkLength, known, type Layout, layout, out, type Pair, sameShape, show, type Triple, tensor } from '../spec/check.ts';
import type { ConvSpec } from '../spec/correlation.ts';
import type { Padding } from '../spec/window.ts';
import { lengthOf, type Out, PlainTensor, type ResidentLike, type Tensor } from '../tensor/tensor.ts';
import { type AnyConvOptions, CONV_GEOMETRY_OPTIONS, convFilter, convInput, inputOf, shapeOf } from './conv/check.ts';
import type { Conv2dGeometryOptions } from './conv/options.ts';
import { type Operation, type Operations, one } from './operation.ts';

/** How windows lie over the image of `im2col` and `col2im`, and of their gradients. */
export interface ColumnsOptions {
  /** Extent of the window in pixels, `n` or `[height, width]`. */
  readonly windowDimensions: number | Pair;
  /**
   * Step of the window in pixels, `n` or `[height, width]`.
   *
   * @defaultValue 1
   */
  readonly strides?: number | Pair;
  /**
   * Zeros around the image.
   *
   * @defaultValue 0
   */
  readonly padding?: Padding;
  /**
   * Distance of the window's taps in pixels, `n` or `[height, width]`.
   *
   * @defaultValue 1
   */
  readonly dilations?: number | Pair;
  /**
   * Of the image.
   *
   * @defaultValue `'nchw'`
   */
  readonly layout?: Layout;
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** What `conv2dMatrix` takes besides its operands: the geometry of `conv2d`. */
export interface Conv2dMatrixOptions extends Omit<Conv2dGeometryOptions, 'algorithm' | 'normalize' | 'paddingMode'> {
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** Convolution as products of matrices. */
export interface ColumnsOperators {
  /**
   * The windows of a convolution as columns (PyTorch's `unfold`): the filter as a matrix times them is the convolution.
   *
   * @param x [batch, channels, height, width], or [batch, height, width, channels] with `layout: 'nhwc'`
   * @returns [batch, channels · window height · window width, windows], whatever the layout
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.im2col(tensor([2, 6, 33, 37]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  im2col<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options: ColumnsOptions & Out<O>): O;

  /**
   * The image each of whose pixels is the sum of what columns have of it (PyTorch's `fold`).
   *
   * @param columns [batch, channels · window height · window width, windows]
   * @param outputSizes [height, width] of the image
   * @returns [batch, channels, height, width], or in `layout`
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.col2im(tensor([2, 54, 323]), [33, 37], { windowDimensions: 3, strides: 2, padding: 1 })
   */
  col2im<T extends Tensor, O extends Tensor = ResidentLike<T>>(columns: T, outputSizes: Pair, options: ColumnsOptions & Out<O>): O;

  /**
   * The gradient of `im2col` of an image of these sizes: `col2im`.
   *
   * @example engine.im2colBackward(tensor([2, 54, 323]), [33, 37], { windowDimensions: 3, strides: 2, padding: 1 })
   */
  im2colBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: T, outputSizes: Pair, options: ColumnsOptions & Out<O>): O;

  /**
   * The gradient of `col2im`: `im2col`.
   *
   * @example engine.col2imBackward(tensor([2, 6, 33, 37]), { windowDimensions: 3, strides: 2, padding: 1 })
   */
  col2imBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: T, options: ColumnsOptions & Out<O>): O;

  /**
   * The dense matrix that equals a convolution: times an image, seen as a vector, it is the result, seen as one.
   *
   * @param inputSizes [channels, height, width] of one image
   * @returns [outChannels · outHeight · outWidth, channels · height · width], both in the order of `inputLayout`
   * @throws ShapeError, LayoutError, OptionError before anything is written
   * @example engine.conv2dMatrix(tensor([4, 3, 3, 3]), [3, 9, 11], { padding: 1 })
   */
  conv2dMatrix<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    filter: T,
    inputSizes: readonly [channels: number, height: number, width: number],
    options?: Conv2dMatrixOptions & Out<O>,
  ): O;
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

function checkIm2col(x: Tensor, given: ColumnsOptions): Checked<ColumnsSpec> {
  const options = known('options', given, NAMES);
  const order = layout('options.layout', options.layout, 'nchw', ['nchw', 'nhwc']);
  const { batch, channels, input } = inputOf('x', x, order, 2);
  const window = windowOf(input, options);
  const outShape = columnsShape(batch, channels, window);
  checkLength('out.shape', outShape);
  return { spec: { batch, channels, layout: order, window }, outShape, out: out(options.out, outShape, { x }) };
}

function checkCol2im(columns: Tensor, outputSizes: Pair, given: ColumnsOptions): Checked<ColumnsSpec> {
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

function checkConv2dMatrix(filter: Tensor, inputSizes: readonly number[], given: Conv2dMatrixOptions | undefined): Checked<ConvSpec> {
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

function unroll(x: Tensor, options: ColumnsOptions): Operation {
  const { spec, outShape, out } = checkIm2col(x, options);
  const plan = new Plan();
  planIm2col(plan, spec, plan.named('x'), plan.named('out'));
  return one(x, { x }, outShape, out, plan);
}

function roll(columns: Tensor, outputSizes: Pair, options: ColumnsOptions): Operation {
  const { spec, outShape, out } = checkCol2im(columns, outputSizes, options);
  const plan = new Plan();
  planCol2im(plan, spec, plan.named('columns'), plan.named('out'));
  return one(columns, { columns }, outShape, out, plan);
}

export const columns: Operations<ColumnsOperators> = {
  im2col: unroll,
  col2im: roll,
  im2colBackward: roll,
  col2imBackward: unroll,
  conv2dMatrix(filter, inputSizes, options) {
    const { spec, outShape, out } = checkConv2dMatrix(filter, inputSizes, options);
    const plan = new Plan();
    planConv2dMatrix(plan, spec, plan.named('filter'), plan.named('out'));
    return one(filter, { filter }, outShape, out, plan);
  },
};
