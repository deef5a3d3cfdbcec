import { planActivationBackward, planPreluBackward } from '../plan/activation.ts';
import { planBinaryBackward } from '../plan/arithmetic.ts';
import { Plan } from '../plan/plan.ts';
import type { ActivationOptions, ClampOptions, Elementwise, LeakyReluOptions, ThresholdedReluOptions } from '../spec/activation.ts';
import {
  type AlphaOptions,
  type CurveName,
  curveBackward,
  type GeluOptions,
  type HardSigmoidOptions,
  type HardTanhOptions,
  type ShrinkOptions,
} from '../spec/curve.ts';
import type { Gradients, GradientsOut, GradientTargets } from '../spec/gradients.ts';
import { preluBackward as checkPrelu, type PreluBackwardOptions, type PreluGradient } from '../spec/prelu.ts';
import { rreluBackward as checkRrelu, type RreluOptions } from '../spec/rrelu.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { gradients, type Operation, type Operations, one } from './operation.ts';

/** Gradients of activations. The options are those of the forward call. */
export interface ActivationBackwardOperators {
  /**
   * `x ≤ 0 ? 0 : dy`. A NaN in x is a NaN in the result, here and in all of the family; a gate that is closed gives 0, whatever
   * `dy` is. At a kink the slope is PyTorch's.
   *
   * @param dy the gradient of the result
   * @param x what the forward call was given, of the same shape
   * @returns the gradient of x; `out`, which may be `dy` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.reluBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  reluBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;
  /**
   * `dy` between 0 and 6, else 0: at the bounds too.
   *
   * @example engine.relu6Backward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  relu6Backward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;
  /**
   * `dy` from `minValue` to `maxValue`, bounds included, else 0: 0 everywhere but at a NaN with bounds out of order.
   *
   * @example engine.clampBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { minValue: -0.5, maxValue: 0.25 })
   */
  clampBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ClampOptions & Out<O>): O;
  /**
   * `dy` between `minValue` and `maxValue`, else 0: at the bounds too.
   *
   * @example engine.hardTanhBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { minValue: -0.5, maxValue: 0.5 })
   */
  hardTanhBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: HardTanhOptions & Out<O>): O;
  /**
   * `x > 0 ? dy : alpha · dy`.
   *
   * @example engine.leakyReluBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { alpha: 0.2 })
   */
  leakyReluBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: LeakyReluOptions & Out<O>): O;
  /**
   * `dx` is `x > 0 ? dy : slope · dy`, `dSlope` the sum of x · dy over what is not above 0, for each slope.
   *
   * @returns both, `undefined` for one that `skip` names
   * @example engine.preluBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), tensor([7]))
   */
  preluBackward<T extends Tensor, G extends GradientTargets<PreluGradient> = Record<never, never>>(
    dy: Tensor,
    x: T,
    slope: Tensor,
    options?: PreluBackwardOptions & GradientsOut<G>,
  ): Gradients<PreluGradient, T, G>;
  /**
   * `x > 0 ? dy : a · dy`, with the slopes that the seed drew in training, which has to be given; otherwise with their mean.
   *
   * @example engine.rreluBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { training: true, seed: 5 })
   */
  rreluBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: RreluOptions & Out<O>): O;
  /**
   * `x ≤ alpha ? 0 : dy`.
   *
   * @example engine.thresholdedReluBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { alpha: 0.1 })
   */
  thresholdedReluBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(
    dy: Tensor,
    x: T,
    options?: ThresholdedReluOptions & Out<O>,
  ): O;
  /**
   * `x > 0 ? dy : alpha · e^x · dy`.
   *
   * @example engine.eluBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { alpha: 0.5 })
   */
  eluBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: AlphaOptions & Out<O>): O;
  /**
   * `x > 0 ? dy : e^(x / alpha) · dy`.
   *
   * @example engine.celuBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { alpha: 0.5 })
   */
  celuBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: AlphaOptions & Out<O>): O;
  /**
   * `x > 0 ? λ · dy : λ · α · e^x · dy`, with the constants of `selu`.
   *
   * @example engine.seluBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  seluBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;
  /**
   * `dy · (Φ(x) + x · φ(x))`, φ the density of the normal distribution; with `approximate: 'tanh'` the derivative of that
   * approximation.
   *
   * @example engine.geluBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { approximate: 'tanh' })
   */
  geluBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: GeluOptions & Out<O>): O;
  /**
   * `dy · s · (1 + x · (1 − s))`, s the sigmoid of x.
   *
   * @example engine.siluBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  siluBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;
  /**
   * `dy · (t + x · s · (1 − t²))`, t = tanh(ln(1 + e^x)) and s the sigmoid of x.
   *
   * @example engine.mishBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  mishBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;
  /**
   * 0 up to −3, `dy` from 3 on, between them `dy · (x / 3 + ½)`.
   *
   * @example engine.hardSwishBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  hardSwishBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;
  /**
   * `alpha · dy` where the result is between 0 and 1, else 0.
   *
   * @example engine.hardSigmoidBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  hardSigmoidBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: HardSigmoidOptions & Out<O>): O;
  /**
   * `dy · s · (1 − s)`, s the sigmoid of x.
   *
   * @example engine.sigmoidBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  sigmoidBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;
  /**
   * `dy · (1 − tanh²(x))`.
   *
   * @example engine.tanhBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  tanhBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;
  /**
   * `dy` times the sigmoid of x.
   *
   * @example engine.softplusBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  softplusBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;
  /**
   * `dy / (1 + |x|)²`.
   *
   * @example engine.softsignBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  softsignBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;
  /**
   * 0 from −lambda to lambda, bounds included, else `dy`.
   *
   * @example engine.softshrinkBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { lambda: 0.25 })
   */
  softshrinkBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ShrinkOptions & Out<O>): O;
  /**
   * 0 from −lambda to lambda, bounds included, else `dy`.
   *
   * @example engine.hardShrinkBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), { lambda: 0.25 })
   */
  hardShrinkBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ShrinkOptions & Out<O>): O;
}

function elementwise(dy: Tensor, x: Tensor, { spec, shape, out }: Elementwise<Parameters<typeof planActivationBackward>[1]>): Operation {
  const plan = new Plan();
  planActivationBackward(plan, spec, plan.named('dy'), plan.named('x'), plan.named('out'), shape);
  return one(x, { x, dy }, shape, out, plan);
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
    const plan = new Plan();
    if ('shape' in spec) {
      const names = { a: 'x', b: 'slope', da: 'dx', db: 'dSlope' };
      planBinaryBackward(plan, 'prelu', spec, { da: wanted.dx, db: wanted.dSlope }, names);
    } else planPreluBackward(plan, spec, wanted);
    return gradients(x, { dy, x, slope }, wanted, plan, ['dx', 'dSlope']);
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
