import type { Engine } from '../engine.ts';
import { OptionError, ShapeError } from '../errors.ts';
import { perAxis } from '../shape/axes.ts';
import { boolean, count, known, oneOf, type Pair, sameShape, show } from '../shape/check.ts';
import type { PrepareConv2dOptions } from '../shape/conv.ts';
import type { AveragePool2dOptions, Pool2dOptions } from '../shape/pool.ts';
import { type KernelTensor, lengthOf, type Tensor } from '../tensor.ts';
import { Kept, type Layer, type LayerMaker, Parameter, type PreparedLayer } from './layer.ts';
import { bound, type Initialization, uniform } from './random.ts';

/** What layers with weights have in common. */
export interface LinearLayerOptions {
  /** Whether something is added to each result; true unless given. It begins as 0. */
  readonly bias?: boolean;
  /** How weights begin; `'he'` unless given. */
  readonly initialize?: Initialization;
}

type ConvolutionOptions = Pick<PrepareConv2dOptions, 'strides' | 'padding' | 'dilations' | 'groups' | 'inputLayout' | 'algorithm'>;

/** The geometry of a layer of `conv2d`, and how its weights begin. Filters are in the layout 'oihw'. */
export interface Conv2dLayerOptions extends ConvolutionOptions, LinearLayerOptions {}

/** A layer of one operator with weights: `weight`, and `bias` unless it is left out. */
abstract class Weighted implements Layer {
  readonly parameters: Readonly<Record<string, Parameter>>;
  protected readonly engine: Engine;
  protected readonly weight: Parameter;
  protected readonly bias: Parameter | undefined;
  readonly #y = new Kept();
  readonly #dx = new Kept();
  #x: KernelTensor | undefined;
  #shape: readonly number[] = [];

  constructor(engine: Engine, shape: readonly number[], bias: number | undefined) {
    this.engine = engine;
    this.weight = new Parameter(engine, shape);
    this.bias = bias === undefined ? undefined : new Parameter(engine, [bias]);
    this.parameters = { weight: this.weight, ...(this.bias && { bias: this.bias }) };
  }

  forward(x: KernelTensor): KernelTensor {
    const y = this.#y.from(sameShape(x.shape, this.#shape), (out) => this.operate(x, out));
    this.#shape = x.shape;
    this.#x = x;
    return y;
  }

  backward(dy: KernelTensor, wanted: boolean): KernelTensor | undefined {
    const x = this.#x!;
    const dx = wanted ? this.#dx.at(this.engine, x.shape) : undefined;
    this.weight.accumulate((dWeight) => {
      if (this.bias === undefined) this.differentiate(dy, x, { dx, dWeight });
      else this.bias.accumulate((dBias) => this.differentiate(dy, x, { dx, dWeight, dBias }));
    });
    return dx;
  }

