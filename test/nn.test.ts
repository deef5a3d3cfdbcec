import { describe, expect, it } from 'vitest';
import { DisposedError, type Engine, load, OptionError, ShapeError, type Tensor } from '../src/index.ts';
import {
  activation,
  adam,
  averagePool2d,
  conv2d,
  crossEntropy,
  encodeSafetensors,
  flatten,
  type LayerMaker,
  leakyRelu,
  linear,
  loadState,
  maxPool2d,
  meanSquare,
  NotFiniteError,
  type Optimizer,
  Parameter,
  relu,
  SafetensorsError,
  type Sequential,
  sequential,
  sgd,
  sigmoid,
  tanh,
} from '../src/nn/index.ts';
import { expectSameBits } from './equal.ts';
import { convOracle } from './oracle/conv.ts';
import { poolOracle } from './oracle/pool.ts';
import { ownEngine } from './own-engine.ts';
import { js, platforms, simd } from './platforms.ts';
import { random, randomTensor } from './random.ts';

/** Every layer with weights, every pool, activations, a layout and groups. */
const LAYERS = (): LayerMaker[] => [
  conv2d(2, 4, 3, { padding: 1 }),
  tanh(),
  averagePool2d(2),
  conv2d(4, 6, 3, { groups: 2, bias: false, strides: [1, 2], padding: 'same' }),
  leakyRelu({ alpha: 0.2 }),
  maxPool2d(2, { strides: 1 }),
  flatten(),
  linear(18, 7, { initialize: 'glorot' }),
  sigmoid(),
  linear(7, 5, { bias: false }),
];
const INPUT = [3, 2, 8, 8];
const LABELS = [4, 0, 2];

/** Tensors in float64, by way of the operators' oracles, which only read numbers. */
interface Wide {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}
const plain = { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 } as const;
const asTensor = (wide: Wide) => wide as unknown as Tensor;
const map = ({ shape, data }: Wide, f: (x: number) => number): Wide => ({ shape, data: data.map(f) });

function convolved(x: Wide, filter: Wide, bias: Wide | undefined, options: Partial<Parameters<typeof convOracle>[2]>): Wide {
  const y = convOracle(asTensor(x), asTensor(filter), { ...plain, ...options });
  const plane = y.shape[2] * y.shape[3];
  return { shape: y.shape, data: y.data.map((value, i) => value + (bias?.data[Math.floor(i / plane) % y.shape[1]] ?? 0)) };
}

function multiplied(x: Wide, weight: Wide, bias?: Wide): Wide {
  const as1x1 = ({ shape: [rows, columns], data }: Wide) => ({ shape: [rows, columns, 1, 1], data });
  const { shape, data } = convolved(as1x1(x), as1x1(weight), bias, {});
  return { shape: shape.slice(0, 2), data };
}

const pooling = { dilations: [1, 1], padding: [0, 0, 0, 0], roundingType: 'floor', countIncludePad: false } as const;

/** The loss of `LAYERS` in float64. */
function lossInFloat64(x: Wide, weights: Readonly<Record<string, Wide>>): number {
  let y = convolved(x, weights['0.weight'], weights['0.bias'], { padding: [1, 1, 1, 1] });
  y = map(y, Math.tanh);
  y = poolOracle('average', asTensor(y), { ...pooling, kernel: [2, 2], strides: [2, 2] });
  y = convolved(y, weights['3.weight'], undefined, { groups: 2, strides: [1, 2], padding: [1, 1, 0, 1] });
  y = map(y, (value) => (value < 0 ? Math.fround(0.2) * value : value));
  y = poolOracle('max', asTensor(y), { ...pooling, kernel: [2, 2], strides: [1, 1] });
  y = multiplied({ shape: [3, 18], data: y.data }, weights['7.weight'], weights['7.bias']);
  y = map(y, (value) => 1 / (1 + Math.exp(-value)));
  y = multiplied(y, weights['9.weight']);
  return crossEntropyInFloat64(y, LABELS);
}

function crossEntropyInFloat64({ shape: [rows, columns], data }: Wide, labels: readonly number[]): number {
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const values = data.slice(row * columns, (row + 1) * columns);
    loss += Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0)) - values[labels[row]];
  }
  return loss / rows;
}

/** Central differences of `f` by each element of `at`, which is left as it was. */
function differences(f: () => number, at: Float64Array, step = 1e-6): Float64Array {
  return Float64Array.from(at, (value, i) => {
    at[i] = value + step;
    const above = f();
    at[i] = value - step;
    const below = f();
    at[i] = value;
    return (above - below) / (2 * step);
  });
}

const wide = ({ shape, data }: Tensor): Wide => ({ shape, data: Float64Array.from(data) });

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, relative: number): void {
  const scale = Math.max(...Array.from(expected, Math.abs));
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= relative * scale)) expect.fail(`element ${i}: ${actual[i]} is not near ${expected[i]}`);
  }
}

