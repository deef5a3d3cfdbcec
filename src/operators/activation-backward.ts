import { planActivationBackward, planPreluBackward } from '../plan/activation.ts';
import type { ActivationOptions, ClampOptions, Elementwise, LeakyReluOptions, ThresholdedReluOptions } from '../shape/activation.ts';
import {
  type AlphaOptions,
  type CurveName,
  curveBackward,
  type GeluOptions,
  type HardSigmoidOptions,
  type HardTanhOptions,
  type ShrinkOptions,
} from '../shape/curve.ts';
import type { Gradients } from '../shape/gradients.ts';
import { preluBackward as checkPrelu, type PreluBackwardOptions, type PreluGradient } from '../shape/prelu.ts';
import { rreluBackward as checkRrelu, type RreluOptions } from '../shape/rrelu.ts';
import type { Tensor } from '../tensor.ts';
import { gradients, type Operation, type Operations, one, takes } from './operation.ts';

/** Gradients of the activations: the options are those of the forward call. */
export interface ActivationBackwardOperators {
  /**
   * `x ≤ 0 ? 0 : dy`. A NaN in x is a NaN in the result, here and in all of the family; a gate that is closed gives 0, whatever
   * `dy` is. At a kink the slope is PyTorch's.
   *
   * @param dy the gradient of the result
   * @param x what the forward call was given, of the same shape
   * @returns the gradient of x; `out`, which may be `dy` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   */
  reluBackward(dy: Tensor, x: Tensor, options?: ActivationOptions): Tensor;
  /** `dy` between 0 and 6, else 0: at the bounds too. */
  relu6Backward(dy: Tensor, x: Tensor, options?: ActivationOptions): Tensor;
  /** `dy` from `minValue` to `maxValue`, bounds included, else 0: 0 everywhere but at a NaN with bounds out of order. */
  clampBackward(dy: Tensor, x: Tensor, options?: ClampOptions): Tensor;
  /** `dy` between `minValue` and `maxValue`, else 0: at the bounds too. */
  hardTanhBackward(dy: Tensor, x: Tensor, options?: HardTanhOptions): Tensor;
  /** `x > 0 ? dy : alpha · dy`. */
  leakyReluBackward(dy: Tensor, x: Tensor, options?: LeakyReluOptions): Tensor;
  /**
   * `dx` is `x > 0 ? dy : slope · dy`, `dSlope` the sum of x · dy over what is not above 0, for each slope.
   *
   * @returns both, `undefined` for one that `skip` names
   */
  preluBackward(dy: Tensor, x: Tensor, slope: Tensor, options?: PreluBackwardOptions): Gradients<PreluGradient>;
  /** `x > 0 ? dy : a · dy`, with the slopes that the seed drew in training, which has to be given; otherwise with their mean. */
  rreluBackward(dy: Tensor, x: Tensor, options?: RreluOptions): Tensor;
  /** `x ≤ alpha ? 0 : dy`. */
  thresholdedReluBackward(dy: Tensor, x: Tensor, options?: ThresholdedReluOptions): Tensor;
  /** `x > 0 ? dy : alpha · e^x · dy`. */
  eluBackward(dy: Tensor, x: Tensor, options?: AlphaOptions): Tensor;
  /** `x > 0 ? dy : e^(x / alpha) · dy`. */
  celuBackward(dy: Tensor, x: Tensor, options?: AlphaOptions): Tensor;
  /** `x > 0 ? λ · dy : λ · α · e^x · dy`, with the constants of `selu`. */
  seluBackward(dy: Tensor, x: Tensor, options?: ActivationOptions): Tensor;
  /**
   * `dy · (Φ(x) + x · φ(x))`, φ the density of the normal distribution; with `approximate: 'tanh'` the derivative of that
   * approximation.
   */
  geluBackward(dy: Tensor, x: Tensor, options?: GeluOptions): Tensor;
  /** `dy · s · (1 + x · (1 − s))`, s the sigmoid of x. */
  siluBackward(dy: Tensor, x: Tensor, options?: ActivationOptions): Tensor;
  /** `dy · (t + x · s · (1 − t²))`, t = tanh(ln(1 + e^x)) and s the sigmoid of x. */
  mishBackward(dy: Tensor, x: Tensor, options?: ActivationOptions): Tensor;
  /** 0 up to −3, `dy` from 3 on, between them `dy · (x / 3 + ½)`. */
  hardSwishBackward(dy: Tensor, x: Tensor, options?: ActivationOptions): Tensor;
  /** `alpha · dy` where the result is between 0 and 1, else 0. */
  hardSigmoidBackward(dy: Tensor, x: Tensor, options?: HardSigmoidOptions): Tensor;
  /** `dy · s · (1 − s)`, s the sigmoid of x. */
  sigmoidBackward(dy: Tensor, x: Tensor, options?: ActivationOptions): Tensor;
  /** `dy · (1 − tanh²(x))`. */
  tanhBackward(dy: Tensor, x: Tensor, options?: ActivationOptions): Tensor;
  /** `dy` times the sigmoid of x. */
  softplusBackward(dy: Tensor, x: Tensor, options?: ActivationOptions): Tensor;
  /** `dy / (1 + |x|)²`. */
  softsignBackward(dy: Tensor, x: Tensor, options?: ActivationOptions): Tensor;
  /** 0 from −lambda to lambda, bounds included, else `dy`. */
  softshrinkBackward(dy: Tensor, x: Tensor, options?: ShrinkOptions): Tensor;
  /** 0 from −lambda to lambda, bounds included, else `dy`. */
  hardShrinkBackward(dy: Tensor, x: Tensor, options?: ShrinkOptions): Tensor;
}

function elementwise(dy: Tensor, x: Tensor, { spec, shape, out }: Elementwise<Parameters<typeof planActivationBackward>[0]>): Operation {
  return one(x, shape, out, planActivationBackward(spec, shape), { dy });
}

const of = (name: CurveName) => (dy: Tensor, x: Tensor, options?: Parameters<typeof curveBackward>[3]) =>
  elementwise(dy, x, curveBackward(name, dy, x, options));

export const activationBackward: Operations<ActivationBackwardOperators> = {
  reluBackward: of('relu'),
  relu6Backward: of('relu6'),
  clampBackward: of('clamp'),
  hardTanhBackward: of('hardTanh'),
  leakyReluBackward: of('leakyRelu'),
  preluBackward(dy, x, slope, options) {
    const { spec, wanted } = checkPrelu(dy, x, slope, options);
    const steps = planPreluBackward(spec, wanted);
    return gradients(x, takes(steps, { dy, x, slope }), wanted, { steps, workspaces: {} }, ['dx', 'dSlope']);
  },
  rreluBackward: (dy, x, options) => elementwise(dy, x, checkRrelu(dy, x, options)),
  thresholdedReluBackward: of('thresholdedRelu'),
  eluBackward: of('elu'),
  celuBackward: of('celu'),
  seluBackward: of('selu'),
  geluBackward: of('gelu'),
  siluBackward: of('silu'),
  mishBackward: of('mish'),
  hardSwishBackward: of('hardSwish'),
  hardSigmoidBackward: of('hardSigmoid'),
  sigmoidBackward: of('sigmoid'),
  tanhBackward: of('tanh'),
  softplusBackward: of('softplus'),
  softsignBackward: of('softsign'),
  softshrinkBackward: of('softshrink'),
  hardShrinkBackward: of('hardShrink'),
};
