import { Binary } from '../kernels/arithmetic.ts';
import { planActivation, planPrelu } from '../plan/activation.ts';
import { planBinary } from '../plan/arithmetic.ts';
import { Plan } from '../plan/plan.ts';
import type { ActivationOptions, ClampOptions, Elementwise, LeakyReluOptions, ThresholdedReluOptions } from '../spec/activation.ts';
import {
  type AlphaOptions,
  type CurveName,
  curve,
  type GeluOptions,
  type HardSigmoidOptions,
  type HardTanhOptions,
  type ShrinkOptions,
} from '../spec/curve.ts';
import { prelu as checkPrelu, type PreluOptions } from '../spec/prelu.ts';
import { rrelu as checkRrelu, type RreluOptions } from '../spec/rrelu.ts';
import type { Out, ResidentLike, Tensor } from '../tensor/tensor.ts';
import { type Operation, type Operations, one } from './operation.ts';

/** Activations. */
export interface ActivationOperators {
  /**
   * `x < 0 ? 0 : x`. NaN and −0 stay what they are.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written, as do all of the family below
   * @example engine.relu(tensor([2, 7, 61, 47]))
   */
  relu<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * `clamp` between 0 and 6. NaN and −0 stay what they are.
   *
   * @example engine.relu6(tensor([2, 7, 61, 47]))
   */
  relu6<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * `minValue` where `x` is below it, `maxValue` where it is above, else `x`; no bound unless given. NaN stays NaN, and −0
   * stays −0 where a bound is 0. A bound of NaN is none, as in WebNN. With `minValue` above `maxValue`, everything but NaN becomes
   * `maxValue`, as in ONNX.
   *
   * @example engine.clamp(tensor([2, 7, 61, 47]), { minValue: -0.5, maxValue: 0.25 })
   */
  clamp<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ClampOptions & Out<O>): O;

  /**
   * `clamp` between −1 and 1 unless given; as in PyTorch, bounds that are NaN or out of order are refused.
   *
   * @example engine.hardTanh(tensor([2, 7, 61, 47]), { minValue: -0.5, maxValue: 0.5 })
   */
  hardTanh<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: HardTanhOptions & Out<O>): O;

  /**
   * `x < 0 ? alpha · x : x`, with an `alpha` of 0.01 unless given. NaN and −0 stay what they are. With `alpha` of at most 1 it
   * is the textbook's max(alpha · x, x).
   * Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.
   *
   * @example engine.leakyRelu(tensor([2, 7, 61, 47]), { alpha: 0.2 })
   */
  leakyRelu<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: LeakyReluOptions & Out<O>): O;

  /**
   * Leaky ReLU with learned slopes: `x < 0 ? slope · x : x`. NaN and −0 stay what they are.
   * He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", 2015.
   *
   * @param x any shape; channels are its axis 1, or its last one with `layout: 'nhwc'`. With fewer than two axes it has none
   * @param slope one slope for all, or one a channel: [channels], or the same with dimensions of 1 around it; or slopes of any other shape
   * that broadcasts to that of x, as in ONNX
   * @throws ShapeError if there are several slopes, not as many as channels, whose shape does not broadcast either
   * @example engine.prelu(tensor([2, 7, 61, 47]), tensor([7]))
   */
  prelu<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, slope: Tensor, options?: PreluOptions & Out<O>): O;

  /**
   * Randomized leaky ReLU. In training, `x < 0 ? a · x : x` with an `a` for each element, uniform in [lower, upper), 1/8 and
   * 1/3 unless given (rounding to a 32-bit float may give `upper`). The same seed and bounds draw the same `a` for the same
   * index, on every backend. Otherwise leaky ReLU with the mean of the bounds. NaN and −0 stay what they are.
   * Xu, Wang, Chen and Li, "Empirical Evaluation of Rectified Activations in Convolutional Network", 2015.
   *
   * @example engine.rrelu(tensor([2, 7, 61, 47]), { training: true, seed: 5 })
   */
  rrelu<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: RreluOptions & Out<O>): O;

  /**
   * `x > alpha ? x : 0` as in ONNX, with an `alpha` of 1 unless given; but NaN stays NaN.
   *
   * @example engine.thresholdedRelu(tensor([2, 7, 61, 47]), { alpha: 0.1 })
   */
  thresholdedRelu<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ThresholdedReluOptions & Out<O>): O;

  /**
   * `x < 0 ? alpha · (e^x − 1) : x`.
   * Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear Units", 2016.
   *
   * @example engine.elu(tensor([2, 7, 61, 47]), { alpha: 0.5 })
   */
  elu<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: AlphaOptions & Out<O>): O;

  /**
   * `x < 0 ? alpha · (e^(x / alpha) − 1) : x`, for an `alpha` above 0.
   * Barron, "Continuously Differentiable Exponential Linear Units", 2017.
   *
   * @example engine.celu(tensor([2, 7, 61, 47]), { alpha: 0.5 })
   */
  celu<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: AlphaOptions & Out<O>): O;

  /**
   * ELU with the alpha and the scale that keep mean and variance. Klambauer et al., "Self-Normalizing Neural Networks", 2017.
   *
   * @example engine.selu(tensor([2, 7, 61, 47]))
   */
  selu<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * x · Φ(x), Φ the normal distribution; with `approximate: 'tanh'`, ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))). Accurate in both tails.
   * Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
   *
   * @example engine.gelu(tensor([2, 7, 61, 47]), { approximate: 'tanh' })
   */
  gelu<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: GeluOptions & Out<O>): O;

  /**
   * x / (1 + e^−x), also known as swish. −∞ gives −0.
   *
   * @example engine.silu(tensor([2, 7, 61, 47]))
   */
  silu<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * x · tanh(ln(1 + e^x)). −∞ gives −0. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2020.
   *
   * @example engine.mish(tensor([2, 7, 61, 47]))
   */
  mish<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * x · min(max(x + 3, 0), 6) / 6. −∞ gives −0. Howard et al., "Searching for MobileNetV3", 2019.
   *
   * @example engine.hardSwish(tensor([2, 7, 61, 47]))
   */
  hardSwish<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * min(max(alpha · x + beta, 0), 1), as in WebNN with an `alpha` of 0.2 and a `beta` of 0.5 unless given.
   *
   * @example engine.hardSigmoid(tensor([2, 7, 61, 47]))
   */
  hardSigmoid<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: HardSigmoidOptions & Out<O>): O;

  /**
   * 1 / (1 + e^−x).
   *
   * @example engine.sigmoid(tensor([2, 7, 61, 47]))
   */
  sigmoid<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The hyperbolic tangent. −0 stays −0.
   *
   * @example engine.tanh(tensor([2, 7, 61, 47]))
   */
  tanh<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * ln(1 + e^x).
   *
   * @example engine.softplus(tensor([2, 7, 61, 47]))
   */
  softplus<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * x / (1 + |x|); ±∞ give ±1.
   *
   * @example engine.softsign(tensor([2, 7, 61, 47]))
   */
  softsign<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * 0 between −lambda and lambda, which are ±0.5 unless given; beyond, x is moved towards 0 by lambda.
   *
   * @example engine.softshrink(tensor([2, 7, 61, 47]), { lambda: 0.25 })
   */
  softshrink<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ShrinkOptions & Out<O>): O;

  /**
   * 0 between −lambda and lambda, which are ±0.5 unless given; beyond, x.
   *
   * @example engine.hardShrink(tensor([2, 7, 61, 47]), { lambda: 0.25 })
   */
  hardShrink<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ShrinkOptions & Out<O>): O;
}