/** Biases begin as 0, which hides mistakes. */
function disturb(network: Sequential): Sequential {
  const next = random(9);
  for (const { value } of network.parameters()) {
    const { data } = value;
    for (let i = 0; i < data.length; i++) data[i] += 0.2 * (2 * next() - 1);
  }
  return network;
}

describe.each(platforms)('a network on $name', ({ engine }) => {
  it('has the gradients of finite differences in float64, by every parameter and by its input', () => {
    using network = disturb(sequential(engine, LAYERS(), { seed: 3 }));
    const x = randomTensor(INPUT, 5);
    const { loss, gradient } = crossEntropy(network.forward(x), LABELS);
    const dx = network.backward(gradient, true)!;
    const weights = Object.fromEntries(Object.entries(network.state()).map(([name, value]) => [name, wide(value)]));
    const input = wide(x);
    const f = () => lossInFloat64(input, weights);
    expect(Math.abs(loss - f())).toBeLessThan(1e-5);
    for (const { name, gradient } of network.parameters()) expectNear(gradient.data, differences(f, weights[name].data), 2e-5);
    expect(dx.shape).toEqual(INPUT);
    expectNear(dx.data, differences(f, input.data), 2e-5);
  });

  it('in the layout nhwc gives what it gives in nchw', () => {
    const make = (nhwc: boolean) => {
      const layout = nhwc ? 'nhwc' : 'nchw';
      return sequential(engine, [
        conv2d(1, 3, 3, { inputLayout: layout }),
        relu(),
        maxPool2d(2, { layout }),
        // Of one pixel, so that channels are all that is left.
        averagePool2d(2, { layout }),
        flatten(),
        linear(3, 2),
      ]);
    };
    const x = randomTensor([2, 1, 6, 6], 1);
    const [a, b] = [make(false), make(true)];
    const loss = (network: Sequential, input: Tensor) => crossEntropy(network.forward(input), [0, 1]);
    const nchw = loss(a, x);
    const nhwc = loss(b, { shape: [2, 6, 6, 1], data: x.data });
    expect(nhwc.loss).toBeCloseTo(nchw.loss, 6);
    a.backward(nchw.gradient);
    b.backward(nhwc.gradient);
    for (const [i, { gradient }] of b.parameters().entries()) expectNear(gradient.data, a.parameters()[i].gradient.data, 1e-5);
    for (const network of [a, b]) network.dispose();
  });

  it('adds gradients up until they are set to 0', () => {
    using network = sequential(engine, LAYERS(), { seed: 3 });
    const pass = (seed: number) => network.backward(crossEntropy(network.forward(randomTensor(INPUT, seed)), LABELS).gradient);
    const gradients = () => network.parameters().map(({ gradient }) => gradient.data.slice());
    pass(1);
    const first = gradients();
    pass(2);
    const both = gradients();
    for (const parameter of network.parameters()) parameter.zeroGradient();
    expect(gradients().every((gradient) => gradient.every((value) => value === 0))).toBe(true);
    pass(2);
    for (const [i, second] of gradients().entries())
      expectSameBits(
        both[i],
        first[i].map((value, j) => value + second[j]),
      );
  });

  it('prepared gives what forward gives, from any tensor, and allocates nothing', () => {
    const gemm = { algorithm: 'gemm' } as const;
    using network = sequential(engine, [
      relu(),
      conv2d(2, 4, 3, gemm),
      relu(),
      tanh(),
      maxPool2d(2),
      conv2d(4, 6, 3, gemm),
      flatten(),
      leakyRelu(),
      linear(6, 9),
      sigmoid(),
      linear(9, 4),
      flatten(),
    ]);
    using prepared = network.prepare([3, 2, 8, 8]);
    expect(prepared.outShape).toEqual([3, 4]);
    const out = { shape: [3, 4], data: new Float32Array(12) };
    for (const seed of [1, 2]) {
      const x = randomTensor([3, 2, 8, 8], seed);
      const before = x.data.slice();
      const expected = network.forward(x).data.slice();
      expectSameBits(prepared.run(x).data, expected);
      expect(prepared.run(x, out)).toBe(out);
      expectSameBits(out.data, expected);
      using inside = engine.tensor(x.shape, x.data);
      expectSameBits(prepared.run(inside).data, expected);
      expectSameBits(inside.data, before);
      expectSameBits(x.data, before);
    }
    expect(() => prepared.run(randomTensor([2, 2, 8, 8], 1))).toThrow(/^x\.shape: expected \[3, 2, 8, 8\], got \[2, 2, 8, 8\]/);
    expect(() => prepared.run(randomTensor([3, 2, 8, 8], 1), randomTensor([3, 5], 1))).toThrow(/^out\.shape/);
    prepared.dispose();
    expect(() => prepared.run(randomTensor([3, 2, 8, 8], 1))).toThrow(DisposedError);
  });

  it('without layers, or with flatten alone, gives its input', () => {
    using empty = sequential(engine, []);
    using flat = sequential(engine, [flatten()]);
    const x = randomTensor([2, 3, 4, 5], 1);
    for (const network of [empty, flat]) {
      using prepared = network.prepare(x.shape);
      expectSameBits(network.forward(x).data, x.data);
      expectSameBits(prepared.run(x).data, x.data);
      expect(network.backward({ shape: network === flat ? [2, 60] : x.shape, data: x.data })).toBeUndefined();
    }
    expect(flat.forward(x).shape).toEqual([2, 60]);
    expect(flat.backward({ shape: [2, 60], data: x.data }, true)!.shape).toEqual(x.shape);
  });
});

