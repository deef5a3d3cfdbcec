import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DisposedError, OptionError, ShapeError } from '../src/errors.ts';
import { GraphBuilder } from '../src/program/graph-builder.ts';
import type { Operand, Tensor } from '../src/tensor/tensor.ts';
import { expectSameBits } from './equal.ts';
import { ownEngine } from './own-engine.ts';
import { js, simd } from './platforms.ts';
import { randomTensor } from './random.ts';

const { engine } = simd;

/** What an engine and a graph builder have in common: the operators. */
interface Calls<T extends Tensor> {
  conv2d(x: T, filter: Tensor, options?: object): T;
  relu(x: T): T;
  leakyRelu(x: T): T;
  clamp(x: T, options: object): T;
  sigmoid(x: T): T;
  add(a: T, b: T): T;
  maxPool2d(x: T, options: object): T;
  averagePool2d(x: T, options: object): T;
  batchNorm(x: T, mean: Tensor, variance: Tensor, options?: object): T;
  pad(x: T, before: readonly number[], after: readonly number[]): T;
  prelu(x: T, slope: Tensor): T;
  softmax(x: T, options?: object): T;
}

const CHANNELS = 4;
const moments = [randomTensor([CHANNELS], 90), { shape: [CHANNELS], data: randomTensor([CHANNELS], 91).data.map((v) => v * v + 0.5) }];

/** Operators on [1, 4, height, width] that keep the shape: number → operator. `b` is any earlier result. */
const STEPS: readonly (<T extends Tensor>(on: Calls<T>, a: T, b: T) => T)[] = [
  (on, a) => on.conv2d(a, randomTensor([CHANNELS, CHANNELS, 3, 3], 1), { padding: 1, bias: randomTensor([CHANNELS], 2) }),
  (on, a) => on.conv2d(a, randomTensor([CHANNELS, 1, 3, 3], 3), { padding: 1, groups: CHANNELS }),
  (on, a) => on.conv2d(a, randomTensor([CHANNELS, CHANNELS, 1, 1], 4)),
  (on, a) => on.conv2d(on.pad(a, [0, 0, 1, 1], [0, 0, 1, 1]), randomTensor([CHANNELS, CHANNELS, 3, 3], 5)),
  (on, a) => on.relu(a),
  (on, a) => on.leakyRelu(a),
  (on, a) => on.clamp(a, { minValue: -0.5, maxValue: 0.25 }),
  (on, a) => on.sigmoid(a),
  (on, a, b) => on.add(a, b),
  (on, a) => on.maxPool2d(a, { windowDimensions: 3, padding: 1 }),
  (on, a) => on.averagePool2d(a, { windowDimensions: 3, padding: 1 }),
  (on, a) => on.batchNorm(a, moments[0], moments[1]),
  (on, a) => on.prelu(a, randomTensor([CHANNELS], 6)),
  (on, a) => on.softmax(a, { axis: 1 }),
];

interface Recipe {
  readonly operator: number;
  /** Which earlier results it takes: the input is number 0. */
  readonly a: number;
  readonly b: number;
}

function follow<T extends Tensor>(on: Calls<T>, x: T, recipe: readonly Recipe[]): T[] {
  const made = [x];
  for (const { operator, a, b } of recipe) made.push(STEPS[operator](on, made[a % made.length], made[b % made.length]));
  return made;
}

const recipe = fc.array(fc.record({ operator: fc.nat(STEPS.length - 1), a: fc.nat(99), b: fc.nat(99) }), { minLength: 1, maxLength: 12 });

const calls = (on: unknown) => on as Calls<Tensor>;
const building = (graph: GraphBuilder) => graph as unknown as Calls<Operand>;

