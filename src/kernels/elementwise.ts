import { type KernelDescriptor, kernel, type Layout, type Numbers, PER_NANOSECOND } from './layout.ts';

/** What happens to a finished sum, in registers, before it is stored. */
export const Activation = {
  None: 0,
  /** Between `lower` and `upper`: relu, relu6, clamp. */
  Clamp: 1,
  /** `x < 0 ? alpha * x : x`. */
  LeakyRelu: 2,
  /** `x > alpha ? x : 0`. */
  ThresholdedRelu: 3,
} as const;

/** Which function of a float, or which derivative, one kernel of many computes. */
export const Curve = {
  Elu: 0,
  Gelu: 1,
  GeluTanh: 2,
  HardShrink: 3,
  HardSigmoid: 4,
  HardSwish: 5,
  Mish: 6,
  Sigmoid: 7,
  Silu: 8,
  Softplus: 9,
  Softshrink: 10,
  Softsign: 11,
  Tanh: 12,
  /** Of derivatives only. Between two bounds, which belong to it. */
  Clamp: 13,
  /** Between two bounds, which do not. */
  HardTanh: 14,
  LeakyRelu: 15,
  /** Above a bound, which does not belong to it. */
  Threshold: 16,
} as const;

/** One float in, one float out. A kernel reads of `lower`, `upper` and `alpha` what it has a use for. */
export const ActivationParams = {
  input: 'f32*',
  output: 'f32*',
  length: 'i32',
  /** Floats a task. */
  taskLength: 'i32',
  lower: 'f32',
  upper: 'f32',
  alpha: 'f32',
  /** Of `Curve`, for the kernel that knows several. */
  kind: 'i32',
} as const satisfies Layout;

export const PreluParams = {
  input: 'f32*',
  slope: 'f32*',
  output: 'f32*',
  scratch: 'f32*',
  length: 'i32',
  /** Floats a task. */
  taskLength: 'i32',
  channels: 'i32',
  /** Floats side by side that share a channel. */
  rowLength: 'i32',
  /** How often short slopes are repeated, so that a run under them is worth a loop. */
  slopeCopies: 'i32',
} as const satisfies Layout;

export const RreluParams = {
  input: 'f32*',
  output: 'f32*',
  length: 'i32',
  /** Floats a task. */
  taskLength: 'i32',
  /** All 32 bits count. */
  seed: 'i32',
  lower: 'f32',
  /** 2⁻²⁴ of the way from the lower bound to the upper. */
  step: 'f32',
} as const satisfies Layout;

/** `factor · sign(base) · |base|^(exponent / root)`. */
export const PowerParams = {
  /** 0 where there is none: the sign then counts no more than the factor. */
  factor: 'f32*',
  base: 'f32*',
  output: 'f32*',
  length: 'i32',
  /** Floats a task. */
  taskLength: 'i32',
  exponent: 'f32',
  root: 'f32',
} as const satisfies Layout;

/** The gradient of one float. */
export const ActivationBackwardParams = {
  /** What flows back: `dy`. */
  input: 'f32*',
  /** What the activation was applied to. */
  x: 'f32*',
  output: 'f32*',
  length: 'i32',
  /** Floats a task. */
  taskLength: 'i32',
  lower: 'f32',
  upper: 'f32',
  alpha: 'f32',
  kind: 'i32',
} as const satisfies Layout;

/** The gradient of a randomized leaky ReLU in training: what `RreluParams` drew is drawn again. */
export const RreluBackwardParams = {
  /** What flows back: `dy`. */
  input: 'f32*',
  x: 'f32*',
  output: 'f32*',
  length: 'i32',
  /** Floats a task. */
  taskLength: 'i32',
  /** All 32 bits count. */
  seed: 'i32',
  lower: 'f32',
  step: 'f32',
} as const satisfies Layout;

/** Gradients of a parametric ReLU over [images][channels][pixels], or [images][pixels][channels]. */
export const PreluBackwardParams = {
  /** What flows back: `dy`. */
  input: 'f32*',
  x: 'f32*',
  slope: 'f32*',
  output: 'f32*',
  images: 'i32',
  channels: 'i32',
  pixels: 'i32',
  /** Pixels before channels, as in NHWC. */
  channelsLast: 'i32',
} as const satisfies Layout;

/** Over one axis of [outer][extent][inner]. */
export const SoftmaxParams = {
  /** Of the gradient: `dy`. */
  input: 'f32*',
  /** The softmax, for the gradient; 0 for the softmax. */
  y: 'f32*',
  output: 'f32*',
  outer: 'i32',
  extent: 'i32',
  inner: 'i32',
  /** Rows a task where `inner` is 1, else columns: a multiple of 4. */
  taskLength: 'i32',
  /** The logarithm of it. */
  log: 'i32',
} as const satisfies Layout;

/** A task is `taskLength` elements. Tasks lie side by side, so that any range of them is one run. */
export function elementwise<L extends Layout & { length: 'i32'; taskLength: 'i32' }>(
  block: L,
  inPlace: readonly (keyof L & string)[] = ['input' as keyof L & string],
  idempotent = false,
): KernelDescriptor<L> {
  const of = (numbers: Numbers<L>) => numbers as unknown as { readonly length: number; readonly taskLength: number };
  return kernel(
    block,
    (numbers) => Math.ceil(of(numbers).length / of(numbers).taskLength),
    (numbers) => of(numbers).length / PER_NANOSECOND.floats,
    { idempotent, inPlace },
  );
}

const unary = elementwise(ActivationParams);

const slopes = (v: Numbers<typeof PreluBackwardParams>) => (v.images * v.channels * v.pixels) / PER_NANOSECOND.floats;

export const elementwiseKernels = {
  timesPower: elementwise(PowerParams, ['factor', 'base']),
  clamp: elementwise(ActivationParams, ['input'], true),
  leakyRelu: unary,
  thresholdedRelu: elementwise(ActivationParams, ['input'], true),
  preluRows: elementwise(PreluParams),
  preluColumns: elementwise(PreluParams),
  rrelu: elementwise(RreluParams),
  curve: unary,
  elu: unary,
  sigmoid: unary,
  tanh: unary,
  activationBackward: elementwise(ActivationBackwardParams, ['input', 'x']),
  rreluBackward: elementwise(RreluBackwardParams, ['input', 'x']),
  /** A task is a plane: a channel of an image, or a pixel where channels come last. */
  preluBackward: kernel(PreluBackwardParams, (v) => v.images * (v.channelsLast ? v.pixels : v.channels), slopes),
  /** A task is four slopes. */
  preluSlopeBackward: kernel(PreluBackwardParams, (v) => Math.ceil(v.channels / 4), slopes),
  /** A task is `taskLength` rows where `inner` is 1, else so many columns of one of `outer`. */
  softmax: kernel(
    SoftmaxParams,
    (v) => (v.inner === 1 ? Math.ceil(v.outer / v.taskLength) : v.outer * Math.ceil(v.inner / v.taskLength)),
    (v) => v.outer * v.extent * v.inner,
  ),
};