/** Some steps, and every weight after them. */
function trained(engine: Engine, seed: number, make: (network: Sequential) => Optimizer, steps = 12): Float32Array[] {
  using network = sequential(engine, LAYERS(), { seed });
  using optimizer = make(network);
  for (let step = 0; step < steps; step++) {
    const { gradient } = crossEntropy(network.forward(randomTensor(INPUT, step)), LABELS);
    optimizer.zeroGradients();
    network.backward(gradient);
    optimizer.step();
  }
  return network.parameters().map(({ value }) => value.data.slice());
}

describe('training', () => {
  it('from the same seed gives the same bits on simd and in JavaScript', () => {
    for (const make of [(n: Sequential) => adam(n.parameters()), (n: Sequential) => sgd(n.parameters(), { momentum: 0.9 })]) {
      const [a, b] = [js, simd].map(({ engine }) => trained(engine, 7, make));
      for (const [i, weights] of a.entries()) expectSameBits(b[i], weights);
    }
  });

  it('learns what a seed began, and another seed begins elsewhere', () => {
    const weights = (seed?: number) => sequential(js.engine, LAYERS(), seed === undefined ? {} : { seed }).save();
    expect(weights(1)).toEqual(weights(1));
    expect(weights()).toEqual(weights(0));
    expect(weights(1)).not.toEqual(weights(2));
    const first = sequential(js.engine, [linear(3, 1, { initialize: () => 1 })], { seed: 42 }).state()['0.weight'];
    const next = random(42);
    expect([...first.data]).toEqual([0, 1, 2].map(() => Math.fround(2 * next() - 1)));
  });

  it('begins within the bounds of He and of Glorot, with biases of 0', () => {
    const bounds: [LayerMaker, number][] = [
      [conv2d(4, 8, 3, { groups: 2 }), Math.sqrt(6 / 18)],
      [conv2d(4, 8, [3, 1], { initialize: 'glorot' }), Math.sqrt(6 / (12 + 24))],
      [linear(50, 20), Math.sqrt(6 / 50)],
      [linear(50, 20, { initialize: 'glorot' }), Math.sqrt(6 / 70)],
      [linear(50, 20, { initialize: (fanIn, fanOut) => fanIn / fanOut }), 2.5],
    ];
    for (const [make, bound] of bounds) {
      using network = sequential(js.engine, [make], { seed: 1 });
      const { weight, bias } = network.layers[0].parameters;
      const greatest = Math.max(...Array.from(weight.value.data, Math.abs));
      expect(greatest).toBeLessThanOrEqual(Math.fround(bound));
      expect(greatest).toBeGreaterThan(0.85 * bound);
      expect(bias.value.data.every((value) => value === 0)).toBe(true);
    }
  });

  it('keeps memory as it is, however many steps and batches of two sizes, and gives all of it back', async () => {
    const { engine, memory } = await ownEngine({ initial: 64 });
    const before = memory.takenBytes;
    const network = sequential(engine, LAYERS());
    const optimizer = adam(network.parameters());
    const step = (batch: number) => {
      const { gradient } = crossEntropy(network.forward(randomTensor([batch, 2, 8, 8], batch)), LABELS.slice(0, batch));
      optimizer.zeroGradients();
      network.backward(gradient);
      network.backward(gradient);
      optimizer.step();
    };
    step(3);
    const taken = memory.takenBytes;
    for (let i = 0; i < 300; i++) step(i % 10 === 9 ? 2 : 3);
    step(3);
    expect(memory.takenBytes).toBe(taken);
    const prepared = network.prepare(INPUT);
    prepared.run(randomTensor(INPUT, 1));
    const planned = memory.takenBytes;
    for (let i = 0; i < 50; i++) prepared.run(randomTensor(INPUT, i));
    expect(memory.takenBytes).toBe(planned);
    prepared.dispose();
    expect(memory.takenBytes).toBe(taken);
    for (const held of [optimizer, network, network]) held.dispose();
    // Scratch and parameter blocks are the engine's, and stay.
    const again = memory.takenBytes;
    sequential(engine, LAYERS()).dispose();
    expect(memory.takenBytes).toBe(again);
    expect(again - before).toBeLessThan(taken - before);
    engine.dispose();
  });
});

