import { ShapeError } from '../errors.ts';
import { lengthOf, type Tensor } from '../tensor/tensor.ts';
import { type FusedActivation, fusedActivation } from './activation.ts';
import { convWindow } from './axes.ts';
import { checkLength, known, out, show, tensor } from './check.ts';
import { type Correlation, checkBias } from './conv.ts';
import { checkGradient, type GradientOptions, type Wanted, wantedGradients } from './gradients.ts';

/** What `linear` takes besides its operands. */
export interface LinearOptions {
  /** One float an output feature: a tensor of shape [outFeatures]. */
  readonly bias?: Tensor;
  /** Applied to each result in registers. */
  readonly activation?: FusedActivation;
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** By what `linear` is differentiated: its input, its weight, its bias. */
export type LinearGradient = 'dx' | 'dWeight' | 'dBias';

/** Which gradients of `linear` are wanted, and where they go. */
export type LinearBackwardOptions = GradientOptions<LinearGradient>;

/** A dense layer is a 1×1 convolution over one row of pixels, whose channels are the features and come last. */
interface Linear {
  readonly spec: Correlation;
  readonly outShape: readonly number[];
}

function linearSpec(x: Tensor, weight: Tensor, { bias, activation }: LinearOptions): Linear {
  tensor('x', x, undefined);
  tensor('weight', weight, 2);
  const [outFeatures, inFeatures] = weight.shape;
  if (outFeatures === 0) throw new ShapeError('weight.shape', show(weight.shape), 'no dimension of 0');
  if (x.shape.length === 0 || x.shape[x.shape.length - 1] !== inFeatures) {
    throw new ShapeError('x.shape', show(x.shape), `[…, ${inFeatures}], the weight's input features`);
  }
  checkBias(bias, outFeatures, 'weight');
  const outShape = [...x.shape.slice(0, -1), outFeatures];
  checkLength('out.shape', outShape);
  const pixels = lengthOf(x.shape.slice(0, -1));
  const one = [1, 1, 1] as const;
  return {
    spec: {
      batch: pixels === 0 ? 0 : 1,
      groups: 1,
      groupInChannels: inFeatures,
      groupOutChannels: outFeatures,
      layout: 'nhwc',
      window: convWindow({
        input: [1, 1, pixels],
        kernel: one,
        strides: one,
        dilations: one,
        padding: [0, 0, 0, 0, 0, 0],
        out: [1, 1, pixels],
      }),
      filterStrides: { offset: 0, group: 0, outChannel: inFeatures, inChannel: 1, depth: 0, height: 0, width: 0 },
      paddingMode: 'zeros',
      divisor: 1,
      activation: fusedActivation(activation),
      algorithm: 'gemm',
      bias,
    },
    outShape,
  };
}

export function linear(x: Tensor, weight: Tensor, given: LinearOptions | undefined): Linear & { out: Tensor | undefined } {
  const options = known('options', given, ['bias', 'activation', 'out']);
  const { spec, outShape } = linearSpec(x, weight, options);
  return { spec, outShape, out: out(options.out, outShape, { x, weight, 'options.bias': spec.bias }) };
}

export function linearBackward(
  dy: Tensor,
  x: Tensor,
  weight: Tensor,
  given: LinearBackwardOptions | undefined,
): { spec: Correlation; wanted: Wanted<LinearGradient> } {
  const options = known('options', given, ['skip', 'out']);
  const { spec, outShape } = linearSpec(x, weight, {});
  checkGradient(dy, outShape);
  const shapes = { dx: [...x.shape], dWeight: [...weight.shape], dBias: [weight.shape[0]] };
  return { spec, wanted: wantedGradients(options, shapes, { dy, x, weight }) };
}
