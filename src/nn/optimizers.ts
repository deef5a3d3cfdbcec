import { OptionError } from '../errors.ts';
import { boolean, known, show } from '../shape/check.ts';
import type { KernelTensor } from '../tensor.ts';
import { Parameter } from './layer.ts';

/** As far as an f32 counts. Whatever depends on the number of steps has long ceased to change. */
const MOST_STEPS = 2 ** 24;

/** Training met a NaN or an infinity. */
export class NotFiniteError extends Error {
  /** The class's name. */
  override readonly name = 'NotFiniteError';
  /** The step of the optimiser, from 1. */
  readonly step: number;
  /** The name of the parameter where it was found first, such as `0.weight`. */
  readonly parameter: string;
  constructor(step: number, parameter: string, what: string) {
    super(`step ${step}: ${what}`);
    this.step = step;
    this.parameter = parameter;
  }
}

interface RateOptions {
  /** How far a step goes. It can be changed between steps. */
  readonly learningRate?: number;
}

/** What `sgd` takes besides parameters; momentum and weight decay as in PyTorch. */
export interface SgdOptions extends RateOptions {
  /** Part of the step before that is made again; 0 unless given. */
  readonly momentum?: number;
  /** Times the weights, added to the gradient; 0 unless given. */
  readonly weightDecay?: number;
  /** Looks ahead along the momentum; false unless given. Sutskever et al., "On the importance of initialization and momentum", 2013 */
  readonly nesterov?: boolean;
}

/** What `adam` takes besides parameters, in the paper's names. */
export interface AdamOptions extends RateOptions {
  /** Part of the mean of gradients that stays; 0.9 unless given. */
  readonly beta1?: number;
  /** Part of the mean of their squares that stays; 0.999 unless given. */
  readonly beta2?: number;
  /** Added to the root of the mean of squares; 1e-8 unless given. */
  readonly epsilon?: number;
}

function within(name: string, value: unknown, fallback: number, below: number): number {
  const given = value === undefined ? fallback : value;
  if (typeof given !== 'number' || !(given >= 0 && given < below))
    throw new OptionError(`options.${name}`, show(value), `a number of at least 0${below < Infinity ? ` and below ${below}` : ''}`);
  return given;
}

/**
 * Changes a network's weights by their gradients. Arithmetic is in f64, rounded to f32 where it is stored, and the same on
 * every engine.
 */
export abstract class Optimizer {
  readonly #parameters: readonly Parameter[];
  readonly #moments: ReadonlyMap<string, KernelTensor>;
  /** In a tensor, so that it is part of the state. */
  readonly #steps: KernelTensor;
  #learningRate = 0;

  /** @internal */
  constructor(parameters: readonly Parameter[], learningRate: number | undefined, fallback: number, moments: readonly string[]) {
    if (!Array.isArray(parameters) || parameters.length === 0 || !parameters.every((each) => each instanceof Parameter))
      throw new OptionError('parameters', show(parameters), 'parameters of a network, one at least');
    this.learningRate = within('learningRate', learningRate, fallback, Infinity);
    this.#parameters = parameters;
    const all = parameters.flatMap((parameter) => moments.map((moment) => [`${parameter.name}.${moment}`, parameter] as const));
    this.#moments = new Map(all.map(([name, { engine, value }]) => [name, engine.tensor(value.shape)]));
    this.#steps = parameters[0].engine.tensor([1]);
  }

  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(value: number) {
    this.#learningRate = within('learningRate', value, Number.NaN, Infinity);
  }

  /** Steps that were made. */
  get steps(): number {
    return this.#steps.data[0];
  }