describe('optimisers', () => {
  /** One weight matrix whose gradients are given, beside the same steps in float64. */
  function follow(
    make: (parameters: readonly Parameter[]) => Optimizer,
    byHand: (g: number, state: number[], step: number) => number,
    decay = 0,
  ) {
    using network = sequential(js.engine, [linear(3, 2, { bias: false })], { seed: 1 });
    const [parameter] = network.parameters();
    using optimizer = make([parameter]);
    const weights = Array.from(parameter.value.data);
    const states = weights.map(() => [0, 0]);
    const next = random(5);
    for (let step = 1; step <= 20; step++) {
      const gradients = Float32Array.from(weights, () => 2 * next() - 1);
      optimizer.zeroGradients();
      parameter.accumulate((out) => out.data.set(gradients));
      optimizer.step();
      for (let i = 0; i < weights.length; i++) weights[i] -= byHand(gradients[i] + decay * weights[i], states[i], step);
      expectNear(parameter.value.data, weights, 1e-6);
    }
    expect(optimizer.steps).toBe(20);
  }

  it('sgd', () => {
    follow(
      (parameters) => sgd(parameters),
      (g) => 0.01 * g,
    );
    follow(
      (parameters) => sgd(parameters, { learningRate: 0.1, momentum: 0.9 }),
      (g, state) => {
        state[0] = 0.9 * state[0] + g;
        return 0.1 * state[0];
      },
    );
    follow(
      (parameters) => sgd(parameters, { learningRate: 0.1, weightDecay: 0.1 }),
      (g) => 0.1 * g,
      0.1,
    );
    follow(
      (parameters) => sgd(parameters, { learningRate: 0.1, momentum: 0.5, weightDecay: 0.1, nesterov: true }),
      (g, state) => {
        state[0] = 0.5 * state[0] + g;
        return 0.1 * (g + 0.5 * state[0]);
      },
      0.1,
    );
  });

  it('adam', () => {
    const byHand = (rate: number, beta1: number, beta2: number, epsilon: number) => (g: number, state: number[], step: number) => {
      state[0] = beta1 * state[0] + (1 - beta1) * g;
      state[1] = beta2 * state[1] + (1 - beta2) * g * g;
      const mean = state[0] / (1 - beta1 ** step);
      return (rate * mean) / (Math.sqrt(state[1] / (1 - beta2 ** step)) + epsilon);
    };
    follow((parameters) => adam(parameters), byHand(0.001, 0.9, 0.999, 1e-8));
    follow((parameters) => adam(parameters, { learningRate: 0.05, beta1: 0.8, beta2: 0.9, epsilon: 0.01 }), byHand(0.05, 0.8, 0.9, 0.01));
  });

  it('go on from their state as if nothing had been', () => {
    for (const make of [
      (network: Sequential) => adam(network.parameters()),
      (network: Sequential) => sgd(network.parameters(), { momentum: 0.9 }),
    ]) {
      const [network, other] = [1, 2].map((seed) => sequential(js.engine, LAYERS(), { seed }));
      const [optimizer, another] = [network, other].map(make);
      const step = (n: Sequential, o: Optimizer, seed: number) => {
        o.zeroGradients();
        n.backward(crossEntropy(n.forward(randomTensor(INPUT, seed)), LABELS).gradient);
        o.step();
      };
      for (let i = 0; i < 3; i++) step(network, optimizer, i);
      const from = { ...network.state(), ...optimizer.state() };
      for (const [name, { data }] of Object.entries({ ...other.state(), ...another.state() })) data.set(from[name].data);
      for (let i = 3; i < 6; i++) {
        step(network, optimizer, i);
        step(other, another, i);
      }
      expect(other.save()).toEqual(network.save());
      for (const held of [network, other, optimizer, another]) held.dispose();
    }
  });

  describe('of two networks at once', () => {
    const pair = () => [1, 2].map((seed) => sequential(js.engine, [linear(3, 2 * seed)], { seed }));
    const both = (networks: readonly Sequential[]) => networks.flatMap((network) => network.parameters());
    const fill = (networks: readonly Sequential[], seed: number) => {
      for (const [i, parameter] of both(networks).entries()) {
        parameter.zeroGradient();
        parameter.accumulate(({ data, shape }) => data.set(randomTensor(shape, seed + 10 * i).data));
      }
    };
    const makers = {
      adam: (parameters: readonly Parameter[]) => adam(parameters),
      sgd: (parameters: readonly Parameter[]) => sgd(parameters, { momentum: 0.9 }),
    };

    it.each(Object.entries(makers))('%s makes the steps that it makes of each', (_, make) => {
      const [together, apart] = [pair(), pair()];
      const one = make(both(together));
      const each = apart.map((network) => make(network.parameters()));
      for (let step = 0; step < 5; step++) {
        for (const networks of [together, apart]) fill(networks, step);
        one.step();
        for (const optimizer of each) optimizer.step();
      }
      expect(together.map((network) => network.save())).toEqual(apart.map((network) => network.save()));
    });

    it.each(Object.entries(makers))('%s refuses names that are alike in its state, until they differ', (_, make) => {
      const networks = pair();
      const optimizer = make(both(networks));
      fill(networks, 1);
      optimizer.step();
      expect(() => optimizer.state()).toThrow(OptionError);
      expect(() => optimizer.state()).toThrow(/^parameters: expected names that differ .* got several of the name '0\.weight', '0\.bias'$/);
      for (const parameter of networks[1].parameters()) parameter.name = `second.${parameter.name}`;
      const state = optimizer.state();
      expect(Object.keys(state).length).toBe(1 + both(networks).length * (make === makers.adam ? 2 : 1));
      expect(new Set(Object.values(state)).size).toBe(Object.keys(state).length);
      // A network's own file has the names of its layers.
      expect(Object.keys(networks[1].state())).toEqual(['0.weight', '0.bias']);
    });

    it('gives its memory back', async () => {
      const { engine, memory } = await ownEngine();
      const networks = [1, 2].map((seed) => sequential(engine, [linear(3, 2)], { seed }));
      const before = memory.takenBytes;
      const optimizer = adam(both(networks));
      expect(memory.takenBytes).toBeGreaterThan(before);
      optimizer.dispose();
      expect(memory.takenBytes).toBe(before);
      engine.dispose();
    });

    it('refuses a parameter twice, and one that is none', () => {
      const [parameter] = pair()[0].parameters();
      expect(() => sgd([parameter, parameter])).toThrow(/^parameters\[1\]: expected each parameter once/);
      expect(() => sgd([parameter, {} as Parameter])).toThrow(/^parameters\[1\]: expected a parameter of a network, got Object/);
      expect(() => sgd([new Proxy(parameter, {})])).toThrow(/^parameters\[0\]/);
    });
  });

  it('take steps from a checkpoint only as a whole number, and moments as numbers: else nothing is changed', () => {
    using network = sequential(js.engine, [linear(3, 2)], { seed: 1 });
    using optimizer = adam(network.parameters());
    for (const parameter of network.parameters()) parameter.accumulate(({ data }) => data.fill(0.5));
    optimizer.step();
    const state = () => ({ ...network.state(), ...optimizer.state() });
    const good = encodeSafetensors(state());
    const spoilt = (name: string, value: number) => {
      const tensors = Object.fromEntries(
        Object.entries(state()).map(([name, { shape, data }]) => [name, { shape, data: data.map((x) => x + 1) }]),
      );
      tensors[name].data[tensors[name].data.length - 1] = value;
      return encodeSafetensors(tensors);
    };
    for (const [name, value] of [
      ...[Number.NaN, -1, -0.5, 1.5, Infinity, -Infinity, 2 ** 24 + 2].map((value) => ['optimizer.steps', value] as const),
      ['optimizer.0.weight.mean', Number.NaN] as const,
      ['optimizer.0.weight.square', -1] as const,
    ]) {
      expect(() => loadState(state(), spoilt(name, value))).toThrow(SafetensorsError);
      expect(() => loadState(state(), spoilt(name, value))).toThrow(`'${name}'[`);
      expect(encodeSafetensors(state())).toEqual(good);
    }
    loadState(state(), spoilt('optimizer.steps', 7));
    expect(optimizer.steps).toBe(7);
    optimizer.state()['optimizer.steps'].data[0] = -3;
    const before = network.save();
    expect(() => optimizer.step()).toThrow(/^state\(\)\['optimizer.steps'\]: expected a whole number from 0 to 16777216, got -3/);
    expect(network.save()).toEqual(before);
  });

  it('change nothing when a tensor is gone', () => {
    const network = sequential(js.engine, [linear(3, 2)], { seed: 1 });
    using optimizer = adam(network.parameters());
    const [weight, bias] = network.parameters();
    const before = weight.value.data.slice();
    for (const parameter of [weight, bias]) parameter.accumulate(({ data }) => data.fill(1));
    bias.value.dispose();
    expect(() => optimizer.step()).toThrow(DisposedError);
    expect(optimizer.steps).toBe(0);
    expectSameBits(weight.value.data, before);
  });

  it('report a NaN with its step, and change nothing', () => {
    using network = sequential(js.engine, LAYERS());
    using optimizer = adam(network.parameters());
    const step = (x: Tensor) => {
      optimizer.zeroGradients();
      network.backward(crossEntropy(network.forward(x), LABELS).gradient);
      optimizer.step();
    };
    for (let i = 0; i < 4; i++) step(randomTensor(INPUT, i));
    const before = network.save();
    const bad = randomTensor(INPUT, 9);
    bad.data[200] = Number.NaN;
    expect(() => step(bad)).toThrow(NotFiniteError);
    expect(() => step(bad)).toThrow(/^step 5: the gradient of \d\.\w+ is not finite; no weight was changed$/);
    expect(network.save()).toEqual(before);
    step(randomTensor(INPUT, 4));
    expect(optimizer.steps).toBe(5);
    // Weights that overflow.
    using far = sgd(network.parameters(), { learningRate: 1e300 });
    expect(() => far.step()).toThrow(/^step 1: \d\.\w+ has weights that are not finite$/);
  });
});

