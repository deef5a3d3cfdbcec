import { planActivation, planPrelu } from '../plan/activation.ts';
import {
  type ActivationOptions,
  type ActivationSpec,
  type ClampOptions,
  activation as check,
  type Elementwise,
  type LeakyReluOptions,
  type ThresholdedReluOptions,
} from '../shape/activation.ts';
import { prelu as checkPrelu, type PreluOptions } from '../shape/prelu.ts';
import { rrelu as checkRrelu, type RreluOptions, type RreluSpec } from '../shape/rrelu.ts';
import type { Tensor } from '../tensor.ts';
import { type Operation, type Operations, one } from './operation.ts';

export interface ActivationOperators {
  /**
   * `x < 0 ? 0 : x`. NaN and −0 stay what they are.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written, as do all of the family below
   */
  relu(x: Tensor, options?: ActivationOptions): Tensor;

  /** `clamp` between 0 and 6. NaN and −0 stay what they are. */
  relu6(x: Tensor, options?: ActivationOptions): Tensor;

  /**
   * `minValue` where `x` is below it, `maxValue` where it is above, else `x`; no bound unless given. NaN stays NaN, and −0
   * stays −0 where a bound is 0.
   */
  clamp(x: Tensor, options?: ClampOptions): Tensor;

  /**
   * `x < 0 ? alpha · x : x`, with an `alpha` of 0.01 unless given. NaN and −0 stay what they are. With `alpha` of at most 1 it
   * is the textbook's max(alpha · x, x).
   * Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.
   */
  leakyRelu(x: Tensor, options?: LeakyReluOptions): Tensor;

  /**
   * Leaky ReLU with learned slopes: `x < 0 ? slope · x : x`. NaN and −0 stay what they are.
   * He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", 2015.
   *
   * @param x any shape; channels are its axis 1, or its last one with `layout: 'nhwc'`. With fewer than two axes it has none
   * @param slope one slope for all, or one a channel: [channels], or the same with dimensions of 1 around it
   * @throws ShapeError if there are several slopes, but not as many as channels
   */
  prelu(x: Tensor, slope: Tensor, options?: PreluOptions): Tensor;

  /**
   * Randomized leaky ReLU. In training, `x < 0 ? a · x : x` with an `a` for each element, uniform in [lower, upper), 1/8 and
   * 1/3 unless given (rounding to a 32-bit float may give `upper`). The same seed and bounds draw the same `a` for the same
   * index, on every backend. Otherwise leaky ReLU with the mean of the bounds. NaN and −0 stay what they are.
   * Xu, Wang, Chen and Li, "Empirical Evaluation of Rectified Activations in Convolutional Network", 2015.
   */
  rrelu(x: Tensor, options?: RreluOptions): Tensor;

  /** `x > alpha ? x : 0` as in ONNX, with an `alpha` of 1 unless given; but NaN stays NaN. */
  thresholdedRelu(x: Tensor, options?: ThresholdedReluOptions): Tensor;
}

function elementwise(x: Tensor, { spec, shape, out }: Elementwise<ActivationSpec | RreluSpec>): Operation {
  return one(x, shape, out, planActivation(spec, shape));
}

export const activation: Operations<ActivationOperators> = {
  relu: (x, options) => elementwise(x, check('relu', x, options)),
  relu6: (x, options) => elementwise(x, check('relu6', x, options)),
  clamp: (x, options) => elementwise(x, check('clamp', x, options)),
  leakyRelu: (x, options) => elementwise(x, check('leakyRelu', x, options)),
  prelu(x, slope, options) {
    const { spec, shape, out } = checkPrelu(x, slope, options);
    return one(x, shape, out, planPrelu(spec, shape), { slope });
  },
  rrelu: (x, options) => elementwise(x, checkRrelu(x, options)),
  thresholdedRelu: (x, options) => elementwise(x, check('thresholdedRelu', x, options)),
};
