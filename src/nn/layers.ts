import type { Engine } from '../engine.ts';
import { engineOf } from '../engine-of.ts';
import { OptionError, ShapeError } from '../errors.ts';
import { checkAlgorithm } from '../ops/conv/check.ts';
import type { PrepareConv2dOptions } from '../ops/conv/options.ts';
import type { GraphBuilder } from '../program/graph-builder.ts';
import { paddingSides, perAxis } from '../spec/axes.ts';
import { boolean, count, layout, oneOf, type Pair, show } from '../spec/check.ts';
import { curve } from '../spec/curve.ts';
import type { AveragePool2dOptions, Pool2dOptions } from '../spec/pool.ts';
import { callable, readOptions } from '../spec/read.ts';
import type { Padding } from '../spec/window.ts';
import { attempt, read } from '../tensor/read.ts';
import { type KernelTensor, lengthOf, type Operand, PlainTensor } from '../tensor/tensor.ts';
import { resident } from './given.ts';
import { type Layer, type LayerMaker, type Making, Parameter } from './layer.ts';
import { BUILD, type GraphLayer, kept, type LayerGradients, OperatorLayer } from './operator-layer.ts';
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

/** `make` with what was checked of what a network, or a caller, makes a layer with. */
function maker(make: (making: Making) => Layer): LayerMaker {
  return (making) => {
    const { engine, random } = attempt('making', 'an object { engine, random }', () => ({ engine: making.engine, random: making.random }));
    callable('making.random', random);
    return make({ engine: engineOf('making.engine', engine), random });
  };
}

const LAYOUTS = ['nchw', 'nhwc'] as const;

function pair(argument: string, value: unknown, fallback: Pair = [1, 1]): Pair {
  if (value === undefined) return fallback;
  const [, height, width] = perAxis(argument, read(value, argument), 1, 1, 2);
  return [height, width];
}

/** By rule, or as [top, bottom, left, right]. */
function padding(value: unknown): Padding {
  const sides = paddingSides(value, 2);
  return typeof sides === 'string' ? sides : (sides.slice(-4) as [number, number, number, number]);
}

/** A layer of one operator with weights: `weight`, and `bias` unless it is left out. */
abstract class Weighted extends OperatorLayer {
  protected readonly weight: Parameter;
  protected readonly bias: Parameter | undefined;

  constructor(engine: Engine, shape: readonly number[], biasLength: number | undefined) {
    const weight = new Parameter(engine, shape);
    let bias: Parameter | undefined;
    try {
      bias = biasLength === undefined ? undefined : new Parameter(engine, [biasLength]);
    } catch (error) {
      weight.dispose();
      throw error;
    }
    super(engine, { weight, ...(bias && { bias }) });
    this.weight = weight;
    this.bias = bias;
  }

  /** With its first weights. */
  begun(limit: number, random: () => number): this {
    try {
      uniform(this.weight.value.data, limit, random);
      return this;
    } catch (error) {
      this.dispose();
      throw error;
    }
  }
}

/** The gradients that nobody wants. */
function skipped<N extends string>(gradients: Readonly<Record<N, boolean>>): N[] {
  return (Object.keys(gradients) as N[]).filter((name) => !gradients[name]);
}

type Weight = (parameter: Parameter) => Operand;

class Conv2dLayer extends Weighted {
  readonly #options: ConvolutionOptions;

  constructor(engine: Engine, shape: readonly number[], bias: number | undefined, options: ConvolutionOptions) {
    super(engine, shape, bias);
    this.#options = options;
  }

