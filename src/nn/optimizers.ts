import { OptionError } from '../errors.ts';
import { boolean, isCount, show } from '../spec/check.ts';
import { readList, readOptions } from '../spec/read.ts';
import type { KernelTensor } from '../tensor/tensor.ts';
import { Parameter } from './layer.ts';
import { restrict } from './safetensors.ts';

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
  /** @internal */
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

/** By the name of each moment, the least that its elements may be. */
type Moments = Readonly<Record<string, number>>;

interface Trained {
  readonly parameter: Parameter;
  readonly moments: Readonly<Record<string, KernelTensor>>;
}

const isSteps = (value: unknown): boolean => isCount(value) && value <= MOST_STEPS;
const STEPS = `a whole number from 0 to ${MOST_STEPS}`;

function checkParameters(given: readonly Parameter[]): readonly Parameter[] {
  const own = readList('parameters', given, 'a parameter of a network', Parameter.is);
  if (own.length === 0) throw new OptionError('parameters', show(own), 'one parameter at least');
  const twice = own.findIndex((parameter, i) => own.indexOf(parameter) !== i);
  if (twice >= 0) throw new OptionError(`parameters[${twice}]`, 'a parameter that came before', 'each parameter once');
  return own;
}

/**
 * Changes a network's weights by their gradients. Arithmetic is in f64, rounded to f32 where it is stored, and the same on
 * every engine.
 */
export abstract class Optimizer {
  /** Moments go by the parameter itself: names may be alike. */
  readonly #trained: readonly Trained[];
  /** In a tensor, so that it is part of the state. */
  readonly #steps: KernelTensor;
  #learningRate = 0;

  /** @internal */
  constructor(parameters: readonly Parameter[], learningRate: number | undefined, fallback: number, moments: Moments) {
    const own = checkParameters(parameters);
    this.learningRate = within('learningRate', learningRate, fallback, Infinity);
    const made: KernelTensor[] = [];
    const zeros = (parameter: Parameter, shape: readonly number[]) => {
      const tensor = parameter.engine.tensor(shape);
      made.push(tensor);
      return tensor;
    };
    try {
      this.#steps = zeros(own[0], [1]);
      restrict(this.#steps, isSteps, STEPS);
      this.#trained = own.map((parameter) => {
        const tensors: Record<string, KernelTensor> = {};
        for (const [moment, least] of Object.entries(moments)) {
          tensors[moment] = zeros(parameter, parameter.value.shape);
          restrict(tensors[moment], (value) => value >= least, `a number of at least ${least}`);
        }
        return { parameter, moments: tensors };
      });
    } catch (error) {
      for (const tensor of made) tensor.dispose();
      throw error;
    }
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
   * @throws OptionError, DisposedError before anything is changed
   */
  step(): void {
    const made = this.steps;
    if (!isSteps(made)) throw new OptionError("state()['optimizer.steps']", show(made), STEPS);
    const step = Math.min(made + 1, MOST_STEPS);
    // All views before the first change: one that is gone throws.
    const updates = this.#trained.map(({ parameter: { name, value, gradient }, moments }) => ({
      name: typeof name === 'string' ? name : show(name),
      value: value.data,
      gradient: gradient.data,
      moments: Object.fromEntries(Object.entries(moments).map(([moment, { data }]) => [moment, data])),
    }));
    for (const { name, gradient } of updates) {
      if (!allFinite(gradient)) throw new NotFiniteError(step, name, `the gradient of ${name} is not finite; no weight was changed`);
    }
    this.#steps.data[0] = step;
    this.begin(step);
    for (const { name, value, gradient, moments } of updates) {
      this.update(value, gradient, moments);
      if (!allFinite(value)) throw new NotFiniteError(step, name, `${name} has weights that are not finite`);
    }
  }

  /** To be called before the `backward` of another step: gradients add up. */
  zeroGradients(): void {
    for (const { parameter } of this.#trained) parameter.zeroGradient();
  }

  /**
   * What the next step depends on besides weights: the tensors themselves, to be saved with those of the network. Each has its
   * parameter's name in its own.
   *
   * @throws OptionError if two parameters have one name, as those of two networks have: `parameter.name` can be set
   */
  state(): Readonly<Record<string, KernelTensor>> {
    const state: Record<string, KernelTensor> = { 'optimizer.steps': this.#steps };
    const twice = new Set<string>();
    for (const { parameter, moments } of this.#trained) {
      const name: unknown = parameter.name;
      if (typeof name !== 'string') throw new OptionError('parameter.name', show(name), 'a string');
      for (const [moment, tensor] of Object.entries(moments)) {
        const key = `optimizer.${name}.${moment}`;
        if (Object.hasOwn(state, key)) twice.add(name);
        state[key] = tensor;
      }
    }
    if (twice.size > 0)
      throw new OptionError(
        'parameters',
        `several of the name ${[...twice].map(show).join(', ')}`,
        'names that differ (set `parameter.name`)',
      );
    return state;
  }

  /** Gives its own tensors back, not those of the parameters. */
  dispose(): void {
    this.#steps.dispose();
    for (const { moments } of this.#trained) for (const tensor of Object.values(moments)) tensor.dispose();
  }

  /** `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Comes before the first `update` of each step. */
  protected begin(_step: number): void {}
  /** Changes one parameter's value. Its moments are as the step before left them; 0 at first. */
  protected abstract update(value: Float32Array, gradient: Float32Array, moments: Readonly<Record<string, Float32Array>>): void;
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
    const options = readOptions<SgdOptions>(given, ['learningRate', 'momentum', 'weightDecay', 'nesterov']);
    const momentum = within('momentum', options.momentum, 0, 1);
    const decay = within('weightDecay', options.weightDecay, 0, Infinity);
    const nesterov = boolean('options.nesterov', options.nesterov, false);
    super(parameters, options.learningRate, 0.01, momentum > 0 ? { velocity: -Infinity } : {});
    this.#momentum = momentum;
    this.#decay = decay;
    this.#nesterov = nesterov;
  }

  protected update(value: Float32Array, gradient: Float32Array, { velocity }: Readonly<Record<string, Float32Array>>): void {
    const [rate, momentum, decay] = [this.learningRate, this.#momentum, this.#decay];
    if (momentum === 0) {
      for (let i = 0; i < value.length; i++) value[i] -= rate * (gradient[i] + decay * value[i]);
      return;
    }
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
    const options = readOptions<AdamOptions>(given, ['learningRate', 'beta1', 'beta2', 'epsilon']);
    const beta1 = within('beta1', options.beta1, 0.9, 1);
    const beta2 = within('beta2', options.beta2, 0.999, 1);
    const epsilon = within('epsilon', options.epsilon, 1e-8, Infinity);
    super(parameters, options.learningRate, 0.001, { mean: -Infinity, square: 0 });
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

  protected update(value: Float32Array, gradient: Float32Array, { mean, square }: Readonly<Record<string, Float32Array>>): void {
    const [beta1, beta2, epsilon] = [this.#beta1, this.#beta2, this.#epsilon];
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