  dispose(): void {
    for (const each of [this.weight, this.bias, this.#y, this.#dx]) each?.dispose();
  }

  abstract prepare(): PreparedLayer;
  protected abstract operate(x: KernelTensor, out: KernelTensor | undefined): KernelTensor;
  protected abstract differentiate(dy: KernelTensor, x: KernelTensor, into: Gradients): void;
}

interface Gradients {
  readonly dx: KernelTensor | undefined;
  readonly dWeight: KernelTensor;
  readonly dBias?: KernelTensor;
}

class Conv2dLayer extends Weighted {
  readonly #options: ConvolutionOptions;

  constructor(engine: Engine, shape: readonly number[], bias: number | undefined, options: ConvolutionOptions) {
    super(engine, shape, bias);
    this.#options = options;
  }

  prepare(): PreparedLayer {
    const prepared = this.engine.prepareConv2d(this.weight.value, { ...this.#options, bias: this.bias?.value });
    return {
      place: 'apart',
      run: (x, out) => prepared.run(x, out) as KernelTensor,
      dispose: () => prepared.dispose(),
    };
  }

  protected operate(x: KernelTensor, out: KernelTensor | undefined): KernelTensor {
    return this.engine.conv2d(x, this.weight.value, { ...this.#options, bias: this.bias?.value, out }) as KernelTensor;
  }

  protected differentiate(dy: KernelTensor, x: KernelTensor, { dx, dWeight, dBias }: Gradients): void {
    const { algorithm: _, ...options } = this.#options;
    const out = { ...(dx && { dx }), dFilter: dWeight, ...(dBias && { dBias }) };
    this.engine.conv2dBackward(dy, x, this.weight.value, { ...options, skip: skipped({ dx, dBias }), out });
  }
}

function skipped<K extends string>(results: Readonly<Record<K, KernelTensor | undefined>>): K[] {
  return (Object.keys(results) as K[]).filter((name) => results[name] === undefined);
}

/**
 * Two-dimensional convolution with learned filters: `engine.conv2d`.
 *
 * @param kernel extent of the filter in pixels, `n` or `[height, width]`
 */
export function conv2d(inChannels: number, outChannels: number, kernel: number | Pair, options?: Conv2dLayerOptions): LayerMaker {
  const names = ['bias', 'initialize', 'strides', 'padding', 'dilations', 'groups', 'inputLayout', 'algorithm'];
  const { bias, initialize = 'he', ...convolution } = known('options', options, names) as Conv2dLayerOptions;
  const hasBias = boolean('options.bias', bias, true);
  const groups = count('options.groups', convolution.groups, 1, 1);
  for (const [name, channels] of Object.entries({ inChannels, outChannels })) {
    if (count(name, channels, 0, 1) % groups !== 0) throw new OptionError(name, show(channels), `a multiple of the ${groups} groups`);
  }
  const [, height, width] = perAxis('kernel', kernel, 1, 1, 2);
  const fanIn = (inChannels / groups) * height * width;
  const limit = bound(initialize, fanIn, (outChannels / groups) * height * width);
  return ({ engine, random }) => {
    const shape = [outChannels, inChannels / groups, height, width];
    const layer = new Conv2dLayer(engine, shape, hasBias ? outChannels : undefined, convolution);
    uniform(layer.parameters.weight.value.data, limit, random);
    return layer;
  };
}

class LinearLayer extends Weighted {
  /** A convolution of 1×1 whose pixels, in one column, are the rows: it can be prepared, and its sums are those of `linear`. */
  prepare(): PreparedLayer {
    const [outs, ins] = this.weight.value.shape;
    const filter = this.weight.value.view([outs, ins, 1, 1]);
    const prepared = this.engine.prepareConv2d(filter, { bias: this.bias?.value, inputLayout: 'nhwc', algorithm: 'gemm' });
    return {
      place: 'apart',
      run: (x, given) => {
        const features = x.shape[x.shape.length - 1];
        if (features !== ins) throw new ShapeError('x.shape', show(x.shape), `[…, ${ins}], the layer's input features`);
        const out = given ?? this.engine.tensor([...x.shape.slice(0, -1), outs]);
        const rows = lengthOf(x.shape) / ins;
        prepared.run(x.view([1, rows, 1, ins]), out.view([1, rows, 1, outs]));
        return out;
      },
      dispose: () => prepared.dispose(),
    };
  }

  protected operate(x: KernelTensor, out: KernelTensor | undefined): KernelTensor {
    return this.engine.linear(x, this.weight.value, { bias: this.bias?.value, out }) as KernelTensor;
  }

  protected differentiate(dy: KernelTensor, x: KernelTensor, { dx, dWeight, dBias }: Gradients): void {
    const out = { ...(dx && { dx }), dWeight, ...(dBias && { dBias }) };
    this.engine.linearBackward(dy, x, this.weight.value, { skip: skipped({ dx, dBias }), out });
  }
}

/** Every input times a learned weight, summed: `engine.linear`, on tensors of shape [batch, inFeatures], or with more dimensions before the last. */
export function linear(inFeatures: number, outFeatures: number, options?: LinearLayerOptions): LayerMaker {
  const { bias, initialize = 'he' } = known('options', options, ['bias', 'initialize']);
  const hasBias = boolean('options.bias', bias, true);
  count('inFeatures', inFeatures, 0, 1);
  count('outFeatures', outFeatures, 0, 1);
  const limit = bound(initialize, inFeatures, outFeatures);
  return ({ engine, random }) => {
    const layer = new LinearLayer(engine, [outFeatures, inFeatures], hasBias ? outFeatures : undefined);
    uniform(layer.parameters.weight.value.data, limit, random);
    return layer;
  };
}

type Forward = (x: KernelTensor, out: KernelTensor | undefined) => KernelTensor;
type Backward = (dy: KernelTensor, x: KernelTensor, out: KernelTensor) => void;

/** A layer of one operator without weights. */
class Plain implements Layer {
  readonly parameters = {};
  readonly #engine: Engine;
  readonly #place: PreparedLayer['place'];
  readonly #run: Forward;
  readonly #differentiate: Backward;
  readonly #y = new Kept();
  readonly #dx = new Kept();
  #x: KernelTensor | undefined;
  #shape: readonly number[] = [];

  constructor(engine: Engine, place: PreparedLayer['place'], run: Forward, differentiate: Backward) {
    this.#engine = engine;
    this.#place = place;
    this.#run = run;
    this.#differentiate = differentiate;
  }

  forward(x: KernelTensor): KernelTensor {
    const y = this.#y.from(sameShape(x.shape, this.#shape), (out) => this.#run(x, out));
    this.#shape = x.shape;
    this.#x = x;
    return y;
  }

  backward(dy: KernelTensor, wanted: boolean): KernelTensor | undefined {
    if (!wanted) return undefined;
    const dx = this.#dx.at(this.#engine, this.#x!.shape);
    this.#differentiate(dy, this.#x!, dx);
    return dx;
  }

  prepare(): PreparedLayer {
    return { place: this.#place, run: this.#run, dispose: () => {} };
  }

  dispose(): void {
    this.#y.dispose();
    this.#dx.dispose();
  }
}

/** Options of a pooling layer: those of the operator, but `strides` is the window's size unless given, as in PyTorch. */
export type PoolLayerOptions = Omit<Pool2dOptions, 'windowDimensions' | 'out'>;
/** The same of an averaging layer, with `countIncludePad`. */
export type AveragePoolLayerOptions = Omit<AveragePool2dOptions, 'windowDimensions' | 'out'>;

function pooling(name: 'maxPool2d' | 'averagePool2d', window: number | Pair, given: AveragePoolLayerOptions | undefined): LayerMaker {
  const [, height, width] = perAxis('windowDimensions', window, 1, 1, 2);
  const windowDimensions: Pair = [height, width];
  const names = ['strides', 'padding', 'dilations', 'layout', 'roundingType', ...(name === 'averagePool2d' ? ['countIncludePad'] : [])];
  const options = { windowDimensions, strides: windowDimensions, ...known('options', given, names) };
  return ({ engine }) =>
    new Plain(
      engine,
      'apart',
      (x, out) => engine[name](x, { ...options, out }) as KernelTensor,
      (dy, x, out) => engine[`${name}Backward`](dy, x, { ...options, out }),
    );
}

/** The greatest of each window. */
export function maxPool2d(windowDimensions: number | Pair, options?: PoolLayerOptions): LayerMaker {
  return pooling('maxPool2d', windowDimensions, options);
}

/** The mean of each window. */
export function averagePool2d(windowDimensions: number | Pair, options?: AveragePoolLayerOptions): LayerMaker {
  return pooling('averagePool2d', windowDimensions, options);
}

const ACTIVATIONS = [
  'relu',
  'relu6',
  'clamp',
  'leakyRelu',
  'thresholdedRelu',
  'elu',
  'selu',
  'celu',
  'gelu',
  'silu',
  'hardSwish',
  'hardSigmoid',
  'hardTanh',
  'sigmoid',
  'tanh',
  'softplus',
  'softsign',
  'mish',
  'softshrink',
  'hardShrink',
] as const satisfies readonly (keyof Engine)[];

/** An activation of `Engine` that has no operand but its input, nor a training mode: all but `prelu` and `rrelu`. */
export type ActivationLayerName = (typeof ACTIVATIONS)[number];
/** Options of the operator of that name. */
export type ActivationLayerOptions<N extends ActivationLayerName> = Omit<NonNullable<Parameters<Engine[N]>[1]>, 'out'>;

type Elementwise = (x: Tensor, options: object) => Tensor;
type ElementwiseBackward = (dy: Tensor, x: Tensor, options: object) => Tensor;

/** A function of every element by itself: the operator of that name. */
export function activation<N extends ActivationLayerName>(name: N, options?: ActivationLayerOptions<N>): LayerMaker {
  oneOf('name', name, 'relu', ACTIVATIONS);
  known('options', options, Object.keys(options ?? {}));
  return ({ engine }) =>
    new Plain(
      engine,
      'over',
      (x, out) => (engine[name] as Elementwise).call(engine, x, { ...options, out }) as KernelTensor,
      (dy, x, out) => (engine[`${name}Backward`] as ElementwiseBackward).call(engine, dy, x, { ...options, out }),
    );
}

/** `max(x, 0)`: `engine.relu`. */
export const relu = (): LayerMaker => activation('relu');
/** `x < 0 ? alpha · x : x`, with an alpha of 0.01 unless given: `engine.leakyRelu`. */
export const leakyRelu = (options?: ActivationLayerOptions<'leakyRelu'>): LayerMaker => activation('leakyRelu', options);
/** `1 / (1 + e^−x)`: `engine.sigmoid`. */
export const sigmoid = (): LayerMaker => activation('sigmoid');
/** The hyperbolic tangent: `engine.tanh`. */
export const tanh = (): LayerMaker => activation('tanh');

/** [batch, …] as [batch, everything else], without a copy. */
export function flatten(): LayerMaker {
  return () => {
    let shape: readonly number[] = [];
    const flat = (x: KernelTensor) => x.view([x.shape[0], lengthOf(x.shape.slice(1))]);
    return {
      parameters: {},
      forward(x) {
        shape = x.shape;
        return flat(x);
      },
      backward: (dy, wanted) => (wanted ? dy.view(shape) : undefined),
      prepare: () => ({ place: 'same', run: flat, dispose: () => {} }),
      dispose() {},
    };
  };
}
