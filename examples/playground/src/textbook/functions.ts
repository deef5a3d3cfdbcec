import type { Engine, Tensor } from 'simdconv';

export interface Activation {
  readonly name: string;
  readonly formula: string;
  readonly note: string;
  f(x: Float32Array): Float32Array;
  /** The derivative at each x. */
  slope(x: Float32Array): Float32Array;
}

type Forward = (x: Tensor) => Tensor;
type Backward = (dy: Tensor, x: Tensor) => Tensor;

/** Of an operator of the engine and its gradient: a gradient of ones is the derivative. */
function activation(name: string, formula: string, note: string, forward: Forward, backward: Backward): Activation {
  const vector = (data: Float32Array) => ({ shape: [data.length], data });
  return {
    name,
    formula,
    note,
    f: (x) => forward(vector(x)).data,
    slope: (x) => backward(vector(new Float32Array(x.length).fill(1)), vector(x)).data,
  };
}

/** Every activation that the page draws. */
export function activations(engine: Engine): readonly Activation[] {
  return [
    activation(
      'ReLU',
      'max(0, x)',
      'Cheap, and its slope is 1 wherever it lets through. Below zero it passes no gradient.',
      (x) => engine.relu(x),
      (dy, x) => engine.reluBackward(dy, x),
    ),
    activation(
      'Leaky ReLU',
      'max(0.2·x, x)',
      'A slope of 0.2 below zero, so that no neuron dies.',
      (x) => engine.leakyRelu(x, { alpha: 0.2 }),
      (dy, x) => engine.leakyReluBackward(dy, x, { alpha: 0.2 }),
    ),
    activation(
      'RReLU',
      'max(a·x, x), a at random in [⅛, ⅓]',
      'In training each value below zero draws a slope of its own; at inference the mean of the two bounds, 11/48, is taken. Drawn: inference.',
      (x) => engine.rrelu(x),
      (dy, x) => engine.rreluBackward(dy, x),
    ),
    activation(
      'ReLU6',
      'min(max(0, x), 6)',
      'A ReLU with a ceiling, for arithmetic of few bits.',
      (x) => engine.relu6(x),
      (dy, x) => engine.relu6Backward(dy, x),
    ),
    activation(
      'Sigmoid',
      '1 ÷ (1 + e⁻ˣ)',
      'Between 0 and 1. Its slope is never above ¼, and vanishes at both ends: deep networks learn slowly through it.',
      (x) => engine.sigmoid(x),
      (dy, x) => engine.sigmoidBackward(dy, x),
    ),
    activation(
      'Tanh',
      '(eˣ − e⁻ˣ) ÷ (eˣ + e⁻ˣ)',
      'A sigmoid around zero, with a slope of 1 in the middle. It saturates as well.',
      (x) => engine.tanh(x),
      (dy, x) => engine.tanhBackward(dy, x),
    ),
    activation(
      'ELU',
      'x, below zero eˣ − 1',
      'Soft below zero, towards −1: the mean of what it gives is nearer to 0.',
      (x) => engine.elu(x),
      (dy, x) => engine.eluBackward(dy, x),
    ),
    activation(
      'Softplus',
      'ln(1 + eˣ)',
      'A ReLU without a corner. Its slope is the sigmoid.',
      (x) => engine.softplus(x),
      (dy, x) => engine.softplusBackward(dy, x),
    ),
    activation(
      'Softsign',
      'x ÷ (1 + |x|)',
      'Saturates as tanh does, but much later.',
      (x) => engine.softsign(x),
      (dy, x) => engine.softsignBackward(dy, x),
    ),
    activation(
      'SiLU',
      'x · sigmoid(x)',
      'Smooth, and dips below zero before it goes flat. Also called swish.',
      (x) => engine.silu(x),
      (dy, x) => engine.siluBackward(dy, x),
    ),
    activation(
      'GELU',
      'x · Φ(x)',
      'x, weighed with the chance that a normal number lies below it: the activation of transformers.',
      (x) => engine.gelu(x),
      (dy, x) => engine.geluBackward(dy, x),
    ),
    activation(
      'Mish',
      'x · tanh(softplus(x))',
      'Close to SiLU, a little deeper in its dip.',
      (x) => engine.mish(x),
      (dy, x) => engine.mishBackward(dy, x),
    ),
    activation(
      'Hard sigmoid',
      'between 0 and 1: 0.2·x + 0.5',
      'A sigmoid of straight lines, for machines without exponentials.',
      (x) => engine.hardSigmoid(x),
      (dy, x) => engine.hardSigmoidBackward(dy, x),
    ),
    activation(
      'Hard swish',
      'x · min(max(0, x + 3), 6) ÷ 6',
      'Swish of straight lines: MobileNet’s.',
      (x) => engine.hardSwish(x),
      (dy, x) => engine.hardSwishBackward(dy, x),
    ),
    activation(
      'SELU',
      '1.0507·x, below zero 1.7581·(eˣ − 1)',
      'An ELU whose two numbers keep mean 0 and variance 1 from layer to layer.',
      (x) => engine.selu(x),
      (dy, x) => engine.seluBackward(dy, x),
    ),
  ];
}