  /**
   * Changes every parameter by its gradient.
   *
   * @throws NotFiniteError before anything is changed, if a gradient holds a NaN or an infinity; and afterwards, if a weight has
   *   become one
   */
  step(): void {
    const step = Math.min(this.steps + 1, MOST_STEPS);
    for (const { name, gradient } of this.#parameters) {
      if (!allFinite(gradient.data)) throw new NotFiniteError(step, name, `the gradient of ${name} is not finite; no weight was changed`);
    }
    this.#steps.data[0] = step;
    this.begin(step);
    for (const { name, value: tensor, gradient } of this.#parameters) {
      const value = tensor.data;
      this.update(value, gradient.data, (moment) => this.#moments.get(`${name}.${moment}`)!.data);
      if (!allFinite(value)) throw new NotFiniteError(step, name, `${name} has weights that are not finite`);
    }
  }

  /** To be called before the `backward` of another step: gradients add up. */
  zeroGradients(): void {
    for (const parameter of this.#parameters) parameter.zeroGradient();
  }

  /** What the next step depends on besides weights, by name: the tensors themselves, to be saved with those of the network. */
  state(): Readonly<Record<string, KernelTensor>> {
    return { 'optimizer.steps': this.#steps, ...Object.fromEntries([...this.#moments].map(([name, t]) => [`optimizer.${name}`, t])) };
  }

  /** Gives its own tensors back, not those of the parameters. */
  dispose(): void {
    this.#steps.dispose();
    for (const moment of this.#moments.values()) moment.dispose();
  }

  /** `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Comes before the first `update` of each step. */
  protected begin(_step: number): void {}
  /** Changes one parameter's value. `moment` gives the tensor of that name that goes with it, as the step before left it; 0 at first. */
  protected abstract update(value: Float32Array, gradient: Float32Array, moment: (name: string) => Float32Array): void;
}

/** A product with 0 is NaN where a factor is not finite, and so is the sum. */
function allFinite(floats: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < floats.length; i++) sum += floats[i] * 0;
  return sum === 0;
}

class Sgd extends Optimizer {
  readonly #momentum: number;
  readonly #decay: number;
  readonly #nesterov: boolean;

  constructor(parameters: readonly Parameter[], given: SgdOptions | undefined) {
    const options = known('options', given, ['learningRate', 'momentum', 'weightDecay', 'nesterov']);
    const momentum = within('momentum', options.momentum, 0, 1);
    const decay = within('weightDecay', options.weightDecay, 0, Infinity);
    const nesterov = boolean('options.nesterov', options.nesterov, false);
    super(parameters, options.learningRate, 0.01, momentum > 0 ? ['velocity'] : []);
    this.#momentum = momentum;
    this.#decay = decay;
    this.#nesterov = nesterov;
  }

  protected update(value: Float32Array, gradient: Float32Array, moment: (name: string) => Float32Array): void {
    const [rate, momentum, decay] = [this.learningRate, this.#momentum, this.#decay];
    if (momentum === 0) {
      for (let i = 0; i < value.length; i++) value[i] -= rate * (gradient[i] + decay * value[i]);
      return;
    }
    const velocity = moment('velocity');
    const [ofVelocity, ofGradient] = this.#nesterov ? [momentum, 1] : [1, 0];
    for (let i = 0; i < value.length; i++) {
      const g = gradient[i] + decay * value[i];
      velocity[i] = momentum * velocity[i] + g;
      value[i] -= rate * (ofVelocity * velocity[i] + ofGradient * g);
    }
  }
}

class Adam extends Optimizer {
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  /** βₙ to the power of the steps that were made, and how many they were. */
  #powers = { steps: 0, beta1: 1, beta2: 1 };

  constructor(parameters: readonly Parameter[], given: AdamOptions | undefined) {
    const options = known('options', given, ['learningRate', 'beta1', 'beta2', 'epsilon']);
    const beta1 = within('beta1', options.beta1, 0.9, 1);
    const beta2 = within('beta2', options.beta2, 0.999, 1);
    const epsilon = within('epsilon', options.epsilon, 1e-8, Infinity);
    super(parameters, options.learningRate, 0.001, ['mean', 'square']);
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
  }

  /** By multiplication, whose bits are the same everywhere; `Math.pow` differs from host to host. */
  protected override begin(step: number): void {
    if (this.#powers.steps > step) this.#powers = { steps: 0, beta1: 1, beta2: 1 };
    for (const powers = this.#powers; powers.steps < step; powers.steps++) {
      powers.beta1 *= this.#beta1;
      powers.beta2 *= this.#beta2;
    }
  }

  protected update(value: Float32Array, gradient: Float32Array, moment: (name: string) => Float32Array): void {
    const [beta1, beta2, epsilon] = [this.#beta1, this.#beta2, this.#epsilon];
    const mean = moment('mean');
    const square = moment('square');
    const rate = this.learningRate / (1 - this.#powers.beta1);
    const scale = Math.sqrt(1 - this.#powers.beta2);
    for (let i = 0; i < value.length; i++) {
      const g = gradient[i];
      mean[i] = beta1 * mean[i] + (1 - beta1) * g;
      square[i] = beta2 * square[i] + (1 - beta2) * g * g;
      value[i] -= (rate * mean[i]) / (Math.sqrt(square[i]) / scale + epsilon);
    }
  }
}

/** Stochastic gradient descent: v = momentum · v + g, w = w − learningRate · v, with a learning rate of 0.01 unless given. */
export function sgd(parameters: readonly Parameter[], options?: SgdOptions): Optimizer {
  return new Sgd(parameters, options);
}

/**
 * Adam, with a learning rate of 0.001 unless given: each weight goes by the mean of its gradients over the root of that of their
 * squares. Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2014.
 */
export function adam(parameters: readonly Parameter[], options?: AdamOptions): Optimizer {
  return new Adam(parameters, options);
}
