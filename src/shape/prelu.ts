import { ShapeError } from '../errors.ts';
import { lengthOf, type Tensor } from '../tensor.ts';
import type { ActivationOptions, Elementwise } from './activation.ts';
import { known, type Layout, layout, out, show, tensor } from './check.ts';

/** Options of `prelu`. */
export interface PreluOptions extends ActivationOptions {
  /** Where the channels are: axis 1 in 'nchw', which is the default, the last one in 'nhwc'. */
  readonly layout?: Layout;
}

/** The input seen as [outer][channels][rowLength]. */
export interface PreluSpec {
  readonly channels: number;
  readonly rowLength: number;
}

/** A tensor of fewer than two dimensions has no channels, as in PyTorch: one slope is all that it takes. */
export function prelu(x: Tensor, slope: Tensor, given: PreluOptions | undefined): Elementwise<PreluSpec> {
  const options = known('options', given, ['layout', 'out']);
  tensor('x', x, undefined, true);
  tensor('slope', slope, undefined, true);
  const order = layout('options.layout', options.layout, 'nchw', ['nchw', 'nhwc']);
  const shape = [...x.shape];
  const axis = order === 'nchw' ? 1 : shape.length - 1;
  const slopes = lengthOf(slope.shape);
  const one = slopes === 1;
  if (!one && (shape.length < 2 || slopes !== shape[axis] || slope.shape.filter((extent) => extent !== 1).length > 1)) {
    const perChannel = `${shape[axis]} slopes in one dimension, the channels of x ${show(shape)} in the layout '${order}'`;
    throw new ShapeError(
      'slope.shape',
      show(slope.shape),
      shape.length < 2 ? '1 slope, since x has no channels' : `1 slope, or ${perChannel}`,
    );
  }
  return {
    spec: one ? { channels: 1, rowLength: lengthOf(shape) } : { channels: slopes, rowLength: lengthOf(shape.slice(axis + 1)) },
    shape,
    out: out(options.out, shape, { x, slope }, true),
  };
}
