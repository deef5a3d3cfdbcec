import type { Engine } from '../engine.ts';
import { engineOf } from '../engine-of.ts';
import { OptionError, ShapeError } from '../errors.ts';
import { paddingSides, perAxis } from '../spec/axes.ts';
import { boolean, count, layout, oneOf, type Pair, sameShape, show } from '../spec/check.ts';
import { checkAlgorithm, type PrepareConv2dOptions } from '../spec/conv.ts';
import { curve } from '../spec/curve.ts';
import type { AveragePool2dOptions, Pool2dOptions } from '../spec/pool.ts';
import { callable, readOptions } from '../spec/read.ts';
import type { Padding } from '../spec/window.ts';
import { attempt, read } from '../tensor/read.ts';
import { type KernelTensor, lengthOf, PlainTensor } from '../tensor/tensor.ts';
import { resident } from './given.ts';
import { Kept, type Layer, type LayerMaker, type Making, Parameter, type PreparedLayer } from './layer.ts';
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

/** What the last `forward` kept for `backward`. */
function kept<T>(of: T | undefined): T {
  if (of === undefined) throw new OptionError('backward', 'no forward pass before it', 'a call of forward first');
  return of;
}

const residentOut = (out: unknown, engine: Engine) => (out === undefined ? undefined : resident('out', out, engine));

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
    try {
      this.bias = bias === undefined ? undefined : new Parameter(engine, [bias]);
    } catch (error) {
      this.weight.dispose();
      throw error;
    }
    this.parameters = { weight: this.weight, ...(this.bias && { bias: this.bias }) };
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

  forward(x: KernelTensor): KernelTensor {
    resident('x', x, this.engine);
    const y = this.#y.from(sameShape(x.shape, this.#shape), (out) => this.operate(x, out));
    this.#shape = x.shape;
    this.#x = x;
    return y;
  }

  backward(dy: KernelTensor, wanted: boolean): KernelTensor | undefined {
    const x = kept(this.#x);
    resident('dy', dy, this.engine);
    const dx = boolean('wanted', wanted, false) ? this.#dx.at(this.engine, x.shape) : undefined;
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
      run: (x, out) => prepared.run(resident('x', x, this.engine), residentOut(out, this.engine)),
      dispose: () => prepared.dispose(),
    };
  }

  protected operate(x: KernelTensor, out: KernelTensor | undefined): KernelTensor {
    return this.engine.conv2d(x, this.weight.value, { ...this.#options, bias: this.bias?.value, out });
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
  /** A convolution of 1×1 whose pixels, in one column, are the rows: it can be prepared, and its sums are those of `linear`. */
  prepare(): PreparedLayer {
    const [outs, ins] = this.weight.value.shape;
    const filter = this.weight.value.view([outs, ins, 1, 1]);
    const prepared = this.engine.prepareConv2d(filter, { bias: this.bias?.value, inputLayout: 'nhwc', algorithm: 'gemm' });
    return {
      place: 'apart',
      run: (x, given) => {
        resident('x', x, this.engine);
        const features = x.shape[x.shape.length - 1];
        if (features !== ins) throw new ShapeError('x.shape', show(x.shape), `[…, ${ins}], the layer's input features`);
        const rows = lengthOf(x.shape) / ins;
        const out = residentOut(given, this.engine) ?? this.engine.tensor([...x.shape.slice(0, -1), outs]);
        // An image has rows; a batch may have none.
        if (rows === 0) return out;
        try {
          prepared.run(x.view([1, rows, 1, ins]), out.view([1, rows, 1, outs]));
          return out;
        } catch (error) {
          if (given === undefined) out.dispose();
          throw error;
        }
      },
      dispose: () => prepared.dispose(),
    };
  }

  protected operate(x: KernelTensor, out: KernelTensor | undefined): KernelTensor {
    return this.engine.linear(x, this.weight.value, { bias: this.bias?.value, out });
  }

  protected differentiate(dy: KernelTensor, x: KernelTensor, { dx, dWeight, dBias }: Gradients): void {
    const out = { ...(dx && { dx }), dWeight, ...(dBias && { dBias }) };
    this.engine.linearBackward(dy, x, this.weight.value, { skip: skipped({ dx, dBias }), out });
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
    resident('x', x, this.#engine);
    const y = this.#y.from(sameShape(x.shape, this.#shape), (out) => this.#run(x, out));
    this.#shape = x.shape;
    this.#x = x;
    return y;
  }

  backward(dy: KernelTensor, wanted: boolean): KernelTensor | undefined {
    const x = kept(this.#x);
    resident('dy', dy, this.#engine);
    if (!boolean('wanted', wanted, false)) return undefined;
    const dx = this.#dx.at(this.#engine, x.shape);
    this.#differentiate(dy, x, dx);
    return dx;
  }

  prepare(): PreparedLayer {
    const engine = this.#engine;
    return {
      place: this.#place,
      run: (x, out) => this.#run(resident('x', x, engine), residentOut(out, engine)),
      dispose: () => {},
    };
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
        'apart',
        (x, out) => engine[name](x, { ...options, out }),
        (dy, x, out) => engine[`${name}Backward`](dy, x, { ...options, out }),
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

type Elementwise = (x: KernelTensor, options: object) => KernelTensor;
type ElementwiseBackward = (dy: KernelTensor, x: KernelTensor, options: object) => KernelTensor;

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
        'over',
        (x, out) => (engine[name] as Elementwise).call(engine, x, { ...given, out }),
        (dy, x, out) => (engine[`${name}Backward`] as ElementwiseBackward).call(engine, dy, x, { ...given, out }),
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

/** [batch, …] as [batch, everything else], without a copy. */
export function flatten(): LayerMaker {
  return maker(({ engine }) => {
    let shape: readonly number[] | undefined;
    const flat = (x: KernelTensor) => {
      resident('x', x, engine);
      if (x.shape.length === 0) throw new ShapeError('x.shape', show(x.shape), '[batch, …]');
      return x.view([x.shape[0], lengthOf(x.shape.slice(1))]);
    };
    return {
      parameters: {},
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
  });
}
