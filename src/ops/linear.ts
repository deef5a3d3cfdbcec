import { ShapeError } from '../errors.ts';
import { planConvBackward } from '../plan/conv/backward.ts';
import { planConv2d, planConvOnce } from '../plan/conv/conv.ts';
import { Plan } from '../plan/plan.ts';
import { type FusedActivation, fusedActivation } from '../spec/activation.ts';
import { convWindow } from '../spec/axes.ts';
import { checkLength, known, out, show, tensor } from '../spec/check.ts';
import type { Correlation } from '../spec/correlation.ts';
import {
  checkGradient,
  type GradientOptions,
  type Gradients,
  type GradientsOut,
  type GradientTargets,
  wantedGradients,
} from '../spec/gradients.ts';
import { lengthOf, type Out, type ResidentLike, type Tensor } from '../tensor/tensor.ts';
import { checkBias } from './conv/check.ts';
import { given, gradients, type Operations, one } from './operation.ts';

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

/** Dense layers. */
export interface LinearOperators {
  /**
   * A dense layer: each output feature is the sum of all input features under its weights.
   *
   * @param x [..., inFeatures]: any number of dimensions before the last, or none
   * @param weight [outFeatures, inFeatures]
   * @returns [..., outFeatures]
   * @throws ShapeError, OptionError before anything is written
   * @example engine.linear(tensor([137, 45]), tensor([29, 45]))
   */
  linear<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, weight: Tensor, options?: LinearOptions & Out<O>): O;

  /**
   * The gradients of `linear` in its input, its weight and its bias, without an activation.
   *
   * @param dy the gradient of the result, of its shape
   * @returns tensors of the shapes of `x`, `weight` and [outFeatures]; `undefined` for what is in `skip`
   * @throws ShapeError, OptionError before anything is written
   * @example engine.linearBackward(tensor([137, 29]), tensor([137, 45]), tensor([29, 45]))
   */
  linearBackward<T extends Tensor, G extends GradientTargets<LinearGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    weight: Tensor,
    options?: LinearBackwardOptions & GradientsOut<G>,
  ): Gradients<LinearGradient, T, G>;
}

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

export const linear: Operations<LinearOperators> = {
  linear(x, weight, options) {
    const own = known('options', options, ['bias', 'activation', 'out']);
    const { spec, outShape } = linearSpec(x, weight, own);
    const target = out(own.out, outShape, { x, weight, 'options.bias': spec.bias });
    const plan = new Plan();
    const bias = spec.bias ? plan.named('bias') : null;
    if (spec.batch > 0) planConvOnce(plan, planConv2d(spec, 'gemm'), plan.named('x'), plan.named('weight'), bias, plan.named('out'));
    return one(x, given({ x, weight, bias: spec.bias }), outShape, target, plan);
  },
  linearBackward(dy, x, weight, options) {
    const own = known('options', options, ['skip', 'out']);
    const { spec, outShape } = linearSpec(x, weight, {});
    checkGradient(dy, outShape);
    const shapes = { dx: [...x.shape], dWeight: [...weight.shape], dBias: [weight.shape[0]] };
    const wanted = wantedGradients(own, shapes, { dy, x, weight });
    const asConv = { dx: wanted.dx, dFilter: wanted.dWeight, dBias: wanted.dBias };
    const plan = new Plan();
    planConvBackward(plan, spec, asConv, { filter: 'weight', dFilter: 'dWeight' });
    return gradients(x, { dy, x, weight }, wanted, plan, ['dx', 'dWeight', 'dBias']);
  },
};
