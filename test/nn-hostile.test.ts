import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DisposedError, type Engine, OptionError, OutOfMemoryError, ShapeError, UnsupportedError } from '../src/index.ts';
import * as nn from '../src/nn/index.ts';
import { ownEngine } from './own-engine.ts';
import { randomTensor } from './random.ts';

/** Every export of simdconv/nn, with arguments that are right, and each of these replaced by what nobody should pass. */

const { engine, memory } = await ownEngine();
const { engine: other } = await ownEngine();
const { engine: ended } = await ownEngine();
ended.dispose();

const TYPED = [ShapeError, OptionError, DisposedError, OutOfMemoryError, UnsupportedError, nn.SafetensorsError, nn.NotFiniteError];

const throwing = () => {
  throw new TypeError('raw');
};
/** Whoever looks at it fails. What a function throws when it is called is another matter: that is the caller's. */
const TRAPS = Object.getOwnPropertyNames(Reflect).filter((trap) => trap !== 'apply');
const thrower = (target: object) => new Proxy(target, Object.fromEntries(TRAPS.map((trap) => [trap, throwing])));
function revoked(target: object) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}
/** Gives `first` to who reads it first, then `rest`. */
function fickle<T extends object>(first: T, rest: unknown, name: keyof T): T {
  let reads = 0;
  return Object.defineProperty({ ...first }, name, { get: () => (reads++ === 0 ? first[name] : rest), enumerable: true });
}

const x = randomTensor([2, 3], 1);
const gone = engine.tensor([2, 3]);
gone.dispose();
const detached = new Float32Array(6);
structuredClone(detached, { transfer: [detached.buffer] });

/** Made anew for each call: some work only once. */
const hostile: Record<string, () => unknown> = {
  null: () => null,
  undefined: () => undefined,
  zero: () => 0,
  minus: () => -1,
  fraction: () => 1.5,
  NaN: () => Number.NaN,
  infinity: () => Infinity,
  huge: () => 2 ** 53,
  'more than 32 bits': () => 2 ** 32 + 1,
  bigint: () => 1n,
  symbol: () => Symbol('x'),
  text: () => 'relu',
  true: () => true,
  function: () => () => 1,
  object: () => ({}),
  'no prototype': () => Object.create(null),
  array: () => [],
  nested: () => [[1]],
  text_array: () => ['1'],
  negative: () => [-1, 2],
  'huge extents': () => [2 ** 31, 2 ** 31],
  'sparse and huge': () => new Array(2 ** 32 - 1),
  'a huge length': () => ({ length: 2 ** 32 }),
  'a length that throws': () => Object.defineProperty({}, 'length', { get: throwing }),
  'getters that throw': () =>
    Object.defineProperties(
      {},
      Object.fromEntries(['shape', 'data', 'name', 'strides'].map((name) => [name, { get: throwing, enumerable: true }])),
    ),
  'a throwing proxy': () => thrower({}),
  'a throwing function': () => thrower(() => 1),
  'a throwing array': () => thrower([1, 2]),
  'a revoked proxy': () => revoked({}),
  'a revoked array': () => revoked([]),
  'a constructor that throws': () => Object.defineProperty({}, 'constructor', { get: throwing }),
  'a map': () => new Map([['a', x]]),
  'a promise': () => Promise.resolve(1),
  bytes: () => new Uint8Array(100).fill(0x7b),
  doubles: () => new Float64Array(6),
  tensor: () => x,
  'a tensor of another engine': () => other.tensor([2, 3], x.data),
  'a tensor that is gone': () => gone,
  'a proxy of a tensor': () => new Proxy(engine.tensor([2, 3]), {}),
  'the form of a tensor': () => Object.create(Object.getPrototypeOf(gone)),
  'a tensor without floats': () => ({ shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }),
  'a tensor of too few': () => ({ shape: [2, 3], data: new Float32Array(5) }),
  'a tensor that is detached': () => ({ shape: [2, 3], data: detached }),
  'a tensor of proxies': () => ({ shape: thrower([2, 3]), data: thrower(new Float32Array(6)) }),
  'a tensor whose shape grows': () => fickle(x, [2000, 3000], 'shape'),
  'a tensor whose data shrinks': () => fickle(x, new Float32Array(1), 'data'),
  'an engine that has ended': () => ended,
  'another engine': () => other,
  'a proxy of an engine': () => new Proxy(engine, {}),
  'the form of an engine': () => Object.create(Object.getPrototypeOf(engine)),
  'a proxy of a parameter': () => new Proxy(new nn.Parameter(engine, [1]), {}),
};