describe.each([
  ['simd', simd.engine],
  ['js', js.engine],
])('a program of random operators on %s', (_, on) => {
  it('has the bits of the operators one after another', () => {
    fc.assert(
      fc.property(recipe, fc.array(fc.nat(99), { minLength: 1, maxLength: 3 }), fc.integer({ min: 3, max: 9 }), (steps, wanted, width) => {
        const x = randomTensor([1, CHANNELS, 5, width], width);
        const expected = follow(calls(on), x, steps);
        const graph = new GraphBuilder(on.backend);
        const operands = follow(building(graph), graph.input('x', x.shape), steps);
        const outputs = Object.fromEntries(wanted.map((at, i) => [`y${i}`, operands[at % operands.length]]));
        using program = graph.build(outputs, { fold: false });
        using resident = on.tensor(x.shape, x.data);
        for (const input of [x, resident, resident, x]) {
          const results = program.run({ x: input });
          wanted.forEach((at, i) => {
            expectSameBits(results[`y${i}`].data, expected[at % expected.length].data);
          });
          for (const each of Object.values(results)) if ('dispose' in each) (each as { dispose(): void }).dispose();
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('passes', () => {
  const x = randomTensor([1, 3, 9, 8], 1);
  const filter = randomTensor([6, 3, 3, 3], 2);

  it('an activation becomes part of the convolution before it', () => {
    const graph = new GraphBuilder(engine.backend);
    const input = graph.input('x', x.shape);
    using program = graph.build({ y: graph.relu6(graph.conv2d(input, filter, { padding: 1 })) });
    expect(program.plan.nodes.map(({ operator }) => operator)).toEqual(['conv2d']);
    expectSameBits(program.run({ x }).y.data, engine.relu6(engine.conv2d(x, filter, { padding: 1 })).data);
  });

  it('but not if something else needs its input', () => {
    const graph = new GraphBuilder(engine.backend);
    const y = graph.conv2d(graph.input('x', x.shape), filter);
    using program = graph.build({ y, z: graph.relu(y) });
    expect(program.plan.nodes.map(({ operator }) => operator)).toEqual(['conv2d', 'relu']);
  });

  it('zeros around an input become padding', () => {
    const graph = new GraphBuilder(engine.backend);
    const padded = graph.pad(graph.input('x', x.shape), [0, 0, 1, 2], [0, 0, 0, 1]);
    using program = graph.build({ y: graph.conv2d(padded, filter, { padding: [1, 0, 0, 2] }) });
    expect(program.plan.nodes.map(({ operator }) => operator)).toEqual(['conv2d']);
    expectSameBits(program.run({ x }).y.data, engine.conv2d(x, filter, { padding: [2, 0, 2, 3] }).data);
  });

  it.each([
    ['nchw', 'oihw', 1],
    ['nhwc', 'hwio', 3],
  ] as const)('a batch normalisation is folded into a convolution, %s', (inputLayout, filterLayout, axis) => {
    const image = randomTensor(inputLayout === 'nchw' ? [1, 3, 9, 8] : [1, 9, 8, 3], 3);
    const weights = randomTensor(filterLayout === 'oihw' ? [6, 3, 3, 3] : [3, 3, 3, 6], 4);
    const options = { inputLayout, filterLayout, bias: randomTensor([6], 5) } as const;
    const mean = randomTensor([6], 6);
    const variance = { shape: [6], data: randomTensor([6], 7).data.map((v) => v * v + 0.1) };
    const norm = { axis, scale: randomTensor([6], 8), bias: randomTensor([6], 9), epsilon: 1e-3 };
    const expected = engine.relu(engine.batchNorm(engine.conv2d(image, weights, options), mean, variance, norm));
    for (const fold of [true, false]) {
      const graph = new GraphBuilder(engine.backend);
      const y = graph.batchNorm(graph.conv2d(graph.input('x', image.shape), weights, options), mean, variance, norm);
      using program = graph.build({ y: graph.relu(y) }, { fold });
      expect(program.plan.nodes.length).toBe(fold ? 1 : 3);
      const { data } = program.run({ x: image }).y;
      if (!fold) expectSameBits(data, expected.data);
      else for (const [i, value] of data.entries()) expect(Math.abs(value - expected.data[i])).toBeLessThan(1e-4);
    }
  });

  it('what no output needs is left out, and constants are packed once', () => {
    const graph = new GraphBuilder(engine.backend);
    const input = graph.input('x', x.shape);
    graph.sigmoid(graph.conv2d(input, filter));
    using program = graph.build({ y: graph.conv2d(input, filter, { algorithm: 'gemm' }) });
    expect(program.plan.nodes.length).toBe(1);
    expect(program.plan.stepCount).toBe(1);
  });
});

describe('memory', () => {
  it('of intermediate results is shared, and of a chain of functions of one element it is one tensor', () => {
    const graph = new GraphBuilder(engine.backend);
    let y: Operand = graph.input('x', [1, 1, 64, 64]);
    for (let i = 0; i < 10; i++) y = graph.sigmoid(graph.tanh(y));
    using program = graph.build({ y });
    expect(program.plan.nodes.length).toBe(20);
    expect(program.plan.arenaBytes).toBeLessThan(4 * 64 * 64 * 1.1);
  });

  it('does not grow from run to run, and all of it comes back', async () => {
    const { engine: own, memory } = await ownEngine();
    const before = memory.takenBytes;
    const shape = [1, CHANNELS, 6, 7];
    {
      const graph = new GraphBuilder(own.backend);
      const steps = STEPS.map((_, operator) => ({ operator, a: operator, b: 0 }));
      const operands = follow(building(graph), graph.input('x', shape), steps);
      using program = graph.build({ y: operands.at(-1)! });
      using x = own.tensor(shape, randomTensor(shape, 1).data);
      using y = own.tensor(shape);
      program.run({ x }, { y });
      const during = memory.takenBytes;
      for (let i = 0; i < 100; i++) program.run({ x }, { y });
      program.run({ x: randomTensor(shape, 2) });
      await program.runAsync({ x }, { y });
      expect(memory.takenBytes).toBe(during);
    }
    // What all calls of the engine share stays.
    expect(memory.takenBytes - before).toBeLessThan(100_000);
  });
});

it('a variable is read anew in each run', () => {
  using weight = engine.tensor([2, 3], [1, 2, 3, 4, 5, 6]);
  const x = randomTensor([4, 3], 1);
  const graph = new GraphBuilder(engine.backend);
  using program = graph.build({ y: graph.linear(graph.input('x', [4, 3]), graph.variable(weight)) });
  for (const factor of [1, -2]) {
    weight.data.set([1, 2, 3, 4, 5, 6].map((value) => value * factor));
    expectSameBits(program.run({ x }).y.data, engine.linear(x, weight).data);
  }
});

it('a variable that was disposed of is refused, and its memory is not read', () => {
  const weight = engine.tensor([2, 3], [1, 2, 3, 4, 5, 6]);
  const graph = new GraphBuilder(engine.backend);
  using program = graph.build({ y: graph.linear(graph.input('x', [4, 3]), graph.variable(weight)) });
  using x = engine.tensor([4, 3]);
  using y = engine.tensor([4, 2]);
  program.run({ x }, { y });
  weight.dispose();
  expect(() => program.run({ x }, { y })).toThrow(DisposedError);
  expect(() => program.run({ x: randomTensor([4, 3], 1) })).toThrow(DisposedError);
});

it('an operator with several results, a view, and an output that is an input', () => {
  const x = randomTensor([2, 3, 4, 4], 1);
  const dy = randomTensor([2, 5, 4, 4], 2);
  const filter = randomTensor([5, 3, 1, 1], 3);
  const graph = new GraphBuilder(engine.backend);
  const input = graph.input('x', x.shape);
  const { dx, dFilter, dBias } = graph.conv2dBackward(graph.input('dy', dy.shape), input, graph.constant(filter));
  using program = graph.build({ dx: graph.view(dx!, [6, 16]), dFilter: dFilter!, dBias: dBias!, again: input });
  const results = program.run({ x, dy });
  const expected = engine.conv2dBackward(dy, x, filter);
  expect(results.dx.shape).toEqual([6, 16]);
  expectSameBits(results.dx.data, expected.dx!.data);
  expectSameBits(results.dFilter.data, expected.dFilter!.data);
  expectSameBits(results.dBias.data, expected.dBias!.data);
  expectSameBits(results.again.data, x.data);
});

describe('refusals', () => {
  it('an operator refuses when it is added, as it does when it is called', () => {
    const graph = new GraphBuilder(engine.backend);
    const x = graph.input('x', [1, 3, 8, 8]);
    expect(() => graph.conv2d(x, randomTensor([4, 2, 3, 3], 1))).toThrow('x.shape: expected 2 channels (2 of the filter × 1 groups)');
    expect(() => graph.relu(x, { out: randomTensor([1, 3, 8, 8], 1) })).toThrow(OptionError);
    expect(() => engine.relu(x)).toThrow(ShapeError);
    expect(() => graph.input('x', [1])).toThrow("name: expected a name that no other input has, got 'x'");
    expect(() => graph.relu(new GraphBuilder(engine.backend).input('x', [1]))).toThrow(
      'x: expected an operand of this graph, got an operand of another graph',
    );
    expect(() => graph.build({ y: randomTensor([1], 1) as unknown as Operand })).toThrow('outputs.y: expected an operand of the graph');
  });

  it('a run refuses what does not fit, and writes nothing', () => {
    const graph = new GraphBuilder(engine.backend);
    using program = graph.build({ y: graph.relu(graph.input('x', [2, 2])) });
    const out = randomTensor([2, 2], 1);
    const before = out.data.slice();
    expect(() => program.run({ x: randomTensor([2, 3], 1) }, { y: out })).toThrow('inputs.x.shape: expected [2, 2], got [2, 3]');
    expect(() => program.run({} as { x: Tensor }, { y: out })).toThrow('inputs.x: expected a tensor, got undefined');
    expect(() => program.run({ x: out }, { y: out })).toThrow('memory of its own');
    expectSameBits(out.data, before);
    program.dispose();
    expect(() => program.run({ x: out })).toThrow('the program');
  });
});
