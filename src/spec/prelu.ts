import { ShapeError } from '../errors.ts';
import { lengthOf, type Tensor } from '../tensor/tensor.ts';
import type { ActivationOptions, Elementwise } from './activation.ts';
import { type BinarySpec, isBroadcastTo } from './broadcast.ts';
import { known, type Layout, layout, out, show, tensor } from './check.ts';
import { checkGradient, type GradientOptions, type Wanted, wantedGradients } from './gradients.ts';

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
export function prelu(x: Tensor, slope: Tensor, given: PreluOptions | undefined): Elementwise<PreluSpec | BinarySpec> {
  const options = known('options', given, ['layout', 'out']);
  tensor('x', x, undefined, true);
  const spec = channelsOf(x, slope, options.layout);
  return { spec, shape: [...x.shape], out: out(options.out, x.shape, { x, slope }, true) };
}

/** Slopes of channels come first; what is no such slope may be of any shape that is broadcast to that of `x`. */
function channelsOf({ shape }: Tensor, slope: Tensor, named: unknown): PreluSpec | BinarySpec {
  tensor('slope', slope, undefined, true);
  const order = layout('options.layout', named, 'nchw', ['nchw', 'nhwc']);
  const axis = order === 'nchw' ? 1 : shape.length - 1;
  const slopes = lengthOf(slope.shape);
  const one = slopes === 1;
  if (!one && (shape.length < 2 || slopes !== shape[axis] || slope.shape.filter((extent) => extent !== 1).length > 1)) {
    if (isBroadcastTo(shape, slope.shape)) return { a: [...shape], b: [...slope.shape], shape: [...shape] };
    const perChannel = `${shape[axis]} slopes in one dimension, the channels of x ${show(shape)} in the layout '${order}'`;
    throw new ShapeError(
      'slope.shape',
      show(slope.shape),
      `1 slope${shape.length < 2 ? ', since x has no channels' : `, or ${perChannel}`}, or a shape that broadcasts to that of x`,
    );
  }
  return one ? { channels: 1, rowLength: lengthOf(shape) } : { channels: slopes, rowLength: lengthOf(shape.slice(axis + 1)) };
}

/** What `preluBackward` takes besides its operands: `out.dx` may be `dy` itself. */
export interface PreluBackwardOptions extends GradientOptions<PreluGradient> {
  /** That of the forward call; `'nchw'` unless given. */
  readonly layout?: Layout;
}

/** By what `prelu` is differentiated: its input, its slopes. */
export type PreluGradient = 'dx' | 'dSlope';

/** The input seen as [images][channels][pixels], or as [images][pixels][channels]. */
export interface PreluBackwardSpec {
  readonly images: number;
  readonly channels: number;
  readonly pixels: number;
  readonly channelsLast: boolean;
}

export function preluBackward(dy: Tensor, x: Tensor, slope: Tensor, given: PreluBackwardOptions | undefined) {
  const options = known('options', given, ['layout', 'out', 'skip']);
  tensor('x', x, undefined, true);
  checkGradient(dy, x.shape);
  const slopes = channelsOf(x, slope, options.layout);
  const wanted: Wanted<PreluGradient> = wantedGradients(options, { dx: x.shape, dSlope: slope.shape }, { dy, x, slope }, 'dx');
  if ('shape' in slopes) return { spec: slopes, wanted };
  const { channels } = slopes;
  const images = x.shape[0] ?? 1;
  const pixels = images === 0 ? 0 : lengthOf(x.shape) / images / channels;
  const spec: PreluBackwardSpec =
    lengthOf(slope.shape) === 1
      ? { images: 1, channels: 1, pixels: lengthOf(x.shape), channelsLast: false }
      : { images, channels, pixels, channelsLast: options.layout === 'nhwc' || pixels === 1 };
  return { spec, wanted };
}