type Call = (...args: never[]) => unknown;
interface Target {
  readonly call: Call;
  /** Arguments that are right. */
  readonly args: () => unknown[];
  /** Whether nothing is right. */
  readonly refuses?: boolean;
  /** Names in the last argument, an object, that are tried one by one. */
  readonly names?: readonly string[];
}

const layers = () => [nn.linear(3, 2), nn.relu()];
const network = () => nn.sequential(engine, layers(), { seed: 1 });
const relu = () => {
  const made = nn.relu()({ engine, random: () => 0.5 });
  const { parameters } = made;
  return {
    parameters,
    forward: made.forward.bind(made),
    backward: made.backward.bind(made),
    prepare: made.prepare.bind(made),
    dispose() {},
  };
};
const making = () => ({ engine, random: () => 0.5 });
const image = () => engine.tensor([1, 2, 4, 4], randomTensor([1, 2, 4, 4], 1).data);

/** Calls a layer of `make` in every way that it has. */
function everyWay(make: Call, input: () => ReturnType<Engine['tensor']>): Record<string, Target> {
  const layer = () => (make() as nn.LayerMaker)(making());
  const forwarded = () => {
    const made = layer();
    return { made, dy: made.forward(input()) };
  };
  return {
    maker: { call: make() as Call, args: () => [making()], names: ['engine', 'random'] },
    forward: { call: (y) => layer().forward(y), args: () => [input()] },
    backward: { call: (dy, wanted) => forwarded().made.backward(dy, wanted), args: () => [forwarded().dy, true] },
    'backward first': { call: (dy, wanted) => layer().backward(dy, wanted), args: () => [input(), true], refuses: true },
    prepared: { call: (y, out) => layer().prepare().run(y, out), args: () => [input(), undefined] },
  };
}

const prefixed = (prefix: string, targets: Record<string, Target>) =>
  Object.fromEntries(Object.entries(targets).map(([name, target]) => [`${prefix} ${name}`, target]));

const optimizing = (make: (parameters: readonly nn.Parameter[], options?: never) => nn.Optimizer, names: readonly string[]) => ({
  make: { call: make as Call, args: () => [network().parameters(), {}], names },
  'one of the parameters': { call: (parameter: nn.Parameter) => make([parameter]), args: () => [new nn.Parameter(engine, [1])] },
  learningRate: {
    call: (rate: number) => {
      make(network().parameters()).learningRate = rate;
    },
    args: () => [0.1],
  },
  'the name of a parameter': {
    call: (name: string) => {
      const parameters = network().parameters();
      const optimizer = make(parameters);
      parameters[0].name = name;
      optimizer.step();
      return optimizer.state();
    },
    args: () => ['weight'],
  },
});

