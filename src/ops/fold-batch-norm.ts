import { ShapeError } from '../errors.ts';
import { finite, known, layout, show, tensor } from '../spec/check.ts';
import { read } from '../tensor/read.ts';
import { lengthOf, newFloats, type Tensor } from '../tensor/tensor.ts';
import type { FilterLayout } from './conv/options.ts';

/** A batch normalisation, and what there is to know about the convolution before it. */
export interface FoldBatchNormOptions {
  /** The convolution's, [outChannels]; 0 unless given. */
  readonly bias?: Tensor;
  /** The mean of the batch normalisation, [outChannels]. */
  readonly mean: Tensor;
  /** Its variance, [outChannels]. */
  readonly variance: Tensor;
  /** Its factors, [outChannels]; 1 unless given. */
  readonly scale?: Tensor;
  /** Its bias, [outChannels]; 0 unless given. */
  readonly offset?: Tensor;
  /** What is added to the variance; 1e-5 unless given. */
  readonly epsilon?: number;
  /** `'oihw'` unless given. */
  readonly filterLayout?: FilterLayout;
}

/** What a convolution takes in the place of its own, so that no batch normalisation is left. */
export interface FoldedBatchNorm {
  /** Of the shape and layout of the given filter. */
  readonly filter: Tensor;
  /** [outChannels] */
  readonly bias: Tensor;
}

/**
 * A convolution and the batch normalisation after it as one convolution: its filter and its bias, in f64 and rounded once.
 *
 * @param filter of a convolution without an activation, in any layout
 * @returns new tensors; the filter has the shape and layout of the given one, the bias is [outChannels]
 * @throws ShapeError, LayoutError, OptionError
 */
export function foldBatchNorm(filter: Tensor, options: FoldBatchNormOptions): FoldedBatchNorm {
  const { shape: filterShape, data: weights } = tensor('filter', read(filter, 'filter'), 4);
  const { bias, mean, variance, scale, offset, epsilon, filterLayout } = known(
    'options',
    read(options, 'options') as FoldBatchNormOptions,
    ['bias', 'mean', 'variance', 'scale', 'offset', 'epsilon', 'filterLayout'],
  );
  const order = layout('options.filterLayout', filterLayout, 'oihw', ['oihw', 'hwio', 'ohwi', 'ihwo']);
  const axis = order.indexOf('o');
  const channels = filterShape[axis];
  const floats = (argument: string, value: Tensor | undefined): Float32Array | undefined => {
    if (value === undefined) return undefined;
    const { shape, data } = tensor(argument, value, 1, true);
    if (shape[0] !== channels) throw new ShapeError(`${argument}.shape`, show(shape), `[${channels}], the filter's output channels`);
    return data;
  };
  const means = floats('options.mean', tensor('options.mean', mean, 1, true))!;
  const variances = floats('options.variance', tensor('options.variance', variance, 1, true))!;
  const scales = floats('options.scale', scale);
  const offsets = floats('options.offset', offset);
  const biases = floats('options.bias', bias);
  const added = finite('options.epsilon', epsilon, 1e-5);
  const factor = Float64Array.from(variances, (v, c) => (scales?.[c] ?? 1) / Math.sqrt(v + added));
  const inner = lengthOf(filterShape.slice(axis + 1));
  const folded = newFloats(lengthOf(filterShape));
  for (let i = 0; i < folded.length; i++) folded[i] = weights[i] * factor[Math.trunc(i / inner) % channels];
  const shift = newFloats(channels);
  for (let c = 0; c < channels; c++) shift[c] = ((biases?.[c] ?? 0) - means[c]) * factor[c] + (offsets?.[c] ?? 0);
  return { filter: { shape: [...filterShape], data: folded }, bias: { shape: [channels], data: shift } };
}