describe('losses', () => {
  it('cross-entropy and its gradient, against float64', () => {
    const logits = randomTensor([4, 6], 1);
    for (let i = 0; i < logits.data.length; i++) logits.data[i] *= 10;
    const labels = Uint8Array.of(5, 0, 3, 3);
    const { loss, gradient } = crossEntropy(logits, labels);
    const at = wide(logits);
    const f = () => crossEntropyInFloat64(at, [...labels]);
    expect(loss).toBeCloseTo(f(), 6);
    expect(gradient.shape).toEqual([4, 6]);
    expectNear(gradient.data, differences(f, at.data), 1e-6);
  });

  it('cross-entropy takes the logarithm of any sum, from 1 to the number of classes', () => {
    for (const classes of [1, 2, 3, 5, 10, 100, 1000, 65_537]) {
      const { loss } = crossEntropy({ shape: [1, classes], data: new Float32Array(classes) }, [classes - 1]);
      expect(Math.abs(loss - Math.log(classes))).toBeLessThanOrEqual(2 ** -50 * Math.log(classes));
    }
    for (const far of [0, 1, 5, 10, 15]) {
      const { loss } = crossEntropy({ shape: [1, 2], data: Float32Array.of(far, 0) }, [0]);
      expect(Math.abs(loss / Math.log1p(Math.exp(-far)) - 1)).toBeLessThan(1e-6);
    }
  });

  it('cross-entropy of logits far apart does not overflow', () => {
    const { loss, gradient } = crossEntropy({ shape: [2, 2], data: Float32Array.of(1e4, -1e4, 3e38, 0) }, [1, 0]);
    expect(loss).toBe(1e4);
    expect([...gradient.data]).toEqual([0.5, -0.5, 0, 0]);
  });

  it('cross-entropy of a NaN is one, in loss and gradient', () => {
    const { loss, gradient } = crossEntropy({ shape: [2, 2], data: Float32Array.of(Number.NaN, 1, 2, 3) }, [1, 0]);
    expect(loss).toBeNaN();
    expect([...gradient.data].map(Number.isNaN)).toEqual([true, true, false, false]);
  });

  it('mean square and its gradient', () => {
    const y = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
    const { loss, gradient } = meanSquare(y, { shape: [2, 2], data: Float32Array.of(1, 0, 3, 8) });
    expect(loss).toBe(5);
    expect([...gradient.data]).toEqual([0, 1, 0, -2]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['logits of one dimension', () => crossEntropy(randomTensor([3], 1), [1]), /^logits\.shape: expected 2 dimensions/],
    ['too few labels', () => crossEntropy(randomTensor([2, 3], 1), [1]), /^labels: expected 2 labels, got 1 labels/],
    ['no labels', () => crossEntropy(randomTensor([2, 3], 1), undefined as never), /^labels: expected 2 labels, got undefined/],
    ['a label of no class', () => crossEntropy(randomTensor([2, 3], 1), [0, 3]), /^labels\[1\]: .* below 3, got 3/],
    ['a label that is no number', () => crossEntropy(randomTensor([1, 3], 1), ['0'] as never), /^labels\[0\]/],
    ['targets of another shape', () => meanSquare(randomTensor([2], 1), randomTensor([3], 1)), /^target\.shape: expected \[2\], got \[3\]/],
  ])('refuse %s', (_, run, message) => {
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(message);
  });
});

describe('a tensor that lives elsewhere', () => {
  const make = (engine: Engine) => sequential(engine, [conv2d(1, 2, 3), relu(), flatten(), linear(8, 3)], { seed: 1 });
  const x = randomTensor([2, 1, 4, 4], 3);
  const dy = randomTensor([2, 3], 4);

  it('goes through a network as a plain one does', async () => {
    const { engine: other } = await ownEngine();
    for (const { engine } of [js, simd]) {
      using network = make(engine);
      const results = [x, other.tensor(x.shape, x.data)].map((input) => {
        const y = network.forward(input);
        for (const parameter of network.parameters()) parameter.zeroGradient();
        const dx = network.backward(input === x ? dy : other.tensor(dy.shape, dy.data), true)!;
        expect([y, dx].every((tensor) => engine.relu(tensor) instanceof y.constructor)).toBe(true);
        return [y.data.slice(), dx.data.slice(), ...network.parameters().map(({ gradient }) => gradient.data.slice())];
      });
      for (const [i, bits] of results[0].entries()) expectSameBits(results[1][i], bits);
      using prepared = network.prepare(x.shape);
      const out = other.tensor([2, 3]);
      expect(prepared.run(other.tensor(x.shape, x.data), out)).toBe(out);
      expectSameBits(out.data, prepared.run(x).data);
      network.forward(other.tensor(x.shape, x.data)).dispose();
      expectSameBits(network.forward(x).data, results[0][0]);
    }
    other.dispose();
  });

  it('is refused by a single layer, and so is what a layer of your own makes there', async () => {
    const { engine: other } = await ownEngine();
    using network = make(js.engine);
    const far = other.tensor(x.shape, x.data);
    for (const layer of network.layers) {
      for (const [input, given] of [
        [far, 'a tensor of another engine'],
        [x, 'a plain tensor'],
      ] as const) {
        const message = `x: expected a tensor of this engine, got ${given}`;
        expect(() => layer.forward(input as typeof far)).toThrow(message);
        expect(() => layer.prepare().run(input as typeof far)).toThrow(message);
      }
    }
    const elsewhere: LayerMaker = () => ({
      parameters: {},
      forward: () => far,
      backward: () => far,
      prepare: () => ({ place: 'apart', run: () => far, dispose() {} }),
      dispose() {},
    });
    using odd = sequential(js.engine, [relu(), elsewhere]);
    expect(() => odd.forward(x)).toThrow(/^layers\[1\]\.forward\(\): expected a tensor of this engine, got a tensor of another engine/);
    expect(() => odd.prepare([1])).toThrow(/^layers\[1\]\.run\(\): /);
    other.dispose();
  });

  it('is copied whole when it is a view of memory that grows under it', async () => {
    const { engine } = await ownEngine({ initial: 1 });
    using network = sequential(engine, [relu()]);
    const inside = engine.tensor([64, 1024], randomTensor([64, 1024], 1).data);
    const expected = inside.data.map((value) => Math.max(value, 0));
    expectSameBits(network.forward({ shape: inside.shape, data: inside.data }).data, expected);
    engine.dispose();
  });

  it('and is gone before backward is refused before any gradient is added to', () => {
    using network = make(js.engine);
    const input = js.engine.tensor(x.shape, x.data);
    network.forward(input);
    input.dispose();
    expect(() => network.backward(dy)).toThrow(/^x of the last forward has been disposed/);
    expect(network.parameters().every(({ gradient }) => gradient.data.every((value) => value === 0))).toBe(true);
  });
});

describe('options', () => {
  it('of pools that are undefined are those that are not given: strides are the window', () => {
    const [a, b] = [{}, { strides: undefined, padding: undefined }].map((options) => sequential(js.engine, [maxPool2d(2, options)]));
    expect(b.forward(randomTensor([1, 1, 4, 4], 1)).shape).toEqual(a.forward(randomTensor([1, 1, 4, 4], 1)).shape);
  });

  it('are read once: what becomes of them later changes nothing', () => {
    const strides: [number, number] = [1, 1];
    const alpha = { alpha: 0.5 };
    using network = sequential(js.engine, [conv2d(1, 1, 1, { strides }), maxPool2d(1, { strides }), leakyRelu(alpha)]);
    const x = randomTensor([1, 1, 4, 4], 1);
    const before = network.forward(x).data.slice();
    strides.fill(2);
    alpha.alpha = 7;
    expectSameBits(network.forward(x).data, before);
    expectSameBits(network.prepare(x.shape).run(x).data, before);
  });
});

describe('an empty batch', () => {
  it('is prepared for and gives nothing, without losing memory', async () => {
    const { engine, memory } = await ownEngine();
    using network = sequential(engine, [conv2d(1, 2, 3), relu(), maxPool2d(2), flatten(), linear(8, 3)]);
    network.prepare([0, 1, 6, 6]).dispose();
    const { takenBytes } = memory;
    for (let i = 0; i < 3; i++) {
      using prepared = network.prepare([0, 1, 6, 6]);
      expect(prepared.run({ shape: [0, 1, 6, 6], data: new Float32Array(0) }).shape).toEqual([0, 3]);
    }
    expect(memory.takenBytes).toBe(takenBytes);
  });
});

describe('refusals', () => {
  const make = (layers: LayerMaker[] = [linear(2, 3)]) => sequential(js.engine, layers);
  it.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
    ['backward before forward', () => make().backward(randomTensor([1, 3], 1)), OptionError, /^backward: .* no forward pass/],
    [
      'a gradient of another shape',
      () => {
        const network = make();
        network.forward(randomTensor([1, 2], 1));
        network.backward(randomTensor([1, 2], 1));
      },
      ShapeError,
      /^dy\.shape: expected the result's, \[1, 3\], got \[1, 2\]/,
    ],
    [
      'backward after a forward that failed',
      () => {
        const network = make();
        network.forward(randomTensor([1, 2], 1));
        expect(() => network.forward(randomTensor([1, 5], 1))).toThrow(ShapeError);
        network.backward(randomTensor([1, 3], 1));
      },
      OptionError,
      /no forward pass/,
    ],
    [
      'a network that is gone',
      () => {
        const network = make();
        network.dispose();
        network.forward(randomTensor([1, 2], 1));
      },
      DisposedError,
      /^the network has been disposed/,
    ],
    ['a seed that is none', () => sequential(js.engine, [], { seed: -1 }), OptionError, /^seed: /],
    ['an unknown option', () => sequential(js.engine, [], { sede: 1 } as never), OptionError, /^options\.sede/],
    ['an unknown option of a layer', () => conv2d(1, 1, 1, { stride: 2 } as never), OptionError, /^options\.stride: /],
    ['an activation in a layer', () => conv2d(1, 1, 1, { activation: 'relu' } as never), OptionError, /^options\.activation: /],
    ['channels that groups do not divide', () => conv2d(3, 4, 1, { groups: 2 }), OptionError, /^inChannels: expected a multiple/],
    ['no channels', () => conv2d(0, 4, 1), OptionError, /^inChannels: /],
    ['an initialisation that is none', () => linear(1, 1, { initialize: 'xavier' as never }), OptionError, /^options\.initialize: /],
    ['a bound that is none', () => linear(1, 1, { initialize: () => Number.NaN }), OptionError, /^options\.initialize: /],
    ['an activation that is none', () => activation('softmix' as never), OptionError, /^name: /],
    ['parameters that are none', () => sgd([]), OptionError, /^parameters: /],
    ['a learning rate below 0', () => sgd(make().parameters(), { learningRate: -1 }), OptionError, /^options\.learningRate: /],
    ['a momentum of 1', () => sgd(make().parameters(), { momentum: 1 }), OptionError, /^options\.momentum: .* below 1/],
    ['a beta of NaN', () => adam(make().parameters(), { beta1: Number.NaN }), OptionError, /^options\.beta1: /],
    ['an option of a layer that cannot be', () => conv2d(1, 1, 1, { strides: 0 }), OptionError, /^options\.strides: /],
    ['an algorithm that cannot be', () => conv2d(1, 1, 1, { algorithm: 'winograd' }), OptionError, /^options\.algorithm: /],
    ['an option of an activation that cannot be', () => leakyRelu({ alpha: Number.NaN }), OptionError, /^options\.alpha: /],
    ['an unknown option of an activation', () => activation('relu', { alpha: 1 } as never), OptionError, /^options\.alpha: /],
    ['a promise of an engine', () => sequential(load() as never, []), OptionError, /^engine: .*did you forget `await`\?/],
    ['layers that are none', () => sequential(js.engine, [relu] as never), OptionError, /^layers\[0\]: expected a layer/],
    [
      'backward of a layer before forward',
      () => relu()({ engine: js.engine, random: () => 0 }).backward({} as never, true),
      OptionError,
      /no forward/,
    ],
    ['a shape to prepare for that does not fit', () => make().prepare([1, 5]), ShapeError, /5/],
  ])('%s', (_, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});

describe('a layer of your own', () => {
  /** x + b. */
  const shift =
    (): LayerMaker =>
    ({ engine }) => {
      const bias = new Parameter(engine, [1]);
      return {
        parameters: { bias },
        forward(x) {
          for (let i = 0, { data } = x; i < data.length; i++) data[i] += bias.value.data[0];
          return x;
        },
        backward(dy, wanted) {
          bias.accumulate(({ data }) => {
            data[0] = dy.data.reduce((sum, value) => sum + value, 0);
          });
          return wanted ? dy : undefined;
        },
        prepare: () => ({ place: 'over', run: (x) => x, dispose() {} }),
        dispose: () => bias.dispose(),
      };
    };

  it('may give its input back, prepared too', () => {
    using network = sequential(js.engine, [shift(), linear(2, 1), shift()], { seed: 1 });
    const x = randomTensor([4, 2], 1);
    using prepared = network.prepare(x.shape);
    for (let i = 0; i < 2; i++) expectSameBits(prepared.run(x).data, network.forward(x).data);
  });

  it('may share its parameters with another, which are there once', () => {
    const shared = new Parameter(js.engine, [1]);
    const sharing = (): LayerMaker => (making) => ({ ...shift()(making), parameters: { shared } });
    using network = sequential(js.engine, [sharing(), linear(2, 1), sharing()]);
    expect(Object.keys(network.state())).toEqual(['0.shared', '1.weight', '1.bias']);
    expect(network.parameters().length).toBe(3);
  });

  it('is trained with the others', () => {
    using network = sequential(js.engine, [shift(), linear(2, 1), shift()]);
    expect(Object.keys(network.state())).toEqual(['0.bias', '1.weight', '1.bias', '2.bias']);
    const { gradient } = meanSquare(network.forward(randomTensor([4, 2], 1)), randomTensor([4, 1], 2));
    network.backward(gradient);
    const [, , bias, last] = network.parameters();
    expect(last.gradient.data[0]).toBeCloseTo(bias.gradient.data[0], 6);
    expect(Array.from(gradient.data).reduce((sum, value) => sum + value)).toBeCloseTo(last.gradient.data[0], 6);
  });
});