const targets: Record<keyof typeof nn, Record<string, Target>> = {
  Kept: {
    at: { call: (a, b) => new nn.Kept().at(a, b), args: () => [engine, [2]] },
    'at again': {
      call: (a, b) => {
        const kept = new nn.Kept();
        kept.at(engine, [2]);
        return kept.at(a, b);
      },
      args: () => [engine, [2]],
    },
    from: { call: (a, b) => new nn.Kept().from(a, b), args: () => [true, () => engine.tensor([1])] },
    'from what is made': { call: (made) => new nn.Kept().from(true, () => made), args: () => [engine.tensor([1])] },
  },
  Parameter: {
    new: { call: (a, b) => new nn.Parameter(a, b), args: () => [engine, [2]] },
    accumulate: { call: (write) => new nn.Parameter(engine, [2]).accumulate(write), args: () => [() => {}] },
  },
  NotFiniteError: {},
  SafetensorsError: {},
  activation: {
    make: { call: nn.activation as Call, args: () => ['clamp', {}], names: ['minValue', 'maxValue', 'out'] },
    name: { call: nn.activation as Call, args: () => ['elu'] },
    ...everyWay(() => nn.activation('elu'), image),
  },
  averagePool2d: {
    make: {
      call: nn.averagePool2d as Call,
      args: () => [2, {}],
      names: ['strides', 'padding', 'dilations', 'layout', 'roundingType', 'countIncludePad'],
    },
    ...everyWay(() => nn.averagePool2d(2), image),
  },
  conv2d: {
    make: {
      call: nn.conv2d as Call,
      args: () => [2, 2, 1, {}],
      names: ['bias', 'initialize', 'strides', 'padding', 'dilations', 'groups', 'inputLayout', 'algorithm'],
    },
    'made and run': {
      call: ((...args: Parameters<typeof nn.conv2d>) => nn.sequential(engine, [nn.conv2d(...args)]).forward(image())) as Call,
      args: () => [2, 2, 1, {}],
      names: ['bias', 'strides', 'padding', 'dilations', 'groups', 'inputLayout', 'algorithm'],
    },
    ...everyWay(() => nn.conv2d(2, 2, 1), image),
  },
  flatten: everyWay(() => nn.flatten(), image),
  leakyRelu: { make: { call: nn.leakyRelu as Call, args: () => [{}], names: ['alpha'] }, ...everyWay(() => nn.leakyRelu(), image) },
  linear: {
    make: { call: nn.linear as Call, args: () => [3, 2, {}], names: ['bias', 'initialize'] },
    initialize: { call: (bound) => nn.linear(3, 2, { initialize: () => bound }), args: () => [1] },
    random: { call: (random) => nn.linear(3, 2)({ engine, random: () => random }), args: () => [0.5] },
    ...everyWay(
      () => nn.linear(3, 2),
      () => engine.tensor([2, 3], x.data),
    ),
  },
  maxPool2d: {
    make: { call: nn.maxPool2d as Call, args: () => [2, {}], names: ['strides', 'padding', 'dilations', 'layout', 'roundingType'] },
    ...everyWay(() => nn.maxPool2d(2), image),
  },
  relu: everyWay(() => nn.relu(), image),
  sigmoid: everyWay(() => nn.sigmoid(), image),
  tanh: everyWay(() => nn.tanh(), image),
  crossEntropy: {
    call: { call: nn.crossEntropy as Call, args: () => [x, [0, 2]] },
    label: { call: (a) => nn.crossEntropy(x, [a, 1]), args: () => [1] },
  },
  meanSquare: { call: { call: nn.meanSquare as Call, args: () => [x, x] } },
  adam: optimizing(nn.adam, ['learningRate', 'beta1', 'beta2', 'epsilon']),
  sgd: optimizing(nn.sgd, ['learningRate', 'momentum', 'weightDecay', 'nesterov']),
  generator: { call: { call: nn.generator as Call, args: () => [1] } },
  decodeSafetensors: { call: { call: nn.decodeSafetensors as Call, args: () => [nn.encodeSafetensors({ x })] } },
  encodeSafetensors: {
    tensors: { call: nn.encodeSafetensors as Call, args: () => [{ x }], names: ['x', '__proto__', '__metadata__'] },
    metadata: { call: (metadata) => nn.encodeSafetensors({ x }, metadata), args: () => [{ a: 'b' }], names: ['a', '__proto__'] },
  },
  loadState: {
    state: {
      call: (state) => nn.loadState(state, nn.encodeSafetensors({ x })),
      args: () => [{ x: randomTensor([2, 3], 2) }],
      names: ['x'],
    },
    bytes: { call: (bytes) => nn.loadState({ x: randomTensor([2, 3], 2) }, bytes), args: () => [nn.encodeSafetensors({ x })] },
  },
  sequential: {
    make: { call: nn.sequential as Call, args: () => [engine, layers(), {}], names: ['seed'] },
    'a layer': { call: (make) => nn.sequential(engine, [nn.relu(), make]), args: () => [nn.relu()] },
    'what makes a layer': {
      call: (layer) => nn.sequential(engine, [() => layer]),
      args: () => [relu()],
      names: ['parameters', 'forward', 'backward', 'prepare', 'dispose'],
    },
    'the parameters of a layer': {
      call: (parameters) => nn.sequential(engine, [() => ({ ...relu(), parameters })]),
      args: () => [{ a: new nn.Parameter(engine, [1]) }],
      names: ['a'],
    },
    'what a layer gives': {
      call: (y, dx) => {
        const layer = {
          parameters: { a: new nn.Parameter(engine, [1]) },
          forward: () => y,
          backward: () => dx,
          prepare: throwing,
          dispose() {},
        };
        const made = nn.sequential(engine, [nn.flatten(), () => layer]);
        made.forward(x);
        return made.backward(x, true);
      },
      args: () => [engine.tensor([2, 3]), engine.tensor([2, 3])],
    },
    'what a layer prepares': {
      call: (prepared) =>
        nn
          .sequential(engine, [() => ({ ...relu(), prepare: () => prepared })])
          .prepare([2, 3])
          .run(x),
      args: () => [relu().prepare()],
      names: ['run', 'place', 'dispose'],
    },
    forward: { call: (y) => network().forward(y), args: () => [x] },
    backward: {
      call: (dy, wanted) => {
        const made = network();
        made.forward(x);
        return made.backward(dy, wanted);
      },
      args: () => [randomTensor([2, 2], 1), true],
    },
    save: { call: (metadata) => network().save(metadata), args: () => [{ a: 'b' }], names: ['a'] },
    load: { call: (bytes) => network().load(bytes), args: () => [network().save()] },
    prepare: { call: (shape) => network().prepare(shape), args: () => [[2, 3]] },
    run: { call: (y, out) => network().prepare([2, 3]).run(y, out), args: () => [x, randomTensor([2, 2], 1)] },
  },
};