function elementwise(x: Tensor, { spec, shape, out }: Elementwise<Parameters<typeof planActivation>[1]>): Operation {
  const plan = new Plan();
  planActivation(plan, spec, plan.named('x'), plan.named('out'), shape);
  return one(x, { x }, shape, out, plan);
}

const of = (name: CurveName) => (x: Tensor, options?: Parameters<typeof curve>[2]) => elementwise(x, curve(name, x, options));

export const activation: Operations<ActivationOperators> = {
  relu: of('relu'),
  relu6: of('relu6'),
  clamp: of('clamp'),
  hardTanh: of('hardTanh'),
  leakyRelu: of('leakyRelu'),
  prelu(x, slope, options) {
    const { spec, shape, out } = checkPrelu(x, slope, options);
    const plan = new Plan();
    const [input, slopes, output] = [plan.named('x'), plan.named('slope'), plan.named('out')];
    if ('shape' in spec) planBinary(plan, Binary.Prelu, { value: input, shape }, { value: slopes, shape: spec.b }, output, shape);
    else planPrelu(plan, spec, input, slopes, output, shape);
    return one(x, { x, slope }, shape, out, plan);
  },
  rrelu(x, options) {
    const checked = checkRrelu(x, options);
    return { ...elementwise(x, checked), isDrawn: checked.spec.kind === 'rrelu' };
  },
  thresholdedRelu: of('thresholdedRelu'),
  elu: of('elu'),
  celu: of('celu'),
  selu: of('selu'),
  gelu: of('gelu'),
  silu: of('silu'),
  mish: of('mish'),
  hardSwish: of('hardSwish'),
  hardSigmoid: of('hardSigmoid'),
  sigmoid: of('sigmoid'),
  tanh: of('tanh'),
  softplus: of('softplus'),
  softsign: of('softsign'),
  softshrink: of('softshrink'),
  hardShrink: of('hardShrink'),
};
