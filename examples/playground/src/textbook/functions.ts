import type { Engine } from 'simdconv';

export interface Activation {
  readonly name: string;
  readonly formula: string;
  readonly note: string;
  f(x: Float32Array): Float32Array;
  /** The derivative at each x. */
  slope(x: Float32Array): Float32Array;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const normal = (x: number) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
/** The error function: Abramowitz and Stegun 7.1.26, good to 1.5e−7. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return Math.sign(x) * (1 - tail);
}
const cumulative = (x: number) => 0.5 * (1 + erf(x / Math.SQRT2));

/** A function that is computed here, number by number. */
function local(name: string, formula: string, note: string, f: (x: number) => number, slope: (x: number) => number): Activation {
  return { name, formula, note, f: (x) => x.map(f), slope: (x) => x.map(slope) };
}

const [LOWER, UPPER] = [1 / 8, 1 / 3];
const MEAN = (LOWER + UPPER) / 2;

/** Every activation that the page draws. */
export function activations(engine: Engine): readonly Activation[] {
  const vector = (data: Float32Array) => ({ shape: [data.length], data });
  return [
    {
      name: 'ReLU',
      formula: 'max(0, x)',
      note: 'Cheap, and its slope is 1 wherever it lets through. Below zero it passes no gradient.',
      f: (x) => engine.relu(vector(x)).data,
      slope: (x) => x.map((value) => (value > 0 ? 1 : 0)),
    },
    {
      name: 'Leaky ReLU',
      formula: 'max(0.2·x, x)',
      note: 'A slope of 0.2 below zero, so that no neuron dies.',
      f: (x) => engine.leakyRelu(vector(x), { alpha: 0.2 }).data,
      slope: (x) => x.map((value) => (value > 0 ? 1 : 0.2)),
    },
    {
      name: 'RReLU',
      formula: 'max(a·x, x), a at random in [⅛, ⅓]',
      note: 'In training each value below zero draws a slope of its own; at inference the mean of the two bounds, 11/48, is taken. Drawn: inference.',
      f: (x) => engine.rrelu(vector(x), { lower: LOWER, upper: UPPER }).data,
      slope: (x) => x.map((value) => (value > 0 ? 1 : MEAN)),
    },
    {
      name: 'ReLU6',
      formula: 'min(max(0, x), 6)',
      note: 'A ReLU with a ceiling, for arithmetic of few bits.',
      f: (x) => engine.relu6(vector(x)).data,
      slope: (x) => x.map((value) => (value > 0 && value < 6 ? 1 : 0)),
    },
    local(
      'Sigmoid',
      '1 ÷ (1 + e⁻ˣ)',
      'Between 0 and 1. Its slope is never above ¼, and vanishes at both ends: deep networks learn slowly through it.',
      sigmoid,
      (x) => sigmoid(x) * (1 - sigmoid(x)),
    ),
    local(
      'Tanh',
      '(eˣ − e⁻ˣ) ÷ (eˣ + e⁻ˣ)',
      'A sigmoid around zero, with a slope of 1 in the middle. It saturates as well.',
      Math.tanh,
      (x) => 1 - Math.tanh(x) ** 2,
    ),
    local(
      'ELU',
      'x, below zero eˣ − 1',
      'Soft below zero, towards −1: the mean of what it gives is nearer to 0.',
      (x) => (x < 0 ? Math.expm1(x) : x),
      (x) => (x < 0 ? Math.exp(x) : 1),
    ),
    local('Softplus', 'ln(1 + eˣ)', 'A ReLU without a corner. Its slope is the sigmoid.', softplus, sigmoid),
    local(
      'Softsign',
      'x ÷ (1 + |x|)',
      'Saturates as tanh does, but much later.',
      (x) => x / (1 + Math.abs(x)),
      (x) => 1 / (1 + Math.abs(x)) ** 2,
    ),
    local(
      'SiLU',
      'x · sigmoid(x)',
      'Smooth, and dips below zero before it goes flat. Also called swish.',
      (x) => x * sigmoid(x),
      (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    ),
    local(
      'GELU',
      'x · Φ(x)',
      'x, weighed with the chance that a normal number lies below it: the activation of transformers.',
      (x) => x * cumulative(x),
      (x) => cumulative(x) + x * normal(x),
    ),
    local(
      'Mish',
      'x · tanh(softplus(x))',
      'Close to SiLU, a little deeper in its dip.',
      (x) => x * Math.tanh(softplus(x)),
      (x) => Math.tanh(softplus(x)) + x * (1 - Math.tanh(softplus(x)) ** 2) * sigmoid(x),
    ),
  ];
}