  [BUILD](graph: GraphBuilder, x: Operand, weight: Weight): Operand {
    const bias = this.bias && weight(this.bias);
    return graph.conv2d(x, weight(this.weight), { ...this.#options, ...(bias && { bias }) });
  }

  protected differentiate(graph: GraphBuilder, dy: Operand, x: Operand, wanted: boolean, weight: Weight): LayerGradients {
    const { algorithm: _, ...options } = this.#options;
    const skip = skipped({ dx: wanted, dBias: this.bias !== undefined });
    const { dx, dFilter, dBias } = graph.conv2dBackward(dy, x, weight(this.weight), { ...options, skip });
    return { dx, weight: dFilter, bias: dBias };
  }
}

/**
 * Two-dimensional convolution with learned filters: `engine.conv2d`.
 *
 * @param kernel extent of the filter in pixels, `n` or `[height, width]`
 */
export function conv2d(inChannels: number, outChannels: number, kernel: number | Pair, options?: Conv2dLayerOptions): LayerMaker {
  const names = ['bias', 'initialize', 'strides', 'padding', 'dilations', 'groups', 'inputLayout', 'algorithm'] as const;
  const given = readOptions<Conv2dLayerOptions>(options, names);
  const hasBias = boolean('options.bias', given.bias, true);
  const groups = count('options.groups', given.groups, 1, 1);
  for (const [name, channels] of Object.entries({ inChannels, outChannels })) {
    if (count(name, channels, 0, 1) % groups !== 0) throw new OptionError(name, show(channels), `a multiple of the ${groups} groups`);
  }
  const [height, width] = pair('kernel', kernel);
  const strides = pair('options.strides', given.strides);
  const dilations = pair('options.dilations', given.dilations);
  const convolution: ConvolutionOptions = {
    strides,
    dilations,
    padding: padding(given.padding),
    groups,
    inputLayout: layout('options.inputLayout', given.inputLayout, 'nchw', LAYOUTS),
    algorithm: checkAlgorithm(given.algorithm, [1, height, width], [1, ...strides], [1, ...dilations], 2),
  };
  const fanIn = (inChannels / groups) * height * width;
  const limit = bound(given.initialize, fanIn, (outChannels / groups) * height * width);
  return maker(({ engine, random }) => {
    const shape = [outChannels, inChannels / groups, height, width];
    return new Conv2dLayer(engine, shape, hasBias ? outChannels : undefined, convolution).begun(limit, random);
  });
}

class LinearLayer extends Weighted {
  [BUILD](graph: GraphBuilder, x: Operand, weight: Weight): Operand {
    const bias = this.bias && weight(this.bias);
    return graph.linear(x, weight(this.weight), { ...(bias && { bias }) });
  }

  protected differentiate(graph: GraphBuilder, dy: Operand, x: Operand, wanted: boolean, weight: Weight): LayerGradients {
    const skip = skipped({ dx: wanted, dBias: this.bias !== undefined });
    const { dx, dWeight, dBias } = graph.linearBackward(dy, x, weight(this.weight), { skip });
    return { dx, weight: dWeight, bias: dBias };
  }
}

/** Every input times a learned weight, summed: `engine.linear`, on tensors of shape [batch, inFeatures], or with more dimensions before the last. */
export function linear(inFeatures: number, outFeatures: number, options?: LinearLayerOptions): LayerMaker {
  const { bias, initialize } = readOptions<LinearLayerOptions>(options, ['bias', 'initialize']);
  const hasBias = boolean('options.bias', bias, true);
  count('inFeatures', inFeatures, 0, 1);
  count('outFeatures', outFeatures, 0, 1);
  const limit = bound(initialize, inFeatures, outFeatures);
  return maker(({ engine, random }) =>
    new LinearLayer(engine, [outFeatures, inFeatures], hasBias ? outFeatures : undefined).begun(limit, random),
  );
}

type Forward = (graph: GraphBuilder, x: Operand) => Operand;
type Backward = (graph: GraphBuilder, dy: Operand, x: Operand) => Operand;

/** A layer of one operator without weights. */
class Plain extends OperatorLayer {
  readonly #run: Forward;
  readonly #differentiate: Backward;

  constructor(engine: Engine, run: Forward, differentiate: Backward) {
    super(engine, {});
    this.#run = run;
    this.#differentiate = differentiate;
  }

  [BUILD](graph: GraphBuilder, x: Operand): Operand {
    return this.#run(graph, x);
  }

  protected differentiate(graph: GraphBuilder, dy: Operand, x: Operand, wanted: boolean): LayerGradients {
    return wanted ? { dx: this.#differentiate(graph, dy, x) } : {};
  }
}

/** Options of a pooling layer: those of the operator, but `strides` is the window's size unless given, as in PyTorch. */
export type PoolLayerOptions = Omit<Pool2dOptions, 'windowDimensions' | 'out'>;
/** The same of an averaging layer, with `countIncludePad`. */
export type AveragePoolLayerOptions = Omit<AveragePool2dOptions, 'windowDimensions' | 'out'>;

function pooling(name: 'maxPool2d' | 'averagePool2d', window: number | Pair, given: AveragePoolLayerOptions | undefined): LayerMaker {
  const windowDimensions = pair('windowDimensions', window);
  const names = ['strides', 'padding', 'dilations', 'layout', 'roundingType'] as const;
  const own = readOptions<AveragePoolLayerOptions>(given, name === 'averagePool2d' ? [...names, 'countIncludePad'] : names);
  const options = {
    windowDimensions,
    strides: pair('options.strides', own.strides, windowDimensions),
    padding: padding(own.padding),
    dilations: pair('options.dilations', own.dilations),
    layout: layout('options.layout', own.layout, 'nchw', LAYOUTS),
    roundingType: oneOf('options.roundingType', own.roundingType, 'floor', ['floor', 'ceil']),
    ...(name === 'averagePool2d' && { countIncludePad: boolean('options.countIncludePad', own.countIncludePad, false) }),
  };
  return maker(
    ({ engine }) =>
      new Plain(
        engine,
        (graph, x) => graph[name](x, options),
        (graph, dy, x) => graph[`${name}Backward`](dy, x, options),
      ),
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

type Elementwise = (x: Operand, options?: object) => Operand;
type ElementwiseBackward = (dy: Operand, x: Operand, options?: object) => Operand;

/** A function of every element by itself: the operator of that name. */
export function activation<N extends ActivationLayerName>(name: N, options?: ActivationLayerOptions<N>): LayerMaker {
  if (!ACTIVATIONS.includes(name)) throw new OptionError('name', show(name), `one of ${ACTIVATIONS.map(show).join(', ')}`);
  const own: unknown = attempt('options', 'an object', () => (options !== null && typeof options === 'object' ? { ...options } : options));
  if (own !== null && typeof own === 'object' && 'out' in own)
    throw new OptionError('options.out', 'an unknown option', 'none of the name');
  // Refuses what the operator would refuse, before there is an input.
  curve(name, new PlainTensor([0], new Float32Array()), own as undefined);
  const given = own as object | undefined;
  return maker(
    ({ engine }) =>
      new Plain(
        engine,
        (graph, x) => (graph[name] as Elementwise).call(graph, x, given),
        (graph, dy, x) => (graph[`${name}Backward`] as ElementwiseBackward).call(graph, dy, x, given),
      ),
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

function flatShape(shape: readonly number[]): number[] {
  if (shape.length === 0) throw new ShapeError('x.shape', show(shape), '[batch, …]');
  return [shape[0], lengthOf(shape.slice(1))];
}

/** [batch, …] as [batch, everything else], without a copy. */
export function flatten(): LayerMaker {
  return maker(({ engine }) => {
    let shape: readonly number[] | undefined;
    const flat = (x: KernelTensor) => {
      resident('x', x, engine);
      return x.view(flatShape(x.shape));
    };
    const layer: GraphLayer = {
      parameters: {},
      [BUILD](graph, x) {
        return graph.view(x, flatShape(x.shape));
      },
      forward(x) {
        const y = flat(x);
        shape = x.shape;
        return y;
      },
      backward(dy, wanted) {
        const of = kept(shape);
        resident('dy', dy, engine);
        return boolean('wanted', wanted, false) ? dy.view(of) : undefined;
      },
      prepare: () => ({ place: 'same', run: flat, dispose: () => {} }),
      dispose() {},
    };
    return layer;
  });
}