/** With one argument, or one name of the last, replaced. */
function* spoilt({ args, names = [] }: Target): Generator<[string, () => unknown[]]> {
  const count = args().length;
  for (const [what, make] of Object.entries(hostile)) {
    for (let at = 0; at < count; at++) yield [`argument ${at}: ${what}`, () => args().with(at, make())];
    for (const name of names) {
      yield [
        `${name}: ${what}`,
        () => {
          const given = args();
          const last = Object.create(null);
          return given.with(-1, Object.assign(last, given.at(-1), { [name]: make() }));
        },
      ];
    }
  }
}

function survives(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (!TYPED.some((kind) => error instanceof kind)) throw error;
  }
}

describe('hostile arguments', () => {
  it('are tried on every export', () => {
    expect(Object.keys(targets).sort()).toEqual(Object.keys(nn).sort());
  });

  const all = Object.entries(targets).flatMap(([name, each]) => Object.entries(prefixed(name, each)));

  it.each(all)('of %s, one at a time', (_, target) => {
    const right = () => target.call(...(target.args() as never[]));
    if (target.refuses) expect(right).toThrow(OptionError);
    else right();
    for (const [what, args] of spoilt(target)) {
      try {
        survives(() => target.call(...(args() as never[])));
      } catch (error) {
        throw new Error(`${what} gives ${error}`, { cause: error });
      }
    }
  });

  it('of all, several at a time', () => {
    const values = Object.values(hostile);
    const trained = () => {
      const made = network();
      const optimizer = nn.adam(made.parameters());
      for (let step = 0; step < 3; step++) {
        made.backward(nn.crossEntropy(made.forward(x), [0, 1]).gradient);
        optimizer.step();
      }
      return made.save();
    };
    const before = trained();
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.array(fc.constantFrom(...values), { maxLength: 4 }), ([, { call }], makers) => {
        survives(() => call(...(makers.map((make) => make()) as never[])));
      }),
      { numRuns: 3000 },
    );
    expect(trained()).toEqual(before);
  });

  it('leave no memory behind where a network, a parameter or an optimiser is refused half way', () => {
    const bad = () => Number.NaN;
    const refused: (() => unknown)[] = [
      () => nn.sequential(engine, [nn.linear(3, 2), nn.conv2d(1, 2, 3), () => ({}) as never]),
      () => nn.linear(3, 2)({ engine, random: bad }),
      () => nn.conv2d(3, 2, 1)({ engine, random: bad }),
    ];
    const parameters = [engine, other].map((each) => new nn.Parameter(each, [8]));
    const [, lost] = parameters;
    const far = other.tensor;
    lost.engine.tensor = () => {
      throw new OutOfMemoryError(1, 'tried');
    };
    refused.push(() => nn.adam(parameters));
    const made = network();
    refused.push(() => made.prepare([2, 5]));
    const refuse = () => {
      for (const call of refused) expect(call).toThrow();
    };
    refuse();
    const before = memory.takenBytes;
    refuse();
    expect(memory.takenBytes).toBe(before);
    lost.engine.tensor = far;
  });
});

it('a class is no function that gives a bound', () => {
  expect(() => nn.conv2d(1, 1, 3, { initialize: class {} as never })).toThrow(OptionError);
});
